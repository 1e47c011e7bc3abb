# SPDX-License-Identifier: GPL-3.0-or-later
"""What the user chooses in the sidebar, kept with the scene."""

from __future__ import annotations

import bpy

from ..model_runtime.contract import WeightsError
from .head import AVERAGE, identity_names

EnumItem = tuple[str, str, str]
_items: list[EnumItem] = []  # Blender reads these strings later, so they must stay alive


def identity_items(_owner: object, _context: bpy.types.Context | None) -> list[EnumItem]:
    """The identities as enum items; only the average one while the head's file is missing."""
    if not _items:
        try:
            names = identity_names()
        except WeightsError:
            return [(AVERAGE, AVERAGE.title(), "The bundled head is missing")]
        _items.extend((name, name.replace("_", " ").title(), "") for name in names)
    return _items


class ThunderSceneProperties(bpy.types.PropertyGroup):
    """Choices that belong to a scene."""

    identity: bpy.props.EnumProperty(
        name="Identity",
        description="Whose face the next head gets",
        items=identity_items,
    )


def register() -> None:
    bpy.utils.register_class(ThunderSceneProperties)
    bpy.types.Scene.thunder = bpy.props.PointerProperty(type=ThunderSceneProperties)


def unregister() -> None:
    del bpy.types.Scene.thunder
    bpy.utils.unregister_class(ThunderSceneProperties)
    _items.clear()
