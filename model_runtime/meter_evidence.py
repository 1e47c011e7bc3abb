# SPDX-License-Identifier: GPL-3.0-or-later
"""What speaks for and against a motion saying a sound, frame by frame and over a line."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.ndimage import convolve1d

from .contract import MOTION_FPS, FloatArray
from .meter_config import CONTACT_FEATURES, STREAMS, MeterConfig
from .meter_hearing import Contact, HeardLine
from .meter_motion import Judged, Mouth, Rows
from .phones import BILABIAL, LABIODENTAL

SLACK = 2  # frames about a contact in which it may be made
GATE = 3  # frames on either side of a missed contact that it counts against
MOST_SURE = 0.98  # that a missed contact was one
QUIET_MOVE = 0.25  # mm a frame that the lips' gap may change by in silence
TELLING = 0.15  # weight of a frame in which nothing is said
MOST_LIKELY = 3.0  # nats that lips may speak for a frame
ELSEWHERE = 6  # frames of shift
MILLISECONDS = 1000.0 / MOTION_FPS


class Compared(NamedTuple):
    """How well the motion, so many frames later, says each frame: (frames, 2 * shifts + 1)."""

    units: FloatArray  # log of the sound's unit in the judge's opinion over the background
    mel: FloatArray  # -mean |difference|
    lips: FloatArray  # log of how much likelier these lips are here than elsewhere


class Miss(NamedTuple):
    """A contact that the lips do not make as they should."""

    kind: str  # of CONTACT_FEATURES
    contact: Contact
    cost: float  # nats against the motion


def compare(
    heard: HeardLine, judged: Judged, seen: FloatArray, config: MeterConfig, rows: Rows
) -> Compared:
    """Compare frames `rows` of the sound with the motion at every shift; other rows stay 0.

    seen (frames, MEETING): the lips, as `seen_lips` has them.
    """
    frames = heard.frames
    background = np.asarray(config.background, np.float32)
    place = np.arange(*rows)
    unit = heard.units[place].astype(np.int64)
    sound = heard.mel.reshape(frames, -1)[place]
    shape = (frames, 2 * config.shifts + 1)
    units, mel, lips = (np.zeros(shape, np.float32) for _ in STREAMS)
    expected = heard.lips[place]
    for column, shift in enumerate(range(-config.shifts, config.shifts + 1)):
        moved = np.clip(place + shift, 0, frames - 1)
        ratio = judged.units[moved, unit] / background[unit]
        units[place, column] = np.log(config.floor + (1.0 - config.floor) * ratio)
        mel[place, column] = -np.abs(judged.mel[moved] - sound).mean(1)
        likely = np.minimum((expected * seen[moved]).sum(1), MOST_LIKELY)
        lips[place, column] = np.log(config.floor + (1.0 - config.floor) * np.exp(likely))
    return Compared(units, mel, lips)


def frame_features(compared: Compared, spoken: npt.NDArray[np.bool_], c: MeterConfig) -> FloatArray:
    """(frames, FRAME_FEATURES): smoothed evidence, and by how much it beats other shifts."""
    weight = np.where(spoken, 1.0, TELLING).astype(np.float32)
    columns: list[FloatArray] = []
    for stream in (*compared, together(compared, c)):
        for window in c.windows:
            smooth = _smoothed(stream, weight, window)
            columns.append(smooth[:, c.shifts])
            if window != c.windows[0]:
                columns += [_over_others(smooth, c), _under_best(smooth, c), _under_near(smooth, c)]
    return np.stack(columns, 1).astype(np.float32)


def together(compared: Compared, config: MeterConfig) -> FloatArray:
    """All streams, each with its weight, added."""
    parts = (stream * weight for stream, weight in zip(compared, config.mix, strict=True))
    return np.asarray(sum(parts), np.float32)


def _smoothed(stream: FloatArray, weight: FloatArray, window: int) -> FloatArray:
    kernel = np.hanning(window + 2)[1:-1].astype(np.float32)
    total = convolve1d(stream * weight[:, None], kernel, axis=0, mode="constant")
    return np.asarray(total / convolve1d(weight, kernel, mode="constant")[:, None], np.float32)


def _over_others(smooth: FloatArray, config: MeterConfig) -> FloatArray:
    """Evidence without shift over the best at shifts from `apart` on."""
    middle = config.shifts
    early, late = smooth[:, : middle - config.apart + 1], smooth[:, middle + config.apart :]
    return np.asarray(smooth[:, middle] - np.maximum(early.max(1), late.max(1)), np.float32)


def _under_best(smooth: FloatArray, config: MeterConfig) -> FloatArray:
    return np.asarray(smooth[:, config.shifts] - smooth.max(1), np.float32)


def _under_near(smooth: FloatArray, config: MeterConfig) -> FloatArray:
    near = smooth[:, config.shifts - config.near : config.shifts + config.near + 1]
    return np.asarray(smooth[:, config.shifts] - near.max(1), np.float32)


def line_features(
    compared: Compared, logits: FloatArray, chosen: npt.NDArray[np.bool_], config: MeterConfig
) -> FloatArray:
    """(LINE_FEATURES,) over the frames `chosen`; what shifts tell grows with their number."""
    trust = np.sqrt(min(max(int(chosen.sum()), 1), 250) / 100.0)
    found = [float(np.clip(logits[chosen], -6.0, 6.0).mean())]
    for stream in (*compared, together(compared, config)):
        curve = stream[chosen].mean(0)[None]
        found += [
            float(curve[0, config.shifts]),
            trust * float(_over_others(curve, config)[0]),
            trust * float(_under_best(curve, config)[0]),
        ]
    return np.array(found, np.float32)


def lag_of(compared: Compared, chosen: npt.NDArray[np.bool_], config: MeterConfig) -> float:
    """Milliseconds that the motion is late by, early below 0; nan where no shift stands out."""
    if not chosen.any():
        return float("nan")
    curve = together(compared, config)[chosen].mean(0)
    if lag_features(curve, int(chosen.sum())) @ np.array(config.lag_weights) < config.lag_least:
        return float("nan")
    return MILLISECONDS * (_peak(curve) - config.shifts)


def lag_features(curve: FloatArray, frames: int) -> FloatArray:
    """(LAG_FEATURES,) of a curve over shifts that is the mean of so many frames.

    The peak over the median and over the best shift at least ELSEWHERE from it, both of which tell
    more in a longer line, and the peak itself.
    """
    trust, top = np.sqrt(min(frames, 250) / 100.0), int(curve.argmax())
    away = curve[np.abs(np.arange(len(curve)) - top) >= ELSEWHERE]
    peak = float(curve[top])
    return np.array((trust * (peak - np.median(curve)), trust * (peak - away.max()), peak))


def _peak(curve: FloatArray) -> float:
    """Place of the maximum, between samples by a parabola."""
    top = int(curve.argmax())
    if top in (0, len(curve) - 1):
        return float(top)
    before, here, after = (float(value) for value in curve[top - 1 : top + 2])
    bend = before - 2.0 * here + after
    return top + (0.5 * (before - after) / bend if bend < 0.0 else 0.0)


def misses(heard: HeardLine, mouth: Mouth, config: MeterConfig) -> list[Miss]:
    """Contacts that the lips do not make, with what each costs.

    The cost is the log of how much likelier such lips are where the phone was misheard.
    """
    found: list[Miss] = []
    frames = len(mouth.aperture)
    for contact, rows in zip(heard.contacts, windows(heard.contacts, frames), strict=True):
        kind, doubt = _doubt(contact, rows, mouth, config)
        cost = -float(np.log(1.0 - min(contact.sure, MOST_SURE) * doubt))
        if cost > 0.01:
            found.append(Miss(kind, contact, cost))
    return found


def windows(contacts: Sequence[Contact], frames: int) -> list[slice]:
    """The frames in which each contact may be made: SLACK more on either side, but not beyond half
    the way to the next of its kind, whose lips say nothing of its own."""
    found: list[slice] = []
    for contact in contacts:
        first = round(contact.start * MOTION_FPS) - SLACK
        first = min(max(0, first), frames - 1)
        last = max(first + 1, min(frames, round(contact.end * MOTION_FPS) + SLACK))
        found.append(slice(first, last))
    for group in (BILABIAL, LABIODENTAL):
        alike = [place for place, contact in enumerate(contacts) if contact.phone in group]
        for here, after in pairwise(alike):
            middle = (contacts[here].end + contacts[after].start) / 2 * MOTION_FPS
            one, other = found[here], found[after]
            found[here] = slice(one.start, max(one.start + 1, min(one.stop, math.ceil(middle))))
            later = min(max(other.start, math.ceil(middle)), other.stop - 1)
            found[after] = slice(later, other.stop)
    return found


def _doubt(contact: Contact, rows: slice, mouth: Mouth, config: MeterConfig) -> tuple[str, float]:
    """(what is missing in the frames `rows`, 0..1 how clearly)."""
    frames = len(mouth.aperture)
    if contact.phone in BILABIAL:
        gap = float(mouth.aperture[rows].min())
        return "open", _ramp(gap, config.closed_mm, config.opened_mm)
    if contact.phone in LABIODENTAL:
        gap = float(mouth.labiodental[rows].min())
        return "no_teeth", _ramp(gap, config.teeth_mm, config.toothless_mm)
    middle = min(int((contact.start + contact.end) / 2 * MOTION_FPS), frames - 1)
    near = slice(max(0, middle - 1), middle + 2)
    return "shut", _ramp(-float(mouth.aperture[near].max()), -config.closed_mm, 0.0)


def _ramp(value: float, low: float, high: float) -> float:
    return min(max((value - low) / (high - low), 0.0), 1.0)


def contact_features(found: list[Miss], mouth: Mouth, spoken: npt.NDArray[np.bool_]) -> FloatArray:
    """(frames, len(CONTACT_FEATURES)): what missed contacts, and motion in silence, cost."""
    frames = len(spoken)
    features = np.zeros((frames, len(CONTACT_FEATURES)), np.float32)
    for miss in found:
        first = max(0, round(miss.contact.start * MOTION_FPS) - GATE)
        last = min(frames, round(miss.contact.end * MOTION_FPS) + GATE)
        column = features[first:last, CONTACT_FEATURES.index(miss.kind)]
        np.maximum(column, miss.cost, out=column)
    features[:, CONTACT_FEATURES.index("silent")] = quiet_moves(mouth, spoken)
    return features


def quiet_moves(mouth: Mouth, spoken: npt.NDArray[np.bool_]) -> FloatArray:
    """(frames,) mm a frame that the lips' gap changes by in silence, beyond QUIET_MOVE.

    Near speech lips may open ahead of it and close after it.
    """
    moved = np.abs(np.gradient(mouth.aperture)) if len(mouth.aperture) > 1 else np.zeros(1)
    slow = convolve1d(moved, np.full(9, 1 / 9), mode="nearest")
    near = convolve1d(spoken.astype(np.float32), np.ones(17), mode="constant") > 0.0
    return np.where(near, 0.0, np.maximum(slow - QUIET_MOVE, 0.0)).astype(np.float32)
