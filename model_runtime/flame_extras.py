# SPDX-License-Identifier: GPL-3.0-or-later
"""What comes beside a FLAME model: masks (named sets of vertices) and landmark embeddings.

FLAME_masks.pkl, landmark_embedding.npy (with torch tensors in it), flame_static_embedding.pkl and
.npz files of the same names. They are read by the reader that runs nothing; a torch tensor is
taken apart by hand, so torch is not needed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from .face import FloatArray, IntArray
from .flame import NPY, npy_array, npy_parts, only_entry, read_bytes, unzipped
from .flame_pickle import FlameError, Record, array, items, read_pickle, read_pickles

Array = npt.NDArray[Any]

LEAST, MOST_SETS, MOST_LANDMARKS = 100, 100, 1000
SIXTY_EIGHT, FIFTY_ONE = 68, 51  # landmarks of the usual drawing; without the jaw's line
STORAGES = {
    "torch.FloatStorage": "<f4",
    "torch.DoubleStorage": "<f8",
    "torch.LongStorage": "<i8",
    "torch.IntStorage": "<i4",
}
TENSOR, STORAGE = "torch._utils._rebuild_tensor_v2", "torch.storage._load_from_bytes"
FACES = ("full_lmk_faces_idx", "static_lmk_faces_idx", "lmk_face_idx")  # names in files
SHARES = ("full_lmk_bary_coords", "static_lmk_bary_coords", "lmk_b_coords")


@dataclass(frozen=True)
class Landmarks:
    """Points on the surface: the triangle of each, and the shares of its corners."""

    faces: IntArray  # (N,)
    shares: FloatArray  # (N,3)

    def at(self, points: npt.NDArray[np.floating], triangles: IntArray) -> npt.NDArray[np.float64]:
        """Where they lie (N,3) on vertices (V,3)."""
        corners = np.asarray(points, np.float64)[triangles[self.faces]]
        return np.asarray(np.einsum("nc,ncx->nx", self.shares.astype(np.float64), corners))

    def of_the_mouth(
        self, points: npt.NDArray[np.floating], triangles: IntArray
    ) -> npt.NDArray[np.float64] | None:
        """Inner corners, the one with the larger x first, and the middle of the upper and of the
        lower inner lip (4,3), where these are the usual 68 or the 51 without the jaw's line."""
        first = {SIXTY_EIGHT: 60, FIFTY_ONE: 43}.get(len(self.faces))
        if first is None:
            return None
        right, upper, left, lower = self.at(points, triangles)[first + np.array([0, 2, 4, 6])]
        return np.stack(
            [left, right, upper, lower] if left[0] > right[0] else [right, left, upper, lower]
        )


def load_masks(path: Path, vertices: int) -> dict[str, IntArray]:
    """Named sets of vertices of a mesh that has `vertices`. Raises FlameError."""
    try:
        parts = {name: value for name, value in _parts(path).items() if name}
        if not 0 < len(parts) <= MOST_SETS:
            raise FlameError("it holds no sets of vertices")
        return {name: _vertices(value, vertices) for name, value in parts.items()}
    except FlameError as error:
        raise FlameError(f"{path.name} holds no masks of this FLAME: {error}.") from error


def load_landmarks(path: Path, triangles: int) -> Landmarks:
    """The landmarks of a mesh that has `triangles`. Raises FlameError."""
    try:
        parts = _parts(path)
        faces = _whole(_first(parts, FACES))
        with np.errstate(over="ignore", invalid="ignore"):
            flat = _first(parts, SHARES).astype(np.float32).reshape(-1)
        if not 0 < len(faces) <= MOST_LANDMARKS or len(flat) != 3 * len(faces):
            raise FlameError("its landmarks are not as many as their places")
        if faces.min() < 0 or faces.max() >= triangles:
            raise FlameError("its landmarks lie on triangles that this FLAME does not have")
        shares = flat.reshape(-1, 3)
        if not np.isfinite(shares).all() or np.abs(shares.sum(1) - 1).max() > 1e-2:
            raise FlameError("its landmarks lie beside their triangles")
        return Landmarks(faces.astype(np.int32), shares)
    except FlameError as error:
        raise FlameError(f"{path.name} holds no landmarks of this FLAME: {error}.") from error


def _parts(path: Path) -> dict[str, Any]:
    data = read_bytes(path, LEAST)
    if data[: len(NPY)] == NPY:
        return items(only_entry(read_pickle(bytes(npy_parts(data)[1]))))
    return dict(unzipped(data)) if data[:2] == b"PK" else items(read_pickle(data))


def _first(parts: Mapping[str, Any], names: tuple[str, ...]) -> Array:
    for name in names:
        if name in parts:
            return tensor_or_array(parts[name])
    raise FlameError(f"it has no '{names[0]}'")


def _whole(values: Array) -> Array:
    if values.dtype.kind not in "iu":
        raise FlameError("its landmarks name no triangles")
    return values.reshape(-1).astype(np.int64)


def _vertices(value: Any, count: int) -> IntArray:
    found = tensor_or_array(value).reshape(-1)
    if found.dtype.kind not in "iu" or len(found) > count:
        raise FlameError("one of its sets holds no vertices")
    if len(found) and (found.min() < 0 or found.max() >= count):
        raise FlameError("it names vertices that this FLAME does not have")
    return np.unique(found).astype(np.int32)


def tensor_or_array(value: Any) -> Array:
    """The numbers of an array or of a torch tensor. Raises FlameError."""
    if isinstance(value, bytes | memoryview):
        return npy_array(value)
    if not isinstance(value, Record) or value.kind != TENSOR:
        return array(value)
    storage, offset, size, stride = (*value.arguments, None, None, None, None)[:4]
    if not isinstance(storage, Record) or storage.kind != STORAGE or len(storage.arguments) != 1:
        raise FlameError("one of its tensors is damaged")
    flat = _storage(storage.arguments[0])
    if not _fits(offset, size, stride, len(flat)):
        raise FlameError("one of its tensors is damaged")
    steps = tuple(step * flat.itemsize for step in stride)
    return np.lib.stride_tricks.as_strided(flat[offset:], size, steps, writeable=False)


def _fits(offset: Any, size: Any, stride: Any, count: int) -> bool:
    """Whether a tensor of this size and stride lies within `count` numbers."""
    numbers = (offset,), size, stride
    if not all(isinstance(part, tuple) and len(part) <= 4 for part in numbers):
        return False
    if not all(type(n) is int and 0 <= n < 2**31 for part in numbers for n in part):
        return False
    last = offset + sum((n - 1) * step for n, step in zip(size, stride, strict=False))
    return len(size) == len(stride) and math.prod(size) > 0 and last < count


def _storage(raw: Any) -> Array:
    """The numbers of a storage as torch.save has written it before it used zip files: five
    pickles (magic number, protocol, machine, the storage's name, keys), a count, the numbers."""
    if not isinstance(raw, bytes | memoryview):
        raise FlameError("one of its tensors is damaged")
    told, rest = read_pickles(bytes(raw), 5)
    name = told[3].arguments[0] if isinstance(told[3], Record) and told[3].arguments else None
    if not isinstance(name, tuple) or len(name) < 5 or name[0] != "storage":
        raise FlameError("one of its tensors is damaged")
    code = STORAGES.get(getattr(name[1], "path", ""))
    count = int.from_bytes(rest[:8], "little")
    if code is None or count != name[4] or len(rest) - 8 != count * np.dtype(code).itemsize:
        raise FlameError("one of its tensors is damaged")
    return np.frombuffer(rest, code, offset=8)
