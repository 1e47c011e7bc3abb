# SPDX-License-Identifier: GPL-3.0-or-later
"""Blender's search finds what stands in a menu: so every verb of ours does."""

from __future__ import annotations

import pytest

bpy = pytest.importorskip("bpy", reason="needs Blender's bpy module")

from tests.blender.fake_layout import FakeLayout  # noqa: E402

NEED_A_ROW = {  # say what to do with a row of a list
    *("batch_jump", "batch_load", "batch_open"),
    *("map_add", "map_learn", "map_preset", "map_remove"),
}


class Menus(FakeLayout):
    """A layout that draws a menu's own menus too."""

    def menu(self, name: str, **options) -> None:
        super().menu(name, **options)
        draw(name, self)


def draw(name: str, layout: FakeLayout) -> None:
    """A menu with all that was appended to it."""
    kind = getattr(bpy.types, name)
    owner = type("Drawn", (), {"layout": layout, "verbs": getattr(kind, "verbs", ())})()
    for function in getattr(kind.draw, "_draw_funcs", [kind.draw]):
        function(owner, bpy.context)


def listed() -> set[str]:
    layout = Menus()
    draw("THUNDER_MT_performance", layout)
    return {name.removeprefix("thunder.") for name in layout.names("operator")}


def verbs() -> set[str]:
    """All operators that may be searched for."""
    found = {name for name in dir(bpy.ops.thunder) if not name.startswith("_")}
    return {name for name in found if "INTERNAL" not in getattr(bpy.ops.thunder, name).bl_options}


def test_the_search_finds_every_verb(room):
    missing = verbs() - listed() - NEED_A_ROW
    assert not missing, "no menu has them, so F3 does not find them"
    assert not NEED_A_ROW - verbs(), "these are gone"


def test_the_menus_leave_with_the_extension(room):
    submenus = room("panels.submenus")
    submenus.unregister()
    assert not hasattr(bpy.types, "THUNDER_MT_takes")
    assert "repair" not in listed()
    submenus.register()
    assert "repair" in listed()
