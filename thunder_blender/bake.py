# SPDX-License-Identifier: GPL-3.0-or-later
"""What a rig's takes show together becomes one plain Action, for exporters that know no NLA."""

from __future__ import annotations

import math
from typing import Any

import bpy
import numpy as np

from . import compat, keys, nla, take_marks, takes
from .building import Made
from .frames import each_frame
from .rig import Rig, RigError
from .steps import GO_ON, Steps, finish

Sampled = dict[compat.Channel, list[float]]


def bake_take(
    rig: Rig, action: bpy.types.Action, scene: bpy.types.Scene, all_lines: bool = True
) -> bpy.types.Action:
    """A new Action with one key a frame of what the scene shows on the takes' channels.

    It covers all lines of the rig, or with `all_lines` off only the one of `action`, which must
    play. Nothing that plays is changed. Raises RigError when there is nothing to bake.
    """
    return finish(bake_steps(rig, action, scene, all_lines))


def bake_steps(
    rig: Rig, action: bpy.types.Action, scene: bpy.types.Scene, all_lines: bool = True
) -> Steps[bpy.types.Action]:
    """The same in steps, between which the scene is back on its frame."""
    strips = [strip for _, strip in takes.take_strips(rig)]
    if not all_lines:
        strips = [strip for strip in strips if strip.action == action]
    if not strips:
        raise RigError(f"'{action.name}' does not play. Switch to it before baking.")
    if rig.mesh.name not in scene.objects:
        raise RigError(f"'{rig.mesh.name}' is not in the scene '{scene.name}'. Bake it there.")
    takes.leave_edit(rig)
    first = math.floor(min(strip.frame_start for strip in strips))
    last = math.ceil(max(strip.frame_end for strip in strips))
    wanted = {block: sorted(_channels(block, rig)) for block in rig.blocks}
    sampled = yield from _sample(scene, range(first, last + 1), wanted)
    name = f"{rig.mesh.name} baked" if all_lines else f"{action.name} baked"
    made = Made()
    try:
        return (yield from _write(name, sampled, first, made))
    except BaseException:
        made.discard()
        raise


def _channels(datablock: bpy.types.ID, rig: Rig) -> set[compat.Channel]:
    found: set[compat.Channel] = set()
    for _, strip in nla.strips(datablock, take_marks.is_take):
        found |= compat.channels(compat.strip_part(strip))
    return found


def _sample(
    scene: bpy.types.Scene, frames: range, wanted: dict[bpy.types.ID, list[compat.Channel]]
) -> Steps[dict[bpy.types.ID, Sampled]]:
    sampled: dict[bpy.types.ID, Sampled] = {
        block: {channel: [] for channel in channels} for block, channels in wanted.items()
    }

    def look() -> None:
        for block, curves in sampled.items():
            for (path, index), values in curves.items():
                values.append(_value(block, path, index))

    yield from each_frame(scene, frames, look)
    return sampled


def _value(datablock: bpy.types.ID, path: str, index: int) -> float:
    value = datablock.path_resolve(path)
    return float(value[index] if hasattr(value, "__len__") else value)


def _write(
    name: str, sampled: dict[bpy.types.ID, Sampled], first_frame: int, made: Made
) -> Steps[bpy.types.Action]:
    action: Any = made.note(bpy.data.actions.new(name))
    action.use_fake_user = True
    for block, curves in sampled.items():
        if not curves:
            continue
        owner = action
        if not compat.SLOTTED and len(action.fcurves):  # it serves another data-block
            owner = made.note(bpy.data.actions.new(f"{name} neck"))
            owner.use_fake_user = True
        part = compat.new_part(owner, block.id_type, block.name)
        baked = [_curve(*item) for item in curves.items()]
        keys.add_groups(part, baked)
        for curve in baked:
            keys.write_curve(part, curve, first_frame)
            yield GO_ON
    return action


def _curve(channel: compat.Channel, values: list[float]) -> keys.Curve:
    path, index = channel
    name = path.split('"')[1] if '"' in path else path
    group = keys.group_of(name) if path.startswith("key_blocks") else name
    return keys.Curve(path, index, group, np.array(values, np.float32))
