# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes stand-ins for FLAME files, made from the open head, in FLAME's exact formats.

    python tools/make_test_flame.py FOLDER

Nothing of FLAME is in them (`surrogate_flame` says what is). They have FLAME's keys, sizes
(300 + 100 shapes, 36 pose correctives, 5 joints) and file formats, among them Python 2's pickle
with chumpy arrays.
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

from tools.surrogate_flame import EXPRESSIONS, Parts, cylinder_uv, surrogate  # noqa: E402

IDENTITIES = 300


def stand_in(seed: int = 0, identity: str = "Bruno") -> Parts:
    """The arrays of a FLAME file by their names there: those of a surrogate with UVs."""
    made = surrogate(seed, identity, IDENTITIES).parts
    return {**made, **cylinder_uv(made)}


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
