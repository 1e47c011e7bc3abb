# SPDX-License-Identifier: GPL-3.0-or-later
"""A layout that draws nothing and believes nothing: what it is given must exist in Blender."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import bpy


class FakeLayout:
    """Stands in for UILayout where there is no window. `drawn` is shared with all sub-layouts."""

    operator_context = "INVOKE_DEFAULT"  # Blender puts it back after what was appended to a menu

    def __init__(self, drawn: list[tuple[str, str]] | None = None) -> None:
        object.__setattr__(self, "drawn", [] if drawn is None else drawn)

    def __setattr__(self, name: str, value: Any) -> None:
        assert name in bpy.types.UILayout.bl_rna.properties, f"a layout has no {name}"

    def prop(self, data: Any, name: str, **options: Any) -> None:
        self._check("prop", options)
        assert name in data.bl_rna.properties, f"{data} has no property {name}"
        self.drawn.append(("prop", name))
        if options.get("placeholder"):
            self.drawn.append(("placeholder", options["placeholder"]))

    def operator(self, idname: str, **options: Any) -> Any:
        self._check("operator", options)
        group, name = idname.split(".")
        assert name in dir(getattr(bpy.ops, group)), f"there is no operator {idname}"
        self.drawn.append(("operator", idname))
        known = getattr(getattr(bpy.ops, group), name).get_rna_type().properties.keys()
        return _Arguments(idname, set(known))

    def label(self, **options: Any) -> None:
        self._check("label", options)
        self.drawn.append(("label", options.get("text", "")))

    def progress(self, **options: Any) -> None:
        self._check("progress", options)
        self.drawn.append(("progress", options["text"]))

    def menu(self, name: str, **options: Any) -> None:
        assert hasattr(bpy.types, name), f"there is no menu {name}"
        self.drawn.append(("menu", name))

    def template_list(
        self, kind: str, _id: str, data: Any, name: str, *rest: Any, **_: Any
    ) -> None:
        assert hasattr(bpy.types, kind), f"there is no list {kind}"
        self.drawn.append(("list", kind))

    def separator(self, **_options: Any) -> None: ...

    def context_pointer_set(self, _name: str, _data: Any) -> None: ...

    def row(self, **options: Any) -> FakeLayout:
        self._check("row", options)
        return FakeLayout(self.drawn)

    def column(self, **options: Any) -> FakeLayout:
        self._check("column", options)
        return FakeLayout(self.drawn)

    def split(self, **options: Any) -> FakeLayout:
        self._check("split", options)
        return FakeLayout(self.drawn)

    def box(self) -> FakeLayout:
        return FakeLayout(self.drawn)

    def names(self, kind: str) -> list[str]:
        """What was drawn of one kind: prop, operator, label, progress, menu, list."""
        return [name for drawn, name in self.drawn if drawn == kind]

    def text(self) -> str:
        """All labels in one line."""
        return " ".join(self.names("label"))

    def _check(self, function: str, options: dict[str, Any]) -> None:
        known = bpy.types.UILayout.bl_rna.functions[function].parameters
        for name, value in options.items():
            assert name in known, f"UILayout.{function} has no {name}"
            if name == "icon":
                assert value in known["icon"].enum_items, f"there is no icon {value}"


class _Arguments(SimpleNamespace):
    """The properties of a drawn button."""

    def __init__(self, idname: str, known: set[str]) -> None:
        super().__init__()
        object.__setattr__(self, "_known", (idname, known))

    def __setattr__(self, name: str, value: Any) -> None:
        idname, known = self._known
        assert name in known, f"{idname} has no property {name}"


def draw(panel: type, context: Any) -> FakeLayout:
    """Draw a panel or menu if its poll lets it; gives the layout."""
    layout = FakeLayout()
    poll = getattr(panel, "poll", None)
    if poll is None or poll(context):
        panel.draw(_Drawer(panel, layout), context)
    return layout


class _Drawer:
    """Stands in for the instance of a panel, which Blender alone can make."""

    def __init__(self, panel: type, layout: FakeLayout) -> None:
        self._panel, self.layout = panel, layout

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._panel, name)
        return found.__get__(self) if callable(found) else found
