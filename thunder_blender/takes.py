# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes: Actions that hold performances, beside the artist's own Action, which is never edited.

A take animates two data-blocks, the shape keys and the armature. From 4.4 that is one Action with
two slots. Before, it is two Actions and the one of the shape keys points to the other.
"""

from __future__ import annotations

import json
from typing import Any

import bpy

from ..model_runtime.contract import Take
from . import compat, keys
from .rig import Rig

MARK = "thunder_take"  # custom property of a take's Action: the identifier of its rig
PROVENANCE = "thunder_provenance"  # what made the take, as JSON
SEED = "thunder_seed"
FIRST_FRAME = "thunder_first_frame"
NECK_ACTION = "thunder_neck_action"  # the Action of the bones, where Actions have no slots
MINE = "thunder_mine"  # on the animated data-block: the artist's own Action, set aside
MINE_SLOT = "thunder_mine_slot"


def create_take(rig: Rig, name: str, take: Take, rate: float, first_frame: int) -> bpy.types.Action:
    """Write `take` to a new Action at `rate` frames a second, its first key on `first_frame`.

    Nothing on the rig changes until `switch_take`. Raises RigError when no channel fits the rig.
    """
    motion = keys.scene_motion(rig, take, rate)
    units = keys.unit_curves(rig, motion, take.channels)
    neck = keys.neck_curves(rig, motion, take.channels)
    action = _new_action(name)
    _describe(action, rig, take, first_frame)
    keys.write_curves(compat.new_part(action, "KEY", rig.keys.name), units, first_frame)
    if neck and rig.armature:
        part = compat.new_part(_neck_action(action), "OBJECT", rig.armature.name)
        keys.write_curves(part, neck, first_frame)
    return action


def list_takes(rig: Rig) -> list[bpy.types.Action]:
    """The rig's takes, by name."""
    return [action for action in bpy.data.actions if action.get(MARK) == rig.identifier]


def active_take(rig: Rig) -> bpy.types.Action | None:
    """The take that animates the rig now; None while the artist's own Action does, or nothing."""
    action = compat.assigned_action(rig.keys)
    return action if action and action.get(MARK) == rig.identifier else None


def switch_take(rig: Rig, action: bpy.types.Action) -> None:
    """Let a take animate the rig. The artist's own Action is set aside, see `restore_mine`."""
    _assign(rig.keys, compat.find_part(action, "KEY"))
    if rig.armature:
        _assign(rig.armature, compat.find_part(action.get(NECK_ACTION) or action, "OBJECT"))


def restore_mine(rig: Rig) -> None:
    """Give the rig back the Actions that the takes replaced."""
    for datablock in filter(None, (rig.keys, rig.armature)):
        if not _is_take(compat.assigned_action(datablock)):
            continue
        mine, slot = datablock.get(MINE), str(datablock.get(MINE_SLOT, ""))
        compat.assign_part(datablock, compat.part_by_identifier(mine, slot) if mine else None)


def take_frames(action: bpy.types.Action) -> tuple[int, int]:
    """First and last frame of a take."""
    first, last = action.frame_range
    return round(first), round(last)


def _new_action(name: str) -> bpy.types.Action:
    action = bpy.data.actions.new(name)
    action.use_fake_user = True  # takes that nothing plays must survive saving
    return action


def _neck_action(action: bpy.types.Action) -> bpy.types.Action:
    if compat.SLOTTED:
        return action
    action[NECK_ACTION] = neck = _new_action(f"{action.name} neck")
    neck[MARK] = "part of a take"
    return neck


def _describe(action: bpy.types.Action, rig: Rig, take: Take, first_frame: int) -> None:
    action[MARK] = rig.identifier
    action[FIRST_FRAME] = first_frame
    action[PROVENANCE] = json.dumps(take.provenance, sort_keys=True)
    if (seed := provenance_seed(take.provenance)) is not None:
        action[SEED] = seed


def provenance_seed(provenance: dict[str, Any]) -> int | None:
    """The seed, at the top of the provenance or among its settings."""
    settings = provenance.get("settings")
    nested = settings.get("seed") if isinstance(settings, dict) else None
    seed = provenance.get("seed", nested)
    return seed if isinstance(seed, int) else None


def _is_take(action: bpy.types.Action | None) -> bool:
    return action is not None and MARK in action


def _assign(datablock: bpy.types.ID, part: compat.ActionPart | None) -> None:
    current = compat.assigned_action(datablock)
    if not _is_take(current):
        datablock[MINE_SLOT] = compat.assigned_slot_identifier(datablock)
        if current:
            datablock[MINE] = current
        elif MINE in datablock:
            del datablock[MINE]
    compat.assign_part(datablock, part)
