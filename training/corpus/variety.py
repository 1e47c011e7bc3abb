# SPDX-License-Identifier: GPL-3.0-or-later
"""Speech that the plain English shards lack: other languages, moods, and single words with pauses.

The names of its sources say the engine and the kind: 'espeak-de', 'festival-cs', 'flite-moods'.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator

import numpy as np

from model_runtime.contract import ThunderError

from . import espeak, festival, flite
from .alignment import scale_segments
from .augment import change_speed
from .languages import LANGUAGES, UNSEEN, draw_lines
from .speech import Layout, Task, Utterance, at_rate
from .splits import split_of
from .store import RATE
from .text import LABIAL_WORDS, ORDERS, Texts

log = logging.getLogger(__name__)

Range = tuple[float, float]
MOODS: dict[str, tuple[Range, Range, Range]] = {  # espeak-ng: words a minute, pitch, its range
    "happy": ((165, 235), (55, 85), (70, 100)),
    "sad": ((85, 130), (10, 40), (3, 25)),
    "angry": ((185, 270), (35, 70), (75, 100)),
    "surprised": ((140, 220), (65, 95), (85, 100)),
    "afraid": ((210, 310), (65, 99), (25, 70)),
    "disgusted": ((100, 160), (15, 45), (40, 80)),
}
FLITE_MOODS: dict[str, tuple[Range, Range, Range]] = {  # stretch, pitch factor, deviation in Hz
    "happy": ((0.8, 1.05), (1.15, 1.45), (30, 55)),
    "sad": ((1.25, 1.7), (0.75, 0.95), (3, 12)),
    "angry": ((0.7, 0.95), (0.95, 1.25), (35, 60)),
    "surprised": ((0.85, 1.2), (1.3, 1.6), (45, 70)),
    "afraid": ((0.6, 0.8), (1.3, 1.6), (12, 30)),
    "disgusted": ((1.1, 1.5), (0.8, 1.0), (15, 35)),
}
BRIEF = Layout(edge=(0.1, 1.5), pause=(0.5, 4.0), pause_share=0.7)
LINES = 2000  # more than any shard holds
BATCH = 24  # lines one festival process speaks


def voices(source: str, split: str) -> list[str]:
    """Voices of one of this module's sources whose speaker belongs to `split`."""
    engine, _, kind = source.partition("-")
    if engine == "festival":
        spoken = [name for name, language in festival.LANGUAGE_OF.items() if language == kind]
        here = festival.installed_voices(spoken)
        return [name for name in here if split_of(f"festival:{name}") == split]
    if engine == "flite":
        known = flite.SPEAKERS if flite.is_installed() else {}
        return [name for name in known if split_of(known[name]) == split]
    if not espeak.is_installed() or (kind in UNSEEN and split != "test"):
        return []
    return [name for name in espeak.VARIANTS if split_of(espeak.speaker_of(name)) == split]


def layout(source: str) -> Layout:
    return BRIEF if source.endswith("-brief") else Layout()


def utterances(task: Task, texts: Texts, rng: np.random.Generator) -> Iterator[Utterance]:
    """Utterances of the shard, two of a voice and then another voice."""
    engine, _, kind = task.source.partition("-")
    lines = _lines(task, kind, texts, rng)
    if engine == "festival":
        return _festival(task, kind, lines, rng)
    if engine == "flite":
        return _flite(task, kind, lines, rng)
    return _espeak(task, kind, lines, rng)


def _lines(task: Task, kind: str, texts: Texts, rng: np.random.Generator) -> list[str]:
    if kind in LANGUAGES:
        return draw_lines(kind, LINES, rng)
    if kind == "brief":
        return [_brief(texts.sentences[task.split], rng) for _ in range(LINES)]
    return texts.draw(task.split, task.ordinal, LINES, rng)


def _brief(sentences: tuple[str, ...], rng: np.random.Generator) -> str:
    """One or two words."""
    kind = rng.random()
    if kind < 0.3:
        return str(rng.choice(LABIAL_WORDS))
    if kind < 0.5:
        return str(rng.choice(ORDERS))
    words = sentences[int(rng.integers(len(sentences)))].split()
    start = int(rng.integers(len(words)))
    return " ".join(words[start : start + int(rng.integers(1, 3))]).strip(" ,.;:-!?") or "yes"


def _espeak(
    task: Task, kind: str, lines: list[str], rng: np.random.Generator
) -> Iterator[Utterance]:
    engine = espeak.Espeak()
    names = voices(task.source, task.split)
    variant, voice, note, settings = "", "", "", {"rate": 0}
    for number, text in enumerate(lines):
        if number % 2 == 0:
            variant = str(rng.choice(names))
            accent = str(rng.choice(espeak.ACCENTS, p=espeak.ACCENT_WEIGHTS))
            mood = str(rng.choice(list(MOODS))) if kind == "moods" else ""
            ranges = MOODS[mood] if mood else ((115, 235), (12, 88), (15, 95))
            rate, pitch, spread = (int(rng.integers(int(a), int(b))) for a, b in ranges)
            settings = {"rate": rate, "pitch": pitch, "pitch_range": spread}
            voice = f"{kind if kind in LANGUAGES else accent}+{variant}"
            note = f"{voice} {rate} {mood}".strip()
        try:
            samples, phones = engine.say(text, voice, **settings)
        except ThunderError as error:
            log.warning("%s", error)
            continue
        if len(samples) > 0.2 * engine.rate:
            sound = at_rate(samples, engine.rate)
            yield espeak.speaker_of(variant), note, text, sound, phones


def _flite(
    task: Task, kind: str, lines: list[str], rng: np.random.Generator
) -> Iterator[Utterance]:
    names = voices(task.source, task.split)
    weights = np.array([flite.VOICE_WEIGHTS[name] for name in names])
    voice, note, stretch, pitch, spread = names[0], "", 1.0, 100.0, 20.0
    for number, text in enumerate(lines):
        if number % 2 == 0:
            voice = str(rng.choice(names, p=weights / weights.sum()))
            mood = str(rng.choice(list(FLITE_MOODS))) if kind == "moods" else ""
            ranges = FLITE_MOODS[mood] if mood else ((0.75, 1.35), (0.8, 1.3), (8, 40))
            stretch, pitch, spread = (float(rng.uniform(*limits)) for limits in ranges)
            pitch *= flite.PITCH[voice]
            note = f"{voice} x{stretch:.2f} {pitch:.0f} Hz {mood}".strip()
        try:
            samples, rate, phones = flite.say(text, voice, stretch, pitch, spread)
        except ThunderError as error:
            log.info("%s", error)
            continue
        yield flite.SPEAKERS[voice], note, text, at_rate(samples, rate), phones


def _festival(
    task: Task, language: str, lines: list[str], rng: np.random.Generator
) -> Iterator[Utterance]:
    names = voices(task.source, task.split)
    for start in range(0, len(lines), BATCH):
        voice = str(rng.choice(names))
        stretch, speed = float(rng.uniform(0.8, 1.3)), float(rng.uniform(0.86, 1.16))
        batch = lines[start : start + BATCH]
        for spoken in festival.say_batch(batch, voice, stretch, 0.0):
            sound = at_rate(spoken.samples, spoken.rate)
            changed = change_speed(sound, speed)
            phones = scale_segments(spoken.segments, len(changed) / max(len(sound), 1))
            note = f"{voice} x{stretch:.2f} speed {speed:.2f}"
            if len(changed) > 0.2 * RATE:
                yield f"festival:{voice}", note, batch[spoken.index], changed, list(phones)
