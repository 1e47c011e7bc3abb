# SPDX-License-Identifier: GPL-3.0-or-later
"""The worker's answer to "which words does this sound hold?": told step by step, and stopped."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile

from model_runtime import worker_recognise
from model_runtime.contacts import OperatingPoint
from model_runtime.contract import CancelledError, GenerateRequest, RecogniseRequest, Sound
from model_runtime.features import SAMPLE_RATE
from model_runtime.recognise import LazyRecogniser, RecognisedText, RecognisedWord
from model_runtime.recognise import _piece_texts as REAL  # noqa: N812
from model_runtime.recogniser import RecogniserConfig
from model_runtime.worker_recognise import answer
from model_runtime.worker_tasks import Tasks
from tests.model_runtime.test_align import LINE, hearing

ASKED = RecogniseRequest(Sound(Path("line.wav")))
SECONDS = 31.0
EXAMPLES = Path(__file__).parents[2] / "examples"


class Ears:
    """The worker's tasks around one sound, in which every piece holds the next of `said`."""

    weights = None

    def __init__(self, said: list[str], silent: bool = False, heard: str = LINE) -> None:
        noise = np.random.default_rng(0).standard_normal(int(SECONDS * SAMPLE_RATE))
        self.audio = SimpleNamespace(samples=noise.astype(np.float32), silent=silent)
        self.models: dict[str, object] = {}
        self.said = said
        recogniser = LazyRecogniser(Path("none"), RecogniserConfig())
        recogniser.__dict__["model"] = self
        self.engine = SimpleNamespace(
            recogniser=recogniser,
            device="cpu",
            hear=lambda _samples: hearing(heard),
            sampling=SimpleNamespace(point=OperatingPoint()),
        )

    def read(self, _sound):
        return self.audio

    def on_device(self, work, progress):
        return work(self.engine, progress), {}


@pytest.fixture(autouse=True)
def recognised(monkeypatch):
    def piece_texts(ears, _piece, _config, _tell):
        text = ears.said.pop(0) if ears.said else ""
        return (RecognisedText(tuple(RecognisedWord(word, 0.9) for word in text.split()), 0.0),)

    monkeypatch.setattr("model_runtime.recognise._piece_texts", piece_texts)


def test_the_words_of_all_pieces_come_as_text_and_are_told():
    first, rest = LINE[: len(LINE) // 2].rsplit(" ", 1)
    rest += LINE[len(LINE) // 2 :]
    told = []
    found = answer(Ears([first, rest]), ASKED, lambda progress: told.append(progress) or True)
    assert found.text == LINE and found.sentence == f"Recognised {len(LINE.split())} words"
    fractions = [progress.fraction for progress in told]
    assert fractions == sorted(fractions) and fractions.count(0.1) == 1
    assert [progress.stage for progress in told].count("Recognising words") >= 3
    assert told[-1].stage == "Comparing with the sound"


def test_without_words_that_fit_the_text_is_empty_and_the_sentence_says_why():
    def found(ears):
        return answer(ears, ASKED, lambda _progress: True)

    silent = found(Ears([LINE], silent=True))
    assert silent.text == "" and "is silent" in silent.sentence
    wordless = found(Ears([]))
    assert wordless.text == "" and "No English words" in wordless.sentence
    other = found(Ears(["Thank you very much for watching this wonderful programme"]))
    assert other.text == "" and 'does not fit the sound ("Thank you' in other.sentence


def test_it_can_be_stopped_between_two_pieces():
    ears = Ears(["We", "move", "on"])
    told = []

    def progress(now):
        told.append(now)
        return now.fraction <= 0.2

    with pytest.raises(CancelledError, match="transcription was cancelled"):
        answer(ears, ASKED, progress)
    assert ears.said == ["move", "on"]


def test_an_engine_that_does_not_recognise_gets_the_model_once(monkeypatch):
    loads = []
    ears = Ears([LINE])

    recogniser, ears.engine.recogniser = ears.engine.recogniser, None

    def load(folder, device):
        loads.append((folder, device))
        return recogniser, "hash"

    monkeypatch.setattr(worker_recognise, "load_recogniser", load)
    assert answer(ears, ASKED, lambda _progress: True).text == LINE
    ears.said = [LINE]
    recogniser.forget()
    assert answer(ears, ASKED, lambda _progress: True).text == LINE and ears.said == []
    assert loads == [(None, "cpu")]


def test_the_bundled_models_transcribe_the_bundled_line(monkeypatch):
    monkeypatch.setattr("model_runtime.recognise._piece_texts", REAL)
    tasks = Tasks("cpu", None, time.time())
    text = json.loads((EXAMPLES / "line.phones.json").read_text())["text"]
    said = set(re.findall("[a-z']+", text.lower()))
    asked = RecogniseRequest(Sound(EXAMPLES / "line.flac"))
    found = answer(tasks, asked, lambda _progress: True)
    heard = set(re.findall("[a-z']+", found.text.lower()))
    assert len(said & heard) >= 0.7 * len(said) and found.sentence.startswith("Recognised")
    monkeypatch.setattr("model_runtime.recognise.recognise", None)  # its words are known
    made = tasks.generate(GenerateRequest(EXAMPLES / "line.flac"), lambda _progress: True)
    assert made.provenance["alignment"]["recognised"] == found.text
    assert made.provenance["transcript"] == ""


def test_the_bundled_models_hear_no_words_in_a_hum(tmp_path, monkeypatch):
    monkeypatch.setattr("model_runtime.recognise._piece_texts", REAL)
    hum = 0.1 * np.sin(2 * np.pi * 120 * np.arange(3 * SAMPLE_RATE) / SAMPLE_RATE)
    soundfile.write(tmp_path / "hum.wav", hum, SAMPLE_RATE)
    tasks = Tasks("cpu", None, time.time(), recognises=False)
    found = answer(tasks, RecogniseRequest(Sound(tmp_path / "hum.wav")), lambda _progress: True)
    assert found.text == "" and "by hand" in found.sentence
