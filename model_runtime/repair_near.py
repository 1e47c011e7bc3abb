# SPDX-License-Identifier: GPL-3.0-or-later
"""Lips that are far apart at a p b m are first brought near each other, then mended.

A mouth that is open wide lies beyond what bounded gradient steps reach. What opens it is weakened
as far as is needed for the lips to come near at the contact and to part no faster than they do in
speech about it, as an artist does who pulls those keys down.
"""

from __future__ import annotations

import numpy as np

from .contract import MOTION_FPS, UNITS, FloatArray
from .lips import LipProbe
from .repair_limits import JAW_OPEN, MOUTH_CLOSE
from .repair_target import SoundTarget, windows

FAR = 8.0  # mm between lips from which on steps alone may not close them
NEAR = 4.0  # mm that are left to the steps
PARTING = 80.0  # mm/s by which lips may be farther apart before and after
CALM = (0.0625, 0.25, 0.375, 0.25, 0.0625)  # so that the weakening has no corners
OPENERS = tuple(
    i
    for i, name in enumerate(UNITS)
    if name.startswith(("jawOpen", "jawForward", "mouthLowerDown", "mouthUpperUp", "mouthFunnel"))
)


def near(
    probe: LipProbe, motion: FloatArray, target: SoundTarget, span: range, free: FloatArray
) -> FloatArray:
    """The span's units (len(span), 52) of a motion (frames, 52), lips near at every p b m of it.

    free (len(span), 52) 0..1: how far each weight may be changed. Contacts that are made or nearly
    so are left alone.
    """
    found = np.ascontiguousarray(motion[span.start : span.stop, : len(UNITS)], np.float32)
    for event, rows in zip(target.events(0, span), windows(target, 0, span), strict=True):
        here = slice(
            max(rows.start, span.start) - span.start, min(rows.stop, span.stop) - span.start
        )
        if probe.aperture(found[here]).min(initial=np.inf) > FAR:
            found = _weakened(probe, found, free, (event[0] - span.start, event[1] - span.start))
    return found


def _weakened(
    probe: LipProbe, units: FloatArray, free: FloatArray, event: tuple[int, int]
) -> FloatArray:
    """Units (frames, 52) with less of OPENERS about the event: lips come near there."""
    place = np.arange(len(units))
    away = np.maximum(np.maximum(event[0] - place, place - (event[1] - 1)), 0)
    most = NEAR + PARTING / MOTION_FPS * away
    least = units.copy()
    least[:, OPENERS] = 0.0
    wide, shut = probe.aperture(units), probe.aperture(least)
    share = np.clip((wide - most) / np.maximum(wide - shut, 1e-3), 0.0, 1.0)
    share = np.convolve(np.pad(share, len(CALM) // 2, mode="edge"), CALM, "valid")
    weaker = units.copy()
    weaker[:, OPENERS] *= (1.0 - share[:, None] * free[:, OPENERS]).astype(np.float32)
    shutting = np.minimum(units[:, MOUTH_CLOSE], weaker[:, JAW_OPEN])
    weaker[:, MOUTH_CLOSE] = np.where(free[:, MOUTH_CLOSE] > 0, shutting, units[:, MOUTH_CLOSE])
    return weaker
