# SPDX-License-Identifier: GPL-3.0-or-later
"""What each phone asks of the mouth, and how firmly it asks: the tables of the speech layer.

Targets are weights of the head's units at full articulation, chosen so that the mid lip aperture
comes to about the values measured on talkers (vowels 5-13 mm, s z and sh ch 3-6 mm; Westbury 1994,
Fromkin 1964, Edwards et al. 2016, table 1). Firmness is Cohen and Massaro's (1993) dominance
magnitude: a phone that needs an articulator holds it (s: the jaw, w: the lips), one that does not
lets its neighbours through (k and h: the lips).
"""

from __future__ import annotations

import numpy as np

from model_runtime.contract import FloatArray
from model_runtime.phones import PHONES

PARAMETERS: tuple[str, ...] = ("jaw", "pucker", "funnel", "spread", "upper", "lower", "tongue")
JAW, PUCKER, FUNNEL, SPREAD, UPPER, LOWER, TONGUE = range(len(PARAMETERS))

TARGETS: dict[str, tuple[float, ...]] = {
    #       jaw  puck  funn  sprd  uppr  lowr  tong
    "SIL": (0.00, 0.00, 0.00, 0.00, 0.00, 0.00, 0.00),
    "AA": (0.36, 0.00, 0.02, 0.00, 0.10, 0.14, 0.00),
    "AE": (0.32, 0.00, 0.00, 0.25, 0.16, 0.22, 0.00),
    "AH": (0.21, 0.00, 0.02, 0.02, 0.08, 0.12, 0.00),
    "AO": (0.28, 0.30, 0.22, 0.00, 0.04, 0.06, 0.00),
    "EH": (0.23, 0.00, 0.00, 0.20, 0.12, 0.20, 0.00),
    "ER": (0.14, 0.22, 0.18, 0.00, 0.06, 0.12, 0.00),
    "IH": (0.15, 0.00, 0.00, 0.22, 0.10, 0.20, 0.00),
    "IY": (0.10, 0.00, 0.00, 0.45, 0.14, 0.28, 0.00),
    "UH": (0.13, 0.42, 0.18, 0.00, 0.02, 0.04, 0.00),
    "UW": (0.07, 0.80, 0.18, 0.00, 0.00, 0.02, 0.00),
    "W": (0.05, 0.90, 0.15, 0.00, 0.00, 0.02, 0.00),
    "Y": (0.08, 0.00, 0.00, 0.35, 0.12, 0.26, 0.00),
    "R": (0.09, 0.30, 0.24, 0.00, 0.04, 0.12, 0.00),
    "L": (0.12, 0.00, 0.00, 0.06, 0.10, 0.18, 0.00),
    "T": (0.08, 0.00, 0.02, 0.08, 0.12, 0.24, 0.00),
    "S": (0.045, 0.00, 0.02, 0.18, 0.16, 0.32, 0.00),
    "SH": (0.05, 0.26, 0.37, 0.00, 0.11, 0.20, 0.00),
    "TH": (0.12, 0.00, 0.00, 0.06, 0.10, 0.18, 0.32),
    "DH": (0.12, 0.00, 0.00, 0.06, 0.10, 0.18, 0.22),
    "K": (0.14, 0.00, 0.00, 0.06, 0.10, 0.16, 0.00),
    "HH": (0.16, 0.00, 0.00, 0.06, 0.08, 0.12, 0.00),
    "P": (0.07, 0.00, 0.00, 0.00, 0.00, 0.00, 0.00),
    "F": (0.06, 0.00, 0.00, 0.06, 0.10, 0.00, 0.00),
}
FIRMNESS: dict[str, tuple[float, ...]] = {
    #       jaw  puck  funn  sprd  uppr  lowr  tong
    "SIL": (0.9, 0.8, 0.8, 0.8, 0.9, 0.9, 1.0),
    "AA": (1.3, 0.7, 0.7, 0.7, 0.8, 0.8, 0.5),
    "AE": (1.2, 0.9, 0.9, 0.8, 0.8, 0.8, 0.5),
    "AH": (0.9, 0.5, 0.5, 0.4, 0.6, 0.6, 0.5),
    "AO": (1.2, 1.3, 1.3, 1.0, 0.8, 0.8, 0.5),
    "EH": (1.1, 0.8, 0.8, 0.7, 0.7, 0.7, 0.5),
    "ER": (0.9, 0.8, 0.8, 0.6, 0.6, 0.6, 0.5),
    "IH": (0.9, 0.5, 0.5, 0.5, 0.6, 0.6, 0.5),
    "IY": (1.1, 1.2, 1.2, 1.2, 0.8, 0.8, 0.5),
    "UH": (1.0, 1.3, 1.3, 1.1, 0.8, 0.8, 0.5),
    "UW": (1.3, 2.0, 2.0, 1.6, 1.0, 1.0, 0.5),
    "W": (1.6, 3.2, 3.2, 1.8, 1.2, 1.2, 0.5),
    "Y": (0.9, 0.9, 0.9, 0.9, 0.6, 0.6, 0.5),
    "R": (0.7, 0.9, 0.9, 0.7, 0.5, 0.5, 0.5),
    "L": (0.8, 0.28, 0.28, 0.25, 0.4, 0.4, 0.6),
    "T": (1.5, 0.25, 0.25, 0.25, 0.4, 0.5, 0.6),
    "S": (2.4, 0.4, 0.4, 0.4, 0.8, 1.0, 0.8),
    "SH": (2.2, 1.5, 1.8, 1.1, 0.8, 0.9, 0.8),
    "TH": (1.2, 0.3, 0.3, 0.3, 0.5, 0.6, 2.5),
    "DH": (1.0, 0.28, 0.28, 0.3, 0.4, 0.5, 2.0),
    "K": (0.6, 0.15, 0.15, 0.15, 0.25, 0.25, 0.5),
    "HH": (0.15, 0.05, 0.05, 0.08, 0.1, 0.1, 0.4),
    "P": (1.5, 0.3, 0.3, 0.4, 0.3, 0.3, 1.0),
    "F": (1.4, 0.3, 0.3, 0.4, 0.5, 0.8, 1.2),
}
ALIKE: dict[str, str] = {
    **dict.fromkeys(("B", "M"), "P"),
    "V": "F",
    **dict.fromkeys(("D", "N"), "T"),
    "Z": "S",
    **dict.fromkeys(("ZH", "CH", "JH"), "SH"),
    **dict.fromkeys(("G", "NG"), "K"),
}
GLIDES: dict[str, tuple[str, str]] = {  # diphthongs move from one vowel towards another
    "AW": ("AA", "UH"),
    "AY": ("AA", "IY"),
    "EY": ("EH", "IY"),
    "OW": ("AO", "UW"),
    "OY": ("AO", "IY"),
}
GLIDE_SHARE = 0.58  # of a diphthong's time belongs to its first vowel

# Seconds in which a phone's pull fades before its start and after its end: rounding is anticipated
# furthest (Lubker & Gay 1982, Bell-Berti & Harris 1982), the tongue tip hardly.
ANTICIPATION: FloatArray = np.array([0.042, 0.080, 0.080, 0.065, 0.046, 0.046, 0.026], np.float32)
CARRY_OVER: FloatArray = np.array([0.040, 0.060, 0.060, 0.055, 0.042, 0.042, 0.024], np.float32)


def _table(rows: dict[str, tuple[float, ...]]) -> FloatArray:
    shapes = [ALIKE.get(phone, GLIDES.get(phone, (phone,))[0]) for phone in PHONES]
    return np.array([rows[shape] for shape in shapes], np.float32)


TARGET_TABLE: FloatArray = _table(TARGETS)  # (phones, parameters), diphthongs by their first vowel
FIRMNESS_TABLE: FloatArray = _table(FIRMNESS)
