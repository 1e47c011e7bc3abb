# SPDX-License-Identifier: GPL-3.0-or-later
"""Clips in other languages, for evaluation only: a small corpus with a source for each.

Russian are recordings of the corpus's one Russian speaker: sentences are held out by a hash of
their text, not the speaker. The others are espeak-ng voices that no corpus trains on, reading
sentences of our own, with the corpus's closure repair.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soxr

from ..corpus import espeak, synthesis
from ..corpus.alignment import shift_segments, tidy
from ..corpus.splits import split_of_sentence
from ..corpus.store import RATE, Clip, Draft, open_corpus, write_shard
from .language_texts import TEXTS

NAMES = {"de": "german", "fr": "french", "es": "spanish", "it": "italian"}
EDGE, PEAK = 0.3, 0.6  # s of silence at both ends; highest sample
SYNTHETIC_NOTE = "espeak-ng voices that no corpus trains on; phones mapped to ours"
RUSSIAN_NOTE = (
    "recordings of one speaker, who is in the training split: sentences held out by a hash of "
    "their text. Unseen only by models trained without them; the bundled ones have heard them."
)
Samples = npt.NDArray[np.float32]


def write_language_clips(folder: Path, corpus: Path, count: int) -> dict[str, str]:
    """Write up to `count` test clips of each language as shards under `folder`.

    Language -> what it is. Languages that neither espeak-ng nor the corpus gives are left out.
    """
    notes: dict[str, str] = {}
    if espeak.is_installed():
        fresh = multiprocessing.get_context("spawn")  # espeak keeps state
        with ProcessPoolExecutor(1, mp_context=fresh) as pool:
            spoken = pool.submit(spoken_clips, count).result()
        for code, name in NAMES.items():
            write_shard(folder, f"{name}-test-000", "test", spoken[code])
            notes[name] = SYNTHETIC_NOTE
    russian = list(russian_clips(corpus, count))
    if russian:
        write_shard(folder, "russian-test-000", "test", russian)
        notes["russian"] = RUSSIAN_NOTE
    return notes


def spoken_clips(count: int) -> dict[str, list[tuple[Draft, Samples]]]:
    """Language code -> up to `count` clips; voices in turn."""
    engine = espeak.Espeak()
    voices = synthesis.voices("espeak", "test")
    return {
        code: [
            _spoken(engine, code, number, text, voices[number % len(voices)])
            for number, text in enumerate(TEXTS[code][:count])
        ]
        for code in NAMES
    }


def held_out(text: str) -> bool:
    """Whether a Russian sentence is kept from training: one in seven, by a hash of its text."""
    return split_of_sentence("russian " + text) == "test"


def russian_clips(corpus: Path, count: int) -> Iterator[tuple[Draft, Samples]]:
    """Up to `count` held-out Russian clips of the corpus."""
    found = open_corpus(corpus)
    clips = sorted(found.clips(kind="russian"), key=lambda clip: clip.id)
    for clip in [c for c in clips if held_out(c.transcript) and c.seconds <= 15.0][:count]:
        yield _draft(clip), found.samples(clip)


def _draft(clip: Clip) -> Draft:
    return Draft(clip.id, "russian", "real", clip.speaker, clip.transcript, clip.segments)


def _spoken(
    engine: espeak.Espeak, code: str, number: int, text: str, voice: str
) -> tuple[Draft, Samples]:
    samples, segments = engine.say(text, f"{code}+{voice}", rate=150, pitch=50, pitch_range=50)
    sound = soxr.resample(samples, engine.rate, RATE).astype(np.float32)
    edge = np.zeros(round(EDGE * RATE), np.float32)
    whole = np.concatenate([edge, sound * (PEAK / max(float(np.abs(sound).max()), 1e-6)), edge])
    moved = tidy(shift_segments(segments, EDGE), len(whole) / RATE)
    name = f"{NAMES[code]}-{number:03d}"
    speaker = espeak.speaker_of(voice)
    return Draft(name, NAMES[code], "synthetic", speaker, text, moved, voice), whole
