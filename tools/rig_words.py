# SPDX-License-Identifier: GPL-3.0-or-later
"""A made-up line full of lip contacts, and the measures of it on a character's evaluated meshes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import bpy
import numpy as np
import numpy.typing as npt

from model_runtime.contract import UNITS
from model_runtime.flame_solve import posed

Array = npt.NDArray[np.float64]

RATE = 25
FIGURES = ("pbm_closed", "fv_contact", "rest")
SEED = 5
SYLLABLES = 120
CONSONANTS = ("P", "B", "M", "F", "V", "P", "M", "F", "T", "S", "K", "L", "SH", "W", "N", "V")
VOWELS = ("AA", "IY", "UW", "EH", "OW", "AE", "AO", "IH")
PHONE = (0.09, 0.14)  # seconds
PAUSE = 0.7
TRIES = 400  # random poses from which the best reachable one is climbed to
CLIMB = 60
WIDE, JAW_REACH = 3.0, 0.5  # coefficients, and radians of the jaw, that are tried
WIDER = 5  # times as many tries where controls go to both sides
BETWEEN = 4  # points of the lip's surface between two of its vertices


@dataclass(frozen=True)
class Phone:
    phone: str
    start: float
    end: float


@dataclass(frozen=True)
class Line:
    """What is said and the motion (T,55) at 50 frames a second that says it."""

    phones: tuple[Phone, ...]
    motion: npt.NDArray[np.float32]


def line() -> Line:
    """The same phones and motion each time."""
    from training.articulation import ArticulationSettings, articulate  # needs scipy

    rng = np.random.default_rng(SEED)
    phones: list[Phone] = []
    now = 0.0
    for syllable in range(SYLLABLES):
        if syllable % 15 == 0:
            phones.append(Phone("SIL", now, now + PAUSE))
            now += PAUSE
        for kind in (CONSONANTS, VOWELS):
            length = float(rng.uniform(*PHONE))
            phones.append(Phone(kind[rng.integers(len(kind))], now, now + length))
            now += length
    phones.append(Phone("SIL", now, now + PAUSE))
    end = now + PAUSE
    times = np.arange(int(end * 50) + 1) / 50
    voiced = np.zeros(len(times), np.float32)
    for phone in phones:
        if phone.phone != "SIL":
            voiced[(times >= phone.start) & (times < phone.end)] = 0.7
    motion = articulate(phones, voiced, np.random.default_rng(SEED), ArticulationSettings())
    motion[:, len(UNITS) :] = 0.0  # a turning neck would move the chin that is measured
    return Line(tuple(phones), motion)


@dataclass(frozen=True)
class Curves:
    """What `training.metrics.contacts` reads, (T,) mm."""

    aperture: Array
    labiodental_gap: Array
    jaw: Array

    def __len__(self) -> int:
        return len(self.aperture)


def figures(words: Line, measured: Array) -> dict[str, float]:
    """The three contact figures of frames (T,3): aperture, lip to tooth, jaw, all in mm; and the
    share of vowels that are shut, which must not grow for their sake."""
    from training.metrics import contacts

    curves: Any = Curves(*(measured - (0, 0, measured[0, 2])).T)
    phones: Any = words.phones
    found = {
        "pbm_closed": contacts.closed_at_bilabials(curves, phones, RATE),
        "fv_contact": contacts.contact_at_labiodentals(curves, phones, RATE),
        "rest": contacts.rest_in_silence(curves, phones, fps=RATE),
        "vowel_shut": contacts.shut_vowels(curves, phones, RATE),
    }
    return {name: round(ratio.part / max(ratio.whole, 1), 4) for name, ratio in found.items()}


class Probe:
    """Reads a character's lips and teeth off its evaluated meshes, in mm of the open head."""

    def __init__(self, built: Any) -> None:
        self.built = built

    def measure(self) -> tuple[float, float, float]:
        face, teeth = _shown(self.built.mesh), _shown(self.built.teeth)
        return self.of(face, teeth)

    def of(self, face: Array, teeth: Array) -> tuple[float, float, float]:
        built, mm = self.built, self.built.scale
        gap = face[built.upper, 2].min() - face[built.lower, 2].max()
        edges, wet = teeth[built.edges], _surface(face[built.wet])
        middle = (edges[:, 0].min() + edges[:, 0].max()) / 2
        sides = [_distance(edges[edges[:, 0] * s > middle * s], wet) for s in (-1, 1)]
        drop = -face[built.chin, 2].mean()
        return gap / mm, float(np.mean(sides)) / mm, drop / mm


class HeadProbe(Probe):
    """The same on the open head, whose teeth are in the same mesh."""

    def __init__(self, face: Any, mesh: bpy.types.Object) -> None:
        self.face, self.mesh = face, mesh
        rings = face.vertex_sets["lip_rings"].astype(int)
        self.upper, self.lower = rings[0, 2:10, -1], rings[0, 2:10, 0]
        self.wet = np.array([rings[int(c < 0), 3:11, abs(c)] for c in range(-2, 3)])
        edge = face.vertex_sets["incisal_upper"].astype(int)
        self.edges = edge[np.abs(face.template[edge, 0]) < 0.006]
        jaw = -face.expression_basis[list(face.unit_names).index("jawOpen")][:, 1]
        skin = face.vertex_sets["skin"].astype(int)
        self.chin = skin[jaw[skin] > 0.9 * jaw[skin].max()]
        self.scale = 0.001
        self.built = self

    def measure(self) -> tuple[float, float, float]:
        points = _shown(self.mesh)
        return self.of(points, points)


def _surface(grid: Array) -> Array:
    """Points (N,3) between those of a grid (columns, rows, 3)."""
    for axis in (0, 1):
        grid = np.moveaxis(grid, axis, 0)
        steps = np.arange(BETWEEN)[:, None, None] / BETWEEN
        between = grid[:-1, None] * (1 - steps) + grid[1:, None] * steps
        grid = np.concatenate((between.reshape(-1, *grid.shape[1:]), grid[-1:]))
        grid = np.moveaxis(grid, 0, axis)
    return grid.reshape(-1, 3)


def _distance(edges: Array, wet: Array) -> float:
    """The nearest way from a tooth's edge to the lip."""
    return float(np.linalg.norm(edges[:, None] - wet[None], axis=2).min())


def _shown(mesh: bpy.types.Object) -> Array:
    graph = bpy.context.evaluated_depsgraph_get()
    shown = mesh.evaluated_get(graph)
    data = shown.to_mesh()
    flat = np.empty(3 * len(data.vertices), np.float32)
    data.vertices.foreach_get("co", flat)
    shown.to_mesh_clear()
    matrix = np.array(shown.matrix_world)
    return flat.reshape(-1, 3).astype(float) @ matrix[:3, :3].T + matrix[:3, 3]


def reach(
    room: Callable[[str], ModuleType], rig: Any, built: Any, probe: Probe
) -> dict[str, float]:
    """1 for each contact that some pose of the rig's mapped controls makes, 0 for the others.

    The controls' own motion is measured on the evaluated meshes; poses are drawn at random within
    the ranges and then climbed from, without anything the mapping knows of lips or teeth.
    """
    store = room("thunder_blender.rig_store")
    if store.stored(rig).kind in room("thunder_blender.rig_flame").MADE:
        return _reached(*_coefficients(room, rig, built, probe))
    return _reached(*_controls(room, rig, built, probe))


Poses = tuple[Callable[[Array], tuple[float, float, float]], Array, bool]


def _controls(room: Callable[[str], ModuleType], rig: Any, built: Any, probe: Probe) -> Poses:
    """What the probe reads for values of the mapped controls, how far each goes, and that they
    go one way."""
    store, measure = room("thunder_blender.rig_store"), room("thunder_blender.rig_measure")
    mapping = store.stored(rig)
    targets = [target for target in mapping.targets() if measure.owners(rig, target)]
    ways = store.reaches(mapping)
    parts = [measure.responses(rig, mesh, targets, ways) for mesh in (built.mesh, built.teeth)]

    def at(values: Array) -> tuple[float, float, float]:
        shown = [rest + np.tensordot(values, moved, 1) for rest, moved in parts]
        return probe.of(*shown)

    return at, np.array([ways[target] for target in targets]), False


def _coefficients(room: Callable[[str], ModuleType], rig: Any, built: Any, probe: Probe) -> Poses:
    """The same for the expressions of a FLAME or SMPL-X and, first, the pitch of its jaw."""
    model = room("thunder_blender.rig_flame").face_of(rig)
    chosen = room("thunder_blender.rig_flame").head_vertices(rig)
    used = np.unique(np.concatenate([built.upper, built.lower, built.wet.ravel(), built.chin]))
    place = np.searchsorted(chosen, used)
    edges = _shown(built.teeth)

    def at(values: Array) -> tuple[float, float, float]:
        turn = np.array([[values[0], 0.0, 0.0]])
        x, y, z = posed(model, values[None, 1:], turn, place)[0].T
        points = np.zeros((len(built.mesh.data.vertices), 3))
        points[used] = np.stack([x, -z, y], axis=-1)
        return probe.of(points, edges)

    return at, np.array([JAW_REACH, *[WIDE] * len(model.expression_basis)]), True


def _reached(
    at: Callable[[Array], tuple[float, float, float]], span: Array, both: bool
) -> dict[str, float]:
    from training.metrics import contacts

    still = at(np.zeros(len(span)))
    closed = _climbed(lambda v: max(at(v)[0] - contacts.CLOSED, 0), span, both)
    dental = _climbed(lambda v: _dental_miss(*at(v)[:2]), span, both)
    return {
        "pbm_closed": float(closed <= 1e-6),
        "fv_contact": float(dental <= 1e-6),
        "rest": float(min(still[0], contacts.CLOSED + closed) <= contacts.REST_APERTURE),
    }


def _dental_miss(gap: float, tooth: float) -> float:
    from training.metrics import contacts

    low, high = contacts.FRICATIVE_APERTURE
    return max(low - gap, 0.0) + max(gap - high, 0.0) + max(tooth - contacts.TOOTH_CONTACT, 0.0)


def _climbed(miss: Callable[[Array], float], span: Array, both: bool = False) -> float:
    """The least miss that a search of the box finds; `both`: it goes to both sides of 0."""
    rng = np.random.default_rng(SEED)
    best = np.zeros(len(span))
    least = miss(best)
    low = -1.0 if both else 0.0
    for turn in range((TRIES + CLIMB) * (WIDER if both else 1)):
        if least <= 0:
            break
        if turn < TRIES // 2:
            few = rng.random(len(span)) < 4 / max(len(span), 4)
            tried = span * (low + (1 - low) * rng.random(len(span))) * few
        else:
            step = rng.normal(0, 0.15, len(span)) * (rng.random(len(span)) < 0.2)
            share = np.divide(best, span, out=np.zeros_like(best), where=span != 0)
            tried = span * (share + step).clip(low, 1)
        if (now := miss(tried)) < least:
            best, least = tried, now
    return least
