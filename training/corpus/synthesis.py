# SPDX-License-Identifier: GPL-3.0-or-later
"""One shard of synthetic speech: voices, settings, texts and pauses drawn from the shard's seed."""

from __future__ import annotations

import logging
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import soxr

from model_runtime.contract import ThunderError

from . import espeak, festival, flite
from .alignment import Segment, Segments, shift_segments, tidy
from .augment import coloured_noise
from .splits import split_of
from .store import RATE, Draft
from .text import Texts

log = logging.getLogger(__name__)

BATCH = 24  # sentences one festival process speaks
PAUSE_SHARE = 0.12  # of clips that hold two sentences with a pause between
PEAK = 0.6

Samples = npt.NDArray[np.float32]
Utterance = tuple[str, str, str, Samples, list[Segment]]  # speaker, note, text, 16 kHz, phones


@dataclass(frozen=True)
class Task:
    """What a shard is made of; equal tasks give equal sound."""

    name: str
    source: str
    split: str
    ordinal: int
    seconds: float
    seed: int


def voices(source: str, split: str) -> list[str]:
    """Voices of an engine on this machine whose speaker belongs to `split`."""
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
    if task.source == "silence":
        yield from _silences(task, rng)
        return
    source = {"espeak": _espeak, "flite": _flite, "festival": _festival}[task.source]
    total, number = 0.0, 0
    waiting: Utterance | None = None
    for utterance in source(task, texts, rng):
        if waiting is None and rng.random() < PAUSE_SHARE:
            waiting = utterance
            continue
        parts = [utterance]
        if waiting is not None:
            parts = [waiting, utterance] if waiting[0] == utterance[0] else [utterance]
            waiting = None
        draft, samples = compose(f"{task.name}-{number:04d}", task.source, parts, rng)
        yield draft, samples
        number += 1
        total += len(samples) / RATE
        if total >= task.seconds:
            return


def compose(
    name: str, source: str, parts: list[Utterance], rng: np.random.Generator
) -> tuple[Draft, Samples]:
    """A clip of one or more utterances with silence around and a pause of 0.3 to 2.5 s between."""
    edge = int(rng.uniform(0.05, 0.5) * RATE)
    pieces: list[Samples] = [np.zeros(edge, np.float32)]
    segments: list[Segment] = []
    clock = edge
    for number, (_, _, _, samples, phones) in enumerate(parts):
        if number:
            pause = int(rng.uniform(0.3, 2.5) * RATE)
            pieces.append(np.zeros(pause, np.float32))
            clock += pause
        pieces.append(samples)
        segments.extend(shift_segments(phones, clock / RATE))
        clock += len(samples)
    pieces.append(np.zeros(int(rng.uniform(0.05, 0.5) * RATE), np.float32))
    sound = np.concatenate(pieces)
    sound = sound * (PEAK / max(float(np.abs(sound).max()), 1e-4))
    sound = sound + rng.normal(0.0, 3e-5, len(sound)).astype(np.float32)
    speaker, note, _, _, _ = parts[0]
    text = " ".join(part[2] for part in parts)
    whole = tidy(segments, len(sound) / RATE)
    return Draft(name, source, "synthetic", speaker, text, whole, note), sound.astype(np.float32)


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
            sound = _at_rate(samples, engine.rate)
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
        yield flite.SPEAKERS[voice], note, text, _at_rate(samples, rate), phones


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
            sound = _at_rate(spoken.samples, spoken.rate)
            yield festival.SPEAKERS[voice], note, batch[spoken.index], sound, spoken.segments


def _silences(task: Task, rng: np.random.Generator) -> Iterator[tuple[Draft, Samples]]:
    """Rooms, hums, clicks and plain silence: nobody speaks, the mouth rests."""
    total, number = 0.0, 0
    while total < task.seconds:
        seconds = rng.uniform(1.5, 8.0)
        samples = _nobody(int(seconds * RATE), rng)
        segments: Segments = (Segment("SIL", 0.0, len(samples) / RATE),)
        yield Draft(f"{task.name}-{number:04d}", "silence", "silence", "", "", segments), samples
        total, number = total + seconds, number + 1


def _nobody(count: int, rng: np.random.Generator) -> Samples:
    level = 10.0 ** (rng.uniform(-75, -18) / 20.0)
    kind = rng.random()
    sound = coloured_noise(count, rng.uniform(0.0, 2.0), rng) * level
    if kind < 0.25:
        tone = rng.choice([50.0, 60.0, 100.0, rng.uniform(80, 3000)])
        sound = sound + level * np.sin(2 * np.pi * tone * np.arange(count) / RATE)
    elif kind < 0.5:
        sound = sound * _swell(count, rng)
    elif kind < 0.75:
        for _ in range(int(rng.integers(1, 12))):
            start = int(rng.integers(0, count - 400))
            burst = np.exp(-np.arange(400) / rng.uniform(5, 120)) * rng.normal(0, 1, 400)
            sound[start : start + 400] += burst * 10.0 ** (rng.uniform(-45, -8) / 20.0)
    return np.clip(sound, -1.0, 1.0).astype(np.float32)


def _swell(count: int, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    knots = rng.uniform(0.05, 2.5, max(2, count // 4000))
    return np.interp(np.linspace(0, 1, count), np.linspace(0, 1, len(knots)), knots)


def _at_rate(samples: Samples, rate: int) -> Samples:
    if rate == RATE:
        return samples
    resampled: Samples = soxr.resample(samples, rate, RATE).astype(np.float32)
    return resampled
