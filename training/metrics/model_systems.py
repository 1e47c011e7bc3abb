# SPDX-License-Identifier: GPL-3.0-or-later
"""The trained model as a system on the bench, raw and with what helps or explains it."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from copy import copy
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from model_runtime.contract import FloatArray, RequestError, Settings
from model_runtime.engine import Engine, sampling_config
from model_runtime.hearing import Heard
from model_runtime.phones import (
    BILABIAL,
    LABIODENTAL,
    PHONE_INDEX,
    PHONES,
    ROUNDED,
    SILENCE,
)

from ..corpus.alignment import frame_labels
from ..corpus.store import Clip
from .bench import Bench

log = logging.getLogger(__name__)
CONTACT_PHONES = (BILABIAL, LABIODENTAL, ROUNDED, frozenset({SILENCE}))  # as phones.CONTACTS


@dataclass
class Stopwatch:
    """Seconds of work for seconds of sound."""

    wall: float = 0.0
    cpu: float = 0.0
    sound: float = 0.0

    def run(self, seconds: float, work: Callable[[], FloatArray]) -> FloatArray:
        wall, cpu = time.perf_counter(), time.process_time()
        result = work()
        self.wall += time.perf_counter() - wall
        self.cpu += time.process_time() - cpu
        self.sound += seconds
        return result


@dataclass
class Performer:
    """The engine on the bench's clips; keeps what it has generated."""

    engine: Engine
    bench: Bench
    watch: Stopwatch = field(default_factory=Stopwatch)

    def generate(
        self, clip: Clip, seed: int, intensity: float, emotion: str, *, told_words: bool = False
    ) -> FloatArray:
        """Motion (T, 55) of the sampler, nothing after it; `told_words`: with its transcript."""
        settings = Settings(seed=seed, intensity=intensity, emotion=emotion)
        samples = self.bench.samples(clip)
        words = clip.transcript if told_words else ""

        def perform() -> FloatArray:
            return self.engine.generate(samples, settings, transcript=words).weights

        return self.watch.run(clip.seconds, perform)

    def raw(self) -> dict[str, FloatArray]:
        """Neutral motion at intensity 1 and seed 0 of each clip; the first one also warms up."""
        self.generate(self.bench.clips[0], 0, 1.0, "neutral")
        self.watch = Stopwatch()
        motions = {}
        for index, clip in enumerate(self.bench.clips, 1):
            motions[clip.id] = self.generate(clip, 0, 1.0, "neutral")
            if index % 10 == 0:
                log.info("performed %d of %d clips", index, len(self.bench.clips))
        return motions

    def with_transcript(self) -> dict[str, FloatArray]:
        """The same of the clips whose words are known, with their words."""
        log.info("with transcripts")
        return {
            clip.id: self.generate(clip, 0, 1.0, "neutral", told_words=True)
            for clip in self.bench.clips
            if clip.transcript
        }

    def by_ear(self) -> dict[str, FloatArray]:
        """The same clips by the encoder's ear alone, no words recognised in them."""
        log.info("without recognised words")
        engine = copy(self.engine)
        engine.recogniser = None
        performer = Performer(engine, self.bench)
        return {c.id: performer.generate(c, 0, 1.0, "neutral") for c in self.bench.clips}

    def told(self) -> dict[str, FloatArray]:
        """Motion of a model that is told the phones and contacts of the alignment: what the
        denoiser could do with perfect ears."""
        settings = Settings(seed=0, intensity=1.0, emotion="neutral")
        motions = {}
        for clip in self.bench.clips:
            samples = self.bench.samples(clip)
            heard = self.engine.hear(samples)
            motions[clip.id] = self.engine.perform(hear_labels(clip, heard), settings)
        return motions

    def projected(self, motions: dict[str, FloatArray]) -> dict[str, FloatArray]:
        """`motions` after the engine's contact projection; empty where the engine has none."""
        project = getattr(self.engine, "project", None)
        if project is None:
            return {}
        return {
            clip.id: project(motions[clip.id], self.bench.samples(clip))
            for clip in self.bench.clips
        }


def with_sampling(engine: Engine, changes: str) -> Engine:
    """`engine` with the JSON object `changes` over its own sampling. Raises RequestError."""
    try:
        wanted = json.loads(changes)
        engine.sampling = sampling_config(_merged(asdict(engine.sampling), wanted))
    except (ValueError, TypeError) as error:
        raise RequestError(
            f"--sampling: {error}. Give a JSON object with the fields of SamplingConfig."
        ) from error
    return engine


def _merged(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    unknown = set(new) - set(old)
    if unknown:
        raise ValueError(f"there is no setting {', '.join(sorted(unknown))}")
    return old | {
        key: _merged(old[key], value) if isinstance(value, dict) else value
        for key, value in new.items()
    }


def hear_labels(clip: Clip, heard: Heard) -> Heard:
    """`heard` with the alignment's phones and contacts in place of the encoder's."""
    labels = frame_labels(clip.segments, len(heard.loudness))
    phones = np.eye(len(PHONES), dtype=np.float32)[labels]
    contacts = [
        phones[:, sorted(PHONE_INDEX[phone] for phone in group)].sum(axis=1)
        for group in CONTACT_PHONES
    ]
    return heard._replace(phones=phones, contacts=np.stack(contacts, axis=1))
