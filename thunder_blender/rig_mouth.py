# SPDX-License-Identifier: GPL-3.0-or-later
"""Which units a character of the artist's or an imported FLAME shows, read off its evaluated mesh.

Whatever moves the lips counts: a mapped key, a sculpted one, a bone, a lattice. What each unit does
on this very mesh is measured once; then each frame is the mixture of them that comes nearest, each
between 0 and 1. The head's own motion is taken out by the vertices that no unit moves. How far the
lips are apart is told beside it: see `meter_lips`.
"""

from __future__ import annotations

from dataclasses import dataclass

import bpy
import numpy as np
import numpy.typing as npt

from ..model_runtime.contract import UNITS
from . import (
    flame_mapping,
    flame_motion,
    flame_residuals,
    flame_rig,
    meter_lips,
    rig_lips,
    rig_measure,
    rig_plan,
    rig_visemes,
)
from .keys import euler_from_axis_angle
from .rig import NECK_BONE, Rig, RigError
from .rig_mapping import ARMATURE, Target, key_target

Points = npt.NDArray[np.float64]

MOUTH = tuple(n for n, unit in enumerate(UNITS) if unit.startswith(("jaw", "mouth")))
JAW_OPEN, MOUTH_CLOSE = UNITS.index("jawOpen"), UNITS.index("mouthClose")
MOVES = 0.15  # of the largest motion of a mouth unit: vertices that tell units apart
STILL = 0.01  # likewise: vertices that no unit moves
RIGID = 0.98  # weight of FLAME's neck in a vertex that moves with the head
MOST = 1500  # vertices of each kind
RIDGE = 1e-3
UNKNOWN = "'{}' has no mouth that its mapping moves. Open Mapping, or Use This Character again."


@dataclass(frozen=True)
class Lips:
    """Where the lips of a mesh are."""

    columns: meter_lips.Columns  # vertices
    up: Points  # (3,) a vertex of the mesh times this is its height in mm of the open head


@dataclass(frozen=True)
class MouthSampler:
    """Reads unit weights off one mesh; no bpy but its name."""

    mesh: str  # name of the object whose evaluated vertices are read
    rest: Points  # (V,3) of all its vertices, in the object's own space
    used: npt.NDArray[np.int64]  # vertices that tell the units apart
    still: npt.NDArray[np.int64]  # vertices that move with the head only
    shapes: Points  # (M,K,3) motion of the mouth units at 1
    units: tuple[int, ...] = MOUTH  # which units those are
    lips: Lips | None = None  # None where they were not found

    def __call__(self) -> npt.NDArray[np.float32]:
        """Unit weights (52,) of the mesh as Blender shows it now; units beside the mouth are 0."""
        return self.of(rig_measure.vertices(bpy.data.objects[self.mesh], world=False))

    def of(self, vertices: Points) -> npt.NDArray[np.float32]:
        """The same of evaluated vertices (V,3) in the object's own space. Raises RigError where
        they are another mesh's."""
        if vertices.shape != self.rest.shape:
            raise RigError(f"'{self.mesh}' has changed its vertices. Measure it again.")
        moved = self._without_head(vertices)[self.used] - self.rest[self.used]
        flat = self.shapes.reshape(len(self.shapes), -1)
        found = rig_visemes.least_squares(flat @ flat.T, (flat @ moved.ravel())[None], RIDGE)
        weights = np.zeros(len(UNITS), np.float32)
        weights[list(self.units)] = found[0]
        return weights

    def gaps(self, vertices: Points) -> Points | None:
        """How far the lips of evaluated vertices (V,3) are apart in each column, in mm of the open
        head: (5,); None where the lips are not known."""
        if self.lips is None:
            return None
        heights = self._without_head(vertices) @ self.lips.up
        return meter_lips.column_gaps(heights, self.lips.columns)

    def _without_head(self, vertices: Points) -> Points:
        """The vertices turned and moved so that the still ones rest (Kabsch 1976)."""
        if len(self.still) < 4:
            return vertices
        here, there = vertices[self.still], self.rest[self.still]
        a, b = here.mean(0), there.mean(0)
        u, _, v = np.linalg.svd((here - a).T @ (there - b))
        turn = u @ np.diag((1.0, 1.0, np.sign(np.linalg.det(u @ v)))) @ v
        return np.asarray((vertices - a) @ turn + b)


def mouth_sampler(rig: Rig) -> MouthSampler:
    """Measure what each unit does on the rig. Raises RigError where nothing moves the mouth."""
    still, poses = _of_flame(rig) if flame_rig.is_flame(rig) else _of_mapping(rig)
    rest = rig_measure.shape_of(rig, rig.mesh, still, world=False)
    shapes = np.zeros((len(MOUTH), *rest.shape), np.float32)
    for row, pose in enumerate(poses):
        shapes[row] = rig_measure.shape_of(rig, rig.mesh, still | pose, world=False) - rest
    opened = shapes[MOUTH.index(JAW_OPEN)]
    if flame_rig.is_flame(rig):  # there mouthClose means something on an open jaw only
        shapes[MOUTH.index(MOUTH_CLOSE)] -= opened
    far = np.linalg.norm(shapes, axis=2).max(0)
    if far.max() <= 1e-6:
        raise RigError(UNKNOWN.format(rig.mesh.name))
    used = _spread(np.flatnonzero(far > MOVES * far.max()))
    fixed = _spread(np.flatnonzero((far < STILL * far.max()) & _of_head(rig)))
    lips, told = _lips(rig, rest, opened), shapes[:, used].astype(float)
    return MouthSampler(rig.mesh.name, rest, used, fixed, told, lips=lips)


def _of_head(rig: Rig) -> npt.NDArray[np.bool_]:
    """The vertices (V,) that may tell how the head has moved: all, or what FLAME's neck turns."""
    found = np.ones(len(rig.mesh.data.vertices), np.bool_)
    if flame_rig.is_flame(rig) and (group := rig.mesh.vertex_groups.get(NECK_BONE)):
        for vertex in rig.mesh.data.vertices:
            weights = {each.group: each.weight for each in vertex.groups}
            found[vertex.index] = weights.get(group.index, 0.0) > RIGID
    return found


Pose = dict[Target, float]


def _of_mapping(rig: Rig) -> tuple[Pose, list[Pose]]:
    """The rest of a mapped rig, and each mouth unit at 1."""
    mapped = rig_plan.mapped_rig(rig, contacts=False)
    poses = []
    for unit in MOUTH:
        alone = np.zeros((1, len(UNITS)), np.float32)
        alone[0, unit] = 1.0
        values = mapped.values(alone, UNITS)
        poses.append({target: float(each[0]) for target, each in values.items()})
    return {target: target.rest for target in mapped.mapping.targets()}, poses


def _of_flame(rig: Rig) -> tuple[Pose, list[Pose]]:
    """The rest of an imported FLAME, and each mouth unit at 1; mouthClose with jawOpen."""
    found = flame_mapping.stored(rig.mesh)
    names = [f"Exp{n + 1}" for n in range(found.expression.shape[1])]
    if not set(names) <= set(rig.keys.key_blocks.keys()):
        raise RigError(f"'{rig.mesh.name}' has lost expression keys. Import the FLAME again.")
    exps = [key_target(name) for name in names]
    path = f'pose.bones["{flame_motion.JAW}"].rotation_euler'
    jaw = [Target(path, axis, ARMATURE) for axis in range(3)]
    expressions, turns = found.expression.copy(), found.jaw.copy()
    expressions[MOUTH_CLOSE] += expressions[JAW_OPEN]
    turns[MOUTH_CLOSE] += turns[JAW_OPEN]
    euler = euler_from_axis_angle(turns)
    residuals = flame_residuals.present(rig)
    poses = []
    for unit in MOUTH:
        pose = dict(zip(exps, expressions[unit].tolist(), strict=True))
        pose |= dict(zip(jaw, euler[unit].tolist(), strict=True))
        if UNITS[unit] in residuals:
            pose[key_target(flame_residuals.key(UNITS[unit]))] = 1.0
        poses.append(pose)
    return {target: 0.0 for pose in poses for target in pose}, poses


def _lips(rig: Rig, rest: Points, opened: Points) -> Lips | None:
    """The lips: those that an import knows, else where the opening jaw tears neighbours apart."""
    if flame_rig.is_flame(rig):
        found = flame_mapping.stored(rig.mesh)
        vertices, column, side = found.lips.astype(np.int64).T
        if not len(vertices):
            return None
        columns = tuple(
            (vertices[(column == n) & (side == 0)], vertices[(column == n) & (side == 1)])
            for n in range(len(meter_lips.SIDES))
        )
        return Lips(columns, np.array((0.0, 0.0, 1000.0 / float(found.scale[0]))))
    matrix = np.array(rig.mesh.matrix_world)
    here = rest @ matrix[:3, :3].T + matrix[:3, 3]
    seam = rig_lips.find(here, here + opened @ matrix[:3, :3].T)
    return Lips(seam.columns, matrix[2, :3] / seam.scale) if seam else None


def _spread(places: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """At most MOST of them, evenly."""
    return places[:: max(1, -(-len(places) // MOST))]
