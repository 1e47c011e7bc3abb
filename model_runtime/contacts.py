# SPDX-License-Identifier: GPL-3.0-or-later
"""From soft posteriors to decided lip contacts: the condition that makes lips close.

A regressor half-closes where the posterior is 0.3 and a sampler closes in 30 % of its samples; eyes
forgive neither. So contacts are decided here, per event, at a chosen operating point, and the
denoiser is trained on gates of just this shape.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .contract import MOTION_FPS, FloatArray

Interval = tuple[float, float]  # seconds
EDGE = 0.03  # seconds over which a gate opens and closes


@dataclass(frozen=True)
class OperatingPoint:
    """Thresholds on calibrated posteriors; an event spans what is above `foot` around a peak."""

    bilabial: float = 0.2
    labiodental: float = 0.2
    silence: float = 0.5
    foot: float = 0.5  # share of the event's peak that still belongs to it
    shortest: float = 0.03  # seconds; a contact is held at least that long
    longest: float = 0.16
    shortest_silence: float = 0.12


def peak_events(posterior: FloatArray, threshold: float, point: OperatingPoint) -> list[Interval]:
    """Contacts in a posterior curve (frames,): one interval in seconds for each peak above it.

    An event reaches down to `foot` of its peak. Where the posterior is flat and long only the
    `longest` stretch around the peak is kept.
    """
    events: list[Interval] = []
    for first, last in runs(posterior >= threshold):
        for low, high in _split_at_valleys(posterior, first, last, point.foot):
            events.append(_event(posterior, low, high, point))
    return events


def runs(mask: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Half-open index ranges where a mask (frames,) is true."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], mask, [False])).astype(np.int8)))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def _split_at_valleys(
    curve: FloatArray, first: int, last: int, foot: float
) -> list[tuple[int, int]]:
    """Cut a run where the curve falls below `foot` of both neighbouring peaks ("b_m", "p_p")."""
    inner = curve[first:last]
    above = runs(inner >= foot * inner.max())
    return [(first + a, first + b) for a, b in above]


def _event(curve: FloatArray, first: int, last: int, point: OperatingPoint) -> Interval:
    start, end = first / MOTION_FPS, last / MOTION_FPS
    peak = (first + int(np.argmax(curve[first:last])) + 0.5) / MOTION_FPS
    if end - start > point.longest:
        start = max(start, min(peak - point.longest / 2, end - point.longest))
        end = start + point.longest
    if end - start < point.shortest:
        start, end = peak - point.shortest / 2, peak + point.shortest / 2
    return start, end


def silence_events(posterior: FloatArray, point: OperatingPoint) -> list[Interval]:
    """Silences long enough for the face to rest, in seconds."""
    smooth = np.convolve(np.pad(posterior, 2, mode="edge"), np.full(5, 0.2), mode="valid")
    spans = [(a / MOTION_FPS, b / MOTION_FPS) for a, b in runs(smooth >= point.silence)]
    return [(a, b) for a, b in spans if b - a >= point.shortest_silence]


def gates(events: list[Interval], frames: int) -> FloatArray:
    """Soft gates (frames,): 1 within each interval, raised-cosine edges of EDGE seconds around it.

    Motion frame i stands at i / 50 s.
    """
    curve = np.zeros(frames, np.float32)
    for start, end in events:
        first = max(0, int((start - EDGE) * MOTION_FPS) - 1)
        last = min(frames, int((end + EDGE) * MOTION_FPS) + 2)
        time = np.arange(first, last) / MOTION_FPS
        outside = np.maximum(np.maximum(start - time, time - end), 0.0) / EDGE
        gate = 0.5 + 0.5 * np.cos(np.pi * np.minimum(outside, 1.0))
        curve[first:last] = np.maximum(curve[first:last], gate)
    return curve


def contact_condition(
    bilabial: list[Interval],
    labiodental: list[Interval],
    rounded: FloatArray,
    silence: list[Interval],
) -> FloatArray:
    """The denoiser's contact condition: (frames, 4) in the order of phones.CONTACTS."""
    frames = len(rounded)
    columns = (gates(bilabial, frames), gates(labiodental, frames), rounded, gates(silence, frames))
    return np.stack(columns, axis=1).astype(np.float32)


def decide(posteriors: FloatArray, point: OperatingPoint) -> FloatArray:
    """Calibrated contact posteriors (frames, 4) -> contact condition (frames, 4)."""
    return contact_condition(
        peak_events(posteriors[:, 0], point.bilabial, point),
        peak_events(posteriors[:, 1], point.labiodental, point),
        posteriors[:, 2],
        silence_events(posteriors[:, 3], point),
    )
