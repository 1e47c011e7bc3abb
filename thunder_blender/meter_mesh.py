# SPDX-License-Identifier: GPL-3.0-or-later
"""What a rig's mouth does over a line, read from the mesh as Blender shows it.

So whatever moves the lips counts: units, a sculpted key, a bone, a lattice. The head's own motion
is taken out, and so is what does not move: who the character is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np

from ..model_runtime.contract import UNITS, FaceMotion, FloatArray
from . import (
    flame_rig,
    head,
    meter_lips,
    meter_shapes,
    meter_units,
    rig_mapping,
    rig_mouth,
    rig_store,
)
from .lines import Line
from .meter_copy import LostError, MeshCopy
from .rig import NECK_BONE, Rig, RigError
from .steps import GO_ON, PAUSE, Steps

UNMAPPED = "'{}' has no mouth that is known: no unit shape keys, no mapping. Map the rig first"
REGION = "mouth_region"
TRIES = 3  # undo in mid gathering begins it anew

_samplers: dict[str, tuple[tuple[str, int], rig_mouth.MouthSampler]] = {}  # by rig

Told = Callable[[float], None]


@dataclass(frozen=True)
class Gathered:
    """A rig's mouth over a line: `offsets` (frames, V, 3) or `weights` (frames, units)."""

    fps: float  # frames for each second of the file
    offsets: FloatArray | None = None
    weights: FloatArray | None = None

    @property
    def motion(self) -> FaceMotion:
        return FaceMotion(self.fps, self.weights, self.offsets)

    @property
    def frames(self) -> int:
        return self.motion.frames


def unmapped_reason(rig: Rig) -> str:
    """Why the rig's mouth cannot be measured; empty when it can."""
    known = is_open_head(rig) or _has_sampler(rig) or meter_units.unit_keys(rig)
    return "" if known else _unmapped(rig)


def is_open_head(rig: Rig) -> bool:
    """Whether the mesh still has the open head's vertices and units."""
    keys = rig.mesh.data.shape_keys
    if keys is None or "jawOpen" not in keys.key_blocks:
        return False
    return len(rig.mesh.data.vertices) == len(head.bundled_face().template)


def frame_count(line: Line) -> int:
    """Scene frames over which a line is heard."""
    return max(1, int(np.ceil(line.duration * fps_of(line) - 1e-3)))


def fps_of(line: Line) -> float:
    """Scene frames for each second of the line's file."""
    return line.rate / line.speed


def gather_steps(
    rig: Rig,
    line: Line,
    known: Gathered | None = None,
    span: tuple[int, int] | None = None,
    told: Told | None = None,
) -> Steps[Gathered]:
    """Read the mouth on each frame of the line, in short steps; nothing the artist sees changes.

    With `known` only the frames `span` (first, one after the last; counted from the line's first
    moment) are read anew. `told` hears the share that is done. Raises RigError.
    """
    if reason := unmapped_reason(rig):
        raise RigError(f"{reason}.")
    name, places = rig.mesh.name, _places(line, known, span)
    read = _reader(rig)
    for attempt in range(TRIES):
        try:
            found = yield from read(_rig_named(name), line, places, told or (lambda _share: None))
            return _joined(found, known, places, fps_of(line))
        except LostError:
            if attempt == TRIES - 1:
                raise RigError(
                    f"The scene changed while '{name}' was measured. Measure it again."
                ) from None
    raise AssertionError("unreachable")


def _places(line: Line, known: Gathered | None, span: tuple[int, int] | None) -> range:
    count = frame_count(line)
    if known is None or span is None or known.frames != count:
        return range(count)
    return range(max(0, span[0]), min(count, span[1]))


def _joined(found: Gathered, known: Gathered | None, places: range, fps: float) -> Gathered:
    """The frames that were read, put into those that were known."""
    if known is None or len(places) == known.frames or known.fps != fps:
        return found
    parts = []
    for fresh, old in ((found.offsets, known.offsets), (found.weights, known.weights)):
        whole = None if fresh is None or old is None else old.copy()
        if whole is not None:
            whole[places.start : places.stop] = fresh
        parts.append(whole)
    return Gathered(fps, parts[0], parts[1])


def _read_mesh(rig: Rig, line: Line, places: range, told: Told) -> Steps[Gathered]:
    """Offsets from the copy of the mesh; the copy is gone when this ends, however it does."""
    vertices = head.bundled_face().vertex_sets[REGION]
    copy = MeshCopy(rig.mesh, vertices)
    try:
        yield PAUSE
        yield from copy.reduce()
        yield PAUSE
        rest = copy.at_rest(UNITS.__contains__)
        yield PAUSE
        offsets = np.empty((len(places), len(vertices), 3), np.float32)
        for number, place in enumerate(places):
            points = copy.points(line.first_frame + place)
            offsets[number] = _without_head(points, _head_turn(copy, rig.mesh.name)) - rest
            told((number + 1) / len(places))
            yield GO_ON
        return Gathered(fps_of(line), offsets=_to_flame(offsets))
    finally:
        copy.close()


def _head_turn(copy: MeshCopy, name: str) -> FloatArray:
    """How the head bone has moved the mesh since rest: (4, 4), in the mesh's own space."""
    armature = _rig_named(name).armature
    if armature is None or NECK_BONE not in armature.pose.bones:
        return np.eye(4, dtype=np.float32)
    posed = armature.evaluated_get(copy.graph)
    body = copy.body.evaluated_get(copy.graph)
    bone = posed.pose.bones[NECK_BONE]
    turn = posed.matrix_world @ bone.matrix @ bone.bone.matrix_local.inverted()
    space = body.matrix_world.inverted() @ turn @ posed.matrix_world.inverted() @ body.matrix_world
    return np.asarray(space, np.float32)


def _without_head(points: FloatArray, turn: FloatArray) -> FloatArray:
    back = np.linalg.inv(turn.astype(np.float64)).astype(np.float32)
    still: FloatArray = points @ back[:3, :3].T + back[:3, 3]
    return still


def _to_flame(points: FloatArray) -> FloatArray:
    """Blender's axes -> FLAME's; the inverse of `head_mesh.to_blender`."""
    x, y, z = np.moveaxis(points, -1, 0)
    return np.stack((x, z, -y), axis=-1)


def _reader(rig: Rig) -> Callable[[Rig, Line, range, Told], Steps[Gathered]]:
    if is_open_head(rig):
        return _read_mesh
    return _read_mapped if _has_sampler(rig) else _read_keys


def _has_sampler(rig: Rig) -> bool:
    """Whether a rig's units are read off its mesh, by what each does there."""
    return rig_store.is_mapped(rig) or flame_rig.is_flame(rig)


def _read_mapped(rig: Rig, line: Line, places: range, told: Told) -> Steps[Gathered]:
    """Unit weights as a mapped mesh or a FLAME shows them; what each unit does on it is measured
    first."""
    sampler = _sampler(rig)
    yield PAUSE
    copy, gaps = MeshCopy(rig.mesh, np.arange(len(rig.mesh.data.vertices))), []
    try:
        yield PAUSE
        weights = np.zeros((len(places), len(UNITS)), np.float32)
        for number, place in enumerate(places):
            shown = copy.points(line.first_frame + place).astype(float)
            weights[number] = sampler.of(shown)
            gaps.append(sampler.gaps(shown))
            told((number + 1) / len(places))
            yield GO_ON
        if sampler.lips is not None and gaps:
            weights = meter_lips.met(weights, meter_lips.of_gaps(np.array(gaps, float)))
        return Gathered(fps_of(line), weights=weights)
    finally:
        copy.close()


def _sampler(rig: Rig) -> rig_mouth.MouthSampler:
    """The rig's sampler; measuring it takes a moment, so the last ones are kept."""
    state = _mapping_of(rig), meter_shapes.shape_hash(rig.mesh)
    known = _samplers.get(rig.identifier)
    if known is None or known[0] != state:
        _samplers[rig.identifier] = known = state, rig_mouth.mouth_sampler(rig)
    return known[1]


def _mapping_of(rig: Rig) -> str:
    """What decides what a unit does on the rig: its mapping, or its FLAME with the identity."""
    if not flame_rig.is_flame(rig):
        return rig_mapping.to_json(rig_store.stored(rig))
    shapes = [key.value for key in rig.keys.key_blocks if key.name.startswith("Shape")]
    return f"{rig.mesh.get(flame_rig.SOURCE)} {shapes}"


def _read_keys(rig: Rig, line: Line, places: range, told: Told) -> Steps[Gathered]:
    """Unit weights from the values of the unit keys, where the mesh is not the open head."""
    units, copy = meter_units.unit_keys(rig), MeshCopy(rig.mesh, np.arange(1))
    try:
        yield PAUSE
        weights = np.zeros((len(places), len(UNITS)), np.float32)
        for number, place in enumerate(places):
            copy.points(line.first_frame + place)
            shown: Any = copy.body.evaluated_get(copy.graph).data
            keys = shown.shape_keys
            weights[number] = meter_units.weights(keys, units)
            told((number + 1) / len(places))
            yield GO_ON
        return Gathered(fps_of(line), weights=weights)
    finally:
        copy.close()


def _unmapped(rig: Rig) -> str:
    return UNMAPPED.format(rig.mesh.name)


def _rig_named(name: str) -> Rig:
    mesh = bpy.data.objects.get(name)
    if mesh is None:
        raise LostError
    return Rig(mesh, mesh.find_armature())
