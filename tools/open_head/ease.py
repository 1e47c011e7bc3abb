# SPDX-License-Identifier: GPL-3.0-or-later
"""Eases teeth, gums and tongues out of what they still touch after `settle`.

What a pose presses together gives way by a smooth field: the teeth, gums or tongue within a few
millimetres move along, so that no dent shows. Poses are taken one after the other, several times
over, as Gauss and Seidel do with equations. Skin does not move, so lips measure as before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist

from model_runtime.face import FaceModel, FloatArray, identity_vertices
from model_runtime.lips import LipProbe, Points, lip_probe

from .collisions import CollisionMeter
from .distance import Hits
from .poses import BITE, frame, hard_spoken_poses, sheet_poses, strong_poses, unit_poses
from .source import Array, Ints

TOOTH_WIDTH, TONGUE_WIDTH = 2.5e-3, 4.0e-3  # metres within which the neighbours give way too
HELD_WIDTH = 1.0e-3  # metres around what is held that hardly give way
MOST = 2.0e-3  # metres that anything gives way
STEP = 0.5e-3  # metres that anything gives way to one pose at once
GAPS = (0.0, 0.92)  # mm; the labiodental gap at f v stays within, or where it was: 1.0 is contact
FLIP = np.array([-1.0, 1.0, 1.0])
TIE = 1e-14  # square metres
HALVES = ("jawForward", "jawLeft", "jawRight", "mouthClose", "mouthLeft", "tongueOut")


@dataclass(frozen=True)
class Care:
    """How closely to look, in metres, and how often."""

    free: float = 0.2e-3  # overlap from which something gives way
    left: float = 0.08e-3  # overlap that it aims at
    spare: float = 0.0  # of crowns and gums beyond what stands free
    tongue: bool = False  # whether the tongue gives way to lips too, not to teeth alone
    between: bool = False  # whether the tongue is looked at between its vertices too
    sweeps: tuple[int, ...] = (8, 12)  # passes over what is pressed, after each look at all poses


ROUGH = Care()


@dataclass(frozen=True)
class Part:
    """Vertices that give way together, and how far their neighbours follow."""

    own: Ints
    width: float


@dataclass(frozen=True)
class Contact:
    """The labiodental gap of one person at the articulation's f v, by where the incisors stand."""

    probe: LipProbe
    edge: Ints  # vertices that the probe takes the gap from
    least: float
    most: float

    def holds(self, points: Array) -> bool:
        """Whether the gap of resting vertices (V,3) is within the bounds."""
        return self.least <= _gap(self.probe, points[self.edge]) <= self.most


def contact(face: FaceModel, identity: str, within: tuple[float, float] = GAPS) -> Contact:
    """The contact of one person; the bounds leave the gap where it is, or `within` (mm)."""
    probe, edge = lip_probe(face, identity), face.vertex_sets["incisal_upper"]
    rest = identity_vertices(face, identity)
    edge = edge[cKDTree(1000 * rest[edge]).query(probe.incisors.rest)[1]]
    now = _gap(probe, rest[edge])
    return Contact(probe, edge, min(within[0], now), max(within[1], now))


def gap_at(contact: Contact, rest: Array) -> float:
    """The labiodental gap at f v, mm, of resting vertices (V,3)."""
    return _gap(contact.probe, rest[contact.edge])


def _gap(probe: LipProbe, edge: FloatArray | Array) -> float:
    moved = Points((1000 * edge).astype(np.float32), probe.incisors.basis)
    return float(replace(probe, incisors=moved).labiodental_gap(frame(BITE)[None])[0])


def ease(face: FaceModel) -> tuple[Array, Array]:
    """Template (V,3) and identity basis (I,V,3) whose hard parts and tongues clear the poses.

    The edges of the average's upper incisors, from which the labiodental gap is measured, stay;
    those of people go as far as their `Contact` allows.
    """
    easer = Easer(face)
    template = easer.eased(face.template.astype(float))
    people = [
        easer.eased(identity_vertices(face, name).astype(float), contact(face, name))
        for name in face.identity_names
    ]
    return template, np.stack(people) - template


class Easer:
    """Moves the hard parts and the tongue of the heads of one face."""

    def __init__(
        self, face: FaceModel, care: Care = ROUGH, poses: Iterable[FloatArray] | None = None
    ) -> None:
        sets = face.vertex_sets
        self.meter, self.care = CollisionMeter(face, care.spare), care
        self.upper = Part(np.union1d(sets["teeth_upper"], sets["gums_upper"]), TOOTH_WIDTH)
        self.lower = Part(np.union1d(sets["teeth_lower"], sets["gums_lower"]), TOOTH_WIDTH)
        self.tongue = Part(np.asarray(sets["tongue"], int), TONGUE_WIDTH)
        self.hard = np.concatenate([self.meter.upper, self.meter.lower, self.meter.gums])
        self.edge = sets["incisal_upper"]
        self.above, self.below = np.ones((2, len(face.template), 1))  # all but the other arch
        self.above[self.lower.own] = self.below[self.upper.own] = 0.0
        self.mirror = _mirror(face.template, (self.upper, self.lower, self.tongue))
        basis = face.expression_basis.astype(float)
        self.moves = [np.tensordot(pose, basis, 1) for pose in (poses or easing_poses())]

    def eased(self, rest: Array, contact: Contact | None = None) -> Array:
        """Rest vertices (V,3) that clear all poses; without a contact the incisors' edges stay."""
        out = rest.copy()
        for sweeps in self.care.sweeps:
            busy = self.moves
            for _ in range(sweeps):
                pressed = []
                for move in busy:
                    push = self._both_sides(self._push(out, move))
                    if push.any():
                        pressed.append(move)
                        out = self.stepped(rest, out, push, contact)
                busy = pressed
        return out

    def stepped(
        self, rest: Array, out: Array, push: Array, contact: Contact | None = None
    ) -> Array:
        """Vertices (V,3) after as much of a push as contact and bite allow: the most that does."""
        held = _around(rest, rest[self.edge])
        worst = max(self.care.free, self._bitten(out))
        shares = [held] if contact is None else [np.ones_like(held), held]
        for share in [*shares, held * self.above, held * self.below]:
            tried = rest + shortened(out + shortened(share * push, STEP) - rest, MOST)
            if (contact is None or contact.holds(tried)) and self._bitten(tried) <= worst:
                return tried
        return out

    def near(self, rest: Array, held: Ints) -> Array:
        """Share (N,1), of a motion of some vertices, that the upper arch around them takes."""
        away = cdist(rest[self.upper.own], rest[held]).min(1, keepdims=True)
        return np.asarray(np.exp(-0.5 * (away / self.upper.width) ** 2))

    def _bitten(self, rest: Array) -> float:
        """Metres that the arches overlap by when the jaw is shut."""
        return float(self.meter.bite(rest).depth.max(initial=0.0))

    def _both_sides(self, push: Array) -> Array:
        """The push (V,3) with the longer of both sides on either, so that arches stay even."""
        other = push[self.mirror] * FLIP
        more = ((other**2).sum(1) - (push**2).sum(1))[:, None]
        longer = np.where(more > 0, other, push)
        return np.where(np.abs(more) < TIE, 0.5 * (push + other), longer)

    def _push(self, rest: Array, move: Array) -> Array:
        """Displacement (V,3) of a resting head that eases the pose it takes by `move`."""
        meter, points = self.meter, rest + move
        jaw = bool(move[self.lower.own].any())
        turn = _rotation(rest[self.lower.own], points[self.lower.own]) if jaw else np.eye(3)
        flesh = meter.in_flesh(self.hard, points)
        out = self._field(self.upper, rest, flesh, np.eye(3))
        out += self._field(self.lower, rest, flesh, turn)
        if jaw or move[self.tongue.own].any() or not move.any():
            for hits in self._tongue_hits(points):
                out += self._field(self.tongue, rest, hits, turn)
        if jaw or not move.any():
            out += self._field(self.lower, rest, meter.bite(points), turn)
        return out

    def _tongue_hits(self, points: Array) -> Iterator[Hits]:
        """Where the tongue of a pose (V,3) lies in teeth, and in flesh if that counts."""
        meter = self.meter
        if self.care.between:
            yield meter.tongue_in_teeth(points)
            yield meter.tongue_in_flesh(points)
            return
        teeth = meter.teeth.inside(points[meter.tongue], points[meter.teeth.vertices])
        yield _numbered(teeth, meter.tongue)
        if self.care.tongue:
            yield meter.in_flesh(meter.tongue, points)

    def _field(self, part: Part, rest: Array, hits: Hits, turn: Array) -> Array:
        """Smooth displacement (V,3) of a part that takes its `hits` out; `turn` is the part's."""
        out = np.zeros_like(rest)
        hits = hits.chosen((hits.depth > self.care.free) & np.isin(hits.index, part.own))
        if not len(hits.index):
            return out
        way = hits.way_out @ turn  # back to the part at rest
        push = (hits.depth - self.care.left)[:, None] * way
        near = np.exp(-0.5 * (cdist(rest[part.own], rest[hits.index]) / part.width) ** 2)
        weight = near * hits.depth  # the deep ones count
        share = near.max(1, keepdims=True)
        out[part.own] = share * (weight @ push) / np.maximum(weight.sum(1, keepdims=True), 1e-12)
        return out


def _mirror(template: FloatArray, parts: tuple[Part, ...]) -> Ints:
    """The vertex (V,) on the other side of each vertex of the parts; elsewhere the vertex."""
    found = np.arange(len(template))
    for part in parts:
        own = template[part.own]
        found[part.own] = part.own[cKDTree(own).query(own * FLIP)[1]]
    return found


def easing_poses() -> list[FloatArray]:
    """Units to their full, some at half, left sides alone, and blends, at rest first."""
    full = {name: pose for name, pose in unit_poses((1.0,)).items() if _counts(name)}
    half = {name: pose for name, pose in unit_poses((0.5,)).items() if name.startswith(HALVES)}
    blends = {**sheet_poses(), **strong_poses(), **hard_spoken_poses()}
    return [frame({}), *full.values(), *half.values(), *blends.values()]


def _counts(pose: str) -> bool:
    """Right sides are as their left ones; eyes and brows do not reach the mouth."""
    name = pose.split()[0]
    single = name in ("jawRight", "mouthRight")
    return single or not (name.startswith(("eye", "brow")) or name.endswith("Right"))


def _numbered(hits: Hits, which: Ints) -> Hits:
    """Hits of some vertices with the vertices' own numbers."""
    return replace(hits, index=which[hits.index])


def _rotation(rest: Array, moved: Array) -> Array:
    """Rotation (3,3) that takes points nearest to where they moved (Kabsch 1976)."""
    left, _, right = np.linalg.svd((moved - moved.mean(0)).T @ (rest - rest.mean(0)))
    flip = np.diag([1.0, 1.0, np.sign(np.linalg.det(left @ right))])
    return np.asarray(left @ flip @ right)


def _around(points: Array, held: Array) -> Array:
    """Share (N,1) of a push that points take: none on the points held, all far from them."""
    near = cdist(points, held).min(1, keepdims=True)
    return np.asarray(1 - np.exp(-0.5 * (near / HELD_WIDTH) ** 2))


def shortened(move: Array, most: float) -> Array:
    """Displacements (N,3), none longer than `most`."""
    length = np.linalg.norm(move, axis=1, keepdims=True)
    return move * np.minimum(1.0, most / np.maximum(length, 1e-12))
