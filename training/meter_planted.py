# SPDX-License-Identifier: GPL-3.0-or-later
"""Errors planted in motions that say their line: does the meter drop there, and only there?"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from model_runtime.contract import MOTION_FPS, UNITS, FaceMotion, FloatArray
from model_runtime.face import FaceModel
from model_runtime.features import SAMPLE_RATE
from model_runtime.meter import Meters
from training.corpus.alignment import Segment
from training.corpus.store import Clip
from training.meter_alter import around, closures, held, opened
from training.meter_trials import Maker, Stage

LIFT = 0.004  # m that a sculpted key holds the lips apart by
LIFT_WIDTH = 0.02  # m
INSIDE, OUTSIDE = 0.05, 0.4  # s about the closure: where it should show, and where it should not
RUNS, REST = 15, 0.5  # timed runs, and s between them
Change = Callable[[FloatArray, Segment], FaceMotion]


@dataclass(frozen=True)
class Planted:
    """Means over closures of the meter's frames."""

    closures: int
    before: float  # at the closure
    after: float
    found: float  # share that falls under 0.5 somewhere
    told: float  # share that the advice names
    outside: float  # mean change elsewhere in the line
    outside_most: float  # 95th percentile of the line's largest change elsewhere


def opened_by_hand(stage: Stage, make: Maker, clips: Sequence[Clip]) -> Planted:
    """One closure of each line opened by changed unit weights."""
    return _planted(stage, make, clips, lambda motion, closure: _weights(opened(motion, closure)))


def held_apart(stage: Stage, make: Maker, clips: Sequence[Clip]) -> Planted:
    """The same by a sculpted key that no unit stands for: it is in the measured offsets alone."""
    face = stage.meters.face

    def change(motion: FloatArray, closure: Segment) -> FaceMotion:
        return FaceMotion(float(MOTION_FPS), offsets=lifted(face, motion, closure))

    return _planted(stage, make, clips, change)


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


def _planted(stage: Stage, make: Maker, clips: Sequence[Clip], change: Change) -> Planted:
    rows = []
    for clip in clips:
        heard = stage.heard[clip.id]
        chosen = closures(clip.segments)
        if not chosen:
            continue
        closure = chosen[len(chosen) // 2]
        motion = held(make(clip), heard.frames)
        before = stage.meters.measure(heard, _weights(motion))
        after = stage.meters.measure(heard, change(motion, closure))
        inside = around([closure], heard.frames, INSIDE)
        outside = ~around([closure], heard.frames, OUTSIDE) & heard.spoken
        drop = np.abs(after.frames - before.frames)
        named = any(
            one.kind == "open" and one.start < closure.end + 0.06 and one.end > closure.start - 0.06
            for one in after.advice
        )
        rows.append(
            (
                float(before.frames[inside].mean()),
                float(after.frames[inside].mean()),
                float(after.frames[inside].min() < 0.5),
                float(named),
                float(drop[outside].mean()) if outside.any() else 0.0,
                float(drop[outside].max()) if outside.any() else 0.0,
            )
        )
    table = np.array(rows)
    mean = table.mean(0)
    return Planted(
        len(rows),
        before=float(mean[0]),
        after=float(mean[1]),
        found=float(mean[2]),
        told=float(mean[3]),
        outside=float(mean[4]),
        outside_most=float(np.percentile(table[:, 5], 95)),
    )


def seconds_for_ten(meters: Meters, samples: FloatArray, motion: FloatArray) -> tuple[float, float]:
    """Least (wall, processor) seconds to hear and measure ten seconds.

    Of RUNS runs with a rest between them the smallest is kept, each for itself: what other work on
    the machine adds is no property of the meter, and a rested process waits least for its turn.
    The processor's count every thread's.
    """
    sound = np.resize(samples, 10 * SAMPLE_RATE)
    full = FaceMotion(24.0, offsets=offsets_of(meters.face, np.resize(motion, (240, len(UNITS)))))
    taken = []
    for _ in range(RUNS):
        time.sleep(REST)
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
