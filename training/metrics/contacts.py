# SPDX-License-Identifier: GPL-3.0-or-later
"""Do the lips meet where the words need it, and only there? Counted by event against phones."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from model_runtime.contacts import runs
from model_runtime.contract import MOTION_FPS
from model_runtime.phones import BILABIAL, LABIODENTAL, SILENCE, VOWELS

from .curves import MouthCurves, RestPose
from .ratio import Ratio

if TYPE_CHECKING:
    from ..corpus.alignment import Segment

BoolArray = npt.NDArray[np.bool_]

TOLERANCE = 0.040  # s on either side of a phone: what automatic labels are good for
CLOSED = 0.3  # mm, at most: a viewer sees shut lips
TOOTH_CONTACT = 1.0  # mm, at most, from the lower lip to the upper incisors
FRICATIVE_APERTURE = (0.3, 4.0)  # mm between the lips while the lower one is at the teeth
LONG_SILENCE = 0.3  # s, a silence longer than this one must find the face at rest
SILENCE_TRIM = 0.1  # s at each end of it, for anticipation and carry-over
REST_APERTURE = 0.5  # mm above the rest pose's own
REST_JAW = 2.0  # mm above the rest pose's own


def frames_in(start: float, end: float, count: int, fps: float = MOTION_FPS) -> slice:
    """Frames i of `count` whose time i / fps, where Blender keys them, is in [start, end] s."""
    first = max(0, math.ceil(start * fps - 1e-6))
    last = min(count - 1, math.floor(end * fps + 1e-6))
    return slice(first, max(first, last + 1))


def mark(spans: Iterable[tuple[float, float]], count: int, fps: float = MOTION_FPS) -> BoolArray:
    """(count,) True at the frames inside any of `spans` (seconds)."""
    marked = np.zeros(count, bool)
    for start, end in spans:
        marked[frames_in(start, end, count, fps)] = True
    return marked


def closed_at_bilabials(
    curves: MouthCurves, segments: Sequence[Segment], fps: float = MOTION_FPS
) -> Ratio:
    """p b m whose lips are shut at some frame of the phone, 40 ms more at each side."""
    return _met(curves.aperture <= CLOSED, segments, BILABIAL, fps)


def contact_at_labiodentals(
    curves: MouthCurves, segments: Sequence[Segment], fps: float = MOTION_FPS
) -> Ratio:
    """f v with the lower lip at the upper incisors while the lips stay a little apart."""
    low, high = FRICATIVE_APERTURE
    apart = (curves.aperture >= low) & (curves.aperture <= high)
    return _met(apart & (curves.labiodental_gap <= TOOTH_CONTACT), segments, LABIODENTAL, fps)


def closure_precision(
    curves: MouthCurves,
    segments: Sequence[Segment],
    fps: float = MOTION_FPS,
    margin: float = 0.0,
) -> Ratio:
    """Of the closures outside silence, those that overlap a p b m by 40 ms or better.

    A closure is a run of shut frames between silences; `margin` (s) widens the silences, so that
    lips that part a moment after the voice starts do not count.
    """
    count = len(curves)
    shut = (curves.aperture <= CLOSED) & speech_frames(segments, count, fps, margin)
    wanted = mark(_widened(segments, BILABIAL), count, fps)
    closures = runs(shut)
    return Ratio(sum(bool(wanted[a:b].any()) for a, b in closures), len(closures))


def shut_vowels(curves: MouthCurves, segments: Sequence[Segment], fps: float = MOTION_FPS) -> Ratio:
    """Vowels at whose centre the lips are shut."""
    centres = [round((s.start + s.end) / 2 * fps) for s in segments if s.phone in VOWELS]
    inside = [frame for frame in centres if frame < len(curves)]
    return Ratio(int((curves.aperture[inside] <= CLOSED).sum()), len(inside))


def rest_in_silence(
    curves: MouthCurves,
    segments: Sequence[Segment],
    rest: RestPose | None = None,
    fps: float = MOTION_FPS,
) -> Ratio:
    """Inner frames of the long silences at which lips and jaw are where `rest` has them."""
    rest = rest or RestPose()
    inner = [
        (start + SILENCE_TRIM, end - SILENCE_TRIM)
        for start, end in silences(segments)
        if end - start > LONG_SILENCE
    ]
    frames = mark(inner, len(curves), fps)
    still = curves.aperture <= max(rest.aperture, 0.0) + REST_APERTURE
    still &= curves.jaw <= rest.jaw + REST_JAW
    return Ratio(int((still & frames).sum()), int(frames.sum()))


def silences(segments: Sequence[Segment]) -> list[tuple[float, float]]:
    """Spans of silence in seconds, neighbours joined."""
    spans: list[tuple[float, float]] = []
    for segment in segments:
        if segment.phone != SILENCE:
            continue
        if spans and segment.start - spans[-1][1] < 1e-3:
            spans[-1] = (spans[-1][0], segment.end)
        else:
            spans.append((segment.start, segment.end))
    return spans


def speech_frames(
    segments: Sequence[Segment], count: int, fps: float = MOTION_FPS, margin: float = 0.0
) -> BoolArray:
    """(count,) True inside the phones and farther than `margin` seconds from any silence."""
    spoken = mark([(s.start, s.end) for s in segments if s.phone != SILENCE], count, fps)
    quiet = mark([(a - margin, b + margin) for a, b in silences(segments)], count, fps)
    return spoken & ~quiet


def _widened(segments: Sequence[Segment], phones: frozenset[str]) -> list[tuple[float, float]]:
    return [(s.start - TOLERANCE, s.end + TOLERANCE) for s in segments if s.phone in phones]


def _met(
    holds: BoolArray, segments: Sequence[Segment], phones: frozenset[str], fps: float
) -> Ratio:
    windows = [holds[frames_in(a, b, len(holds), fps)] for a, b in _widened(segments, phones)]
    events = [bool(window.any()) for window in windows if len(window)]
    return Ratio(sum(events), len(events))
