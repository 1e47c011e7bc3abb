# SPDX-License-Identifier: GPL-3.0-or-later
"""Settles teeth, eyes and the mouth's lining of every person, so that nothing passes through.

The average head's lip rings, which lips.LipProbe measures and the models were trained on, stay
where they are: there only the lining behind them gives way, unit by unit. A person's teeth stand
where the lower lip reaches them for f and v as far as the average's does; then the inner side of
the lips and the lining make room.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from model_runtime.contract import UNITS
from model_runtime.face import FaceModel, FloatArray, identity_vertices
from model_runtime.lips import Points, lip_probe

from .collisions import CollisionMeter
from .normals import vertex_normals
from .poses import BITE, frame, hard_spoken_poses, sheet_poses, strong_poses, unit_poses
from .source import Array

MARGIN = 0.15e-3  # metres that the lining keeps off teeth and gums
LID_MOST = 0.15e-3  # metres that a lid may dip into an eye
ROUNDS = 6  # passes over the poses
RELAX = 0.8
SIZES = (1.0, 0.93, 0.86)  # of a person's teeth, the first that leaves enough room
ENOUGH = 0.35  # mm that a tooth may lie in the flesh
BITE_TOLERANCE = 0.35  # mm by which a person's bite may differ from the average's
INNER_RING, CORNER = 5, 9
LEAST_SHARE = 0.3  # of a push that a triangle's free corners must be able to take
DEEP_RINGS = slice(7, 11)  # of the lips, moved forward only
UPPER_LIP = slice(11, 20)  # columns of a ring
BESIDE = 0.6  # of the half mouth width; the probe's f v patch ends at 0.4
THINNEST = 2.5e-3  # metres that a lip may give way
DEEPEST = 9.0e-3  # metres that the lining behind the lips may give way
SMALLEST_EYE = 0.92


def freedom(face: FaceModel) -> Array:
    """Share (V,3) of a push that each vertex takes, by axis.

    The lining behind the lips moves freely. The inner side of the upper lip, and of the lower lip
    beside the incisors, moves in depth alone: the probe takes no depth there.
    """
    rings = face.vertex_sets["lip_rings"].reshape(2, 12, 20)
    free = np.zeros(face.template.shape)
    free[face.vertex_sets["cavity"]] = 1.0
    free[np.unique(rings[:, :11])] = 0.0
    across = np.abs(face.template[rings, 0])
    beside = across > BESIDE * across[:, INNER_RING, CORNER].mean()
    deep = np.zeros(rings.shape, bool)
    deep[:, DEEP_RINGS, UPPER_LIP] = True
    deep[:, DEEP_RINGS, :CORNER] = beside[:, DEEP_RINGS, :CORNER]
    free[np.unique(rings[deep])] = (0.0, 0.0, 1.0)
    return free


def settle_units(face: FaceModel) -> Array:
    """Expression basis (52,V,3) whose units clear the lining from the average's teeth."""
    meter, free = CollisionMeter(face), freedom(face)
    raw = face.expression_basis.astype(float)
    basis = raw.copy()
    rest = face.template.astype(float)
    poses = [pose for pose in _poses() if pose.any()]
    for _ in range(ROUNDS):
        quiet = []
        for pose in poses:
            push = _push(meter, rest + np.tensordot(pose, basis, 1), free)
            if not push.any():
                continue
            quiet.append(pose)
            share = np.where(np.array([_moves_mouth(name) for name in UNITS]), pose, 0.0)
            for unit in np.flatnonzero(share):
                part = basis[unit] + share[unit] / (share**2).sum() * push - raw[unit]
                basis[unit] = raw[unit] + _limited(part, free)
        if not quiet:
            break
        poses = quiet
    return basis


def settle_people(face: FaceModel) -> Array:
    """Identity basis (I,V,3) with teeth, eyes and lining settled."""
    settled = []
    meter = CollisionMeter(face)
    free = freedom(face)
    goal = float(lip_probe(face).labiodental_gap(frame(BITE)[None])[0])
    poses = np.stack(_poses())
    seen = np.stack([*poses, *hard_spoken_poses().values()])
    for name in face.identity_names:
        rest = identity_vertices(face, name).astype(float)
        rest = smaller_eyes(meter, rest, seen)
        tries = []
        for size in SIZES:
            placed = _teeth_to_lip(face, _sized(face, rest, size), goal)
            tries.append(_roomier(meter, placed, poses, free))
            if tries[-1][1] < ENOUGH:
                break
        settled.append(min(tries, key=lambda found: found[1])[0] - face.template)
    return np.stack(settled)


def _poses() -> list[FloatArray]:
    """Units, both sides together, and blends that stand for all others."""
    sided = [name.removesuffix("Left") for name in UNITS if name.endswith("Left")]
    pairs = [name for name in sided if name not in ("mouth", "jaw")]
    left = {f"{name}{side} 1" for name in pairs for side in ("Left", "Right")}
    single = [pose for name, pose in unit_poses((1.0,)).items() if name not in left]
    names = ("EE", "OH", "CH", "angry")
    sheet = [sheet_poses()[f"sheet {name}"] for name in names]
    both = [frame({name: 1.0}) for name in pairs]
    return [frame({}), *single, *both, *sheet, *strong_poses().values()]


def _moves_mouth(name: str) -> bool:
    return not name.startswith(("eye", "brow"))


def _sized(face: FaceModel, rest: Array, size: float) -> Array:
    """Rest vertices with both arches `size` times as large around the incisors' edges."""
    out = rest.copy()
    for arch in ("upper", "lower"):
        edge = rest[face.vertex_sets[f"incisal_{arch}"]]
        middle = np.array([0.0, edge[:, 1].mean(), edge[:, 2].max()])
        for part in (f"teeth_{arch}", f"gums_{arch}"):
            own = face.vertex_sets[part]
            out[own] = middle + size * (rest[own] - middle)
    return out


def _teeth_to_lip(face: FaceModel, rest: Array, goal: float) -> Array:
    """Rest vertices with both arches moved forward or back until the bite's gap is `goal` mm."""
    shape = (rest - face.template)[None].astype(np.float32)
    probe = lip_probe(replace(face, identity_basis=shape, identity_names=("one",)), "one")
    sets, shift = face.vertex_sets, 0.0
    forward = np.array([0.0, 0.0, 1.0], np.float32)
    best = np.inf
    for tried in sorted(np.arange(-10, 11) * 1e-4, key=lambda metres: (abs(metres), metres)):
        moved = Points(probe.incisors.rest + 1000 * tried * forward, probe.incisors.basis)
        gap = float(replace(probe, incisors=moved).labiodental_gap(frame(BITE)[None])[0])
        if best > BITE_TOLERANCE and abs(gap - goal) < best:
            best, shift = abs(gap - goal), float(tried)
    out = rest.copy()
    for part in ("teeth_upper", "teeth_lower", "gums_upper", "gums_lower"):
        out[sets[part], 2] += shift
    return out


def smaller_eyes(
    meter: CollisionMeter, rest: Array, poses: FloatArray, most: float = LID_MOST
) -> Array:
    """Rest vertices with eyeballs so small that lids dip `most` metres into them in any pose."""
    deep = 0.0
    basis = meter.face.expression_basis
    for pose in poses:
        on = np.flatnonzero(pose)
        deep = max(deep, meter.lids_in_eyes(rest + np.tensordot(pose[on], basis[on], 1)))
    out = rest.copy()
    for ball, _ in meter.lids:
        centre = rest[ball].mean(0)
        radius = np.linalg.norm(rest[ball] - centre, axis=1).mean()
        size = max(1 - max(deep * 1e-3 - most, 0.0) / radius, SMALLEST_EYE)
        out[ball] = centre + size * (rest[ball] - centre)
    return out


def _roomier(
    meter: CollisionMeter, rest: Array, poses: FloatArray, free: Array
) -> tuple[Array, float]:
    """Rest vertices whose lining clears teeth and gums in all poses, and the depth left, mm."""
    basis = meter.face.expression_basis
    out = rest.copy()
    still = np.array([not _moves_mouth(name) for name in UNITS])
    busy = [pose for pose in poses if not pose.any() or not still[pose > 0].all()]
    for _ in range(ROUNDS):
        left = []
        for pose in busy:
            on = np.flatnonzero(pose)
            push = _push(meter, out + np.tensordot(pose[on], basis[on], 1), free)
            if push.any():
                left.append(pose)
                out = rest + _limited(out + push - rest, free)
        busy = left
        if not busy:
            break
    shapes = (out + np.tensordot(pose, basis, 1) for pose in busy)
    return out, max((meter.teeth_in_flesh(shape) for shape in shapes), default=0.0)


def _limited(moved: Array, free: Array) -> Array:
    """A displacement (V,3) of the lining with the upper lip only forward, nothing too far."""
    out = moved.copy()
    lip = free.sum(1) == 1.0
    out[lip, 2] = np.clip(out[lip, 2], 0.0, THINNEST)
    length = np.linalg.norm(out, axis=1, keepdims=True)
    return out * np.minimum(1.0, DEEPEST / np.maximum(length, 1e-9))


def _push(meter: CollisionMeter, points: Array, free: Array) -> Array:
    """Displacement (V,3) of the lining that takes it off the teeth and gums of a pose."""
    samples = np.concatenate([meter.upper, meter.lower, meter.gums])
    own = meter.lining.vertices
    ahead = points[samples] + MARGIN * vertex_normals(points, meter.hard_quads)[samples]
    found = meter.in_lining(ahead, points)
    hits = found.chosen(np.argsort(found.depth, kind="stable"))
    out = np.zeros_like(points)
    corners = own[meter.lining.corners[hits.triangle]]
    shares = hits.shares[:, :, None] * free[corners]
    take = (hits.shares[:, :, None] * shares).sum(1)
    step = -hits.way_out * hits.depth[:, None]
    move = shares * (step / np.maximum(take, LEAST_SHARE))[:, None]
    move *= np.minimum(1.0, hits.depth / np.maximum(np.abs(move).max((1, 2)), 1e-9))[:, None, None]
    out[corners] = RELAX * move  # the deepest comes last and counts
    return out
