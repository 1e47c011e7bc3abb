# SPDX-License-Identifier: GPL-3.0-or-later
"""A surrogate of FLAME, made from the open head: another mesh, another person, other expressions.

Nothing of FLAME is in it. The mesh is the dual of the open head's (a vertex in each quad, triangles
round each corner). The person is one of the open head's, bent further; scaled, turned and moved.
The expressions are principal components of what eight invented actors do: each makes every
expression in an own way (stronger here, weaker there, in other directions, blurred), with a habit
that all of them share, the jaw's turn taken out as FLAME's makers did. So the 52 units are not in
the bases: what the best coefficients leave over is measured, not assumed (tools.measure_flame).
The skin weights are softer than the open head's. `Surrogate` also keeps the truth that no FLAME
file tells: what each unit does on this very face, and where its teeth are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from model_runtime.face import FaceModel, load_face, rotation_matrices

IDENTITIES, EXPRESSIONS = 300, 100
AT_ONCE = 5  # expressions in a face, on average: what makes a coefficient of 1 as large as it is
SCALE, TURN, MOVE = 0.93, 0.06, (0.001, -0.012, 0.009)  # another size and place than the open head
BENT = 0.0012  # metres, root mean square, that the person is bent further
ACTORS = 8
STRENGTH = (0.08, 0.16)  # shared by all actors, and own: how much stronger or weaker, by place
DIRECTION = (0.06, 0.1)  # radians, likewise
BLURRED = 2  # most rounds of averaging between neighbours
SOFTER = 4  # rounds of averaging of the skin weights
SPREAD = 0.03  # metres over which an actor's ways change
LIP_RINGS = 10  # of the open head's twelve: FLAME's lips end inside the mouth, it has no cavity
ANYWHERE = 6.0  # of a Dirichlet distribution: how near the middle of its quad a vertex lies
JOINT_NEIGHBOURS = (40, 40, 60, 300, 300)
OPENED = 0.05  # radians that the actors' jaws turn by, where the expressions hold that
TURNED = 0.35  # radians of the jaw whose way is taken out of the expressions
Array = np.ndarray
Parts = dict[str, Array]


@dataclass(frozen=True)
class Surrogate:
    """The arrays of a FLAME file by their names there, and the truth about the face."""

    parts: Parts
    cells: Array  # (V,4) vertices of the open head between which each vertex lies
    units: Array  # (52,V,3) metres that each unit moves this face
    incisors: Array  # (K,3) edge of the upper incisors
    shift: float  # metres that the person's teeth lie off the open head's, for the record


def surrogate(
    seed: int = 0,
    identity: str = "Bruno",
    identities: int = IDENTITIES,
    apart: float = 0.0,
    with_jaw: bool = False,
    mesh_seed: int | None = None,
) -> Surrogate:
    """Another head for each seed; `apart` metres between its lips at rest. `with_jaw`: the
    expressions open the jaw themselves, as flame2023_no_jaw's do. `mesh_seed`: each vertex lies
    anywhere in its quad and the triangles are others, in place of the quads' middles."""
    rng = np.random.default_rng(seed)
    face = load_face()
    cells, triangles = _dual(face, mesh_seed)
    over = _Cells(cells, _shares(cells, mesh_seed))
    place = _place()
    person = face.identity_basis[face.identity_names.index(identity)]
    bend = _bend(face.template, rng)
    rest = over.of(face.template + person + bend)
    template = rest * SCALE @ place.T + np.array(MOVE)
    mesh = _Mesh.of(triangles, len(template))
    units, people = (
        over.of(basis).astype(float) * SCALE @ place.T
        for basis in (face.expression_basis, face.identity_basis)
    )
    weights = _softened(over.of(face.skin_weights), mesh)
    template = template + _parting(face, over, template, apart)
    person_joints = face.joint_regressor @ (face.template + person + bend)
    regressor = _regressor(person_joints * SCALE @ place.T + np.array(MOVE), template)
    poses = _poses(over.of(face.pose_basis), place, template, rng)
    skin = weights[:, 3:].max(1) < 0.5  # eyes turn by their bones
    still = _without_jaw(units, template, weights, regressor @ template) * skin[:, None]
    ways = _ways(still, template, mesh, rng)
    if with_jaw:
        lever = weights[:, 2, None] * (template - (regressor @ template)[2])
        turned = np.cross(np.array([1.0, 0.0, 0.0]), lever)
        ways = ways + rng.normal(0, OPENED, len(ways))[:, None, None] * turned
    expressions = _components(ways, EXPRESSIONS) * np.sqrt(AT_ONCE)
    shapes = _components(np.concatenate([people, _bumps(template, identities, rng)]), identities)
    edge = face.vertex_sets["incisal_upper"]
    teeth = (face.template + person + bend)[edge] * SCALE @ place.T + np.array(MOVE)
    parts = {
        "v_template": template,
        "f": triangles.astype(np.uint32),
        "shapedirs": np.concatenate([shapes, expressions], axis=2),
        "posedirs": poses,
        "weights": weights,
        "J_regressor": regressor,
        "J": regressor @ template,
        "kintree_table": np.array([[2**32 - 1, 0, 1, 1, 1], [0, 1, 2, 3, 4]], np.int64),
    }
    return Surrogate(parts, cells, units, teeth, float(np.abs((person + bend)[edge]).max()))


def cylinder_uv(parts: Parts) -> Parts:
    """UVs round the head, in the names that files use: vt (V,2), ft (F,3)."""
    x, y, z = parts["v_template"].T
    around = np.arctan2(x, z) / (2 * np.pi) + 0.5
    up = (y - y.min()) / np.ptp(y)
    return {"vt": np.stack([around, up], axis=1), "ft": parts["f"]}


@dataclass(frozen=True)
class _Cells:
    """Quads (V,4) of the open head and the shares (V,4) of their corners in a vertex each."""

    corners: Array
    shares: Array

    def of(self, values: Array) -> Array:
        """Values (...,Vh,3) of the open head, or (Vh,N), at the vertices."""
        return np.einsum("vc,...vcx->...vx", self.shares, values[..., self.corners, :])


def _shares(cells: Array, seed: int | None) -> Array:
    if seed is None:
        return np.full(cells.shape, 0.25)
    return np.random.default_rng(seed).dirichlet(np.full(4, ANYWHERE), len(cells))


def _dual(face: FaceModel, seed: int | None = None) -> tuple[Array, Array]:
    """A vertex in each quad of skin and eyes, a fan of triangles round each corner, which starts
    anywhere where there is a seed: cells (V,4) of old vertices, triangles (F,3)."""
    kept = np.isin(face.quad_material, [face.material_names.index(n) for n in ("skin", "eyes")])
    deep = np.zeros(len(face.template), bool)
    deep[face.vertex_sets["cavity"]] = True
    rings = face.vertex_sets["lip_rings"].reshape(2, 12, 20)
    deep[rings[:, :LIP_RINGS]] = False
    deep[rings[:, LIP_RINGS:]] = True
    kept &= ~deep[face.quads].any(1)
    cells = face.quads[kept]
    rows = cells.tolist()
    following = {
        (corners[place], corners[place - 1]): cell
        for cell, corners in enumerate(rows)
        for place in range(4)
    }
    order = list(range(len(rows)))
    if seed is not None:
        np.random.default_rng(seed).shuffle(order)
    starts = {corner: cell for cell in order for corner in rows[cell]}
    fans = [_fan(corner, start, rows, following) for corner, start in starts.items()]
    return cells, np.array([triangle for fan in fans for triangle in fan])


def _fan(
    corner: int, start: int, cells: list[list[int]], following: dict[tuple[int, int], int]
) -> list[list[int]]:
    """Triangles between the cells round a corner; none where the mesh ends."""
    ring = [start]
    while True:
        corners = cells[ring[-1]]
        onward = following.get((corner, corners[(corners.index(corner) + 1) % 4]))
        if onward is None:
            return []
        if onward == start:
            return [[ring[0], ring[i + 1], ring[i]] for i in range(1, len(ring) - 1)]
        ring.append(onward)


@dataclass(frozen=True)
class _Mesh:
    """Edges of a mesh, each in both directions."""

    start: Array
    end: Array
    count: Array

    @staticmethod
    def of(triangles: Array, vertices: int) -> _Mesh:
        pairs = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
        both = np.unique(np.concatenate([pairs, pairs[:, ::-1]]), axis=0)
        count = 1.0 + np.bincount(both[:, 0], minlength=vertices)
        return _Mesh(both[:, 0], both[:, 1], count)

    def blurred(self, values: Array, rounds: int) -> Array:
        """Averages of values (V,N) with the neighbours', `rounds` times."""
        for _ in range(rounds):
            total = values.copy()
            np.add.at(total, self.start, values[self.end])
            values = total / self.count[:, None]
        return values


def _place() -> Array:
    """A head that looks a little down."""
    cos, sin = np.cos(TURN), np.sin(TURN)
    return np.array([[1, 0, 0], [0, cos, -sin], [0, sin, cos]])


def _field(points: Array, columns: int, spread: float, rng: np.random.Generator) -> Array:
    """Smooth random values (V,columns) of unit size."""
    centres = points[rng.integers(0, len(points), 40)]
    near = np.exp(-((points[:, None] - centres) ** 2).sum(-1) / (2 * spread**2))
    values = near @ rng.normal(size=(len(centres), columns))
    return values / values.std(0)


def _bend(points: Array, rng: np.random.Generator) -> Array:
    return _field(points, 3, 0.04, rng) * BENT / np.sqrt(3)


def _softened(weights: Array, mesh: _Mesh) -> Array:
    weights = mesh.blurred(weights.astype(np.float64), SOFTER)
    return weights / weights.sum(1, keepdims=True)


def _parting(face: FaceModel, over: _Cells, template: Array, apart: float) -> Array:
    """What moves the lips apart at rest, each by half of `apart` metres."""
    lips = np.isin(over.corners, face.vertex_sets["lip_rings"]).all(1)
    lower = over.of(face.skin_weights)[:, face.joint("jaw")] > 0.5
    middle = template[lips].mean(0)
    near = np.exp(-((template - middle) ** 2).sum(1) / (2 * 0.012**2))
    move = np.zeros_like(template)
    move[:, 1] = np.where(lower, -0.5, 0.5) * apart * near
    return move


def _regressor(joints: Array, template: Array) -> Array:
    """Each joint as the mean of vertices near it, pulled onto its place."""
    rows = []
    for joint, nearest in zip(joints, JOINT_NEIGHBOURS, strict=True):
        near = np.argsort(((template - joint) ** 2).sum(1))[:nearest]
        system = np.vstack([template[near].T, np.ones(nearest)])
        row = np.zeros(len(template))
        row[near] = np.linalg.pinv(system) @ np.append(joint, 1.0)
        rows.append(row)
    return np.array(rows)


def _without_jaw(units: Array, template: Array, weights: Array, joints: Array) -> Array:
    """Units (N,V,3) less what the jaw's turns about three axes explain of them."""
    turns = rotation_matrices(TURNED * np.eye(3, dtype=np.float32)).astype(float) - np.eye(3)
    lever = weights[:, 2, None] * (template - joints[2])
    ways = np.stack([lever @ turn.T for turn in turns]).reshape(3, -1)
    flat = units.reshape(len(units), -1)
    shares = np.linalg.solve(ways @ ways.T, ways @ flat.T).T
    return (flat - shares @ ways).reshape(units.shape)


def _ways(units: Array, template: Array, mesh: _Mesh, rng: np.random.Generator) -> Array:
    """How the actors make each unit: (ACTORS * N,V,3)."""
    habit, bias = _field(template, 1, SPREAD, rng)[:, 0], _field(template, 3, SPREAD, rng)
    flat = np.moveaxis(units, 0, 1).reshape(len(template), -1)
    made = []
    for _ in range(ACTORS):
        strength = 1 + STRENGTH[0] * habit
        strength = strength + STRENGTH[1] * _field(template, len(units), SPREAD, rng).T
        axis = DIRECTION[0] * bias + DIRECTION[1] * _field(template, 3, SPREAD, rng)
        own = mesh.blurred(flat, int(rng.integers(0, BLURRED + 1)))
        own = np.moveaxis(own.reshape(len(template), len(units), 3), 1, 0)
        own = own + np.cross(axis, own)
        made.append(own * strength[..., None])
    return np.concatenate(made)


def _bumps(template: Array, count: int, rng: np.random.Generator) -> Array:
    """Smooth random displacements (count,V,3)."""
    centres = template[rng.integers(0, len(template), count)]
    spread = rng.uniform(0.02, 0.06, count)
    push = rng.normal(0, 1, (count, 1, 3)) * rng.uniform(0.0001, 0.0006, (count, 1, 1))
    away = ((template - centres[:, None]) ** 2).sum(-1)
    return np.exp(-away / (2 * spread[:, None] ** 2))[..., None] * push


def _components(shapes: Array, count: int) -> Array:
    """Principal components of `shapes` (N,V,3): (V,3,count), in metres for a coefficient of 1."""
    flat = shapes.reshape(len(shapes), -1)
    _, mixes = np.linalg.eigh(flat @ flat.T)  # a hundred times faster than svd of such a matrix
    strongest = mixes[:, ::-1][:, :count].T
    found = strongest @ flat / np.sqrt(len(shapes))
    return np.moveaxis(found.reshape(count, -1, 3), 0, 2)


def _poses(carried: Array, place: Array, template: Array, rng: np.random.Generator) -> Array:
    """The open head's pose correctives (36,V,3) and a little of every other one: (V,3,36)."""
    own = carried.astype(float) * SCALE @ place.T
    bumps = _components(_bumps(template, len(own), rng), len(own))
    near = np.exp(-((template - template[len(template) // 2]) ** 2).sum(1) / 0.02)
    return np.moveaxis(own, 0, 2) + bumps * near[:, None, None]
