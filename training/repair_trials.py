# SPDX-License-Identifier: GPL-3.0-or-later
"""One planted error, mended in several ways, and what each leaves of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from scipy.ndimage import gaussian_filter1d

from model_runtime.contract import (
    MOTION_FPS,
    UNITS,
    FaceMotion,
    FloatArray,
    Meter,
    RepairRequest,
    Sound,
)
from model_runtime.meter import Meters
from model_runtime.meter_hearing import HeardLine
from model_runtime.repair import Mender, RepairConfig, mend, repair, span_frames
from model_runtime.repair_limits import MOUTH, pace
from model_runtime.repair_target import target_of
from model_runtime.repair_verdict import standing
from training.corpus.alignment import Segment
from training.lip_loss import VertexForm
from training.metrics.contacts import TOLERANCE, closed_at_bilabials, contact_at_labiodentals
from training.metrics.curves import mouth_curves
from training.metrics.motion import mean_acceleration
from training.metrics.ratio import Ratio
from training.repair_errors import Planted, closes

LONGER = 10  # times as many steps
CALM = 2.0  # frames, of the plain smoothing that repair is compared with
NOWHERE = Path("line.wav")  # the sound is given as it was heard
Way = Callable[["Case"], FloatArray]


@dataclass(frozen=True)
class Case:
    """One spoilt stretch of a clip: its sound, its true motion, and what was planted."""

    clip: str
    heard: HeardLine
    truth: FloatArray  # (frames, channels)
    segments: tuple[Segment, ...]
    planted: Planted


@dataclass(frozen=True)
class Bench:
    """What mends and what measures."""

    mender: Mender
    meters: Meters
    form: VertexForm  # of the mouth region
    seconds: list[float] = field(default_factory=list)  # of CPU time of each whole repair


def ways(bench: Bench) -> dict[str, Way]:
    """Name -> how a case is treated."""
    config = bench.mender.config
    longer = replace(config, steps=LONGER * config.steps)
    return {
        "spoilt": lambda case: case.planted.motion,
        "smoothed": _smoothed,
        "repair": lambda case: _repaired(bench, case),
        "time only": lambda case: _mended(bench, case, replace(config, steps=0)),
        "gradients only": lambda case: _mended(bench, case, replace(config, warp=False)),
        f"{LONGER} x longer": lambda case: _mended(bench, case, longer),
        "truth": lambda case: case.truth,
    }


def _repaired(bench: Bench, case: Case) -> FloatArray:
    """As the worker repairs, its refusals included."""
    start = time.process_time()
    found = repair(bench.mender, bench.meters, case.heard, _question(case))
    bench.seconds.append(time.process_time() - start)
    return found.weights


def _mended(bench: Bench, case: Case, config: RepairConfig) -> FloatArray:
    mender = replace(bench.mender, config=config)
    return mend(mender, target_of(case.heard), case.planted.motion, frames_of(case))


def _smoothed(case: Case) -> FloatArray:
    """What an artist may try first: smooth the mouth's keys."""
    span, motion = frames_of(case), case.planted.motion.copy()
    rows = slice(span.start, span.stop)
    motion[rows, MOUTH] = gaussian_filter1d(motion[rows][:, MOUTH], CALM, axis=0, mode="nearest")
    return motion


def frames_of(case: Case) -> range:
    return span_frames(_question(case), case.heard.frames)


def _question(case: Case) -> RepairRequest:
    return RepairRequest(Sound(NOWHERE), case.planted.motion, case.planted.span)


def measure(bench: Bench, case: Case, motion: FloatArray) -> dict[str, float]:
    """Figures of a treated motion, within the span but for `outside`."""
    span, probe = frames_of(case), bench.mender.probe
    rows = slice(span.start, span.stop)
    planted = case.planted
    near = slice(max(0, span.start - 3), span.stop + 3)
    fast = pace(probe, motion[near])
    away, was = (_distance(bench, m[rows], case.truth[rows]) for m in (motion, planted.motion))
    opened = planted.kind != "shift"
    shut = closes(probe, motion, planted) if opened else away <= 0.5 * was
    curves = mouth_curves(probe, motion)
    said = [s for s in case.segments if planted.span[0] <= s.start and s.end <= planted.span[1]]
    bilabial, labiodental = (
        of(curves, said) for of in (closed_at_bilabials, contact_at_labiodentals)
    )
    moved = np.abs(motion - planted.motion)
    truth = mean_acceleration(probe.aperture(case.truth[rows]))
    found = bench.meters.measure(case.heard, _face(motion), span=planted.span)
    return {
        "fixed": float(shut),
        "told": float(_told(found, planted.phone)) if opened else float("nan"),
        "outside": float(np.delete(moved, np.s_[rows], 0).max(initial=0.0)),
        "meter": standing(found, {}, span).score,
        "to_truth_mm": away,
        "pbm": _share(bilabial),
        "fv": _share(labiodental),
        "jitter": mean_acceleration(probe.aperture(motion[rows])) / max(truth, 1.0),
        "lip_speed": fast.lip_speed,
        "largest_change": float(moved.max()),
    }


def _told(found: Meter, phone: tuple[float, float]) -> bool:
    """Whether the advice says of this very p b m that the lips stay open on it."""
    middles = ((one.start + one.end) / 2 for one in found.advice if one.kind == "open")
    return any(phone[0] - TOLERANCE <= middle <= phone[1] + TOLERANCE for middle in middles)


def _share(found: Ratio) -> float:
    return float("nan") if found.value is None else found.value


def _distance(bench: Bench, one: FloatArray, other: FloatArray) -> float:
    """Root mean square of the mouth's vertex distance, mm."""
    difference = (one - other)[:, : len(UNITS)] @ bench.form.root.numpy()
    return float(np.sqrt(np.square(difference).sum(1).mean()))


def _face(motion: FloatArray) -> FaceMotion:
    units = np.ascontiguousarray(motion[:, : len(UNITS)], np.float32)
    return FaceMotion(float(MOTION_FPS), units)
