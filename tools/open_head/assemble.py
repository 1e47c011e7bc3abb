# SPDX-License-Identifier: GPL-3.0-or-later
"""Puts the open head together: skin, tongue, teeth, eyes, units, people, joints, sets."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from model_runtime.contract import UNITS

from . import joints, teeth
from .expressions import correct_units, jaw_units, thin_tongue
from .eyes import Eyeball, make_eyeball, turn
from .hairline import hair_coverage
from .identities import AVERAGE, PRESETS, Recipe, body
from .lashes import Lashes, grow_lashes, upper_lids
from .lipshape import Arches, LipField, even_lips, inner_depth, lip_field, seal
from .normals import vertex_normals
from .source import DECIMETRE, Array, Ints, MakeHumanData
from .topology import QuadGraph, cavity_vertices, head_vertices, lip_rings

EYES = ("left_eye", "right_eye")
EYE_GROUPS = {"left_eye": "helper-l-eye", "right_eye": "helper-r-eye"}
LIP_TO_INCISOR = 1.9e-3  # metres between the lower lip's inner side and the upper incisors
HAIR_DEPTH = 2.5e-3  # metres that the short hair stands off the scalp
TONGUE_SCALE = np.array([0.72, 1.0, 1.0])  # as wide as the lower teeth leave room for
TONGUE_SHIFT = np.array([0.0, 0.8e-3, -2.8e-3])
TONGUE_STAYS = 0.5  # share of the jaw's sideways motion that the tongue, held behind, takes
SMALLEST_TEETH = 0.8  # of a person, by the average's
TEETH_MARGIN = 0.8e-3  # lips keep this far off the line of the teeth
LOWER_MIDDLE, UPPER_MIDDLE = (5, 0), (5, 19)


@dataclass(frozen=True)
class Selection:
    """Which MakeHuman vertices are used, and where the lips are among them."""

    skin: Ints
    tongue: Ints
    rings: Ints
    cavity: Ints
    lids: Ints  # edges of the upper lids, from the nose outwards
    hair: Array  # (skin,) 0..1 how much short hair thickens the scalp


@dataclass(frozen=True)
class Person:
    """Rest geometry of one recipe; `full` are MakeHuman's vertices, metres, sealed."""

    full: Array
    arches: tuple[teeth.Arch, teeth.Arch]
    upper: teeth.Dentition
    lower: teeth.Dentition
    eyes: tuple[Eyeball, Eyeball]
    lashes: Lashes


@dataclass
class Layout:
    """Where each part starts in the head's vertex order."""

    counts: dict[str, int] = field(default_factory=dict)

    def span(self, name: str) -> Ints:
        names = list(self.counts)
        start = sum(self.counts[n] for n in names[: names.index(name)])
        return np.arange(start, start + self.counts[name])


def select(data: MakeHumanData) -> Selection:
    """The skin above the neck, the tongue, the lip rings and the mouth cavity."""
    mesh = data.mesh
    graph = QuadGraph(mesh.quads[mesh.groups == "body"])
    rings = lip_rings(graph, mesh.vertices)
    skin = head_vertices(graph, mesh.vertices)
    return Selection(
        skin,
        data.vertex_groups["helper-tongue"],
        rings,
        cavity_vertices(graph, rings),
        upper_lids(mesh.vertices),
        hair_coverage(_centred(data, body(data, AVERAGE))[skin] * 1000) * (1 - _ears(data)[skin]),
    )


def person(data: MakeHumanData, chosen: Selection, recipe: Recipe, lips: LipField | None) -> Person:
    """Sealed rest geometry of a recipe around the head joint."""
    raw = _centred(data, body(data, recipe))
    if recipe is not AVERAGE:
        raw = even_lips(raw, _centred(data, body(data, AVERAGE)), chosen.rings)
    lips = lips or make_lip_field(raw, chosen)
    full = raw + seal(raw, lips)
    line = 0.5 * (_ring_point(full, chosen, LOWER_MIDDLE) + _ring_point(full, chosen, UPPER_MIDDLE))
    full[chosen.skin] += chosen.hair[:, None] * HAIR_DEPTH * _normals(data, full)[chosen.skin]
    face = inner_depth(full, chosen.rings, line[1] - teeth.OVERLAP) - LIP_TO_INCISOR
    arches = _arches(line[1], face)
    size = 1.0 if recipe is AVERAGE else _mouth_size(data, chosen, full)
    left, right = (make_eyeball(full[data.vertex_groups[EYE_GROUPS[eye]]]) for eye in EYES)
    return Person(
        full,
        arches,
        teeth.grow(arches[0], size),
        teeth.grow(arches[1], size),
        (left, right),
        grow_lashes(chosen.lids, full),
    )


def make_lip_field(points: Array, chosen: Selection) -> LipField:
    return lip_field(points, chosen.rings, chosen.skin, chosen.cavity)


def stack(who: Person, chosen: Selection) -> Array:
    """Vertices (V,3) of a person in the head's order."""
    tongue = who.full[chosen.tongue] * TONGUE_SCALE + TONGUE_SHIFT
    parts = (who.full[chosen.skin], tongue, who.upper.vertices)
    return np.concatenate(
        [
            *parts,
            who.lower.vertices,
            *(eye.vertices for eye in who.eyes),
            who.lashes.vertices(who.full),
        ]
    )


def layout(who: Person, chosen: Selection) -> Layout:
    return Layout(
        {
            "skin": len(chosen.skin),
            "tongue": len(chosen.tongue),
            "upper": len(who.upper.vertices),
            "lower": len(who.lower.vertices),
            "left_eye": len(who.eyes[0].vertices),
            "right_eye": len(who.eyes[1].vertices),
            "lashes": len(who.lashes.offset),
        }
    )


def units(
    data: MakeHumanData, chosen: Selection, who: Person, lips: LipField
) -> tuple[Array, dict[str, float]]:
    """Expression basis (52,V,3) and the degrees each eyeLook unit turns its eyeball."""
    raw = {name: data.unit(name) * DECIMETRE for name in UNITS}
    full = correct_units(who.full, raw, lips, tooth_faces(who.arches))
    spans = layout(who, chosen)
    basis = np.zeros((len(UNITS), sum(spans.counts.values()), 3))
    degrees = {}
    strip = data.vertex_groups["helper-lower-teeth"]
    for index, name in enumerate(UNITS):
        if name.startswith(("eye", "brow")):
            full[name][chosen.cavity] = 0.0  # a stray motion of up to 6 mm in the raw data
        basis[index, spans.span("skin")] = full[name][chosen.skin]
        tongue = full[name][chosen.tongue] * TONGUE_SCALE
        if name in ("jawLeft", "jawRight"):
            tongue = tongue * TONGUE_STAYS
        if name == "tongueOut":
            tongue = thin_tongue(who.full[chosen.tongue] * TONGUE_SCALE, tongue)
        basis[index, spans.span("tongue")] = tongue
        basis[index, spans.span("lashes")] = who.lashes.motion(name, full[name])
        if name in jaw_units(UNITS):
            rest = who.full[strip]
            moved = joints.affine(rest, rest + raw[name][strip], who.lower.vertices)
            basis[index, spans.span("lower")] = moved - who.lower.vertices
        if name.startswith("eyeLook"):
            eye = EYES[name.endswith("Right")]
            old = data.vertex_groups[EYE_GROUPS[eye]]
            rest = who.full[old]
            motion = turn(rest, rest + raw[name][old], who.eyes[EYES.index(eye)])
            basis[index, spans.span(eye)], degrees[name] = motion
    return basis, degrees


def _centred(data: MakeHumanData, raw: Array) -> Array:
    """Metres around the head joint."""
    return np.asarray((raw - raw[data.vertex_groups["joint-head"]].mean(0)) * DECIMETRE)


def _normals(data: MakeHumanData, points: Array) -> Array:
    return vertex_normals(points, data.mesh.quads[data.mesh.groups == "body"])


def _ears(data: MakeHumanData) -> Array:
    """1 where a vertex moves with the size of the ears, fading around them."""
    move = sum(
        np.linalg.norm(data.target(f"ears/{side}-ear-scale-incr"), axis=1) for side in ("l", "r")
    )
    return np.asarray(np.clip(move / (0.25 * np.max(move)), 0, 1))


def _ring_point(full: Array, chosen: Selection, place: tuple[int, int]) -> Array:
    ring, column = place
    return np.asarray(full[chosen.rings[0, ring, column]])


def _mouth_size(data: MakeHumanData, chosen: Selection, full: Array) -> float:
    """Width of the mouth's cavity over the average head's, at most 1."""
    average = _centred(data, body(data, AVERAGE))
    wide = np.ptp(full[chosen.cavity, 0]) / np.ptp(average[chosen.cavity, 0])
    return float(np.clip(wide, SMALLEST_TEETH, 1.0))


def _arches(line: float, face: float) -> tuple[teeth.Arch, teeth.Arch]:
    return teeth.upper_arch(line, face), teeth.lower_arch(line, face)


def tooth_faces(arches: tuple[teeth.Arch, teeth.Arch]) -> Arches:
    """Where the lips of a person meet the teeth, for lipshape.clear_of_teeth."""
    upper, lower = arches
    return Arches(
        lambda x: teeth.depth(upper, x) + TEETH_MARGIN,
        lambda x: teeth.depth(lower, x) + TEETH_MARGIN,
        upper.edge,
    )


def people(data: MakeHumanData, chosen: Selection) -> dict[str, Person]:
    """Everyone the head can be, sealed one by one."""
    return {name: person(data, chosen, recipe, None) for name, recipe in PRESETS.items()}


def average_person(data: MakeHumanData, chosen: Selection) -> Person:
    return person(data, chosen, AVERAGE, None)
