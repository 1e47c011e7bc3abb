# SPDX-License-Identifier: GPL-3.0-or-later
"""Which units a character of the artist's shows, read off its evaluated mesh.

Whatever moves the lips counts: a mapped key, a sculpted one, a bone, a lattice. What each unit does
on this very mesh is measured once; then each frame is the mixture of them that comes nearest, each
between 0 and 1. The head's own motion is taken out by the vertices that no unit moves.
"""

from __future__ import annotations

from dataclasses import dataclass

import bpy
import numpy as np
import numpy.typing as npt

from ..model_runtime.contract import UNITS
from . import rig_measure, rig_plan, rig_visemes
from .rig import Rig, RigError

Points = npt.NDArray[np.float64]

MOUTH = tuple(n for n, unit in enumerate(UNITS) if unit.startswith(("jaw", "mouth")))
MOVES = 0.15  # of the largest motion of a mouth unit: vertices that tell units apart
STILL = 0.01  # likewise: vertices that no unit moves
MOST = 1500  # vertices of each kind
RIDGE = 1e-3
UNKNOWN = "'{}' has no mouth that its mapping moves. Open Mapping, or Use This Character again."


@dataclass(frozen=True)
class MouthSampler:
    """Reads unit weights off one mesh; no bpy but its name."""

    mesh: str  # name of the object whose evaluated vertices are read
    rest: Points  # (V,3) of all its vertices, in the object's own space
    used: npt.NDArray[np.int64]  # vertices that tell the units apart
    still: npt.NDArray[np.int64]  # vertices that move with the head only
    shapes: Points  # (M,K,3) motion of the mouth units at 1
    units: tuple[int, ...] = MOUTH  # which units those are

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
    mapped = rig_plan.mapped_rig(rig, contacts=False)
    still = {target: target.rest for target in mapped.mapping.targets()}
    rest = rig_measure.shape_of(rig, rig.mesh, still, world=False)
    shapes = np.zeros((len(MOUTH), *rest.shape), np.float32)
    for row, unit in enumerate(MOUTH):
        alone = np.zeros((1, len(UNITS)), np.float32)
        alone[0, unit] = 1.0
        values = mapped.values(alone, UNITS)
        shown = still | {target: float(each[0]) for target, each in values.items()}
        shapes[row] = rig_measure.shape_of(rig, rig.mesh, shown, world=False) - rest
    far = np.linalg.norm(shapes, axis=2).max(0)
    if far.max() <= 1e-6:
        raise RigError(UNKNOWN.format(rig.mesh.name))
    used = _spread(np.flatnonzero(far > MOVES * far.max()))
    fixed = _spread(np.flatnonzero(far < STILL * far.max()))
    return MouthSampler(rig.mesh.name, rest, used, fixed, shapes[:, used].astype(float))


def _spread(places: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """At most MOST of them, evenly."""
    return places[:: max(1, -(-len(places) // MOST))]
