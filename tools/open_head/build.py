# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole build: MakeHuman data in, arrays of the open head out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from model_runtime.contract import UNITS
from model_runtime.face import FaceModel

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
from .collisions import triangles
from .ease import ease
from .jaw import JawFit, fit_jaw
from .mend import mend, stored
from .pack import pack_basis, steady
from .palette import WORN
from .poses import UNIT_MAX
from .seat import seat
from .sets import vertex_sets
from .settle import settle_people, settle_units
from .sneer import quiet_lips
from .source import Array, Ints, MakeHumanData
from .surface import MATERIALS, Surface, border_vertices, build_surface, socket_vertices

Arrays = dict[str, npt.NDArray[np.generic]]


def build(data: MakeHumanData) -> Arrays:
    """All arrays of open_head.npz."""
    chosen = select(data)
    who = average_person(data, chosen)
    spans = layout(who, chosen)
    template = stack(who, chosen)
    lips = make_lip_field(who.full, chosen)
    expression, degrees = units(data, chosen, who, lips)
    everyone = people(data, chosen)
    basis = np.stack([stack(one, chosen) - template for one in everyone.values()])
    surface = build_surface(data, chosen, who, spans)
    sets = vertex_sets(template, chosen, who, spans)
    sets["eye_sockets"] = socket_vertices(surface)
    draft = _draft(template, expression, basis, tuple(everyone), surface, sets)
    expression = settle_units(draft)
    draft = replace(draft, expression_basis=expression.astype(np.float32))
    draft = replace(draft, identity_basis=settle_people(draft).astype(np.float32))
    eased, basis = ease(draft)
    template, basis = mend(stored(draft, *seat(draft, eased, basis)))
    expression = quiet_lips(expression, data, chosen, who, spans, lips)
    jaw = fit_jaw(
        eased,
        expression[UNITS.index("jawOpen")],
        sets["teeth_lower"],
        _skin_weights(data, chosen, spans),
        template,
    )
    regressor = _regressor(data, chosen, [who, *everyone.values()], jaw, surface)
    return {
        "template": steady(template, 7),
        **pack_basis(basis, "identity"),
        **pack_basis(expression, "expression"),
        **pack_basis(jaw.pose_basis, "pose"),
        "unit_names": np.array(UNITS),
        "identity_names": np.array(list(everyone)),
        "identity_textures": np.array([WORN[name] for name in everyone]),
        "jaw_open_angle": steady(np.array(jaw.angle), 6),
        "joint_names": np.array(joints.NAMES),
        "joint_parents": np.array(joints.PARENTS, np.int8),
        "joint_regressor": steady(regressor, 8),
        "skin_weights": steady(jaw.weights, 6),
        "quads": surface.quads.astype(np.uint16),
        "uv": steady(surface.uv, 6),
        "quad_uv": surface.quad_uv.astype(np.uint16),
        "quad_material": surface.material.astype(np.uint8),
        "material_names": np.array(MATERIALS),
        "unit_max_names": np.array(list(UNIT_MAX), dtype="U32"),
        "unit_max": np.array(list(UNIT_MAX.values()), np.float32),
        "gaze_names": np.array(list(degrees)),
        "gaze_degrees": steady(np.array(list(degrees.values())), 3),
        **{f"set_{name}": array.astype(np.uint16) for name, array in sets.items()},
    }


def _draft(
    template: Array,
    expression: Array,
    basis: Array,
    names: tuple[str, ...],
    surface: Surface,
    sets: dict[str, Ints],
) -> FaceModel:
    """The head so far, without joints, for measuring."""
    none = np.zeros(0, np.float32)
    return FaceModel(
        template=template.astype(np.float32),
        identity_basis=basis.astype(np.float32),
        expression_basis=expression.astype(np.float32),
        unit_names=UNITS,
        identity_names=names,
        joint_names=(),
        joint_parents=(),
        joint_regressor=none,
        skin_weights=none,
        pose_basis=none,
        quads=surface.quads.astype(np.int32),
        triangles=triangles(surface.quads).astype(np.int32),
        uv=surface.uv.astype(np.float32),
        quad_uv=surface.quad_uv.astype(np.int32),
        quad_material=surface.material.astype(np.uint8),
        material_names=MATERIALS,
        vertex_sets={name: array.astype(np.int32) for name, array in sets.items()},
        unit_max={},
        jaw_open_angle=0.0,
        gaze_degrees={},
    )


def _skin_weights(data: MakeHumanData, chosen: Selection, spans: Layout) -> Array:
    source = joints.bone_weights(data)
    weights = np.zeros((sum(spans.counts.values()), len(joints.NAMES)))
    weights[spans.span("skin")] = source[chosen.skin]
    weights[spans.span("tongue")] = source[chosen.tongue]
    weights[spans.span("lashes"), joints.NAMES.index("neck")] = 1.0
    rigid = {"upper": "neck", "lower": "jaw", "left_eye": "left_eye", "right_eye": "right_eye"}
    for part, joint in rigid.items():
        weights[spans.span(part), joints.NAMES.index(joint)] = 1.0
    return weights


def _regressor(
    data: MakeHumanData, chosen: Selection, persons: list[Person], jaw: JawFit, surface: Surface
) -> Array:
    """Rows for root (the neck's cut), neck (MakeHuman's), jaw (its hinge), eyes (centres)."""
    heads = np.stack([stack(who, chosen) for who in persons])
    spans = layout(persons[0], chosen)
    skin = spans.span("skin")
    necks = [who.full[data.vertex_groups["joint-neck"]].mean(0) for who in persons]
    rows = np.zeros((len(joints.NAMES), heads.shape[1]))
    border = border_vertices(surface.quads[surface.material == MATERIALS.index("skin")])
    rows[0, border] = 1 / len(border)
    rows[1, skin] = joints.regressor(heads[:, skin], np.stack(necks))
    rows[2, skin] = joints.regressor(heads[:1, skin], jaw.centre[None])
    for index, part in ((3, "left_eye"), (4, "right_eye")):
        rows[index, spans.span(part)] = 1 / spans.counts[part]
    return rows
