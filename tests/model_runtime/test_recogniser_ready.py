# SPDX-License-Identifier: GPL-3.0-or-later
"""The recogniser as it runs on a processor writes what the trained network writes."""

from __future__ import annotations

from copy import deepcopy

import pytest
import torch

from model_runtime import recogniser_ready
from model_runtime.recogniser import Recogniser, RecogniserConfig
from model_runtime.recogniser_ready import HalfLinear, made_ready

SMALL = RecogniserConfig(8, 64, 4, 2, tokens=(*"abcdefgh ", "", "", "", ""))


@pytest.fixture
def network() -> Recogniser:
    torch.manual_seed(0)
    model = Recogniser(SMALL).eval().requires_grad_(False)
    for value in model.parameters():
        value.copy_(0.3 * torch.randn_like(value))
    return model


def texts_of(model: Recogniser, texts: list[list[int]], alone: bool) -> torch.Tensor:
    """Scores behind each text (texts, vocabulary), written token by token."""
    with torch.inference_mode():
        torch.manual_seed(1)
        heard, rows = model.remember(model.listen(torch.randn(1, 8, 40))), []
        groups = [[text] for text in texts] if alone else [texts]
        for group in groups:
            tokens, memory = torch.tensor(group), None
            for place in range(tokens.shape[1]):
                scores, memory = model.write(tokens[:, place : place + 1], heard, memory)
            rows.append(scores)
        return torch.cat(rows)


@pytest.mark.parametrize("half", [True, False])
def test_it_scores_as_the_network_does(network, monkeypatch, half):
    if half and not recogniser_ready._half_is_there():
        pytest.skip("this processor's torch has no half precision weights")
    monkeypatch.setattr(recogniser_ready, "_half_is_there", lambda: half)
    ready = made_ready(deepcopy(network))
    kept = [one for one in ready.modules() if isinstance(one, HalfLinear)]
    assert len(kept) == half * (2 * 8 + 1) and network.spelling is None
    texts = [[10, 11, 3, 1], [10, 11, 0, 8]]
    expected, found = (texts_of(model, texts, alone=True) for model in (network, ready))
    spread = float(expected.std())
    assert spread > 0.5
    torch.testing.assert_close(found, expected, atol=0.01 * spread, rtol=0.01)


def test_texts_of_one_sound_are_written_together_as_each_alone(network):
    texts = [[10, 11, 3, 1], [10, 11, 0, 8], [10, 11, 7, 7]]
    for model in (network, made_ready(deepcopy(network))):
        together, alone = (texts_of(model, texts, alone) for alone in (False, True))
        torch.testing.assert_close(together, alone, atol=1e-4, rtol=1e-4)
