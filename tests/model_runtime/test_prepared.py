# SPDX-License-Identifier: GPL-3.0-or-later
"""The networks as inference runs them are the networks that were trained."""

from __future__ import annotations

import pytest
import torch

from model_runtime.contract import CHANNELS
from model_runtime.cpu_layers import linear
from model_runtime.denoiser import Condition, Denoiser, DenoiserConfig
from model_runtime.encoder import EncoderConfig, SpeechEncoder, encode
from model_runtime.features import MEL_BANDS
from model_runtime.phones import CONTACTS
from model_runtime.prepared import estimator

CHANNEL_COUNT = len(CHANNELS)


def untrained(transcript: bool) -> Denoiser:
    """A network whose every part matters, which it does not where it starts from zeros."""
    torch.manual_seed(2)
    config = DenoiserConfig(width=32, layers=2, heads=2, window=24, transcript=transcript)
    network = Denoiser(config).eval()
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    return network


def conditions(emotions: torch.Tensor, frames: int = 24) -> Condition:
    batch = len(emotions)
    keep = torch.ones(batch, frames, dtype=torch.bool)
    keep[-1, 18:] = False
    return Condition(
        speech=torch.rand(batch, frames, 41),
        contacts=torch.rand(batch, frames, len(CONTACTS)),
        emotion=emotions,
        intensity=torch.rand(batch, frames),
        known=torch.randn(batch, frames, CHANNEL_COUNT),
        mask=(torch.rand(batch, frames, CHANNEL_COUNT) < 0.3).float(),
        keep=keep,
        heard=torch.ones(batch),
        phones=torch.randint(0, 30, (batch, frames)),
    )


@pytest.mark.parametrize("transcript", [False, True])
@pytest.mark.parametrize("turning", [False, True])
@pytest.mark.parametrize("scale", [1.0, 1.4])
def test_it_estimates_what_the_network_does(transcript: bool, turning: bool, scale: float):
    network = untrained(transcript)
    emotions = torch.tensor([[1], [8]]).repeat(1, 24)
    if turning:
        emotions[0, 12:] = 4
    condition = conditions(emotions)
    schedule = torch.tensor([0.995, 0.6, 0.2, 0.0])
    noisy = torch.randn(2, 24, CHANNEL_COUNT)
    with torch.inference_mode():
        found = estimator(network, condition, scale, schedule)
        for time in schedule[:-1]:
            wanted = plain(network, noisy, time.expand(2), condition, scale)
            drawn = found(noisy, time.expand(2))
            for row, kept in enumerate(condition.keep):
                assert torch.allclose(drawn[row, kept], wanted[row, kept], atol=2e-5, rtol=1e-5)


def plain(
    network: Denoiser, noisy: torch.Tensor, time: torch.Tensor, condition: Condition, scale: float
) -> torch.Tensor:
    """Guidance written out, by the network's own forward pass."""
    clean = network(noisy, time, condition)
    if scale != 1.0:
        free = condition._replace(
            heard=torch.zeros(2), emotion=torch.full_like(condition.emotion, 8)
        )
        without = network(noisy, time, free)
        clean = without + scale * (clean - without)
    return torch.where(condition.mask > 0, condition.known, clean)


def test_what_lies_behind_the_sound_changes_nothing():
    network, schedule = untrained(False), torch.tensor([0.9])
    condition = conditions(torch.full((2, 24), 3))
    noisy = torch.randn(2, 24, CHANNEL_COUNT)
    found = estimator(network, condition, 1.0, schedule)
    with torch.inference_mode():
        before = found(noisy, schedule.expand(2))
        noisy[1, 18:] = torch.nan
        again = found(noisy, schedule.expand(2))
    assert torch.equal(before[1, :18], again[1, :18])


def test_a_row_is_the_same_beside_others():
    network, schedule = untrained(False), torch.tensor([0.9])
    condition = conditions(torch.full((3, 24), 3))
    noisy = torch.randn(3, 24, CHANNEL_COUNT)
    noisy[1] = noisy[0]
    twins = Condition(*(part[[0, 0, 2]] for part in condition))
    with torch.inference_mode():
        together = estimator(network, twins, 1.0, schedule)(noisy, schedule.expand(3))
        for row in range(3):
            one = Condition(*(part[row : row + 1] for part in twins))
            alone = estimator(network, one, 1.0, schedule)(noisy[row : row + 1], schedule)
            assert torch.equal(together[row], alone[0])


@pytest.mark.parametrize("kernels", [True, False])
def test_the_encoder_on_a_cpu_is_the_one_that_was_trained(kernels: bool):
    torch.manual_seed(3)
    encoder = SpeechEncoder(EncoderConfig(width=32, layers=2, heads=2)).eval().requires_grad_(False)
    mel = torch.randn(2 * 90, MEL_BANDS)
    with torch.backends.mkldnn.flags(enabled=kernels):
        found = encode(encoder, mel)
        for fast, wanted in zip(found, encoder(mel[None]), strict=True):
            assert torch.allclose(fast, wanted[0], atol=1e-5)


def test_weights_that_change_are_laid_out_again():
    layer = torch.nn.Linear(32, 32).requires_grad_(False)
    x = torch.randn(5, 32)
    before = linear(layer)(x)
    layer.weight.mul_(2.0)
    assert torch.allclose(linear(layer)(x), torch.nn.functional.linear(x, layer.weight, layer.bias))
    assert not torch.allclose(linear(layer)(x), before)
