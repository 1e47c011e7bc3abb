# SPDX-License-Identifier: GPL-3.0-or-later
"""Named vertex sets of the open head."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from .assemble import Layout, Person, Selection
from .source import Array, Ints

MOUTH_RADIUS = 0.030  # metres around the lips
LIP_RINGS_OUTSIDE = 9  # rings 0..8 are lip, the rest lines the cavity


def vertex_sets(vertices: Array, chosen: Selection, who: Person, spans: Layout) -> dict[str, Ints]:
    """Sets by name. lip_rings is (2,12,20): side +X/-X, ring from the border inwards, column."""
    index = np.full(len(who.full), -1)
    index[chosen.skin] = spans.span("skin")
    rings, cavity = index[chosen.rings], index[chosen.cavity]
    skin = spans.span("skin")
    outer = np.setdiff1d(skin, cavity)
    lips = np.unique(rings[:, :LIP_RINGS_OUTSIDE])
    near = cKDTree(vertices[np.unique(rings[:, 0])]).query(vertices[outer])[0] < MOUTH_RADIUS
    nose_base = vertices[rings[0, 0, 19], 1] + 0.008
    face = vertices[outer, 2] > 0.02
    high = vertices[outer, 1] > nose_base
    upper, lower = spans.span("upper"), spans.span("lower")
    return {
        "skin": skin,
        "outer_skin": outer,
        "cavity": cavity,
        "lip_rings": rings,
        "lip_upper_inner_mid": rings[0, 6, 19:20],
        "lip_lower_inner_mid": rings[0, 6, :1],
        "lip_corner_left": rings[0, 5, 9:10],
        "lip_corner_right": rings[1, 5, 9:10],
        "lips": lips,
        "mouth_region": np.union1d(outer[near], lips),
        "upper_face": outer[face & high],
        "lower_face": np.setdiff1d(outer[face & ~high], np.unique(rings[:, 6:])),
        "tongue": spans.span("tongue"),
        "teeth_upper": upper[who.upper.is_tooth],
        "teeth_lower": lower[who.lower.is_tooth],
        "gums_upper": upper[~who.upper.is_tooth],
        "gums_lower": lower[~who.lower.is_tooth],
        "incisal_upper": upper[who.upper.incisal_edges],
        "incisal_lower": lower[who.lower.incisal_edges],
        "upper_lids": index[chosen.lids],
        "lashes": spans.span("lashes"),
        "eyeball_left": spans.span("left_eye"),
        "eyeball_right": spans.span("right_eye"),
        "eyeballs": np.concatenate([spans.span("left_eye"), spans.span("right_eye")]),
    }
