# SPDX-License-Identifier: GPL-3.0-or-later
"""Motion at one frame rate becomes motion at another, and closed lips stay closed.

A windowed-sinc kernel (Turkowski 1990, Filters for Common Resampling Tasks) limits the band to
what the lower of the two rates can carry. A p, b or m may be closed for 40 ms only, which 24
frames a second cannot carry, so closures are put back afterwards: every closed span of the
source closes at least one frame of the result.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Indices = npt.NDArray[np.int64]

LOBES = 4  # zero crossings of the sinc on each side
KAISER_BETA = 6.0  # side lobes 60 dB down
GUARD = 0.92  # of the lower rate's Nyquist frequency, leaves room for the kernel's slope


@dataclass(frozen=True)
class Opening:
    """Lip opening of a motion, in mm: the smallest of K gaps, each linear in the motion.

    The lips roll, so it is not always the same two points that meet: one gap for each pair.
    """

    per_channel: Floats  # (K, C) mm for each channel at 1
    rest: Floats  # (K,) mm
    closed: float = 0.3  # an opening up to this looks closed

    def of(self, motion: Floats) -> Floats:
        """Opening of each frame: motion (T, C) -> (T,) mm, negative where the lips press."""
        return np.asarray((motion @ self.per_channel.T + self.rest).min(axis=1), np.float32)

    def share(self, frame: Floats, toward: Floats, goal: float) -> float:
        """How much of the step `toward` (C,) brings `frame` (C,) down to `goal`: 0..1."""
        above = frame @ self.per_channel.T + self.rest - goal
        gain = toward @ self.per_channel.T
        shares = above[gain < 0] / -gain[gain < 0]
        return float(np.clip(shares.min(initial=1.0), 0.0, 1.0))


def frame_count(frames: int, source_rate: float, rate: float) -> int:
    """How many frames at `rate` cover `frames` frames at `source_rate`, both ends included."""
    return math.ceil((frames - 1) * rate / source_rate - 1e-6) + 1 if frames else 0


def resample(
    motion: Floats, source_rate: float, rate: float, opening: Opening | None = None
) -> Floats:
    """Motion (T, C) at `source_rate` -> (N, C) at `rate`; both start at the same moment.

    Equal rates give the same numbers back. With `opening`, lip closures survive.
    """
    if math.isclose(source_rate, rate, rel_tol=1e-6) or len(motion) < 2:
        return motion.copy()
    limited = band_limit(motion, source_rate, rate)
    return (
        limited if opening is None else keep_closures(limited, motion, source_rate, rate, opening)
    )


def band_limit(motion: Floats, source_rate: float, rate: float) -> Floats:
    """Motion (T, C) -> (N, C): windowed-sinc interpolation, the end poses held beyond the ends."""
    position = np.arange(frame_count(len(motion), source_rate, rate)) * (source_rate / rate)
    cutoff = 1.0 if rate >= source_rate else GUARD * rate / source_rate
    reach = math.ceil(LOBES / cutoff)
    taps = np.floor(position)[:, None] + np.arange(1 - reach, reach + 1)  # [N, taps]
    kernel = _kernel(taps - position[:, None], cutoff)
    source = np.clip(taps, 0, len(motion) - 1).astype(np.int64)
    return np.einsum("nk,nkc->nc", kernel, motion[source]).astype(np.float32)


def _kernel(distance: npt.NDArray[np.float64], cutoff: float) -> npt.NDArray[np.float64]:
    inside = np.clip(1.0 - (distance * cutoff / LOBES) ** 2, 0.0, None)
    kernel = np.sinc(distance * cutoff) * np.i0(KAISER_BETA * np.sqrt(inside)) * (inside > 0)
    return np.asarray(kernel / kernel.sum(axis=1, keepdims=True))


def keep_closures(
    limited: Floats, motion: Floats, source_rate: float, rate: float, opening: Opening
) -> Floats:
    """Put the source's closures back into band-limited motion: (N, C), (T, C) -> (N, C).

    Only channels that open or close the lips are touched, and each frame only as far as needed:
    the frame nearest to a span's tightest moment takes that pose, the others within the span
    are pulled until they look closed.
    """
    result = limited.copy()
    lips = (opening.per_channel != 0).any(axis=0)
    tightness = opening.of(motion)
    for first, last in _spans(tightness <= opening.closed):
        tightest = first + int(np.argmin(tightness[first : last + 1]))
        for frame, source in _pulls(first, last, tightest, len(result), rate / source_rate):
            goal = tightness[source] if source == tightest else opening.closed
            result[frame] = _pull(result[frame], motion[source], lips, float(goal), opening)
    return result


def _pulls(first: int, last: int, tightest: int, count: int, step: float) -> list[tuple[int, int]]:
    """The (result frame, source frame) pairs of one closed span."""
    nearest = min(round(tightest * step), count - 1)
    within = range(math.ceil(first * step - 1e-6), math.floor(last * step + 1e-6) + 1)
    pulls = [(n, min(max(round(n / step), first), last)) for n in within if n != nearest]
    return [(nearest, tightest), *((n, source) for n, source in pulls if n < count)]


def _pull(
    frame: Floats, source: Floats, lips: npt.NDArray[np.bool_], goal: float, opening: Opening
) -> Floats:
    """Move the lips of `frame` (C,) towards `source` (C,) until they are open by `goal` only."""
    toward = np.where(lips, source - frame, 0).astype(np.float32)
    share = np.float32(opening.share(frame, toward, goal))
    return np.asarray(frame + share * toward, np.float32)


def _spans(mask: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First and last index of every run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], mask, [False])).astype(np.int8)))
    return [(int(a), int(b) - 1) for a, b in edges.reshape(-1, 2)]
