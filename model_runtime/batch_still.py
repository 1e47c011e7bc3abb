# SPDX-License-Identifier: GPL-3.0-or-later
"""A small picture of the open head at one frame of a take, drawn with numpy alone.

Points are spread over the triangles, sorted by depth and shaded by the triangles' slant: no edges,
no textures, a few milliseconds, the same bytes everywhere.
"""

from __future__ import annotations

import struct
import zlib
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from .contract import NECK, UNITS, FloatArray, Take
from .face import FaceModel, evaluate, load_face

SIZE = 120  # pixels
STEPS = 7  # points along a triangle's edge
SKIN, BACK = np.array([224.0, 178.0, 150.0]), np.array([38.0, 40.0, 46.0])
COLOURS = {
    "teeth": (238, 234, 226),
    "eyes": (225, 228, 232),
    "gums": (176, 96, 96),
    "tongue": (186, 92, 94),
    "lashes": (52, 40, 36),
}
LIGHT = np.array([0.35, 0.45, 0.82])


def still(take: Take, second: float) -> bytes:
    """PNG of the face at a second of a take of units; of the face at rest for other channels."""
    face = load_face()
    index = min(max(0, round(second * take.fps)), len(take.weights) - 1)
    return png(draw(_vertices(face, take, index), face))


def draw(vertices: FloatArray, face: FaceModel) -> npt.NDArray[np.uint8]:
    """Vertices (V,3) seen from the front -> (SIZE, SIZE, 3)."""
    corners = vertices[face.triangles]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    length = np.linalg.norm(normal, axis=1)
    front = np.flatnonzero((normal[:, 2] > 0) & (length > 0))
    slant = (normal[front] / length[front, None]) @ LIGHT
    shade = np.clip(0.35 + 0.7 * slant, 0.15, 1.1)[:, None] * _colours(face)[front]
    points = np.einsum("sc,tcx->tsx", _spread(), corners[front])
    colour = np.repeat(shade, points.shape[1], axis=0)
    return _plot(points.reshape(-1, 3), colour, _frame(face))


def png(pixels: npt.NDArray[np.uint8]) -> bytes:
    """(H, W, 3) as a PNG file."""
    height, width, _ = pixels.shape
    rows = np.concatenate([np.zeros((height, 1), np.uint8), pixels.reshape(height, -1)], axis=1)
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(rows.tobytes(), 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*part) for part in parts)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _vertices(face: FaceModel, take: Take, index: int) -> FloatArray:
    row = dict(zip(take.channels, take.weights[index], strict=True))
    if set(UNITS) - set(row):
        return face.template
    weights = np.array([[row[name] for name in UNITS]], np.float32)
    neck = np.array([[row.get(name, 0.0) for name in NECK]], np.float32)
    return evaluate(face, weights, neck)[0]


@lru_cache(maxsize=1)
def _spread() -> FloatArray:
    """Weights of the three corners for points inside a triangle: (points, 3)."""
    places = [
        ((i + 1 / 3) / STEPS, (j + 1 / 3) / STEPS) for i in range(STEPS) for j in range(STEPS - i)
    ]
    return np.array([(1 - a - b, a, b) for a, b in places], np.float32)


def _colours(face: FaceModel) -> FloatArray:
    """A colour a triangle: (2F, 3)."""
    table = np.tile(SKIN, (len(face.material_names), 1))
    for index, name in enumerate(face.material_names):
        table[index] = COLOURS.get(name, tuple(SKIN))
    return np.tile(table[face.quad_material], (2, 1)).astype(np.float32)  # as `triangles` are


def _frame(face: FaceModel) -> tuple[float, float, float]:
    """Middle and half height of what is shown: the face around its lips, without the neck."""
    middle = face.template[face.vertex_sets["lips"]].mean(0)
    return float(middle[0]), float(middle[1]) + 0.03, 0.1


def _plot(
    points: FloatArray, colour: FloatArray, frame: tuple[float, float, float]
) -> npt.NDArray[np.uint8]:
    x, y, half = frame
    column = ((points[:, 0] - x) / half * 0.5 + 0.5) * SIZE
    row = (0.5 - (points[:, 1] - y) / half * 0.5) * SIZE
    inside = (column >= 0) & (column < SIZE) & (row >= 0) & (row < SIZE)
    order = np.argsort(points[inside, 2], kind="stable")
    place = row[inside].astype(int)[order] * SIZE + column[inside].astype(int)[order]
    image = np.tile(BACK, (SIZE * SIZE, 1)).astype(np.float32)
    image[place] = colour[inside][order]  # the nearest is written last
    return np.clip(image, 0, 255).astype(np.uint8).reshape(SIZE, SIZE, 3)
