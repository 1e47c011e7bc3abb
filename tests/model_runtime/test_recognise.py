# SPDX-License-Identifier: GPL-3.0-or-later
"""Words are recognised where nobody wrote them down, and believed where they fit the sound."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from model_runtime import recognise as recognise_module
from model_runtime.audio import read_audio
from model_runtime.contacts import OperatingPoint
from model_runtime.contract import CancelledError, WeightsError
from model_runtime.engine import Engine
from model_runtime.phones import UNKNOWN_PHONE
from model_runtime.recognise import (
    KEPT,
    HeardPiece,
    LazyRecogniser,
    RecogniseConfig,
    RecognisedWord,
    load_recogniser,
    pieces,
    recognise,
)
from model_runtime.recognise_choice import choose
from model_runtime.recogniser import Recogniser, RecogniserConfig, spell
from model_runtime.transcript import tell
from model_runtime.weights import WEIGHTS_DIR
from tests.model_runtime.test_align import LINE, hearing

EXAMPLE = Path(__file__).parents[2] / "examples"
POINT = OperatingPoint()


@pytest.fixture(scope="module")
def model() -> Recogniser:
    return load_recogniser()[0].model


def likeliest(heard: tuple[HeardPiece, ...]) -> tuple[RecognisedWord, ...]:
    return tuple(word for piece in heard for text in piece.texts[:1] for word in text.words)


def spoken(words: tuple[RecognisedWord, ...]) -> list[str]:
    return re.findall("[a-z']+", " ".join(word.text for word in words).lower())


def test_the_words_of_the_bundled_line_are_recognised(model):
    text = json.loads((EXAMPLE / "line.phones.json").read_text())["text"]
    said = re.findall("[a-z']+", text.lower())
    words = likeliest(recognise(model, read_audio(EXAMPLE / "line.flac").samples))
    assert len(set(said) & set(spoken(words))) >= 0.7 * len(set(said))
    assert all(0.0 < word.probability <= 1.0 for word in words)
    assert likeliest(recognise(model, read_audio(EXAMPLE / "line.flac").samples)) == words


def test_it_tells_how_far_it_is_and_stops_where_it_is_told_to(model):
    samples, shares = read_audio(EXAMPLE / "line.flac").samples, list[float]()
    words = likeliest(recognise(model, samples, tell=shares.append))
    assert shares == sorted(shares) and shares[0] == 0.0 and 0.3 < shares[-1] <= 1.0
    assert len(shares) > len(words)  # once a token

    def stop(share: float) -> None:
        if share > 0.2:
            raise CancelledError("stopped")

    with pytest.raises(CancelledError):
        recognise(model, samples, tell=stop)


def test_a_network_is_built_when_words_are_first_asked_for_and_its_file_checked_before(
    tmp_path, monkeypatch
):
    asked: list[Path] = []
    load = recognise_module.load_packed
    monkeypatch.setattr(
        recognise_module, "load_packed", lambda model, path: asked.append(path) or load(model, path)
    )
    engine = Engine.load(None, torch.device("cpu"))
    assert engine.recogniser is not None and len(engine.hashes["recogniser"]) == 64
    assert engine.sketching(3).recogniser is engine.recogniser and not asked
    sound = np.full(8_000, 1e-4, np.float32)
    assert engine.with_words(engine.hear(sound), sound).recognised == () and len(asked) == 1
    shutil.copytree(WEIGHTS_DIR, tmp_path / "own")
    path = tmp_path / "own" / "recogniser.safetensors"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(WeightsError, match="damaged"):
        Engine.load(tmp_path / "own", torch.device("cpu"))
    assert Engine.load(tmp_path / "own", torch.device("cpu"), recognises=False).recogniser is None
    (tmp_path / "own" / "sha256.json").unlink()
    path.write_bytes(b"short")
    with pytest.raises(WeightsError, match="cannot be read"):
        Engine.load(tmp_path / "own", torch.device("cpu"))


def test_the_last_sounds_are_remembered(model, monkeypatch):
    sounds = [np.full(1_600, 0.001 * k, np.float32) for k in range(1, KEPT + 3)]
    heard: list[float] = []

    def listen(_model: Recogniser, samples: np.ndarray, tell: object):
        heard.append(float(samples[0]))
        return ()

    monkeypatch.setattr("model_runtime.recognise.recognise", listen)
    recogniser = LazyRecogniser(Path("none"), model.config)
    recogniser.__dict__["model"] = model
    for sound in [*sounds, sounds[-1]]:
        assert recogniser.texts(sound) == ()
    assert len(heard) == len(sounds)
    assert sum(map(recogniser.knows, sounds)) == KEPT and not recogniser.knows(sounds[0])
    recogniser.texts(sounds[0])
    assert len(heard) == len(sounds) + 1
    recogniser.forget()
    assert not any(map(recogniser.knows, sounds))


@pytest.mark.parametrize("level", [0.0, 0.02], ids=["silence", "hiss"])
def test_a_sound_without_speech_has_no_words(model, level):
    noise = np.random.default_rng(0).standard_normal(48_000).astype(np.float32)
    heard = hearing(LINE)
    words = choose(recognise(model, level * noise), heard.phones)
    assert tell(heard._replace(recognised=words), "", POINT).report == {}


def test_a_long_sound_is_cut_where_it_is_quiet():
    config = RecogniseConfig()
    rng = np.random.default_rng(0)
    sound = rng.standard_normal(16_000 * 31).astype(np.float32)
    for second in (11, 20):
        sound[second * 16_000 : second * 16_000 + 6_400] *= 0.01
    found = list(pieces(sound, config))
    assert np.array_equal(np.concatenate(found), sound)
    assert max(map(len, found)) <= config.longest_piece * 16_000
    assert 11.0 <= len(found[0]) / 16_000 <= 11.4
    assert 20.0 <= (len(found[0]) + len(found[1])) / 16_000 <= 20.4


def test_one_token_at_a_time_is_as_all_at_once():
    torch.manual_seed(0)
    small = RecogniserConfig(8, 32, 4, 2, tokens=("a", "b", " ", "", "", "", ""))
    network = Recogniser(small).eval()
    tokens = torch.tensor([[*network.start, 0, 1, 2]])
    with torch.inference_mode():
        heard = network.remember(network.listen(torch.randn(1, 8, 40)))
        whole, memory = network.score(tokens, heard), None
        for place in range(tokens.shape[1]):
            scores, memory = network.write(tokens[:, place : place + 1], heard, memory)
            torch.testing.assert_close(scores, whole[:, place], atol=1e-4, rtol=1e-4)


def test_tokens_write_a_text(model):
    text = " Bob may move five big pumpkins over the river."
    said = spell(text, model.config.tokens)
    assert "".join(model.config.tokens[token] for token in said) == text
    with pytest.raises(ValueError, match="no token"):
        spell("п", model.config.tokens)


def sure(text: str, probability: float = 0.9) -> tuple[RecognisedWord, ...]:
    return tuple(RecognisedWord(word, probability) for word in text.split())


def test_recognised_words_decide_contacts_as_a_transcript_does():
    heard = hearing(LINE, 0.4)
    by_words = tell(heard._replace(recognised=sure(LINE)), "", POINT)
    told = tell(heard, LINE, POINT)
    assert by_words.report["used"] and by_words.report["recognised"] == LINE
    assert (by_words.contacts > 0.5).sum() == pytest.approx((told.contacts > 0.5).sum(), abs=12)


def test_a_transcript_goes_before_what_was_recognised():
    heard = hearing(LINE)._replace(recognised=sure("Something else was said by nobody"))
    told = tell(heard, LINE, POINT)
    assert np.array_equal(told.phones, tell(hearing(LINE), LINE, POINT).phones)
    assert "recognised" not in told.report


@pytest.mark.parametrize("doubt", ["fit", "probability"])
def test_a_doubtful_word_is_left_to_the_sound(doubt):
    right, wrong = sure(LINE), sure(LINE.replace("five", "orange"))
    if doubt == "probability":
        wrong = tuple(
            word._replace(probability=0.001) if word.text == "five" else word for word in right
        )
    heard = hearing(LINE)
    known = tell(heard._replace(recognised=right), "", POINT)
    told = tell(heard._replace(recognised=wrong), "", POINT)
    start, end = next((a, b) for text, a, b, *_ in known.report["words"] if text == "five")
    inside = slice(round(start * 50) + 1, round(end * 50) - 1)
    assert (told.phones[inside] == UNKNOWN_PHONE).mean() > 0.6
    assert (told.phones != UNKNOWN_PHONE).mean() > 0.7
    assert (told.contacts[inside, 1] > 0.5).any()  # the sound's own f


def test_words_that_fit_nothing_leave_the_take_to_the_sound():
    heard = hearing(LINE)
    told = tell(heard._replace(recognised=sure("it is not what they had said at all")), "", POINT)
    alone = tell(heard, "", POINT)
    assert told.report == {} and np.array_equal(told.contacts, alone.contacts)
