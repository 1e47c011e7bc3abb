# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
import torch

from model_runtime.diffusion import SAMPLERS, add_noise, cosine_alpha, times
from model_runtime.noise import window_noise

MEAN, SPREAD = 0.7, 0.4


def gaussian_estimate(noisy: torch.Tensor, time: torch.Tensor) -> torch.Tensor:
    """The exact E[x0 | x_t] when the data are N(MEAN, SPREAD^2)."""
    alpha = cosine_alpha(time).view(-1, 1, 1)
    variance = alpha**2 * SPREAD**2 + 1 - alpha**2
    return MEAN + alpha * SPREAD**2 / variance * (noisy - alpha * MEAN)


@pytest.mark.parametrize("name", sorted(SAMPLERS))
def test_a_sampler_with_the_exact_estimator_draws_the_data(name: str):
    noise = torch.from_numpy(window_noise(5, 0, 4000, 2))[None].double()
    drawn = SAMPLERS[name](gaussian_estimate, noise, times(60).double())
    assert drawn.mean().item() == pytest.approx(MEAN, abs=0.03)
    assert drawn.std().item() == pytest.approx(SPREAD, rel=0.08)


def test_the_second_order_sampler_needs_fewer_steps():
    noise = torch.from_numpy(window_noise(5, 0, 2000, 1))[None].double()

    def error(name: str) -> float:
        few = SAMPLERS[name](gaussian_estimate, noise, times(8).double())
        return float(abs(few.std() - SPREAD))

    assert error("dpmpp_2m") < error("ddim") + 0.01


def test_noise_keeps_the_variance():
    clean = torch.randn(3, 500, 8)
    for value in (0.0, 0.3, 1.0):
        time = torch.full((3,), value)
        noisy = add_noise(clean, torch.randn_like(clean), time)
        assert noisy.std().item() == pytest.approx(1.0, abs=0.05)


def test_a_sampler_stops_when_its_callback_raises():
    def stop(step: int, steps: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        SAMPLERS["ddim"](gaussian_estimate, torch.zeros(1, 4, 1), times(3), stop)


def test_noise_depends_on_seed_window_and_channel_alone():
    few, many = window_noise(7, 3, 50, 2), window_noise(7, 3, 80, 5)
    assert (few == many[:50, :2]).all()
    assert (window_noise(8, 3, 50, 2) != few).all()
    assert (window_noise(7, 4, 50, 2) != few).all()
    assert abs(float(window_noise(1, 0, 5000, 3).std()) - 1) < 0.03
