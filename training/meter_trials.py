# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines of held-out speakers under motions that say them and motions that do not, measured."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.ndimage import uniform_filter1d

from model_runtime.contract import MOTION_FPS, FloatArray, Meter, Settings
from model_runtime.engine import Engine
from model_runtime.features import log_mel, loudness
from model_runtime.lips import LipProbe
from model_runtime.meter import Meters
from model_runtime.meter_evidence import compare, lag_of
from model_runtime.meter_hearing import HeardLine, seen_lips
from training.corpus.store import Clip, Corpus
from training.meter_alter import held, other_words
from training.meter_data import Watched, watch
from training.meter_other import hand_keys, other_rules, warped
from training.metrics.bench import target_motion
from training.metrics.clips import partners

log = logging.getLogger(__name__)
FRAME = 2  # motion frames in one at 25 fps
WRONG_SHIFTS = (-6, -4, 4, 6)  # frames at 25 fps
LAG_SHIFTS = tuple(range(-6, 7))
NEAR = 41  # frames over which the baseline correlates
Maker = Callable[[Clip], FloatArray]


@dataclass(frozen=True)
class Trial:
    """One line under one motion. `frames` are of the spoken frames only."""

    kind: str  # of the motion
    test: str  # truth, shift+4 ..., lag-6 ..., shuffled, other words, mean face
    clip: str
    score: float
    lag_ms: float
    frames: FloatArray
    plain: float  # loudness correlated with jaw opening
    plain_lag_ms: float
    plain_frames: FloatArray


@dataclass
class Stage:
    """What trials are run with."""

    meters: Meters
    corpus: Corpus
    clips: Sequence[Clip]
    heard: Mapping[str, HeardLine]
    loud: Mapping[str, FloatArray]

    @property
    def probe(self) -> LipProbe:
        return self.meters.probe


def open_stage(meters: Meters, corpus: Corpus, clips: Sequence[Clip]) -> Stage:
    """Listen to the clips."""
    heard, loud = {}, {}
    for clip in clips:
        samples = corpus.samples(clip)
        heard[clip.id], loud[clip.id] = meters.hear(samples), loudness(log_mel(samples))
    return Stage(meters, corpus, clips, heard, loud)


def makers(stage: Stage, engine: Engine | None) -> dict[str, Maker]:
    """Kind of motion -> how a clip's is made; those of the denoiser where there is an engine."""

    def articulated(clip: Clip) -> FloatArray:
        return target_motion(clip.segments, stage.corpus.samples(clip))

    def by_rules(clip: Clip) -> FloatArray:
        return other_rules(clip.segments, stage.loud[clip.id])

    def by_hand(clip: Clip) -> FloatArray:
        return hand_keys(clip.segments, len(stage.loud[clip.id]))

    made: dict[str, Maker] = {
        "articulation": articulated,
        "other rules": by_rules,
        "hand keys": by_hand,
    }
    if engine is not None:

        def sampled(clip: Clip) -> FloatArray:
            return engine.generate(stage.corpus.samples(clip), Settings(seed=1)).weights

        made["denoiser"] = sampled
    return made


def run(stage: Stage, kind: str, make: Maker, clips: Sequence[Clip]) -> list[Trial]:
    """All trials of one kind of motion."""
    other = partners(clips)
    motions = {c.id: held(make(c), stage.heard[c.id].frames) for c in clips}
    mean = np.concatenate(list(motions.values())).mean(0)
    trials: list[Trial] = []
    for clip in clips:
        line, stranger = stage.heard[clip.id], other[clip.id]
        seen = watch(stage.meters, line, motions[clip.id], stage.probe)
        jaw = stage.probe.jaw_opening(motions[clip.id])

        def add(test: str, watched: Watched, opening: FloatArray, clip: Clip = clip) -> None:
            trials.append(_trial(stage, kind, test, clip, watched, opening))

        def add_motion(test: str, motion: FloatArray, clip: Clip = clip) -> None:
            full = held(motion, stage.heard[clip.id].frames)
            seen_too = watch(stage.meters, stage.heard[clip.id], full, stage.probe)
            trials.append(_trial(stage, kind, test, clip, seen_too, stage.probe.jaw_opening(full)))

        add("truth", seen, jaw)
        for shift in WRONG_SHIFTS:
            add(f"shift{shift:+d}", seen.moved(FRAME * shift), _moved(jaw, FRAME * shift))
        for shift in LAG_SHIFTS:
            late = seen.moved(FRAME * shift), _moved(jaw, FRAME * shift)
            trials.append(_lag_trial(stage, kind, f"lag{shift:+d}", clip, *late))
        theirs, ours = stage.loud[stranger.id], stage.loud[clip.id]
        donor = held(motions[stranger.id], len(theirs))
        add_motion("shuffled", warped(donor, theirs, ours))
        if kind != "denoiser":
            wrong = other_words(clip.segments, stranger.segments)
            add_motion("other words", make(replace(clip, segments=wrong)))
        add_motion("mean face", np.repeat(mean[None], line.frames, 0))
    log.info("measured %s on %d lines", kind, len(clips))
    return trials


def _trial(
    stage: Stage, kind: str, test: str, clip: Clip, watched: Watched, jaw: FloatArray
) -> Trial:
    heard = stage.heard[clip.id]
    rows = (0, heard.frames)
    found: Meter = stage.meters.weigh(heard, stage.meters.compared(heard, *watched, rows), rows)
    loud, spoken = stage.loud[clip.id], heard.spoken
    return Trial(
        kind,
        test,
        clip.id,
        found.score,
        found.lag_ms,
        found.frames[spoken],
        correlation(loud, jaw),
        correlation_lag(loud, jaw, stage.meters.config.shifts),
        near_correlation(loud, jaw)[spoken],
    )


def _lag_trial(
    stage: Stage, kind: str, test: str, clip: Clip, watched: Watched, jaw: FloatArray
) -> Trial:
    """Only the lag is measured, as `Meters.weigh` does."""
    heard, config = stage.heard[clip.id], stage.meters.config
    seen = seen_lips(stage.meters.net.lips, watched.mouth)
    compared = compare(heard, watched.judged, seen, config, (0, heard.frames))
    lag, none = lag_of(compared, heard.spoken, config), np.zeros(0, np.float32)
    plain = correlation_lag(stage.loud[clip.id], jaw, config.shifts)
    return Trial(kind, test, clip.id, float("nan"), lag, none, float("nan"), plain, none)


def _moved(curve: FloatArray, frames: int) -> FloatArray:
    return curve[np.clip(np.arange(len(curve)) - frames, 0, len(curve) - 1)]


def correlation(one: FloatArray, other: FloatArray) -> float:
    """Pearson's; 0 where a curve is still."""
    a, b = one - one.mean(), other - other.mean()
    return float((a * b).sum() / max(float(np.sqrt((a**2).sum() * (b**2).sum())), 1e-6))


def correlation_lag(one: FloatArray, other: FloatArray, reach: int) -> float:
    """Milliseconds that `other` is late by where it fits `one` best."""
    fits = [correlation(one, _moved(other, -shift)) for shift in range(-reach, reach + 1)]
    return 1000.0 / MOTION_FPS * (int(np.argmax(fits)) - reach)


def near_correlation(one: FloatArray, other: FloatArray) -> FloatArray:
    """Pearson's over NEAR frames about each: (T,)."""

    def mean(curve: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return np.asarray(uniform_filter1d(curve, NEAR, mode="nearest"))

    a, b = one.astype(np.float64), other.astype(np.float64)
    joint = mean(a * b) - mean(a) * mean(b)
    spread = np.maximum(mean(a * a) - mean(a) ** 2, 1e-6) * np.maximum(
        mean(b * b) - mean(b) ** 2, 1e-4
    )
    return (joint / np.sqrt(spread)).astype(np.float32)
