# SPDX-License-Identifier: GPL-3.0-or-later
"""A face model small enough to follow by hand: a 6 x 6 sheet of vertices with all 52 units."""

from __future__ import annotations

import numpy as np

from model_runtime.contract import UNITS
from model_runtime.face import FaceModel

SIDE = 6
JOINTS = ("root", "neck", "jaw", "left_eye", "right_eye")


def make_face() -> FaceModel:
    """0.2 m wide and high, facing +z, upper half over the mouth line, lower half under it."""
    line = np.linspace(-0.1, 0.1, SIDE)
    x, y = (grid.ravel() for grid in np.meshgrid(line, line))
    template = np.stack((x, y, 0.05 - x * x), axis=1)
    corner = np.array([row * SIDE + col for row in range(SIDE - 1) for col in range(SIDE - 1)])
    quads = np.stack((corner, corner + 1, corner + SIDE + 1, corner + SIDE), axis=1)
    rng = np.random.default_rng(1)
    regressor = np.full((len(JOINTS), len(template)), 1.0 / len(template))
    return FaceModel(
        template=template,
        identity_basis=rng.normal(0, 0.002, (2, len(template), 3)),
        expression_basis=_units(template, rng),
        unit_names=UNITS,
        identity_names=("wide", "tall"),
        joint_names=JOINTS,
        joint_parents=(-1, 0, 1, 1, 1),
        joint_regressor=regressor,
        skin_weights=_skin_weights(y),
        pose_basis=np.zeros((9 * (len(JOINTS) - 1), len(template), 3)),
        quads=quads,
        triangles=np.concatenate((quads[:, [0, 1, 2]], quads[:, [0, 2, 3]])),
        uv=template[:, :2] / 0.2 + 0.5,
        quad_uv=quads,
        quad_material=np.arange(len(quads)) % 2,
        material_names=("skin", "teeth"),
        vertex_sets={},
        unit_max={},
        jaw_open_angle=0.4,
        gaze_degrees={},
    )


def _units(template: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    shapes = rng.normal(0, 0.003, (len(UNITS), len(template), 3))
    shapes[UNITS.index("jawOpen")] = np.where(template[:, 1:2] < 0, (0, -0.034, 0), 0)
    shapes[UNITS.index("mouthClose")] = -shapes[UNITS.index("jawOpen")]
    return shapes


def _skin_weights(height: np.ndarray) -> np.ndarray:
    weights = np.zeros((len(height), len(JOINTS)))
    weights[:, 1] = np.clip((height + 0.1) / 0.1, 0, 1)
    weights[:, 0] = 1 - weights[:, 1]
    return weights
