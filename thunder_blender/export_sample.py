# SPDX-License-Identifier: GPL-3.0-or-later
"""What a rig's keys and bones are, frame by frame: as a take has it, or as the rig shows it.

A take is read from its own F-curves, whatever plays. The rig is read from the evaluated animation:
hand edits, other layers, drivers and constraints included.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np
import numpy.typing as npt
from mathutils import Euler, Matrix, Quaternion

from . import compat, take_marks
from .frames import each_frame
from .rig import Rig, RigError
from .sound import scene_rate
from .steps import Steps

Floats = npt.NDArray[np.float32]
Address = tuple[int, str, int]  # part of the rig (see `Rig.parts`), data path, index
ROTATIONS = ("rotation_euler", "rotation_quaternion", "rotation_axis_angle")
KEYS = 0  # the part of the rig that are its shape keys
ARMATURE = 1


@dataclass(frozen=True)
class Sampled:
    """Values (T,) of each channel, and each bone's own turn (T, 3) as axis-angle in radians."""

    values: dict[Address, Floats]
    turns: dict[str, Floats]
    frames: int
    rate: float  # frames a second
    seen: Floats | None = None  # unit weights (T, 52), where they were read off the mesh

    def key(self, name: str) -> Floats:
        """Values (T,) of a shape key of the rig's mesh; 0 where it is not animated or missing."""
        path = f'key_blocks["{bpy.utils.escape_identifier(name)}"].value'
        return self.values.get((KEYS, path, 0), np.zeros(self.frames, np.float32))

    def turn(self, bone: str) -> Floats:
        """Turn (T, 3) of a bone; none where it is not animated or missing."""
        return self.turns.get(bone, np.zeros((self.frames, 3), np.float32))


def of_take(rig: Rig, action: bpy.types.Action, scene: bpy.types.Scene) -> Sampled:
    """What the take's own curves say from its first to its last frame, at its own rate."""
    recording = take_marks.recording(action, scene_rate(scene))
    frames = np.arange(round(recording.first_frame), round(recording.last_frame) + 1)
    numbers = {block: number for number, block in rig.parts.items()}
    values: dict[Address, Floats] = {}
    for block, part in take_marks.parts(action, rig):
        for curve in compat.fcurves(part):
            place = (numbers[block], curve.data_path, curve.array_index)
            values[place] = np.array([curve.evaluate(float(f)) for f in frames], np.float32)
    return Sampled(values, _turns(rig, values, len(frames)), len(frames), recording.rate)


def of_rig(
    rig: Rig,
    scene: bpy.types.Scene,
    frames: range,
    further: Iterable[Address] = (),
    look: Callable[[], Floats] | None = None,
) -> Steps[Sampled]:
    """What the rig shows on these frames of the scene: its shape keys, its bones' turns against
    their rest, and `further` channels; `look` gives the unit weights (52,) of the mesh as it
    is now, where they are to be read off it. In steps, between which the scene is on its own frame.

    Raises RigError where the rig is not in the scene or hidden: then it is not animated.
    """
    if rig.mesh.name not in scene.objects or not rig.mesh.visible_get():
        raise RigError(
            f"'{rig.mesh.name}' is hidden or not in the scene '{scene.name}'. Show it there first."
        )
    places, parts = list(further), rig.parts
    keys: list[Floats] = []
    others: list[list[float]] = []
    turns: list[list[tuple[float, float, float]]] = []
    seen: list[Floats] = []
    bones = [bone.name for bone in rig.armature.pose.bones] if rig.armature else []

    def take_down() -> None:
        graph = bpy.context.evaluated_depsgraph_get()
        keys.append(_key_values(rig.keys.evaluated_get(graph)))
        others.append([_value(parts[n].evaluated_get(graph), path, i) for n, path, i in places])
        if look:
            seen.append(look())
        if rig.armature:
            turns.append(_bone_turns(rig.armature.evaluated_get(graph), bones))

    yield from each_frame(scene, frames, take_down)
    names = [bpy.utils.escape_identifier(block.name) for block in rig.keys.key_blocks]
    values: dict[Address, Floats] = {
        (KEYS, f'key_blocks["{name}"].value', 0): column
        for name, column in zip(names, np.array(keys, np.float32).T, strict=True)
    }
    columns = np.array(others, np.float32).reshape(len(frames), len(places)).T
    values |= dict(zip(places, columns, strict=True))
    found = np.array(turns, np.float32).reshape(len(frames), len(bones), 3).swapaxes(0, 1)
    units = np.array(seen, np.float32) if look else None
    turned = dict(zip(bones, found, strict=True))
    return Sampled(values, turned, len(frames), scene_rate(scene), units)


def _key_values(keys: bpy.types.Key) -> Floats:
    """What each key adds: nothing while it is muted."""
    count = len(keys.key_blocks)
    values, muted = np.empty(count, np.float32), np.empty(count, bool)
    keys.key_blocks.foreach_get("value", values)
    keys.key_blocks.foreach_get("mute", muted)
    return np.where(muted, np.float32(0), values)


def _value(datablock: bpy.types.ID, path: str, index: int) -> float:
    value = datablock.path_resolve(path)
    return float(value[index] if hasattr(value, "__len__") else value)


def _bone_turns(armature: bpy.types.Object, bones: list[str]) -> list[tuple[float, float, float]]:
    found = []
    for name in bones:
        bone = armature.pose.bones[name]
        local = armature.convert_space(
            pose_bone=bone, matrix=bone.matrix, from_space="POSE", to_space="LOCAL"
        )
        found.append(_axis_angle(local.to_quaternion()))
    return found


def _axis_angle(turn: Quaternion) -> tuple[float, float, float]:
    """Of at most half a turn."""
    near = Quaternion((-turn.w, -turn.x, -turn.y, -turn.z)) if turn.w < 0 else turn
    vector: Any = near.to_exponential_map()
    x, y, z = vector
    return x, y, z


def _turns(rig: Rig, values: dict[Address, Floats], frames: int) -> dict[str, Floats]:
    """Turns of the bones from their rotation curves."""
    paths = {path for part, path, _ in values if part == ARMATURE and path.endswith(ROTATIONS)}
    found = {}
    for path in paths:
        bone = path.split('"')[1]
        start, _, kind = path.rpartition(".")
        size = 3 if kind == ROTATIONS[0] else 4
        rest = (1.0, 0.0, 0.0, 0.0) if kind == ROTATIONS[1] else (0.0,) * size
        columns = [
            values.get((ARMATURE, path, index), np.full(frames, rest[index], np.float32))
            for index in range(size)
        ]
        rows = np.stack(columns, axis=1).tolist()
        mode = rig.armature.pose.bones[bone].rotation_mode if start else "XYZ"
        found[bone] = np.array([_axis_angle(_quaternion(row, kind, mode)) for row in rows])
    return {bone: turn.astype(np.float32) for bone, turn in found.items()}


def _quaternion(row: list[float], kind: str, mode: str) -> Quaternion:
    if kind == ROTATIONS[0]:
        return Euler(row, mode if len(mode) == 3 else "XYZ").to_quaternion()
    if kind == ROTATIONS[1]:
        return Quaternion(row).normalized()
    return Matrix.Rotation(row[0], 3, row[1:]).to_quaternion()
