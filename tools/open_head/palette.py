# SPDX-License-Identifier: GPL-3.0-or-later
"""Colours of the painted skins (sRGB, 0..1) and which person wears which."""

from __future__ import annotations

from dataclasses import dataclass

Colour = tuple[float, float, float]


@dataclass(frozen=True)
class Palette:
    """Colours of one complexion."""

    skin: Colour
    blush: Colour
    shade: Colour  # creases, eyelids
    lips: Colour
    hair: Colour
    hair_strength: float = 0.9


PALETTES: dict[str, Palette] = {
    "skin": Palette(
        (0.80, 0.61, 0.51),
        (0.78, 0.45, 0.40),
        (0.56, 0.37, 0.31),
        (0.70, 0.40, 0.38),
        (0.17, 0.12, 0.09),
    ),
    "skin_light": Palette(
        (0.87, 0.71, 0.63),
        (0.86, 0.54, 0.50),
        (0.65, 0.45, 0.40),
        (0.76, 0.46, 0.45),
        (0.36, 0.24, 0.15),
    ),
    "skin_dark": Palette(
        (0.46, 0.30, 0.22),
        (0.45, 0.22, 0.17),
        (0.28, 0.16, 0.12),
        (0.42, 0.22, 0.20),
        (0.06, 0.05, 0.045),
    ),
    "skin_grey": Palette(
        (0.83, 0.67, 0.58),
        (0.82, 0.50, 0.45),
        (0.60, 0.42, 0.36),
        (0.70, 0.45, 0.43),
        (0.47, 0.45, 0.43),
        0.75,
    ),
}

WORN = {
    "Amara": "skin_dark",
    "Bruno": "skin",
    "Chen": "skin",
    "Dalia": "skin",
    "Elif": "skin",
    "Finn": "skin_light",
    "Grace": "skin_grey",
    "Hiro": "skin_grey",
    "Ines": "skin_light",
    "Jamal": "skin_dark",
    "Kaya": "skin",
    "Luis": "skin",
    "Mila": "skin_light",
    "Noor": "skin_dark",
    "Otto": "skin_grey",
    "Priya": "skin",
}
