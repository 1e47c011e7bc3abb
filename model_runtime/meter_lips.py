# SPDX-License-Identifier: GPL-3.0-or-later
"""What the lips say and what the sound lets expect of them: two small networks that meet.

Both bring their side, with what lies about it, into the same few dimensions; the product of the two
is the log of how much likelier these lips are at this sound than at any other. Fitted to motions of
many hands (training.fit_lips), the lips' own mean and strength left out, so that it holds for a rig
and a style that no judge has seen.
"""

from __future__ import annotations

import numpy as np
import torch
from scipy.ndimage import uniform_filter1d
from torch import Tensor, nn

from .contract import FloatArray
from .meter_motion import Mouth
from .phones import PHONES

CUES = len(PHONES) + 1  # of the sound: phones and loudness
CUE_TAPS = (-10, -6, -4, -2, 0, 2, 4, 6, 10)  # frames about each whose cues count
LIP_SHAPES = 5  # swing of aperture, width and lower lip to teeth; shut; bitten
LIP_TAPS = (-8, -6, -4, -2, -1, 0, 1, 2, 4, 6, 8)
SWING = 61  # frames that the lips' own mean and spread are taken over
SWING_REACH = 2 * (SWING // 2) + 2 + max(LIP_TAPS)  # frames on either side that have a part
LEAST_SPREAD = 0.02  # of a shape, so that trembling does not count as moving
WIDE_MM = 8.0
SHUT_MM, SHUT_SOFT = 0.7, 0.35  # lips as near as this are half shut, and how softly
BITTEN_MM, BITTEN_SOFT = 1.4, 0.5
HIDDEN, MEETING = 32, 16


class LipMatch(nn.Module):
    """Cues (n, CUES) and lips (n, LIP_SHAPES) of the same frames; both into (n, MEETING)."""

    def __init__(self) -> None:
        super().__init__()
        self.sound = _tower(len(CUE_TAPS) * CUES)
        self.lips = _tower(len(LIP_TAPS) * LIP_SHAPES)

    def of_sound(self, cues: Tensor) -> Tensor:
        return self.sound(tapped(cues, CUE_TAPS))

    def of_lips(self, shapes: Tensor) -> Tensor:
        return self.lips(tapped(shapes, LIP_TAPS))


def _tower(inputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inputs, HIDDEN), nn.Tanh(), nn.Linear(HIDDEN, MEETING))


def tapped(rows: Tensor, taps: tuple[int, ...]) -> Tensor:
    """Rows (n, k) -> each with those about it (n, len(taps) * k), ends held."""
    at = torch.arange(len(rows), device=rows.device)
    return torch.cat([rows[(at + tap).clamp(0, len(rows) - 1)] for tap in taps], 1)


def lip_shapes(mouth: Mouth) -> FloatArray:
    """(T, LIP_SHAPES) of lips in mm; in an opening the last millimetres count less."""
    moving = np.stack(
        (
            np.tanh(np.maximum(mouth.aperture, 0.0) / WIDE_MM),
            mouth.width / WIDE_MM,
            np.tanh(mouth.labiodental / WIDE_MM),
        ),
        1,
    )
    touching = (
        _soft((SHUT_MM - mouth.aperture) / SHUT_SOFT),
        _soft((BITTEN_MM - mouth.labiodental) / BITTEN_SOFT),
    )
    return np.concatenate((_swing(moving), np.stack(touching, 1)), 1).astype(np.float32)


def _swing(shapes: FloatArray) -> FloatArray:
    """Shapes (T, n) less their mean nearby, over their spread nearby."""
    about = uniform_filter1d(shapes, SWING, axis=0, mode="nearest")
    away = shapes - about
    # A running mean of squares ends a rounding error below 0 where the lips come to stand still.
    square = np.maximum(uniform_filter1d(away**2, SWING, axis=0, mode="nearest"), 0.0)
    spread = np.sqrt(square)
    return np.asarray(np.clip(away / (spread + LEAST_SPREAD), -2.5, 2.5), np.float32)


def _soft(values: FloatArray) -> FloatArray:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(values, -20.0, 20.0))), np.float32)
