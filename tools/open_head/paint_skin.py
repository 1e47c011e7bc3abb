# SPDX-License-Identifier: GPL-3.0-or-later
"""Paints the skin: complexion, blush, lips, brows, short hair with a soft hairline, lids."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw
from scipy.interpolate import LinearNDInterpolator
from scipy.ndimage import gaussian_filter, map_coordinates, zoom
from scipy.spatial import cKDTree

from .hairline import PAINTED, hair_coverage
from .normals import vertex_normals
from .palette import Palette
from .raster import Canvas, bleed, rasterise
from .source import Array, Ints

SIZE = 1536
TEXEL = SIZE / 2048  # grain sizes below are for 2048 texels
SEED = 7
EAR = ((0.206, 0.605), (0.030, 0.056))  # centre and radii of the left ear's UVs
BROW = np.array(  # x, middle height over the eye, half thickness (mm)
    [(9.5, 18.0, 1.2), (16, 19.6, 3.0), (24, 21.4, 3.3), (33, 23.0, 2.7), (40, 22.6, 1.9),
     (46, 20.6, 1.1), (50, 18.6, 0.4)],
    float,
)  # fmt: skip
BROW_ANGLES = ((10, 76), (15, 60), (22, 44), (32, 22), (42, -8), (52, -32))  # x, degrees
BROW_HAIRS = 330


@dataclass(frozen=True)
class SkinMap:
    """The skin's surface as seen from its texture: positions in mm, masks, covered texels."""

    position: Array  # (S,S,3)
    lip: Array  # 0..1
    wet: Array  # 0 at the lips' border .. 1 in the cavity
    lid: Array  # mm to the edges of the upper lids
    hollow: Array  # -1 ridges .. 1 creases
    covered: np.ndarray
    ear: Array
    eye: Array  # centre of the left eye, mm
    to_uv: LinearNDInterpolator  # (x, y) of the front of the face in mm -> u, v


def skin_map(
    uv: Array,
    quad_uv: Ints,
    quads: Ints,
    vertices: Array,
    rings: Ints,
    cavity: Ints,
    lids: Ints,
    eye: Array,
) -> SkinMap:
    """Everything that the painter needs to know about the mesh (vertices in metres)."""
    points = vertices * 1000
    vertex = np.zeros(len(uv), int)
    vertex[quad_uv.ravel()] = quads.ravel()
    lip, wet = _lip_masks(len(points), rings, cavity)
    lid = _lid_distance(points, lids)
    hollow = _hollow(points, quads)
    attributes = np.column_stack([points, lip, wet, lid, hollow])[vertex]
    canvas: Canvas = rasterise(uv, quad_uv, attributes, SIZE)
    front = (uv[:, 1] > 0.27) & (points[vertex, 2] > 35) & (np.abs(points[vertex, 0]) < 62)
    values = canvas.values
    return SkinMap(
        values[..., :3],
        *(values[..., k] for k in range(3, 7)),
        canvas.covered,
        _ear_mask(),
        eye * 1000,
        LinearNDInterpolator(points[vertex[front], :2], uv[front]),
    )


def paint_skin(skin: SkinMap, palette: Palette) -> Image.Image:
    """The texture of one complexion."""
    rng = np.random.default_rng(SEED)
    colour = _complexion(skin, palette, rng)
    colour = _mix(colour, palette.lips, _lip_strength(skin, rng))
    colour = _mix(colour, (0.33, 0.10, 0.09), np.clip(skin.wet * 1.6 - 0.35, 0, 1) * 0.92)
    colour = _mix(colour, palette.hair, _hair(skin, rng) * palette.hair_strength)
    colour = _mix(colour, _darker(palette.hair, 0.8), _brows(skin, rng) * 0.9)
    lash = np.clip(1.3 - skin.lid / 0.8, 0, 1) * 0.75
    colour = _mix(colour, (0.10, 0.06, 0.05), lash)
    final = bleed(np.clip(colour, 0, 1), skin.covered)
    return Image.fromarray((final * 255 + 0.5).astype(np.uint8))


def _complexion(skin: SkinMap, palette: Palette, rng: np.random.Generator) -> Array:
    x, y, z = (np.abs(skin.position[..., 0]), skin.position[..., 1], skin.position[..., 2])
    base = np.broadcast_to(np.array(palette.skin, np.float32), (*x.shape, 3)).copy()
    where = skin.position
    mottle = 0.45 * _solid(rng, where, 17) + 0.3 * _solid(rng, where, 5) + 0.25 * _noise(rng, 9)
    pores = 0.6 * _noise(rng, 4) + 0.4 * _noise(rng, 2)
    base *= (1 + 0.055 * mottle + 0.05 * pores)[..., None]
    red = 0.34 * _blob(x, y, 38, 8, 19) * _rise(z, 35, 60)
    red = (
        red
        + 0.36 * _blob(x, y, 0, 6, 12) * _rise(z, 75, 92)
        + 0.15 * _blob(x, y, 0, -62, 14) * _rise(z, 60, 80)
    )
    red = red + 0.40 * skin.ear + 0.18 * _solid(rng, where, 11).clip(0)
    base = _mix(base, palette.blush, np.clip(red * (1 + 0.5 * mottle), 0, 0.75))
    ex, ey = skin.eye[0], skin.eye[1]
    lids = np.exp(-(((x - ex) / 17) ** 2) - ((y - ey - 2) / 9) ** 2) * _rise(z, 42, 60)
    base = _mix(base, palette.shade, 0.34 * lids + 0.30 * np.clip(skin.hollow, 0, 1))
    jaw = np.exp(-(((y + 48) / 26) ** 2)) * _rise(z, 0, 50) * 0.07
    base = _mix(base, _darker(palette.shade, 0.9), jaw)
    return base * (1 - 0.06 * np.clip(skin.hollow, -1, 0))[..., None]


def _lip_strength(skin: SkinMap, rng: np.random.Generator) -> Array:
    lines = 0.5 + 0.5 * _noise(rng, 3)
    edge = np.clip((skin.lip - 0.28 + 0.08 * _noise(rng, 5)) / 0.42, 0, 1)
    return _softened(edge * (0.62 + 0.22 * lines), skin.covered, TEXEL)


def _hair(skin: SkinMap, rng: np.random.Generator) -> Array:
    """Strength of the short hair: dense on the scalp, single hairs at its edge."""
    wander = skin.position + (4 * _solid(rng, skin.position, 12) + 1.2 * _noise(rng, 9))[..., None]
    cover = hair_coverage(wander, PAINTED) * (1 - np.clip(skin.ear * 2.4, 0, 1)) * (1 - skin.lip)
    cover = _softened(cover, skin.covered, 2 * TEXEL)
    strands = _strands(skin, rng)
    body = np.clip(2.2 * cover - 1.0, 0, 1)
    single = np.clip((2.3 * cover - 1.0 + 0.25 * body + 0.85 * strands) / 0.9, 0, 1)
    shadow = 0.35 * np.clip(cover * 1.6, 0, 1)
    dense = np.maximum(single * (0.6 + 0.4 * body), shadow)
    return np.asarray(dense * (0.85 + 0.15 * strands))


def _strands(skin: SkinMap, rng: np.random.Generator) -> Array:
    """Noise drawn out along lines that leave the crown."""
    offset = skin.position - np.array([0.0, 118.0, -55.0])
    around = np.arctan2(offset[..., 0], offset[..., 2]) / (2 * np.pi) * 1500
    outward = np.linalg.norm(offset, axis=-1) / 3.0
    field = rng.standard_normal((1600, 128), np.float32)
    smooth = gaussian_filter(field, 0.6, mode="wrap")
    sampled = map_coordinates(smooth, [around % 1600, outward % 128], order=1, mode="wrap")
    return np.asarray(np.clip(sampled / 1.2, -1, 1))


def _brows(skin: SkinMap, rng: np.random.Generator) -> Array:
    """Two brows of single hairs, drawn at twice the size."""
    sheet = Image.new("L", (2 * SIZE, 2 * SIZE), 0)
    pen = ImageDraw.Draw(sheet)
    for side in (1.0, -1.0):
        for hair in _brow_hairs(skin.eye, rng):
            hair[:, 0] *= side
            track = skin.to_uv(hair)
            if np.isfinite(track).all():
                pixels = [(2 * SIZE * u, 2 * SIZE * (1 - v)) for u, v in track]
                strength = _rise(np.abs(hair[0, 0]), 8.0, 17.0) * 0.65 + 0.35  # thin at the nose
                fill = int(strength * rng.integers(70, 205))
                pen.line(pixels, fill=fill, width=int(rng.integers(2, 4)))
    drawn = np.asarray(sheet.resize((SIZE, SIZE), Image.Resampling.LANCZOS), np.float32) / 255
    under = gaussian_filter(drawn, 6 * TEXEL) * 0.55
    return np.clip(drawn + under, 0, 1)


def _brow_hairs(eye: Array, rng: np.random.Generator) -> list[Array]:
    hairs = []
    degrees = np.array(BROW_ANGLES, float)
    for x in rng.uniform(BROW[0, 0], BROW[-1, 0], BROW_HAIRS):
        middle, half = (np.interp(x, BROW[:, 0], BROW[:, k]) for k in (1, 2))
        across = rng.uniform(-1, 1)
        turn = np.interp(x, degrees[:, 0], degrees[:, 1]) - 16 * across + rng.normal(0, 7)
        length = rng.uniform(4.0, 7.5) * (0.55 + 0.45 * half / 3.9)
        steps = np.linspace(-0.3, 0.7, 5)[:, None] * length
        bend = np.radians(turn - 14 * np.linspace(0, 1, 5))[:, None]
        path = np.column_stack([np.cos(bend), np.sin(bend)]) * steps
        hairs.append(np.array([x, eye[1] + middle + 0.8 * across * half]) + path)
    return hairs


def _lip_masks(count: int, rings: Ints, cavity: Ints) -> tuple[Array, Array]:
    lip, wet = np.zeros(count), np.zeros(count)
    for ring in range(rings.shape[1]):
        lip[rings[:, ring]] = 0.30 if ring == 0 else 1.0
        wet[rings[:, ring]] = max(0.0, (ring - 4) / 6)
    lip[cavity] = wet[cavity] = 1.0
    return lip, np.clip(wet, 0, 1)


def _lid_distance(points: Array, lids: Ints) -> Array:
    """Distance (V,) in mm to the front edges of the upper lids."""
    steps = np.linspace(0, 1, 8)[:, None, None]
    lines = [points[lid[:-1]] * (1 - steps) + points[lid[1:]] * steps for lid in lids]
    return np.asarray(cKDTree(np.concatenate(lines).reshape(-1, 3)).query(points)[0])


def _hollow(points: Array, quads: Ints) -> Array:
    """Mean curvature by the umbrella operator, scaled to -1..1: positive in creases."""
    edges = np.concatenate([quads[:, [i, (i + 1) % 4]] for i in range(4)])
    edges = np.concatenate([edges, edges[:, ::-1]])
    total, count = np.zeros_like(points), np.zeros(len(points))
    np.add.at(total, edges[:, 0], points[edges[:, 1]])
    np.add.at(count, edges[:, 0], 1)
    normals = vertex_normals(points, quads)
    size = np.zeros(len(points))
    np.add.at(size, edges[:, 0], np.linalg.norm(points[edges[:, 0]] - points[edges[:, 1]], axis=1))
    used = np.maximum(count, 1)
    bend = ((total / used[:, None] - points) * normals).sum(1) / np.maximum(size / used, 1e-6)
    return np.asarray(np.clip(bend * 3.5, -1, 1))


def _ear_mask() -> Array:
    v, u = (np.mgrid[0:SIZE, 0:SIZE] / SIZE).astype(np.float32)
    (cu, cv), (ru, rv) = EAR
    near = np.minimum(np.abs(u - cu), np.abs(1 - u - cu))
    return np.asarray(np.clip(1.6 - 1.6 * ((near / ru) ** 2 + ((1 - v - cv) / rv) ** 2), 0, 1))


def _noise(rng: np.random.Generator, grain: int) -> Array:
    """Smooth noise of about -1..1 whose features are `grain` texels wide."""
    cells = int(SIZE / max(grain * TEXEL, 1.0)) + 1
    coarse = rng.standard_normal((cells + 2, cells + 2), np.float32)
    fine = zoom(coarse, (SIZE + 0.5) / cells, order=1 if grain < 6 else 3)[:SIZE, :SIZE]
    return np.clip(fine / 1.6, -1, 1)


def _solid(rng: np.random.Generator, where: Array, grain: float) -> Array:
    """Smooth noise of about -1..1 in space, `grain` mm wide: nothing shows where islands meet."""
    cells = 48
    lattice = rng.standard_normal((cells,) * 3, np.float32)
    fine = map_coordinates(lattice, np.moveaxis(where / grain, -1, 0), order=1, mode="grid-wrap")
    return np.clip(fine, -1, 1)


def _softened(values: Array, covered: np.ndarray, width: float) -> Array:
    """Values blurred within the islands: what lies between them does not darken their edges."""
    shares = np.maximum(gaussian_filter(covered.astype(np.float32), width), 1e-3)
    return np.asarray(gaussian_filter(values * covered, width) / shares)


def _blob(x: Array, y: Array, cx: float, cy: float, size: float) -> Array:
    return np.asarray(np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / (2 * size**2)))


def _rise(value: Array, low: float, high: float) -> Array:
    """0 below `low`, 1 above `high`, smooth in between."""
    t = np.clip((value - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t))


def _mix(base: Array, colour: tuple[float, float, float], share: Array) -> Array:
    part = np.asarray(share, np.float32)[..., None]
    return base + (np.array(colour, np.float32) - base) * part


def _darker(colour: tuple[float, float, float], factor: float) -> tuple[float, float, float]:
    return (colour[0] * factor, colour[1] * factor, colour[2] * factor)
