# SPDX-License-Identifier: GPL-3.0-or-later
"""Characters as other artists build them, made from the open head: for measurements and pictures.

Each is another person, with another topology (a vertex for every edge of the open head, none where
the open head has one), another size and shapes of its own: other amplitudes, bent, with some of
each other in them. Only names and rigging are then like those of the tools they stand for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import bpy
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating]
Ints = npt.NDArray[np.integer]

CONTACT = range(2, 9)  # edges between lip rings that can meet the other lip
WET = range(3, 10)
MM = 0.001


@dataclass(frozen=True)
class Person:
    """Who a rig is: identity, size, and how its shapes differ from the open head's."""

    identity: str
    size: float = 1.0
    seed: int = 0
    jaw: float = 1.0  # amplitude of jawOpen
    close: float = 1.0  # share of the opening that mouthClose takes back


@dataclass(frozen=True)
class Built:
    """A character in the scene, and where its lips and teeth really are."""

    name: str
    mesh: bpy.types.Object
    others: tuple[bpy.types.Object, ...]
    scale: float  # metres a millimetre of the open head has on it
    upper: Ints  # vertices of the face
    lower: Ints
    wet: Ints  # (columns, rows) over the lower lip
    edges: Ints  # vertices of the teeth
    chin: Ints
    teach: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # poses an artist shows

    @property
    def teeth(self) -> bpy.types.Object:
        return self.others[0]


@dataclass(frozen=True)
class Surface:
    """The face of a person: a vertex for each edge of the open head's skin."""

    ends: Ints  # (N,2) vertices of the open head
    polygons: list[list[int]]
    of_edge: dict[tuple[int, int], int]

    def carried(self, values: Floats) -> Floats:
        """(..., V, 3) of the open head -> (..., N, 3)."""
        return (values[..., self.ends[:, 0], :] + values[..., self.ends[:, 1], :]) / 2

    def edge(self, one: int, other: int) -> int:
        return self.of_edge[min(one, other), max(one, other)]


def surface(face: Any, chosen: Ints) -> Surface:
    """Rectify the quads whose corners are all `chosen`: a polygon for each face and each vertex."""
    inside = np.zeros(len(face.template), bool)
    inside[chosen] = True
    quads = face.quads[inside[face.quads].all(1)]
    sides = np.sort(np.stack((quads, np.roll(quads, -1, 1)), axis=2).reshape(-1, 2), axis=1)
    ends, place = np.unique(sides, axis=0, return_inverse=True)
    corners = place.reshape(-1, 4)
    polygons = [row.tolist() for row in corners]
    fans: dict[int, list[tuple[int, int]]] = {}
    for row, quad in zip(corners.tolist(), quads.tolist(), strict=True):
        for at, vertex in enumerate(quad):
            fans.setdefault(vertex, []).append((row[at - 1], row[at]))
    polygons += [ring for fan in fans.values() if (ring := _ring(fan))]
    table = {(int(a), int(b)): n for n, (a, b) in enumerate(ends)}
    return Surface(ends, polygons, table)


def _ring(fan: list[tuple[int, int]]) -> list[int]:
    """The edges around a vertex in order; empty at a boundary."""
    following = {b: a for a, b in fan}
    ring = [fan[0][0]]
    while len(ring) < len(fan) and ring[-1] in following:
        ring.append(following[ring[-1]])
    return ring if len(set(ring)) == len(fan) > 2 and following.get(ring[-1]) == ring[0] else []


def sculpted(face: Any, person: Person) -> tuple[Floats, Floats]:
    """Rest (V,3) of a person and shapes (52,V,3) of its own, for the open head's vertices."""
    rng = np.random.default_rng(person.seed)
    rest = face.template.astype(float)
    if person.identity:
        rest = rest + face.identity_basis[list(face.identity_names).index(person.identity)]
    shapes = face.expression_basis.astype(float)
    names = list(face.unit_names)
    mixed = np.empty_like(shapes)
    for place, name in enumerate(names):
        gain = rng.uniform(0.75, 1.3)
        bend = 1 + 0.25 * np.sin(rest @ rng.normal(0, 25, 3) + rng.uniform(0, 6))[:, None]
        if name.startswith(("jaw", "mouthClose", "tongue")):
            gain, bend = 1.0, np.ones((len(rest), 1))
        mixed[place] = gain * bend * shapes[place]
    lip = [n for n, name in enumerate(names) if name.startswith("mouth") and name != "mouthClose"]
    for place in lip:
        other = lip[rng.integers(len(lip))]
        mixed[place] += 0.12 * shapes[other]
    mixed[names.index("jawOpen")] *= person.jaw
    mixed[names.index("mouthClose")] *= person.jaw * person.close
    return rest, mixed


def to_blender(points: Floats, size: float) -> Floats:
    x, y, z = np.moveaxis(np.asarray(points, float), -1, 0)
    return size * np.stack((x, -z, y), axis=-1)


def add_mesh(name: str, points: Floats, polygons: list[list[int]]) -> bpy.types.Object:
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata([tuple(p) for p in points], [], polygons)
    mesh.update()
    body = bpy.data.objects.new(name, mesh)
    bpy.context.scene.collection.objects.link(body)
    return body


def add_keys(body: bpy.types.Object, shapes: Mapping[str, Floats]) -> None:
    """Shape keys from displacements (N,3) in Blender's axes."""
    body.shape_key_add(name="Basis", from_mix=False)
    basis = np.empty(3 * len(body.data.vertices), np.float32)
    body.data.vertices.foreach_get("co", basis)
    for name, shape in shapes.items():
        key = body.shape_key_add(name=name, from_mix=False)
        key.points.foreach_set("co", basis + np.asarray(shape, np.float32).ravel())
        key.value = 0.0


def build(
    face: Any,
    name: str,
    person: Person,
    shapes: Mapping[str, Mapping[str, float]],
    skip: frozenset[str] = frozenset(),
) -> Built:
    """A face and its teeth with a key for each of `shapes`: a mixture of the person's own units.

    `skip`: units that bones move instead; they are taken out of every key.
    """
    rest, units = sculpted(face, person)
    names = list(face.unit_names)
    skin, teeth = face.vertex_sets["skin"], _teeth(face)
    over = surface(face, skin)
    keys: dict[str, Floats] = {}
    for key, mixture in shapes.items():
        weights = np.array([0.0 if unit in skip else mixture.get(unit, 0.0) for unit in names])
        keys[key] = np.tensordot(weights, units, 1)
    body = add_mesh(name, to_blender(over.carried(rest), person.size), over.polygons)
    add_keys(body, {k: to_blender(over.carried(v), person.size) for k, v in keys.items()})
    jaw = add_mesh(f"{name} Teeth", to_blender(rest[teeth], person.size), _faces(face, teeth))
    moving = {k: to_blender(v[teeth], person.size) for k, v in keys.items()}
    add_keys(jaw, {k: v for k, v in moving.items() if np.abs(v).max() > 1e-5})
    return Built(name, body, (jaw,), person.size * MM, *_landmarks(face, over, teeth, skin))


def _teeth(face: Any) -> Ints:
    sets = face.vertex_sets
    parts = [sets[n] for n in ("teeth_upper", "teeth_lower", "gums_upper", "gums_lower")]
    return np.unique(np.concatenate(parts).astype(np.int64))


def _faces(face: Any, chosen: Ints) -> list[list[int]]:
    index = np.full(len(face.template), -1)
    index[chosen] = np.arange(len(chosen))
    inside = index[face.quads]
    return [row.tolist() for row in inside[(inside >= 0).all(1)]]


def _landmarks(face: Any, over: Surface, teeth: Ints, skin: Ints) -> tuple[Ints, ...]:
    rings = face.vertex_sets["lip_rings"].astype(int)

    def along(column: int, rows: range, side: int = 0) -> list[int]:
        return [over.edge(rings[side, r, column], rings[side, r + 1, column]) for r in rows]

    wet = [along(abs(column), WET, int(column < 0)) for column in range(-2, 3)]
    edge = face.vertex_sets["incisal_upper"].astype(int)
    edge = edge[np.abs(face.template[edge, 0]) < 0.006]
    chin = np.flatnonzero(_is_chin(face, over))
    return (
        np.array(along(-1, CONTACT)), np.array(along(0, CONTACT)), np.array(wet),
        np.searchsorted(teeth, edge), chin,
    )  # fmt: skip


def _is_chin(face: Any, over: Surface) -> npt.NDArray[np.bool_]:
    jaw = face.expression_basis[list(face.unit_names).index("jawOpen")]
    drop = -over.carried(jaw)[:, 1]
    return np.asarray(drop > 0.9 * drop.max())


def add_armature(name: str, bones: Mapping[str, tuple[Floats, Floats]]) -> bpy.types.Object:
    """An armature with these bones: (head, tail) in Blender's axes."""
    data = bpy.data.armatures.new(name)
    rig = bpy.data.objects.new(name, data)
    bpy.context.scene.collection.objects.link(rig)
    for item in bpy.context.selected_objects:
        item.select_set(False)
    bpy.context.view_layer.objects.active = rig
    rig.select_set(True)
    bpy.ops.object.mode_set(mode="EDIT")
    for bone_name, (head, tail) in bones.items():
        bone = data.edit_bones.new(bone_name)
        bone.head, bone.tail = [float(v) for v in head], [float(v) for v in tail]
    bpy.ops.object.mode_set(mode="OBJECT")
    return rig


def bind(body: bpy.types.Object, armature: bpy.types.Object, weights: Mapping[str, Floats]) -> None:
    """Skin a mesh: weights (N,) for each bone."""
    body.parent = armature
    body.modifiers.new("Armature", "ARMATURE").object = armature
    for name, values in weights.items():
        group = body.vertex_groups.new(name=name)
        for vertex in np.flatnonzero(values > 1e-4).tolist():
            group.add([vertex], float(min(values[vertex], 1.0)), "REPLACE")
