# SPDX-License-Identifier: GPL-3.0-or-later
"""The name of a take within its line's list, where character and strip need not be said again.

A take is named <character>.<strip>.<label>; in the list only the label is shown and edited.
"""

from __future__ import annotations

import bpy

from . import take_edits, take_marks
from .request import rig_meshes
from .rig import Rig, find_rig


def label_of(action: bpy.types.Action) -> str:
    """The part of a take's name that tells it from the others of its line."""
    return action.name[len(_head(action)) :]


def set_label(action: bpy.types.Action, label: str) -> None:
    """Rename a take in its line's list; an empty label changes nothing."""
    rig = _rig_of(action)
    if rig is None or not label.strip():
        return
    take_edits.rename_take(rig, action, f"{_head(action)}{label.strip()}")


def _head(action: bpy.types.Action) -> str:
    """<character>.<strip>. where the name begins like that, else nothing."""
    middle = f".{action.get(take_marks.LINE_NAME, '')}."
    before, found, label = action.name.partition(middle)
    return f"{before}{middle}" if found and label and middle != ".." else ""


def _rig_of(action: bpy.types.Action) -> Rig | None:
    meshes = rig_meshes(bpy.data.objects)
    owners = [mesh for mesh in meshes if take_marks.belongs(action, Rig(mesh))]
    return find_rig(owners[0]) if owners else None


def register() -> None:
    bpy.types.Action.thunder_label = bpy.props.StringProperty(
        name="Name",
        description="Name of the take in this list; double-click to change it",
        get=label_of,
        set=set_label,
        options=set(),
    )


def unregister() -> None:
    del bpy.types.Action.thunder_label
