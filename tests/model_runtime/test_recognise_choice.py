# SPDX-License-Identifier: GPL-3.0-or-later
"""Of several texts the one that the sound holds is chosen, and doubt between them is told."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

from model_runtime.recognise import HeardPiece, RecognisedText, RecognisedWord
from model_runtime.recognise_choice import ChoiceConfig, choose
from model_runtime.recogniser import Recogniser, RecogniserConfig
from model_runtime.recogniser_search import search
from tests.model_runtime.test_align import LINE, hearing

WRONG = LINE.replace("Bob may move", "Tod day soon")
NEAR = LINE.replace("big", "bag")


def text(words: str, score: float) -> RecognisedText:
    return RecognisedText(tuple(RecognisedWord(word, 0.9) for word in words.split()), score)


def chosen(*texts: RecognisedText, seed: int = 0, config: ChoiceConfig | None = None):
    heard = hearing(LINE, seed=seed)
    piece = HeardPiece(len(heard.phones) * 320, texts)
    return choose([piece], heard.phones, config)


def said(words: tuple[RecognisedWord, ...]) -> str:
    return " ".join(word.text for word in words)


@pytest.mark.parametrize("seed", range(3))
def test_the_text_that_the_phones_hold_wins_over_a_likelier_one(seed: int):
    texts = text(WRONG, -4.0), text(LINE, -6.0)
    assert said(chosen(*texts, seed=seed)) == LINE
    assert said(chosen(*texts, seed=seed, config=ChoiceConfig(sound=0.0))) == WRONG


def test_texts_that_sound_alike_are_told_apart_by_the_recogniser():
    assert said(chosen(text(LINE.replace("big", "bigg"), -9.0), text(LINE, -4.0))) == LINE


def test_words_that_every_text_holds_are_sure_and_the_others_share_what_there_is():
    words = chosen(text(LINE, -5.0), text(NEAR, -5.0), config=ChoiceConfig(sound=0.0))
    sure = {word.text: word.probability for word in words}
    assert sure["big" if "big" in sure else "bag"] == pytest.approx(0.5, abs=1e-6)
    assert min(share for word, share in sure.items() if word not in ("big", "bag")) > 0.999


def test_the_same_word_elsewhere_is_no_support():
    once, moved = "Bob may move five big pumpkins", "five Bob may move big pumpkins"
    words = chosen(text(once, -5.0), text(moved, -5.0), config=ChoiceConfig(sound=0.0))
    assert {word.text: word.probability for word in words}["five"] == pytest.approx(0.5, abs=1e-6)


def test_every_piece_is_chosen_by_its_own_sound():
    first, second = hearing("Bob may move"), hearing("five big pumpkins")
    phones = np.concatenate((first.phones, second.phones))
    pieces = [
        HeardPiece(
            len(first.phones) * 320, (text("five big pumpkins", -1.0), text("Bob may move", -2.0))
        ),
        HeardPiece(
            len(second.phones) * 320, (text("Bob may move", -1.0), text("five big pumpkins", -2.0))
        ),
    ]
    assert said(choose(pieces, phones)) == "Bob may move five big pumpkins"


def test_nothing_heard_is_nothing_chosen():
    heard = hearing(LINE)
    assert choose([], heard.phones) == ()
    assert choose([HeardPiece(320, ())], heard.phones) == ()
    assert said(chosen(text("...", -1.0))) == "..."  # nothing that can be said: kept as it is


TINY = RecogniserConfig(
    bands=4,
    width=16,
    heads=2,
    layers=1,
    longest_sound=20,
    longest_text=8,
    tokens=("a", "b", *[""] * 4),
)


def tiny(seed: int) -> tuple[Recogniser, list]:
    torch.manual_seed(seed)
    model = Recogniser(TINY).eval()
    with torch.no_grad():
        model.tokens.weight *= 1.5  # texts that differ in their likelihood
    return model, model.remember(model.listen(torch.randn(1, 4, 20)))


def every_text(model: Recogniser, heard: list, longest: int) -> list[tuple[float, tuple[int, ...]]]:
    """All texts with their log probabilities, the likeliest first, one forward pass each."""
    found = []
    for length in range(longest):
        for tokens in itertools.product(range(2), repeat=length):
            scores = model.score(torch.tensor([[*model.start, *tokens]]), heard)[0, 1:]
            scores[:, [*model.start, model.silent]] = -torch.inf
            chances = scores.log_softmax(-1)
            after = torch.tensor([*tokens, model.end])
            found.append((float(chances[torch.arange(len(after)), after].sum()), tokens))
    return sorted(found, reverse=True)


@pytest.mark.parametrize("seed", range(4))
@torch.inference_mode()
def test_a_wide_search_finds_the_likeliest_texts_of_all(seed: int):
    model, heard = tiny(seed)
    _, begun = model.write(torch.tensor([[model.start[0]]]), heard, None)
    shares: list[float] = []
    found = search(model, heard, begun, 40, 5, shares.append)
    truth = every_text(model, heard, 5)
    assert [one.tokens for one in found[:10]] == [tokens for _, tokens in truth[:10]]
    assert [one.score for one in found[:10]] == pytest.approx([s for s, _ in truth[:10]], abs=1e-4)
    assert shares == sorted(shares) and len(shares) > 1


@torch.inference_mode()
def test_a_narrow_search_never_finds_better_texts_than_there_are_and_says_their_own_scores():
    model, heard = tiny(1)
    _, begun = model.write(torch.tensor([[model.start[0]]]), heard, None)
    truth = {tokens: score for score, tokens in every_text(model, heard, 6)}
    found = search(model, heard, begun, 3, 6, lambda share: None)
    assert 0 < len(found) <= 3
    for one in found:
        assert one.score == pytest.approx(truth[one.tokens], abs=1e-4)
        assert len(one.chances) == len(one.tokens)
