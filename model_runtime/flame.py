# SPDX-License-Identifier: GPL-3.0-or-later
"""An artist's own FLAME file becomes a FaceModel (Li et al. 2017).

FLAME 2019, 2020, 2023 and 2023 Open as .pkl or .npz. Nothing in the file is executed
(`flame_pickle`), sizes are checked before memory is taken, and whatever is wrong with a file is
one FlameError.
"""

from __future__ import annotations

import hashlib
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from . import zipped
from .face import FaceModel, FloatArray, IntArray, apply_pose
from .flame_pickle import NUMBERS, FlameError, Record, array, items, read_pickle

__all__ = ["JOINTS", "Flame", "FlameError", "forward", "load_flame", "load_shape"]

Array = npt.NDArray[Any]

BYTES = (1_000, 400_000_000)  # least and most of a file, and most of what a .npz unpacks to
EXPRESSIONS = 100
VERTICES = (100, 100_000)
FACES = 400_000
JOINTS = ("root", "neck", "jaw", "left_eye", "right_eye")
PARENTS = (-1, 0, 1, 1, 1)
POSES = 9 * (len(JOINTS) - 1)
HEIGHT = (0.05, 5.0)  # metres, of any template of a head in metres
NPY = b"\x93NUMPY"
NPY_HEADER = re.compile(
    rb"\s*\{\s*'descr':\s*'([<>|=]?)(\w+)',\s*'fortran_order':\s*(True|False),"
    rb"\s*'shape':\s*\(([\d, ]*)\),?\s*\}\s*"
)
UV_KEYS = ("vt", "ft")
NEXT_STEP = "Download it again from flame.is.tue.mpg.de and choose that file."
NO_MATERIAL = "skin"


@dataclass(frozen=True)
class Flame:
    """A face model of FLAME's own, and where it came from.

    `face.expression_basis` holds Exp1..Exp100, `face.identity_basis` Shape1, Shape2 and so on;
    `face.triangles` is the surface and there are no quads.
    """

    face: FaceModel
    triangle_uv: IntArray  # (F,3) into face.uv; (0,3) where the file has no UVs
    sha256: str
    title: str  # the file's name without its ending


def load_flame(path: Path) -> Flame:
    """The FLAME model at `path`. Raises FlameError with the user's sentence."""
    data = read_bytes(path)
    try:
        return _assemble(_parts(data), hashlib.sha256(data).hexdigest(), path.stem)
    except FlameError as error:
        raise FlameError(f"{path.name} is not a FLAME model: {error}. {NEXT_STEP}") from error
    except MemoryError as error:
        raise FlameError(f"There is not enough memory to open {path.name}.") from error


def load_shape(path: Path, most: int) -> FloatArray:
    """Identity coefficients from a .npy or .npz file of numbers: (N,), N at most `most`.

    A .npz gives its entry `shape` or `betas`. Raises FlameError.
    """
    data = read_bytes(path, least=10)
    try:
        parts: dict[str, Any] = dict(unzipped(data)) if data[:2] == b"PK" else {"shape": data}
        values = _numbers(parts, "shape" if "shape" in parts else "betas")
        values = values.reshape(-1, values.shape[-1])[0] if values.size and values.ndim else values
        if values.ndim != 1 or not 0 < len(values) <= most or not np.isfinite(values).all():
            raise FlameError(f"it should hold 1 to {most} numbers")
    except FlameError as error:
        raise FlameError(f"{path.name} is not an identity: {error}.") from error
    return values.astype(np.float32)


def forward(
    flame: Flame,
    shape: npt.ArrayLike,
    expression: npt.ArrayLike,
    pose: npt.ArrayLike,
) -> FloatArray:
    """FLAME's own function: vertices (T,V,3) for identity (N,), expressions (T,E) and axis-angles
    (T,5,3) in radians. The joints follow identity and expression, as in the published layer."""
    face = flame.face
    betas, weights = np.asarray(shape, np.float32), np.asarray(expression, np.float32)
    rest = face.template + np.tensordot(betas, face.identity_basis[: len(betas)], 1)
    points = rest + np.tensordot(weights, face.expression_basis[: weights.shape[1]], 1)
    rotations = np.asarray(pose, np.float32)
    posed = [
        apply_pose(face, frame[None], face.joint_regressor @ frame, turn[None])[0]
        for frame, turn in zip(points, rotations, strict=True)
    ]
    return np.stack(posed)


def read_bytes(path: Path, least: int = BYTES[0]) -> bytes:
    try:
        size = path.stat().st_size
        if not path.is_file() or not least <= size <= BYTES[1]:
            raise FlameError(f"{path.name} is not a FLAME model: it has {size} bytes. {NEXT_STEP}")
        return path.read_bytes()
    except OSError as error:
        raise FlameError(
            f"{path} cannot be read ({error.strerror}). Choose another file."
        ) from error


def _parts(data: bytes) -> dict[str, Any]:
    return dict(unzipped(data)) if data[:2] == b"PK" else items(read_pickle(data))


def unzipped(data: bytes) -> dict[str, memoryview]:
    """Entries of a .npz by name. Raises FlameError."""
    return zipped.unzipped(data, BYTES[1], "face", FlameError)


def _numbers(parts: dict[str, Any], key: str) -> Array:
    """The array called `key`. Raises FlameError that names it."""
    if key not in parts:
        raise FlameError(f"it has no '{key}'")
    try:
        value = parts[key]
        return npy_array(value) if isinstance(value, bytes | memoryview) else array(value)
    except FlameError as error:
        raise FlameError(f"{error} ('{key}')") from error


def npy_array(raw: bytes | memoryview) -> Array:
    """The array of a .npy file; one that was stored as an object is read like a pickle."""
    (order, code, fortran, sizes), numbers = npy_parts(raw)
    start = len(raw) - len(numbers)
    if code == "O":
        return array(only_entry(read_pickle(bytes(numbers))))
    if code not in NUMBERS:
        raise FlameError(f"one of its arrays holds '{code[:20]}' and not numbers")
    shape = tuple(int(size[:12]) for size in sizes.replace(" ", "").split(",") if size)
    dtype = np.dtype((">" if order == ">" else "<") + code)
    if len(shape) > 4 or math.prod(shape) * dtype.itemsize != len(raw) - start:
        raise FlameError("one of its arrays has another size than it says")
    return np.frombuffer(raw, dtype, offset=start).reshape(
        shape, order="F" if fortran == "True" else "C"
    )


def npy_parts(raw: bytes | memoryview) -> tuple[list[str], memoryview]:
    """What the head of a .npy file says (order, code, fortran, sizes), and what follows it."""
    if raw[:6] != NPY or len(raw) < 12:
        raise FlameError("it is not an array of numpy's")
    wide = raw[6] > 1
    length = int.from_bytes(raw[8 : 12 if wide else 10], "little")
    start = (12 if wide else 10) + length
    header = NPY_HEADER.fullmatch(raw[start - length : start])
    if header is None:
        raise FlameError("one of its arrays holds no numbers")
    return [part.decode("ascii", "replace") for part in header.groups()], memoryview(raw)[start:]


def only_entry(stored: Any) -> Any:
    """What an array of one object holds."""
    state = stored.state if isinstance(stored, Record) else None
    entries = state[-1] if isinstance(state, tuple) and state else None
    if not isinstance(entries, list) or len(entries) != 1:
        raise FlameError("one of its arrays holds no numbers")
    return entries[0]


def _assemble(parts: dict[str, Any], sha256: str, title: str) -> Flame:
    template = _shaped(parts, "v_template", (None, 3))
    count = len(template)
    _check_template(template)
    shapes = _shaped(parts, "shapedirs", (count, 3, None))
    identities = shapes.shape[2] - EXPRESSIONS
    if identities < 1:
        raise FlameError(f"it has {shapes.shape[2]} shapes and should have 300 and {EXPRESSIONS}")
    triangles = _indices(_numbers(parts, "f"), count)
    uv, triangle_uv = _uv(parts, len(triangles))
    face = FaceModel(
        template=template,
        identity_basis=_basis(shapes[..., :identities]),
        expression_basis=_basis(shapes[..., identities:]),
        unit_names=tuple(f"Exp{index + 1}" for index in range(EXPRESSIONS)),
        identity_names=tuple(f"Shape{index + 1}" for index in range(identities)),
        joint_names=JOINTS,
        joint_parents=_parents(parts),
        joint_regressor=_shaped(parts, "J_regressor", (len(JOINTS), count)),
        skin_weights=_skin(parts, count),
        pose_basis=_poses(parts, count),
        quads=np.zeros((0, 4), np.int32),
        triangles=triangles,
        uv=uv,
        quad_uv=np.zeros((0, 4), np.int32),
        quad_material=np.zeros(0, np.uint8),
        material_names=(NO_MATERIAL,),
        vertex_sets={},
        unit_max={},
        jaw_open_angle=0.0,
        gaze_degrees={},
    )
    return Flame(face, triangle_uv, sha256, title)


def _shaped(parts: dict[str, Any], key: str, shape: tuple[int | None, ...]) -> FloatArray:
    """A part as float32, of this shape (None: any size) and finite throughout."""
    values = _numbers(parts, key)
    wanted = " x ".join("any" if size is None else str(size) for size in shape)
    fits = values.ndim == len(shape) and all(
        size in (None, own) for size, own in zip(shape, values.shape, strict=True)
    )
    if not fits or not 0 < values.size <= BYTES[1] // 4:
        raise FlameError(f"its '{key}' has another shape than {wanted}")
    with np.errstate(over="ignore"):
        result = np.ascontiguousarray(values, np.float32)
    if not np.isfinite(result).all():
        raise FlameError(f"its '{key}' holds values that are not numbers")
    return result


def _check_template(template: FloatArray) -> None:
    if not VERTICES[0] <= len(template) <= VERTICES[1]:
        raise FlameError(f"it has {len(template)} vertices")
    height = float(np.ptp(template[:, 1]))
    if not HEIGHT[0] <= height <= HEIGHT[1]:
        raise FlameError(f"its head is {height:.3g} m high")


def _basis(shapes: FloatArray) -> FloatArray:
    """(V,3,N) -> (N,V,3)."""
    return np.ascontiguousarray(np.moveaxis(shapes, 2, 0))


def _poses(parts: dict[str, Any], count: int) -> FloatArray:
    return _basis(_shaped(parts, "posedirs", (count, 3, POSES)))


def _skin(parts: dict[str, Any], count: int) -> FloatArray:
    weights = _shaped(parts, "weights", (count, len(JOINTS)))
    total = weights.sum(1, keepdims=True)
    if weights.min() < -1e-3 or np.abs(total - 1).max() > 1e-2:
        raise FlameError("its 'weights' do not add up to 1")
    return weights


def _parents(parts: dict[str, Any]) -> tuple[int, ...]:
    """The tree of joints must be FLAME's; the root's parent is written in several ways."""
    table = _numbers(parts, "kintree_table")
    if table.shape != (2, len(JOINTS)) or tuple(table[0, 1:]) != PARENTS[1:]:
        raise FlameError("its joints are not root, neck, jaw and two eyes")
    return PARENTS


def _indices(values: Array, count: int) -> IntArray:
    """Triangles (F,3) or corners into `count` points."""
    if values.ndim != 2 or values.shape[1] != 3 or not 0 < len(values) <= FACES:
        raise FlameError("its faces are not triangles")
    if values.dtype.kind not in "iu" or values.min() < 0 or values.max() >= count:
        raise FlameError("its faces name vertices that it does not have")
    return np.ascontiguousarray(values, np.int32)


def _uv(parts: dict[str, Any], faces: int) -> tuple[FloatArray, IntArray]:
    """UVs (U,2) and corners (F,3), both empty where the file brings none."""
    if not all(key in parts for key in UV_KEYS):
        return np.zeros((0, 2), np.float32), np.zeros((0, 3), np.int32)
    points = _shaped(parts, UV_KEYS[0], (None, 2))
    corners = _indices(_numbers(parts, UV_KEYS[1]), len(points))
    if len(corners) != faces:
        raise FlameError("its UVs belong to another mesh")
    return points, corners
