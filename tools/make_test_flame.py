# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes stand-ins for FLAME files, made from the open head, in FLAME's exact formats.

    python tools/make_test_flame.py FOLDER

Nothing of FLAME is in them: the mesh is the dual of the open head's, the bases are random mixes of
its units and people. They have FLAME's keys, sizes (300 + 100 shapes, 36 pose correctives,
5 joints) and file formats, among them Python 2's pickle with chumpy arrays.
"""

from __future__ import annotations

import pickle
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from model_runtime.face import FaceModel, load_face  # noqa: E402

IDENTITIES, EXPRESSIONS = 300, 100
SCALE, TURN, MOVE = 0.93, 0.06, (0.001, -0.012, 0.009)  # another size and place than the open head
Parts = dict[str, np.ndarray]


def stand_in(seed: int = 0, identity: str = "Bruno") -> Parts:
    """The arrays of a FLAME file by their names there."""
    rng = np.random.default_rng(seed)
    face = load_face()
    cells, triangles = _dual(face)
    rest = (face.template + face.identity_basis[face.identity_names.index(identity)])[cells].mean(1)
    place = _placement(rest)
    template = rest * SCALE @ place.T + np.array(MOVE)
    units = face.expression_basis[:, cells].mean(2) * SCALE @ place.T
    people = face.identity_basis[:, cells].mean(2) * SCALE @ place.T
    weights = face.skin_weights[cells].mean(1).astype(np.float64)
    weights /= weights.sum(1, keepdims=True)
    regressor = _regressor(face, template, place)
    expressions = _basis(_without_jaw(units, face, weights), EXPRESSIONS, template, rng)
    shapes = [_basis(people, IDENTITIES, template, rng), expressions]
    poses = _poses(face, cells, place, template, rng)
    return {
        "v_template": template,
        "f": triangles.astype(np.uint32),
        "shapedirs": np.concatenate(shapes, axis=2),
        "posedirs": poses,
        "weights": weights,
        "J_regressor": regressor,
        "J": regressor @ template,
        "kintree_table": np.array([[2**32 - 1, 0, 1, 1, 1], [0, 1, 2, 3, 4]], np.int64),
    }


def tiny(seed: int = 0) -> Parts:
    """The same kind of file with 120 vertices, for tests that read thousands of them."""
    rng = np.random.default_rng(seed)
    count = 120
    regressor = np.zeros((5, count))
    regressor[np.arange(5).repeat(4), rng.permutation(count)[:20]] = 0.25
    weights = rng.random((count, 5))
    return {
        "v_template": rng.normal(0, 0.08, (count, 3)),
        "f": rng.integers(0, count, (200, 3)).astype(np.uint32),
        "shapedirs": rng.normal(0, 0.001, (count, 3, 3 + EXPRESSIONS)),
        "posedirs": rng.normal(0, 0.001, (count, 3, 36)),
        "weights": weights / weights.sum(1, keepdims=True),
        "J_regressor": regressor,
        "J": np.zeros((5, 3)),
        "kintree_table": np.array([[2**32 - 1, 0, 1, 1, 1], [0, 1, 2, 3, 4]], np.int64),
    }


def _dual(face: FaceModel) -> tuple[np.ndarray, np.ndarray]:
    """A vertex in the middle of each quad of skin and eyes, a fan of triangles round each corner:
    cells (V,4) of old vertices, triangles (F,3)."""
    kept = np.isin(face.quad_material, [face.material_names.index(n) for n in ("skin", "eyes")])
    deep = np.zeros(len(face.template), bool)
    deep[face.vertex_sets["cavity"]] = True
    deep[face.vertex_sets["lip_rings"]] = False
    kept &= ~deep[face.quads].all(1)
    cells = face.quads[kept]
    rows = cells.tolist()
    following = {
        (corners[place], corners[place - 1]): cell
        for cell, corners in enumerate(rows)
        for place in range(4)
    }
    starts = {corner: cell for cell, corners in enumerate(rows) for corner in corners}
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


def _placement(rest: np.ndarray) -> np.ndarray:
    """A head that looks a little down."""
    cos, sin = np.cos(TURN), np.sin(TURN)
    return np.array([[1, 0, 0], [0, cos, -sin], [0, sin, cos]])


def _regressor(face: FaceModel, template: np.ndarray, place: np.ndarray) -> np.ndarray:
    """Each joint as the mean of vertices near it, pulled onto the open head's joint."""
    joints = face.joint_regressor @ face.template * SCALE @ place.T + np.array(MOVE)
    rows = []
    for joint, nearest in zip(joints, (40, 40, 60, 300, 300), strict=True):
        near = np.argsort(((template - joint) ** 2).sum(1))[:nearest]
        system = np.vstack([template[near].T, np.ones(nearest)])
        share = np.linalg.pinv(system) @ np.append(joint, 1.0)
        row = np.zeros(len(template))
        row[near] = share
        rows.append(row)
    return np.array(rows)


def _without_jaw(units: np.ndarray, face: FaceModel, weights: np.ndarray) -> np.ndarray:
    """FLAME's expressions were learned with the jaw taken out: so are these."""
    opened = units[face.unit_names.index("jawOpen")]
    result = units.copy()
    jaw = opened.ravel()
    for index, unit in enumerate(units):
        result[index] -= (unit.ravel() @ jaw) / (jaw @ jaw) * opened
    return result


def _basis(
    shapes: np.ndarray, count: int, template: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Principal components of mixes of `shapes` and smooth bumps: (V,3,count), metres per unit."""
    centres = template[rng.integers(0, len(template), count)]
    spread = rng.uniform(0.02, 0.06, count)
    push = rng.normal(0, 1, (count, 1, 3)) * rng.uniform(0.0001, 0.0006, (count, 1, 1))
    away = ((template - centres[:, None]) ** 2).sum(-1)
    bumps = np.exp(-away / (2 * spread[:, None] ** 2))[..., None] * push
    flat = np.concatenate([shapes, bumps]).reshape(len(shapes) + count, -1)
    _, mixes = np.linalg.eigh(flat @ flat.T)  # a hundred times faster than svd of such a matrix
    strongest = mixes[:, ::-1][:, :count].T
    return np.moveaxis(
        (strongest @ flat / np.sqrt(len(shapes) or count)).reshape(count, -1, 3), 0, 2
    )


def _poses(
    face: FaceModel,
    cells: np.ndarray,
    place: np.ndarray,
    template: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:
    """The open head's pose correctives and a little of every other one."""
    own = face.pose_basis[:, cells].mean(2) * SCALE @ place.T
    bumps = _basis(own[:0], len(own), template, rng)
    near = np.exp(-((template - template[len(template) // 2]) ** 2).sum(1) / 0.02)
    return np.moveaxis(own, 0, 2) + bumps * near[:, None, None]


# Python 2's pickle, opcode by opcode


class Pickler2:
    """What cPickle of Python 2 writes at protocol 2: byte strings, old module names, memo."""

    def __init__(self) -> None:
        self.parts: list[bytes] = [b"\x80\x02"]
        self.kept = 0

    def dump(self, value: Any) -> bytes:
        self.save(value)
        return b"".join([*self.parts, b"."])

    def save(self, value: Any) -> None:
        for kind, save in self.savers.items():
            if isinstance(value, kind):
                save(self, value)
                return
        raise TypeError(type(value))

    def put(self) -> None:
        short = self.kept < 256
        self.parts.append(b"q" + bytes([self.kept]) if short else b"r" + _u32(self.kept))
        self.kept += 1

    def save_none(self, value: None) -> None:
        self.parts.append(b"N")

    def save_bool(self, value: bool) -> None:
        self.parts.append(b"\x88" if value else b"\x89")

    def save_int(self, value: int) -> None:
        if 0 <= value < 256:
            self.parts.append(b"K" + bytes([value]))
        else:
            self.parts.append(b"J" + struct.pack("<i", value))

    def save_str(self, value: str | bytes) -> None:
        raw = value.encode("latin-1") if isinstance(value, str) else value
        short = len(raw) < 256
        self.parts.append(b"U" + bytes([len(raw)]) if short else b"T" + _u32(len(raw)))
        self.parts.append(raw)
        self.put()

    def save_tuple(self, value: tuple[Any, ...]) -> None:
        if not value:
            self.parts.append(b")")
            return
        if len(value) > 3:
            self.parts.append(b"(")
        for entry in value:
            self.save(entry)
        self.parts.append({1: b"\x85", 2: b"\x86", 3: b"\x87"}.get(len(value), b"t"))
        self.put()

    def save_dict(self, value: dict[str, Any]) -> None:
        self.parts.append(b"}")
        self.put()
        self.parts.append(b"(")
        for key, entry in value.items():
            self.save(key)
            self.save(entry)
        self.parts.append(b"u")

    def save_list(self, value: list[Any]) -> None:
        self.parts.append(b"]")
        self.put()
        self.parts.append(b"(")
        for entry in value:
            self.save(entry)
        self.parts.append(b"e")

    def name(self, module: str, name: str) -> None:
        self.parts.append(f"c{module}\n{name}\n".encode())
        self.put()

    def save_array(self, value: np.ndarray) -> None:
        self.name("numpy.core.multiarray", "_reconstruct")
        self.name("numpy", "ndarray")
        self.save((0,))
        self.save("b")
        self.parts.append(b"\x87")
        self.put()
        self.parts.append(b"R")
        self.put()
        self.parts.append(b"(K\x01")
        self.save(value.shape)
        self.save_dtype(value.dtype)
        fortran = value.flags.f_contiguous and not value.flags.c_contiguous
        self.save(fortran)
        self.save(value.tobytes("F" if fortran else "C"))
        self.parts.append(b"t")
        self.put()
        self.parts.append(b"b")

    def save_dtype(self, dtype: np.dtype) -> None:
        self.name("numpy", "dtype")
        self.save(dtype.str[1:])
        self.parts.append(b"K\x00K\x01\x87")
        self.put()
        self.parts.append(b"R")
        self.put()
        self.parts.append(b"(K\x03")
        self.save("<" if dtype.itemsize > 1 else "|")
        self.parts.append(b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00t")
        self.put()
        self.parts.append(b"b")

    def save_chumpy(self, value: Chumpy) -> None:
        self.new_object("chumpy.ch", "Ch")
        self.save(
            {
                "_dirty_vars": Called("__builtin__", "set", ([],)),
                "_itr": None,
                "_depends_on_deps": {},
                "_make_dense": False,
                "_make_sparse": False,
                "x": value.values,
            }
        )
        self.parts.append(b"b")

    def save_sparse(self, value: Sparse) -> None:
        self.new_object(value.module, "csc_matrix")
        columns, rows = np.nonzero(value.values.T)
        starts = np.searchsorted(columns, np.arange(value.values.shape[1] + 1))
        self.save(
            {
                "_shape": value.values.shape,
                "maxprint": 50,
                "indices": rows.astype(np.int32),
                "indptr": starts.astype(np.int32),
                "data": value.values[rows, columns],
            }
        )
        self.parts.append(b"b")

    def save_called(self, value: Called) -> None:
        self.name(value.module, value.name)
        self.save(value.arguments)
        self.parts.append(b"R")
        self.put()

    def new_object(self, module: str, name: str) -> None:
        self.name(module, name)
        self.parts.append(b")\x81")
        self.put()


class Chumpy:
    """An array that Python 2 would have kept in a chumpy.ch.Ch."""

    def __init__(self, values: np.ndarray) -> None:
        self.values = values


class Sparse:
    """A matrix that scipy would have kept by columns."""

    def __init__(self, values: np.ndarray, module: str = "scipy.sparse.csc") -> None:
        self.values, self.module = values, module


class Called:
    """A call that a pickle asks for."""

    def __init__(self, module: str, name: str, arguments: tuple[Any, ...]) -> None:
        self.module, self.name, self.arguments = module, name, arguments


Pickler2.savers = {
    type(None): Pickler2.save_none,
    bool: Pickler2.save_bool,
    int: Pickler2.save_int,
    str: Pickler2.save_str,
    bytes: Pickler2.save_str,
    tuple: Pickler2.save_tuple,
    dict: Pickler2.save_dict,
    list: Pickler2.save_list,
    np.ndarray: Pickler2.save_array,
    Chumpy: Pickler2.save_chumpy,
    Sparse: Pickler2.save_sparse,
    Called: Pickler2.save_called,
}


def _u32(value: int) -> bytes:
    return struct.pack("<I", value)


def write_2020(path: Path, parts: Parts) -> None:
    """As generic_model.pkl of FLAME 2019 and 2020: Python 2, chumpy, scipy's old names."""
    stored: dict[str, Any] = dict(parts)
    for key in ("v_template", "shapedirs", "posedirs", "weights", "J"):
        stored[key] = Chumpy(parts[key])
    stored["shapedirs"] = Chumpy(np.asfortranarray(parts["shapedirs"]))
    stored["J_regressor"] = Sparse(parts["J_regressor"])
    stored |= {"bs_style": "lbs", "bs_type": "lrotmin"}
    path.write_bytes(Pickler2().dump(stored))


def write_open(path: Path, parts: Parts) -> None:
    """As flame2023_Open.pkl: Python 3's pickle, no chumpy, an expression basis that says whose."""
    stored: dict[str, Any] = dict(parts)
    stored["supr_expression_metadata"] = {"expr_source": "SUPR_head", "n_expr": 100}
    stored |= {"bs_style": "lbs", "bs_type": "lrotmin"}
    path.write_bytes(pickle.dumps(stored, protocol=4))


def write_npz(path: Path, parts: Parts) -> None:
    """As a .npz: plain arrays, the joint regressor dense."""
    np.savez_compressed(path, **parts, bs_style=np.array("lbs"))


WRITERS: dict[str, Callable[[Path, Parts], None]] = {
    "generic_model.pkl": write_2020,
    "flame2023_Open.pkl": write_open,
    "flame.npz": write_npz,
}


def main() -> int:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    parts = stand_in()
    for name, write in WRITERS.items():
        write(folder / name, parts)
        print(folder / name, (folder / name).stat().st_size)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
