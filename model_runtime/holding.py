# SPDX-License-Identifier: GPL-3.0-or-later
"""Motion that a new take keeps: where it has to be sampled, and how the two join.

The sampler sees the kept motion and aims for it, but its first free frame may still lie a step
beside. `joined` moves the sampled side alone, by a correction that fades within REACH frames, until
value and velocity go on across the border as they do elsewhere in the line.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple

import numpy as np

from .contacts import runs
from .contract import CHANNELS, UNITS, FloatArray, Hold, RequestError
from .denoiser import DenoiserConfig
from .motion_space import MotionSpace
from .polish import JAW_OPEN, MOUTH_CLOSE

REACH = 10  # frames over which a correction fades: 0.2 s
SHORTEST = 3  # frames: a gap no longer than that is drawn straight through
ORDINARY = 90.0  # percentile of a channel's own changes of velocity that counts as ordinary


class Held(NamedTuple):
    """A Hold in the channels of a network: both (frames, channels), `kept` 0 or 1."""

    motion: FloatArray
    kept: FloatArray


def held_in(space: MotionSpace, hold: Hold, frames: int) -> Held:
    """A Hold as a network of this space needs it, cut or continued free to `frames`.

    Raises RequestError where the space has other channels, or values are not numbers.
    """
    if space.kind == "flame":
        raise RequestError(
            "The models speak the parameters of a FLAME, which can keep no motion. Generate the "
            "whole line."
        )
    whole = fitted(hold, frames)
    if not np.isfinite(whole.motion).all():
        raise RequestError("The motion to keep holds values that are not numbers. Mend its keys.")
    motion, kept = (np.zeros((frames, len(space.channels)), np.float32) for _ in range(2))
    for column, name in enumerate(space.channels):
        if name in CHANNELS:
            motion[:, column] = whole.motion[:, CHANNELS.index(name)]
            kept[:, column] = whole.kept[:, CHANNELS.index(name)]
    return Held(motion, kept)


def fitted(hold: Hold, frames: int) -> Held:
    """A Hold of exactly `frames` frames in the order of CHANNELS; what it lacks is free."""
    motion, kept = (np.zeros((frames, len(CHANNELS)), np.float32) for _ in range(2))
    kept[: len(hold.kept)] = hold.kept[:frames] > 0
    motion[: len(hold.weights)] = np.where(kept[: len(hold.weights)], hold.weights[:frames], 0.0)
    return Held(motion, kept)


def digest(hold: Hold) -> str:
    """Hash of what is kept, for the provenance of a take."""
    kept = hold.kept > 0
    found = hashlib.sha256(kept.tobytes())
    found.update(np.where(kept, hold.weights, 0.0).astype(np.float32).tobytes())
    return found.hexdigest()[:32]


def starts(frames: int, config: DenoiserConfig, held: Held | None) -> list[tuple[int, bool]]:
    """The windows to draw: (first frame, whether it continues the window before).

    Without held motion a window each `window - overlap` frames. With it only where something is
    free, with kept motion on both sides in sight as far as there is some.
    """
    busy = [(0, frames)] if held is None else _spans((held.kept == 0).any(1), config.overlap)
    found: list[tuple[int, bool]] = []
    for first, last in busy:
        found += _grid(first, last, frames, config)
    return found


def _spans(free: np.ndarray, context: int) -> list[tuple[int, int]]:
    """Frames around what is free, with `context` frames on both sides; near ones are joined."""
    wide = np.zeros(len(free), bool)
    for first, last in runs(free):
        wide[max(0, first - context) : last + context] = True
    return runs(wide)


def _grid(first: int, last: int, frames: int, config: DenoiserConfig) -> list[tuple[int, bool]]:
    hop = config.window - config.overlap
    count = max(1, -(-max(0, last - first - config.overlap) // hop))
    if (first, last) == (0, frames):
        return [(index * hop, index > 0) for index in range(count)]
    if count == 1:
        middle = (first + last - config.window) // 2
        return [(min(max(0, middle), max(0, frames - config.window)), False)]
    step = (last - first - config.window) / (count - 1)
    return [(first + round(index * step), index > 0) for index in range(count)]


def joined(motion: FloatArray, held: Held) -> FloatArray:
    """Sampled motion (frames, channels) with the kept values in it, exactly, and no step beside.

    Across a border the change of velocity stays within what the channel does anyway (ORDINARY).
    """
    result = np.where(held.kept > 0, held.motion, motion).astype(np.float64)
    change = np.abs(np.diff(motion, n=2, axis=0)) if len(motion) > 2 else np.zeros((1, 1))
    usual = np.broadcast_to(np.percentile(change, ORDINARY, axis=0), motion.shape[1:])
    for channel in np.flatnonzero(held.kept.any(0)):
        free = held.kept[:, channel] == 0
        origin = result[:, channel].copy()
        for first, last in runs(free):
            result[first:last, channel] = _moved(origin, free, first, last, float(usual[channel]))
    return np.where(held.kept > 0, held.motion, result).astype(np.float32)


def tidied(weights: FloatArray, held: Held) -> FloatArray:
    """Motion in CHANNELS within what the units can be; what is kept stays as it is."""
    tidy = weights.copy()
    tidy[:, : len(UNITS)] = np.clip(tidy[:, : len(UNITS)], 0.0, 1.0)
    opened, closed = tidy[:, JAW_OPEN].copy(), tidy[:, MOUTH_CLOSE]
    tidy[:, JAW_OPEN] = np.where(held.kept[:, MOUTH_CLOSE] > 0, np.maximum(opened, closed), opened)
    tidy[:, MOUTH_CLOSE] = np.minimum(closed, tidy[:, JAW_OPEN])
    return np.where(held.kept > 0, held.motion, tidy)


def _moved(origin: np.ndarray, free: np.ndarray, first: int, last: int, usual: float) -> np.ndarray:
    """The free frames first..last of a curve, moved onto what is kept on both sides."""
    size, after = last - first, len(origin) - last
    if size <= SHORTEST and first and after:
        return np.interp(np.arange(first, last), [first - 1, last], origin[[first - 1, last]])
    moved = origin[first:last].copy()
    if first:
        moved += _correction(origin, free, first, usual, size)
    if after:
        moved += _correction(origin[::-1], free[::-1], after, usual, size)[::-1]
    return moved


def _correction(
    curve: np.ndarray, free: np.ndarray, first: int, usual: float, size: int
) -> np.ndarray:
    """What to add to the `size` free frames from `first` on, so that they go on from first - 1."""
    known, place = curve[first - 1], first - 2
    after = curve[first + 1] - curve[first] if size > 1 else 0.0
    if place < 0:
        before = after
    elif free[place]:  # a single kept frame amid free ones
        before = (curve[first] - curve[place]) / 2
    else:
        before = known - curve[place]
    turn = before - after
    turn = np.sign(turn) * max(0.0, abs(turn) - usual)  # the ordinary part may stay
    offset = known + (before + after + turn) / 2 - curve[first]
    reach = min(REACH, max(2, size // 2))
    share = np.minimum(np.arange(size) / reach, 1.0)
    value = 1.0 - share**3 * (10.0 - 15.0 * share + 6.0 * share**2)  # quintic Hermite: from
    slope = reach * share * (1.0 - share) ** 3 * (1.0 + 3.0 * share)  # `offset`, `turn` to rest
    return np.asarray(offset * value + turn * slope)
