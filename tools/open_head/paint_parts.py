# SPDX-License-Identifier: GPL-3.0-or-later
"""Paints the small textures: eyes, teeth, gums, tongue, lashes."""

from __future__ import annotations

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter

from .source import Array
from .surface import EYE_EDGE

EYE_SIZE = 512
IRIS = np.radians(22.5)  # the balls are larger than real ones, so the angle is smaller
PUPIL = np.radians(8.2)
BROWN = ((0.24, 0.13, 0.07), (0.43, 0.27, 0.13))  # outer, inner


def paint_eyes() -> Image.Image:
    """Sclera with faint veins, limbal ring, brown iris with fibres, pupil."""
    rng = np.random.default_rng(11)
    grid = (np.mgrid[0:EYE_SIZE, 0:EYE_SIZE] + 0.5) / EYE_SIZE - 0.5
    across, up = grid[1], -grid[0]
    polar = np.hypot(across, up) / 0.495 * EYE_EDGE
    angle = np.arctan2(up, across)
    colour = _sclera(polar, angle, rng)
    iris = _iris(polar, angle, rng)
    soft = np.radians(1.3)
    inside = np.clip((IRIS - polar) / soft + 0.5, 0, 1)[..., None]
    colour = colour * (1 - inside) + iris * inside
    ring = np.exp(-(((polar - IRIS + soft) / np.radians(1.9)) ** 2))[..., None]
    colour = colour * (1 - 0.62 * ring)
    pupil = np.clip((PUPIL - polar) / np.radians(0.9) + 0.5, 0, 1)[..., None]
    colour = colour * (1 - pupil) + 0.012 * pupil
    glint = np.exp(-((across + 0.052) ** 2 + (up - 0.062) ** 2) / 0.0155**2)[..., None]
    colour = colour * (1 - 0.85 * glint) + 0.95 * 0.85 * glint
    return _image(colour)


def paint_teeth() -> Image.Image:
    """v runs along the tooth in u: a little grey at the edge, ivory, warmer at the neck."""
    level = np.broadcast_to((np.arange(64) + 0.5) / 64, (8, 64))
    stops = np.array([0, 0.12, 0.35, 0.8, 1.0])
    red = np.interp(level, stops, [0.82, 0.89, 0.91, 0.86, 0.78])
    green = np.interp(level, stops, [0.82, 0.87, 0.88, 0.80, 0.66])
    blue = np.interp(level, stops, [0.80, 0.82, 0.81, 0.69, 0.54])
    return _image(np.stack([red, green, blue], -1))


def paint_gums() -> Image.Image:
    rng = np.random.default_rng(5)
    spots = gaussian_filter(rng.standard_normal((64, 64)), 3, mode="wrap") * 0.5
    base = np.array([0.68, 0.35, 0.34]) * (1 + 0.12 * spots[..., None])
    return _image(base)


def paint_tongue() -> Image.Image:
    """Pink with a paler, rougher back and a darker middle line."""
    rng = np.random.default_rng(3)
    size = 128
    rough = gaussian_filter(rng.standard_normal((size, size)), 1.0) * 0.6
    u = (np.arange(size) + 0.5) / size
    line = np.exp(-(((u - 0.5) / 0.03) ** 2))[None, :, None]
    base = np.array([0.66, 0.34, 0.34]) * (1 + 0.14 * rough[..., None])
    return _image(base * (1 - 0.12 * line))


def paint_lashes() -> Image.Image:
    return _image(np.broadcast_to(np.array([0.09, 0.06, 0.05]), (8, 8, 3)))


def _sclera(polar: Array, angle: Array, rng: np.random.Generator) -> Array:
    outward = np.clip((polar - IRIS) / (EYE_EDGE - IRIS), 0, 1)
    base = np.stack([0.83 - 0.14 * outward, 0.80 - 0.25 * outward, 0.78 - 0.27 * outward], -1)
    veins = np.zeros_like(polar)
    for _ in range(38):
        start, bend = rng.uniform(-np.pi, np.pi), rng.uniform(-0.5, 0.5)
        wave = 0.05 * np.sin(polar * rng.uniform(8, 20) + rng.uniform(0, 6))
        away = np.angle(np.exp(1j * (angle - start - bend * polar - wave)))
        thin = np.exp(-((away * polar / 0.006) ** 2))
        veins += thin * np.clip(outward * 1.6 - rng.uniform(0.2, 0.7), 0, 1)
    share = np.clip(veins, 0, 1)[..., None] * 0.35
    return np.asarray(base * (1 - share) + np.array([0.72, 0.32, 0.28]) * share)


def _iris(polar: Array, angle: Array, rng: np.random.Generator) -> Array:
    fibres = np.zeros_like(polar)
    for count in (37, 61, 97, 151):
        swirl = 0.25 * np.sin(3 * angle + count) * (polar - PUPIL)
        fibres += np.cos(count * (angle + swirl) + rng.uniform(0, 6)) / 4
    inner = np.clip((polar - PUPIL) / (IRIS - PUPIL), 0, 1)
    glow = np.exp(-(((inner - 0.32) / 0.28) ** 2))
    mix = np.clip(glow * (0.85 + 0.45 * fibres), 0, 1)[..., None]
    low, high = np.array(BROWN[0]), np.array(BROWN[1])
    return np.asarray((low * (1 - mix) + high * mix) * (1 + 0.22 * fibres[..., None]))


def _image(colour: Array) -> Image.Image:
    return Image.fromarray((np.clip(colour, 0, 1) * 255 + 0.5).astype(np.uint8))
