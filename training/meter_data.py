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

from model_runtime.contract import EMOTIONS, MOTION_FPS, FloatArray
from model_runtime.encoder import encode
from model_runtime.features import log_mel, motion_frames, normalise
from model_runtime.hearing import Calibration
from model_runtime.lips import LipProbe
from model_runtime.meter import Meters
from model_runtime.meter_config import MeterConfig
from model_runtime.meter_evidence import contact_features, misses
from model_runtime.meter_hearing import HeardLine, opinions
from model_runtime.meter_motion import Judged, Mouth, judged, mouth_of
from model_runtime.phones import BILABIAL, CONTACTS, LABIODENTAL, VOWELS
from training.calibrate import fit_platt
from training.corpus.alignment import Segment
from training.corpus.store import Clip, Corpus
from training.meter_alter import (
    SLIP_BORDER,
    around,
    held,
    opened,
    other_words,
    performed,
    shut,
    sketched,
    slipped,
)
from training.meter_other import warped
from training.metrics.bench import target_motion
from training.metrics.clips import partners
from training.pack import frame_phones
from training.train_encoder import contact_labels

log = logging.getLogger(__name__)
TAKES = 3  # of each line
NEAREST_WRONG, FARTHEST_WRONG = 7, 60  # frames of shift that a wrong motion has
SKETCHED = 0.45  # share of the motions that are keyed in a hurry, of all others articulated
SLIP_FRAMES, SLIP_SECONDS = (3, 8), (0.5, 1.2)  # by how much a stretch slips, and how long it is
SPOILT = 0.3  # share of the contacts that are opened in a spoilt motion
STILL_SHARE = 0.8  # of the lines that also lie under a still face


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
    """Platt scaling of the contacts that the encoder hears and the words weigh."""
    posteriors, labels = [], []
    for clip in clips:
        mel = log_mel(corpus.samples(clip))
        speech = encode(meters.encoder, torch.from_numpy(normalise(mel)))
        posteriors.append(opinions(speech, meters.config.words)[2])
        spans = tuple((s.phone, s.start, s.end) for s in clip.segments)
        told = frame_phones(spans, len(mel) // 2)
        labels.append(contact_labels(torch.from_numpy(told.astype(np.int64))).numpy())
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
            wrong = flawed(clip.segments, watched.mouth)
            pairs.append(Pair(line, watched, "truth", True, wrong))
            pairs += [_shifted(line, watched, rng) for _ in range(2)]
            pairs.append(_spoilt(meters, clip, line, take, rng))
        pairs.append(Pair(line, seen[stranger.id][0].fitted(line.frames), "shuffled", False))
        donor = takes[stranger.id][int(rng.integers(TAKES))]
        pairs.append(_warped(meters, line, heard[stranger.id], donor))
        told = replace(clip, segments=other_words(clip.segments, stranger.segments))
        take = _take(corpus, told, rng)
        pairs.append(Pair(line, watch(meters, line, take, meters.probe), "other words", False))
        if rng.random() < STILL_SHARE:
            pose = mean * rng.uniform(0.0, 1.3)
            still = np.repeat(pose[None], line.frames, 0).astype(np.float32)
            pairs.append(Pair(line, watch(meters, line, still, meters.probe), "still", False))
    return pairs


def _take(corpus: Corpus, clip: Clip, rng: np.random.Generator) -> FloatArray:
    if rng.random() < SKETCHED:
        return sketched(clip.segments, motion_frames(clip.length), rng)
    emotion = "neutral" if rng.random() < 0.5 else str(rng.choice(EMOTIONS))
    intensity = float(rng.uniform(0.3, 1.3))
    seed = int(rng.integers(2**31))
    made = target_motion(clip.segments, corpus.samples(clip), emotion, intensity, seed)
    return performed(made, rng, clip.segments)


def _shifted(heard: HeardLine, watched: Watched, rng: np.random.Generator) -> Pair:
    shift = int(rng.integers(NEAREST_WRONG, FARTHEST_WRONG // 2)) * int(rng.choice((-1, 1)))
    return Pair(heard, watched.moved(shift), "shifted", False)


def _warped(meters: Meters, heard: HeardLine, stranger: HeardLine, motion: FloatArray) -> Pair:
    """The stranger's motion in time with this line's loudness: only the words are wrong."""
    theirs, ours = stranger.cues[:, -1], heard.cues[:, -1]
    made = warped(held(motion, stranger.frames), theirs, ours)
    return Pair(heard, watch(meters, heard, made, meters.probe), "warped", False)


def _spoilt(
    meters: Meters, clip: Clip, heard: HeardLine, take: FloatArray, rng: np.random.Generator
) -> Pair:
    """Some contacts opened, some vowels shut, and a stretch of the words early or late."""
    motion = take
    for segment in clip.segments:
        if segment.phone in BILABIAL | LABIODENTAL and rng.random() < SPOILT:
            motion = opened(motion, segment)
        elif segment.phone in VOWELS and rng.random() < SPOILT / 4:
            motion = shut(motion, segment)
    length = min(round(rng.uniform(*SLIP_SECONDS) * MOTION_FPS), heard.frames - 2)
    first = int(rng.integers(0, heard.frames - length))
    shift = int(rng.integers(*SLIP_FRAMES, endpoint=True)) * int(rng.choice((-1, 1)))
    motion = slipped(held(motion, heard.frames), first, first + length, shift)
    watched = watch(meters, heard, motion, meters.probe)
    wrong = flawed(clip.segments, watched.mouth)
    wrong[first + SLIP_BORDER : first + length - SLIP_BORDER] = True
    return Pair(heard, watched, "spoilt", True, wrong)


def flawed(segments: Sequence[Segment], mouth: Mouth) -> npt.NDArray[np.bool_]:
    """(frames,) True about the contacts that the lips clearly do not make, or make at a vowel."""
    config, frames = MeterConfig(), len(mouth.aperture)
    wrong = []
    for segment in segments:
        near = around([segment], frames, 0.04)
        middle = around([segment], frames, -0.4 * segment.seconds)
        if segment.phone in BILABIAL and near.any():
            bad = mouth.aperture[near].min() > config.opened_mm
        elif segment.phone in LABIODENTAL and near.any():
            bad = mouth.labiodental[near].min() > config.toothless_mm
        else:
            bad = segment.phone in VOWELS and middle.any() and mouth.aperture[middle].max() <= 0.0
        if bad:
            wrong.append(segment)
    return around(wrong, frames, 0.04)


def missed(pair: Pair, config: MeterConfig) -> FloatArray:
    """(frames, len(CONTACT_FEATURES)) of a pair."""
    found = misses(pair.heard, pair.watched.mouth, config)
    return contact_features(found, pair.watched.mouth, pair.heard.spoken)
