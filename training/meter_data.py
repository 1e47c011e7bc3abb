# SPDX-License-Identifier: GPL-3.0-or-later
"""Development lines with motions that say them, and motions that do not, for the meter's fit."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from model_runtime.contract import EMOTIONS, FloatArray
from model_runtime.encoder import encode
from model_runtime.features import log_mel, normalise
from model_runtime.hearing import Calibration, contact_posteriors
from model_runtime.lips import LipProbe
from model_runtime.meter import Meters
from model_runtime.meter_config import MeterConfig
from model_runtime.meter_evidence import contact_features, misses
from model_runtime.meter_hearing import HeardLine
from model_runtime.meter_motion import Judged, Mouth, judged, mouth_of
from model_runtime.phones import CONTACTS
from training.calibrate import fit_platt
from training.corpus.store import Clip, Corpus
from training.meter_alter import around, closures, held, opened, other_words, performed
from training.metrics.bench import target_motion
from training.metrics.clips import partners
from training.pack import frame_phones
from training.train_encoder import contact_labels

log = logging.getLogger(__name__)
TAKES = 2  # of each line
NEAREST_WRONG, FARTHEST_WRONG = 7, 60  # frames of shift that a wrong motion has
STILL_SHARE = 0.25  # of the lines that also lie under a still face


class Watched(NamedTuple):
    """A motion as far as the meter looks at it."""

    judged: Judged
    mouth: Mouth

    def moved(self, frames: int) -> Watched:
        """The same so many frames later."""
        at = np.arange(len(self.judged.units)) - frames
        at = np.clip(at, 0, len(self.judged.units) - 1)
        return Watched(
            Judged(*(part[at] for part in self.judged)), Mouth(*(part[at] for part in self.mouth))
        )

    def fitted(self, frames: int) -> Watched:
        """The same, begun again where it is too short."""
        at = np.arange(frames) % len(self.judged.units)
        return Watched(
            Judged(*(part[at] for part in self.judged)), Mouth(*(part[at] for part in self.mouth))
        )


@dataclass(frozen=True)
class Pair:
    """A sound, a motion, and whether they belong together: of the line, and frame by frame."""

    heard: HeardLine
    watched: Watched
    kind: str
    belongs: bool
    wrong: npt.NDArray[np.bool_] | None = None  # frames of a line that belongs which do not


def calibrate_contacts(meters: Meters, corpus: Corpus, clips: Sequence[Clip]) -> Calibration:
    """Platt scaling of the contacts the encoder hears, without words."""
    posteriors, labels = [], []
    for clip in clips:
        mel = log_mel(corpus.samples(clip))
        speech = encode(meters.encoder, torch.from_numpy(normalise(mel)))
        posteriors.append(contact_posteriors(speech))
        spans = tuple((s.phone, s.start, s.end) for s in clip.segments)
        phones = frame_phones(spans, len(mel) // 2)
        labels.append(contact_labels(torch.from_numpy(phones.astype(np.int64))).numpy())
    heard = np.clip(np.concatenate(posteriors), 1e-6, 1 - 1e-6)
    logits, truth = np.log(heard / (1 - heard)), np.concatenate(labels)
    fits = [fit_platt(logits[:, i], truth[:, i]) for i in range(len(CONTACTS))]
    return Calibration(tuple(f[0] for f in fits), tuple(f[1] for f in fits))


def watch(meters: Meters, heard: HeardLine, motion: FloatArray, probe: LipProbe) -> Watched:
    """Let the judge see unit weights at 50 fps, fitted to the line."""
    full = held(motion, heard.frames)
    seen = judged(meters.judge, full, heard.voice, (0, heard.frames))
    return Watched(seen, mouth_of(probe, full))


def gather(
    meters: Meters, corpus: Corpus, clips: Sequence[Clip], rng: np.random.Generator
) -> list[Pair]:
    """Pairs of every clip."""
    other = partners(clips)
    heard = {clip.id: meters.hear(corpus.samples(clip)) for clip in clips}
    log.info("heard %d lines", len(heard))
    takes = {c.id: [_take(corpus, c, rng) for _ in range(TAKES)] for c in clips}
    mean = np.concatenate([take for of in takes.values() for take in of]).mean(0)
    log.info("articulated them")
    seen = {
        c.id: [watch(meters, heard[c.id], take, meters.probe) for take in takes[c.id]]
        for c in clips
    }
    log.info("judged them")
    pairs: list[Pair] = []
    for clip in clips:
        line, stranger = heard[clip.id], other[clip.id]
        for take, watched in zip(takes[clip.id], seen[clip.id], strict=True):
            pairs.append(Pair(line, watched, "truth", True))
            pairs += [_shifted(line, watched, rng) for _ in range(2)]
            pairs += _opened(meters, clip, line, take, rng)
        pairs.append(Pair(line, seen[stranger.id][0].fitted(line.frames), "shuffled", False))
        wrong = replace(clip, segments=other_words(clip.segments, stranger.segments))
        take = _take(corpus, wrong, rng)
        pairs.append(Pair(line, watch(meters, line, take, meters.probe), "other words", False))
        if rng.random() < STILL_SHARE:
            pose = mean * rng.uniform(0.0, 1.3)
            still = np.repeat(pose[None], line.frames, 0).astype(np.float32)
            pairs.append(Pair(line, watch(meters, line, still, meters.probe), "still", False))
    return pairs


def _take(corpus: Corpus, clip: Clip, rng: np.random.Generator) -> FloatArray:
    emotion = "neutral" if rng.random() < 0.5 else str(rng.choice(EMOTIONS))
    intensity = float(rng.uniform(0.3, 1.3))
    seed = int(rng.integers(2**31))
    made = target_motion(clip.segments, corpus.samples(clip), emotion, intensity, seed)
    return performed(made, rng)


def _shifted(heard: HeardLine, watched: Watched, rng: np.random.Generator) -> Pair:
    shift = int(rng.integers(NEAREST_WRONG, FARTHEST_WRONG // 2)) * int(rng.choice((-1, 1)))
    return Pair(heard, watched.moved(shift), "shifted", False)


def _opened(
    meters: Meters, clip: Clip, heard: HeardLine, take: FloatArray, rng: np.random.Generator
) -> list[Pair]:
    chosen = closures(clip.segments)
    if not chosen:
        return []
    some = [s for s in chosen if rng.random() < 0.5] or chosen[:1]
    motion = take
    for closure in some:
        motion = opened(motion, closure)
    wrong = around(some, heard.frames, 0.04)
    return [Pair(heard, watch(meters, heard, motion, meters.probe), "opened", True, wrong)]


def contacts_of(pair: Pair, config: MeterConfig) -> FloatArray:
    """(frames, len(CONTACT_FEATURES)) of a pair."""
    found = misses(pair.heard, pair.watched.mouth, config)
    return contact_features(found, pair.watched.mouth, pair.heard.spoken)
