# SPDX-License-Identifier: GPL-3.0-or-later
"""Lips that are far apart at a p b m are first brought near each other, then mended.

A mouth that is open wide lies beyond what bounded gradient steps reach. What opens it is weakened
about the contact as far as is needed, as an artist does who pulls those keys down.
"""

from __future__ import annotations

import numpy as np

from .contract import UNITS, FloatArray
from .lips import LipProbe
from .repair_limits import JAW_OPEN, MOUTH_CLOSE
from .repair_target import SoundTarget, windows

FAR = 8.0  # mm between lips from which on steps alone may not close them
NEAR = 4.0  # mm that are left to the steps
EDGE = 6  # frames over which the weakening begins and ends: 20 mm at 260 mm/s
SHARES = 20  # steps in which it is looked for
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
    """Units (frames, 52) that open the lips so much less about the event that they come near."""
    place = np.arange(len(units))
    away = np.maximum(np.maximum(event[0] - place, place - (event[1] - 1)), 0) / EDGE
    gate = 0.5 + 0.5 * np.cos(np.pi * np.minimum(away, 1.0))
    inside = slice(max(0, event[0]), max(1, event[1]))
    weaker = units
    for share in np.linspace(0.0, 1.0, SHARES + 1)[1:]:
        weaker = units.copy()
        less = 1.0 - float(share) * gate[:, None] * free[:, OPENERS]
        weaker[:, OPENERS] = units[:, OPENERS] * less
        shutting = np.minimum(units[:, MOUTH_CLOSE], weaker[:, JAW_OPEN])
        weaker[:, MOUTH_CLOSE] = np.where(free[:, MOUTH_CLOSE] > 0, shutting, units[:, MOUTH_CLOSE])
        if probe.aperture(weaker[inside]).min(initial=np.inf) <= NEAR:
            break
    return weaker
