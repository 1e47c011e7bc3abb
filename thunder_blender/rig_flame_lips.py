# SPDX-License-Identifier: GPL-3.0-or-later
"""The lips of FLAME and SMPL-X rigs that other add-ons made, with all that moves them.

As `flame_motion.lips_of` reads an imported FLAME; but numbered from 0 or 1, wherever the mesh lies
in the world, with the add-on's own Pose keys, and with a jaw joint that stays where it is while the
face makes expressions.
"""

from __future__ import annotations

from collections.abc import Sequence

import bpy
import numpy as np
import numpy.typing as npt

from ..model_runtime.contract import UNITS
from ..model_runtime.flame_calibration import Calibration
from . import flame_lips, head
from .flame_axes import to_flame
from .head_correctives import ENTRIES
from .head_mesh import key_points
from .rig import Rig

Floats = npt.NDArray[np.float64]


def lips_of(
    rig: Rig,
    found: Calibration,
    expressions: Sequence[bpy.types.ShapeKey],
    correctives: Sequence[tuple[int, str]],
    jaw: tuple[Floats, Floats],
) -> flame_lips.Lips | None:
    """The lips, or None where the calibration found none.

    `correctives`: entry of the jaw's rotation and the key that corrects for it. `jaw`: the weights
    of all vertices (V,) and the joint's place (3,) in FLAME's axes and metres.
    """
    if not len(found.lips):
        return None
    vertices, columns, sides = found.lips.T
    blocks = rig.keys.key_blocks
    world = np.array(rig.mesh.matrix_world)

    def moves(block: bpy.types.ShapeKey) -> Floats:
        return to_flame((key_points(block)[vertices] - basis) @ world[:3, :3].T)

    basis = key_points(blocks[0])[vertices]
    rest = to_flame((basis + own_shape(rig)[vertices]) @ world[:3, :3].T + world[:3, 3])
    corrected = np.zeros((ENTRIES, *rest.shape))
    for entry, name in correctives:
        corrected[entry] = moves(blocks[name])
    places = [np.flatnonzero(columns == column) for column in np.unique(columns)]
    weights, joint = jaw
    return flame_lips.Lips(
        rest,
        np.array([moves(block) for block in expressions]),
        corrected,
        weights[vertices],
        joint,
        np.zeros((len(expressions), 3)),
        tuple(
            (tuple(place[sides[place] == 0]), tuple(place[sides[place] == 1])) for place in places
        ),
        np.zeros((0, *rest.shape)),
    )


def resting(found: Calibration) -> float:
    """The open head's gap at rest on a face of this one's size, mm."""
    still = np.zeros((1, len(UNITS)), np.float32)
    return float(found.scale[0] * flame_lips.head_gap(head.bundled_face(), still, UNITS)[0])


def own_shape(rig: Rig) -> Floats:
    """How the artist's sliders of `Shape` keys change the mesh at rest: (V,3), its own axes."""
    blocks = rig.keys.key_blocks
    basis = key_points(blocks[0])
    shaped = np.zeros_like(basis)
    for block in blocks:
        if block.name.startswith("Shape") and block.value and not block.mute:
            shaped += block.value * (key_points(block) - basis)
    return shaped
