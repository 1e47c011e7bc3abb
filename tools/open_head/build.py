# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole build: MakeHuman data in, arrays of the open head out."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from model_runtime.contract import UNITS

from . import joints
from .assemble import (
    Layout,
    Person,
    Selection,
    average_person,
    layout,
    make_lip_field,
    people,
    select,
    stack,
    units,
)
from .pack import pack_basis
from .sets import vertex_sets
from .source import DECIMETRE, Array, MakeHumanData
from .surface import MATERIALS, build_surface

Arrays = dict[str, npt.NDArray[np.generic]]
UNIT_MAX: dict[str, float] = {}


def build(data: MakeHumanData) -> Arrays:
    """All arrays of open_head.npz."""
    chosen = select(data)
    who = average_person(data, chosen)
    spans = layout(who, chosen)
    template = stack(who, chosen)
    lips = make_lip_field(who.full, chosen)
    expression, degrees = units(data, chosen, who, lips)
    identities = people(data, chosen, who)
    basis = np.stack(list(identities.values()))
    surface = build_surface(data, chosen, who, spans)
    sets = vertex_sets(template, chosen, who, spans)
    weights = _skin_weights(data, chosen, spans)
    regressor = _regressor(data, chosen, who, template)
    pose = np.zeros((9 * (len(joints.NAMES) - 1), len(template), 3))
    return {
        "template": template.astype(np.float32),
        **pack_basis(basis, "identity"),
        **pack_basis(expression, "expression"),
        **pack_basis(pose, "pose"),
        "unit_names": np.array(UNITS),
        "identity_names": np.array(list(identities)),
        "joint_names": np.array(joints.NAMES),
        "joint_parents": np.array(joints.PARENTS, np.int8),
        "joint_regressor": regressor.astype(np.float32),
        "skin_weights": weights.astype(np.float32),
        "quads": surface.quads.astype(np.uint16),
        "uv": surface.uv.astype(np.float32),
        "quad_uv": surface.quad_uv.astype(np.uint16),
        "quad_material": surface.material.astype(np.uint8),
        "material_names": np.array(MATERIALS),
        "unit_max_names": np.array(list(UNIT_MAX), dtype="U32"),
        "unit_max": np.array(list(UNIT_MAX.values()), np.float32),
        "gaze_names": np.array(list(degrees)),
        "gaze_degrees": np.array(list(degrees.values()), np.float32),
        **{f"set_{name}": array.astype(np.uint16) for name, array in sets.items()},
    }


def _skin_weights(data: MakeHumanData, chosen: Selection, spans: Layout) -> Array:
    source = joints.bone_weights(data)
    weights = np.zeros((sum(spans.counts.values()), len(joints.NAMES)))
    weights[spans.span("skin")] = source[chosen.skin]
    weights[spans.span("tongue")] = source[chosen.tongue]
    rigid = {"upper": "neck", "lower": "jaw", "left_eye": "left_eye", "right_eye": "right_eye"}
    for part, joint in rigid.items():
        weights[spans.span(part), joints.NAMES.index(joint)] = 1.0
    return weights


def _regressor(data: MakeHumanData, chosen: Selection, who: Person, template: Array) -> Array:
    """Rows for root (mean of the neck's cut), neck and jaw (MakeHuman's), eyes (their centres)."""
    groups = data.vertex_groups
    rows = np.zeros((len(joints.NAMES), len(template)))
    spans = layout(who, chosen)
    for index, name in ((0, "joint-neck"), (1, "joint-neck"), (2, "joint-mouth")):
        target = who.full[groups[name]].mean(0)
        rows[index] = joints.regressor(template[None], target[None])
    for index, part in ((3, "left_eye"), (4, "right_eye")):
        span = spans.span(part)
        rows[index, span] = 1 / len(span)
    return rows


__all__ = ["DECIMETRE", "build"]
