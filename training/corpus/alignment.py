# SPDX-License-Identifier: GPL-3.0-or-later
"""Phone alignments: contiguous segments from 0 s to the clip's end, and their frame labels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from model_runtime.phones import PHONE_INDEX, SILENCE

SHORTEST_SILENCE = 0.03  # s; a briefer gap inside speech is no rest of the mouth


@dataclass(frozen=True)
class Segment:
    """One phone from `start` to `end`, in seconds; `stress` of a vowel 0..2, None if unknown."""

    phone: str
    start: float
    end: float
    stress: int | None = None

    @property
    def seconds(self) -> float:
        return self.end - self.start


Segments = tuple[Segment, ...]


def tidy(segments: Iterable[Segment], seconds: float) -> Segments:
    """Contiguous segments covering exactly 0..`seconds`.

    Gaps become silence, overlaps are cut at the later start, neighbouring silences join, and a
    silence under 30 ms between two phones goes to the phone before it. Raises ValueError when a
    phone is not in `phones.PHONES`.
    """
    filled = _fill(_clip(segments, seconds), seconds)
    return tuple(_merge_silence(filled))


def scale_segments(segments: Sequence[Segment], factor: float) -> Segments:
    """The same phones with every time multiplied by `factor` (1 / speed)."""
    return tuple(replace(s, start=s.start * factor, end=s.end * factor) for s in segments)


def shift_segments(segments: Sequence[Segment], seconds: float) -> Segments:
    """The same phones `seconds` later."""
    return tuple(replace(s, start=s.start + seconds, end=s.end + seconds) for s in segments)


def frame_labels(
    segments: Sequence[Segment], frames: int, rate: float = 50.0
) -> npt.NDArray[np.int64]:
    """Phone index at each frame's centre, (k + 0.5) / rate: (frames,); silence past the end."""
    labels = np.full(frames, PHONE_INDEX[SILENCE], np.int64)
    if not segments:
        return labels
    centres = (np.arange(frames) + 0.5) / rate
    which = np.searchsorted([s.start for s in segments], centres, side="right") - 1
    inside = (which >= 0) & (centres < segments[-1].end)
    indices = np.array([PHONE_INDEX[s.phone] for s in segments])
    labels[inside] = indices[which[inside]]
    return labels


def _clip(segments: Iterable[Segment], seconds: float) -> list[Segment]:
    kept: list[Segment] = []
    for segment in segments:
        if segment.phone not in PHONE_INDEX:
            raise ValueError(f"Phone '{segment.phone}' is not in the phone set.")
        start = max(segment.start, 0.0)
        end = min(segment.end, seconds)
        if end - start < 1e-6:
            continue
        if kept and kept[-1].end > start:
            kept[-1] = replace(kept[-1], end=start)
        kept.append(replace(segment, start=start, end=end))
    return [s for s in kept if s.end - s.start > 1e-6]


def _fill(segments: Sequence[Segment], seconds: float) -> list[Segment]:
    filled: list[Segment] = []
    clock = 0.0
    for segment in segments:
        if segment.start > clock:
            filled.append(Segment(SILENCE, clock, segment.start))
        filled.append(segment)
        clock = segment.end
    if clock < seconds:
        filled.append(Segment(SILENCE, clock, seconds))
    return filled


def _merge_silence(segments: Sequence[Segment]) -> list[Segment]:
    joined: list[Segment] = []
    for segment in segments:
        if joined and segment.phone == SILENCE == joined[-1].phone:
            joined[-1] = replace(joined[-1], end=segment.end)
        else:
            joined.append(segment)
    merged: list[Segment] = []
    for index, segment in enumerate(joined):
        inner = 0 < index < len(joined) - 1
        if inner and segment.phone == SILENCE and segment.seconds < SHORTEST_SILENCE:
            merged[-1] = replace(merged[-1], end=segment.end)
        else:
            merged.append(segment)
    return merged
