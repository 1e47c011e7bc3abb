# SPDX-License-Identifier: GPL-3.0-or-later
"""Errors planted in motions that say their line: does the meter drop there, and only there?"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from model_runtime.contract import MOTION_FPS, UNITS, FaceMotion, FloatArray, Meter
from model_runtime.face import FaceModel
from model_runtime.features import SAMPLE_RATE
from model_runtime.meter import Meters
from model_runtime.meter_advice import WEAK
from model_runtime.meter_hearing import HeardLine
from training.corpus.alignment import Segment
from training.corpus.store import Clip
from training.meter_alter import around, closures, held, opened, slipped
from training.meter_trials import Maker, Stage

LIFT = 0.004  # m that a sculpted key holds the lips apart by
LIFT_WIDTH = 0.02  # m
INSIDE, OUTSIDE = 0.05, 0.35  # s about a closure, and about that: it should show, and should not
STRETCH = 0.8  # s of a line that are early or late
RUNS, REST = 15, 0.5  # timed runs, and s between them


class Spoilt(NamedTuple):
    """A motion with an error in it, where that lies in seconds, and the advice that names it."""

    motion: FaceMotion
    start: float
    end: float
    named: tuple[str, ...]


Spoiler = Callable[[Clip, FloatArray], Spoilt | None]


@dataclass(frozen=True)
class Planted:
    """Means over planted errors of the meter's frames."""

    errors: int
    before: float  # where the error will be
    after: float
    found: float  # share that falls under 0.5 somewhere
    unspoilt: float  # the same share before anything was planted
    told: float  # share that the advice names
    outside: float  # mean change elsewhere in the line
    outside_most: float  # 95th percentile of the line's largest change elsewhere


def opened_by_hand(stage: Stage, make: Maker, clips: Sequence[Clip]) -> Planted:
    """One closure of each line opened by changed unit weights."""

    def spoil(clip: Clip, motion: FloatArray) -> Spoilt | None:
        closure = _closure(clip)
        if closure is None:
            return None
        return _at(closure, _weights(opened(motion, closure)))

    return _planted(stage, make, clips, spoil)


def held_apart(stage: Stage, make: Maker, clips: Sequence[Clip]) -> Planted:
    """The same by a sculpted key that no unit stands for: it is in the measured offsets alone."""

    def spoil(clip: Clip, motion: FloatArray) -> Spoilt | None:
        closure = _closure(clip)
        if closure is None:
            return None
        offsets = lifted(stage.meters.face, motion, closure)
        return _at(closure, FaceMotion(float(MOTION_FPS), offsets=offsets))

    return _planted(stage, make, clips, spoil)


def off_in_time(stage: Stage, make: Maker, clips: Sequence[Clip], frames: int) -> Planted:
    """A stretch in the middle of each line so many motion frames late, or early in every second."""
    way = {clip.id: frames * (-1) ** number for number, clip in enumerate(clips)}

    def spoil(clip: Clip, motion: FloatArray) -> Spoilt | None:
        length = round(STRETCH * MOTION_FPS)
        rows = np.flatnonzero(stage.heard[clip.id].spoken)
        if len(rows) < length:
            return None
        first = max(0, int(rows[len(rows) // 2]) - length // 2)
        made = _weights(slipped(motion, first, first + length, way[clip.id]))
        named = ("lag", "weak", "open", "no_teeth", "shut")
        return Spoilt(made, first / MOTION_FPS, (first + length) / MOTION_FPS, named)

    return _planted(stage, make, clips, spoil)


def _closure(clip: Clip) -> Segment | None:
    chosen = closures(clip.segments)
    return chosen[len(chosen) // 2] if chosen else None


def _at(closure: Segment, motion: FaceMotion) -> Spoilt:
    return Spoilt(motion, closure.start - INSIDE, closure.end + INSIDE, ("open",))


def offsets_of(face: FaceModel, motion: FloatArray) -> FloatArray:
    """Offsets (T, V, 3) of the mouth region that unit weights (T, 52) make."""
    basis = face.expression_basis[:, face.vertex_sets["mouth_region"]]
    return np.tensordot(motion[:, : len(UNITS)], basis, 1).astype(np.float32)


def lifted(face: FaceModel, motion: FloatArray, closure: Segment) -> FloatArray:
    """Offsets of a motion whose upper lip is lifted and lower lip lowered over a closure."""
    region = face.vertex_sets["mouth_region"]
    middle = face.template[face.vertex_sets["lip_upper_inner_mid"][0]]
    near = np.exp(-(((face.template[region] - middle) / LIFT_WIDTH) ** 2).sum(1))
    rings = face.vertex_sets["lip_rings"].reshape(2, 12, 20)
    side = np.where(face.template[region, 1] > middle[1], 1.0, -1.0)
    side[np.isin(region, rings[..., :9])] = -1.0  # lower lip; sealed lips interlock
    side[np.isin(region, rings[..., 10:])] = 1.0
    gate = around([closure], len(motion), 0.04).astype(np.float32)
    soft = np.convolve(np.pad(gate, 2, mode="edge"), np.full(5, 0.2), mode="valid")
    offsets = offsets_of(face, motion)
    offsets[..., 1] += 0.5 * LIFT * soft[:, None] * (near * side)[None]
    return offsets


def _weights(motion: FloatArray) -> FaceMotion:
    return FaceMotion(float(MOTION_FPS), motion)


def _planted(stage: Stage, make: Maker, clips: Sequence[Clip], spoil: Spoiler) -> Planted:
    rows = []
    for clip in clips:
        heard = stage.heard[clip.id]
        motion = held(make(clip), heard.frames)
        spoilt = spoil(clip, motion)
        if spoilt is not None:
            plain = stage.meters.measure(heard, _weights(motion))
            rows.append(_row(heard, plain, stage.meters.measure(heard, spoilt.motion), spoilt))
    table = np.array(rows)
    before, after, found, unspoilt, told, outside = (float(v) for v in table[:, :-1].mean(0))
    most = float(np.percentile(table[:, -1], 95))
    return Planted(len(rows), before, after, found, unspoilt, told, outside, most)


def _row(heard: HeardLine, before: Meter, after: Meter, spoilt: Spoilt) -> tuple[float, ...]:
    """Figures in the order of `Planted`."""
    time = np.arange(heard.frames) / MOTION_FPS
    inside = (time >= spoilt.start) & (time <= spoilt.end)
    far = (time < spoilt.start - OUTSIDE) | (time > spoilt.end + OUTSIDE)
    drop = np.abs(after.frames - before.frames)[far & heard.spoken]
    named = any(
        one.kind in spoilt.named and one.start < spoilt.end and one.end > spoilt.start
        for one in after.advice
    )
    return (
        float(before.frames[inside].mean()),
        float(after.frames[inside].mean()),
        float(after.frames[inside].min() < WEAK),
        float(before.frames[inside].min() < WEAK),
        float(named),
        float(drop.mean()) if len(drop) else 0.0,
        float(drop.max()) if len(drop) else 0.0,
    )


def seconds_for_ten(
    meters: Meters, samples: FloatArray, motion: FloatArray, known: bool = True
) -> tuple[float, float]:
    """Least (wall, processor) seconds to hear and measure ten seconds.

    The recogniser has heard their words before (`known`, as after a take) or hears them anew.

    Of RUNS runs with a rest between them the smallest is kept, each for itself: what other work on
    the machine adds is no property of the meter, and a rested process waits least for its turn.
    The processor's count every thread's.
    """
    sound = np.resize(samples, 10 * SAMPLE_RATE)
    full = FaceMotion(24.0, offsets=offsets_of(meters.face, np.resize(motion, (240, len(UNITS)))))
    taken = []
    for _ in range(RUNS):
        time.sleep(REST)
        if meters.recogniser is not None and not known:
            meters.recogniser.forget()
        start, worked = time.perf_counter(), time.process_time()
        meters.measure(sound, full)
        taken.append((time.perf_counter() - start, time.process_time() - worked))
    wall, worked = (min(column) for column in zip(*taken, strict=True))
    return wall, worked


def span_change(stage: Stage, make: Maker, clips: Sequence[Clip]) -> float:
    """Largest difference of a frame's value when a span of a line is measured alone."""
    most = 0.0
    for clip in clips:
        heard = stage.heard[clip.id]
        motion = _weights(held(make(clip), heard.frames))
        whole = stage.meters.measure(heard, motion)
        third = heard.frames / MOTION_FPS / 3
        part = stage.meters.measure(heard, motion, span=(third, 1.3 * third))
        known = np.isfinite(part.frames)
        most = max(most, float(np.abs(part.frames[known] - whole.frames[known]).max()))
    return most
