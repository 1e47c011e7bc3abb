# SPDX-License-Identifier: GPL-3.0-or-later
"""One shard of synthetic speech: voices, settings, texts and pauses drawn from the shard's seed."""

from __future__ import annotations

import logging
import zlib
from collections.abc import Iterator

import numpy as np

from model_runtime.contract import ThunderError

from . import espeak, festival, flite, variety
from .alignment import Segment, Segments
from .noises import nobody, things
from .speech import Layout, Samples, Task, Utterance, at_rate, compose
from .splits import split_of
from .store import RATE, Draft
from .text import Texts

log = logging.getLogger(__name__)

BATCH = 24  # sentences one festival process speaks


def voices(source: str, split: str) -> list[str]:
    """Voices of an engine on this machine whose speaker belongs to `split`."""
    if "-" in source:
        return variety.voices(source, split)
    if source == "espeak":
        known = {variant: espeak.speaker_of(variant) for variant in espeak.VARIANTS}
        available = list(known) if espeak.is_installed() else []
    elif source == "flite":
        known, available = flite.SPEAKERS, list(flite.SPEAKERS) if flite.is_installed() else []
    else:
        known, available = festival.SPEAKERS, festival.installed_voices()
    return [voice for voice in available if split_of(known[voice]) == split]


def clips(task: Task, texts: Texts) -> Iterator[tuple[Draft, Samples]]:
    """Clips of the shard until `task.seconds` of sound are reached."""
    rng = np.random.default_rng([task.seed, zlib.crc32(task.name.encode())])
    if task.source in ("silence", "noises"):
        yield from _silences(task, rng)
        return
    makers = {"espeak": _espeak, "flite": _flite, "festival": _festival}
    source = makers.get(task.source, variety.utterances)
    layout = variety.layout(task.source) if "-" in task.source else Layout()
    total, number = 0.0, 0
    waiting: Utterance | None = None
    for utterance in source(task, texts, rng):
        if waiting is None and rng.random() < layout.pause_share:
            waiting = utterance
            continue
        parts = [utterance]
        if waiting is not None:
            parts = [waiting, utterance] if waiting[0] == utterance[0] else [utterance]
            waiting = None
        draft, samples = compose(f"{task.name}-{number:04d}", task.source, parts, layout, rng)
        yield draft, samples
        number += 1
        total += len(samples) / RATE
        if total >= task.seconds:
            return


def _espeak(task: Task, texts: Texts, rng: np.random.Generator) -> Iterator[Utterance]:
    engine = espeak.Espeak()
    names = voices("espeak", task.split)
    variant, accent, settings = "", "", {"rate": 0}
    for number, text in enumerate(texts.draw(task.split, task.ordinal, 2000, rng)):
        if number % 2 == 0:  # pairs, so that a pause can join two lines of one voice
            variant = str(rng.choice(names))
            accent = str(rng.choice(espeak.ACCENTS, p=espeak.ACCENT_WEIGHTS))
            settings = {
                "rate": int(rng.integers(115, 235)),
                "pitch": int(rng.integers(12, 88)),
                "pitch_range": int(rng.integers(15, 95)),
            }
        samples, phones = engine.say(text, f"{accent}+{variant}", **settings)
        if len(samples) > 0.2 * engine.rate:
            sound = at_rate(samples, engine.rate)
            note = f"{accent}+{variant} {settings['rate']}"
            yield espeak.speaker_of(variant), note, text, sound, phones


def _flite(task: Task, texts: Texts, rng: np.random.Generator) -> Iterator[Utterance]:
    names = voices("flite", task.split)
    weights = np.array([flite.VOICE_WEIGHTS[name] for name in names])
    voice, stretch, pitch, spread = names[0], 1.0, 100.0, 20.0
    for number, text in enumerate(texts.draw(task.split, task.ordinal, 2000, rng)):
        if number % 2 == 0:
            voice = str(rng.choice(names, p=weights / weights.sum()))
            stretch = rng.uniform(0.75, 1.35)
            pitch = flite.PITCH[voice] * rng.uniform(0.8, 1.3)
            spread = rng.uniform(8, 40)
        try:
            samples, rate, phones = flite.say(text, voice, stretch, pitch, spread)
        except ThunderError as error:
            log.info("%s", error)
            continue
        note = f"{voice} x{stretch:.2f} {pitch:.0f} Hz"
        yield flite.SPEAKERS[voice], note, text, at_rate(samples, rate), phones


def _festival(task: Task, texts: Texts, rng: np.random.Generator) -> Iterator[Utterance]:
    names = voices("festival", task.split)
    weights = np.array([festival.VOICE_WEIGHTS[name] for name in names])
    lines = texts.draw(task.split, task.ordinal, 2000, rng)
    for start in range(0, len(lines), BATCH):
        batch = lines[start : start + BATCH]
        voice = str(rng.choice(names, p=weights / weights.sum()))
        stretch, pitch = rng.uniform(0.8, 1.3), rng.uniform(85, 140)
        for spoken in festival.say_batch(batch, voice, stretch, pitch):
            note = f"{voice} x{stretch:.2f}"
            sound = at_rate(spoken.samples, spoken.rate)
            yield festival.SPEAKERS[voice], note, batch[spoken.index], sound, spoken.segments


def _silences(task: Task, rng: np.random.Generator) -> Iterator[tuple[Draft, Samples]]:
    """Nobody speaks, the mouth rests."""
    make = nobody if task.source == "silence" else things
    total, number = 0.0, 0
    while total < task.seconds:
        seconds = rng.uniform(1.5, 8.0)
        samples = make(int(seconds * RATE), rng)
        segments: Segments = (Segment("SIL", 0.0, len(samples) / RATE),)
        yield Draft(f"{task.name}-{number:04d}", "silence", "silence", "", "", segments), samples
        total, number = total + seconds, number + 1
