# SPDX-License-Identifier: GPL-3.0-or-later
"""Which channels of a character keep what the chosen take has: its padlocks, and locked curves."""

from __future__ import annotations

import bpy

from ..model_runtime.contract import CHANNELS
from . import range_movers, take_marks
from .rig import Rig

UPPER = ("eye", "brow", "cheekSquint", "noseSneer")  # how the upper face's channels begin
GROUPS: dict[str, tuple[int, ...]] = {  # of CHANNELS; every channel is in one of them
    "mouth": tuple(i for i, n in enumerate(CHANNELS) if not n.startswith((*UPPER, "neck"))),
    "brows": tuple(i for i, n in enumerate(CHANNELS) if n.startswith(("brow", "noseSneer"))),
    "eyes": tuple(i for i, n in enumerate(CHANNELS) if n.startswith(("eye", "cheekSquint"))),
    "head": tuple(i for i, n in enumerate(CHANNELS) if n.startswith("neck")),
}


def locked_groups(mesh: bpy.types.Object) -> list[str]:
    """The groups whose padlock is closed on this character."""
    return [name for name in GROUPS if getattr(mesh.thunder, f"lock_{name}")]


def locked_channels(rig: Rig, action: bpy.types.Action | None) -> set[int]:
    """Places in CHANNELS that must not change: groups that are locked on the character, and curves
    of the take `action` with a closed padlock in Blender's own channel list. A curve that most of
    the face moves, as a FLAME's expression, locks no channel: it keeps its own keys only."""
    locked = {place for name in locked_groups(rig.mesh) for place in GROUPS[name]}
    curves = take_marks.curves(action) if action is not None else []
    closed = [curve.data_path for curve in curves if is_locked(curve)]
    movers = range_movers.movers_of(rig) if closed else None
    for path in closed if movers else ():
        places = movers.of(path)
        if len(places) <= range_movers.FEW:
            locked.update(places)
    return locked


def is_locked(curve: bpy.types.FCurve) -> bool:
    """Whether a curve or its group has a closed padlock in Blender's channel list."""
    return bool(curve.lock or (curve.group is not None and curve.group.lock))


def has_locked(action: bpy.types.Action | None) -> bool:
    """Whether a curve of a take has a closed padlock of its own."""
    return action is not None and any(is_locked(curve) for curve in take_marks.curves(action))
