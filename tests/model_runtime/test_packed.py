# SPDX-License-Identifier: GPL-3.0-or-later
"""Weights in few bits come back close to what they were, and the wrong file is refused."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from model_runtime.contract import WeightsError
from model_runtime.packed import from_bytes, load_packed, save_packed, to_bytes
from model_runtime.weights import save_model


@dataclass(frozen=True)
class Nothing:
    pass


@pytest.mark.parametrize("bits", range(4, 9))
def test_whole_numbers_come_back_exactly(bits: int):
    top = (1 << (bits - 1)) - 1
    numbers = np.random.default_rng(0).integers(-top, top + 1, 1003)
    packed = to_bytes(numbers, bits)
    assert len(packed) == -(-1003 * bits // 8)
    assert np.array_equal(from_bytes(packed, 1003, bits), numbers)


def test_more_bits_are_nearer(tmp_path: Path):
    torch.manual_seed(0)
    layer = nn.Linear(130, 7)
    errors = []
    for bits in (4, 6, 8):
        save_packed(layer, Nothing(), tmp_path / "x.safetensors", bits)
        back = load_packed(nn.Linear(130, 7), tmp_path / "x.safetensors")
        torch.testing.assert_close(back.bias, layer.bias, atol=1e-3, rtol=1e-3)
        errors.append(float((back.weight - layer.weight).abs().max() / layer.weight.abs().max()))
    assert errors[0] > errors[1] > errors[2] and errors[2] < 0.01


@pytest.mark.parametrize("in_few_bits", [True, False])
def test_a_model_that_holds_nothing_yet_is_filled(tmp_path: Path, in_few_bits: bool):
    layer, path = nn.Linear(130, 7), tmp_path / "x.safetensors"
    if in_few_bits:
        save_packed(layer, Nothing(), path, 8)
    else:
        save_model(layer, Nothing(), path)
    with torch.device("meta"):
        empty = nn.Linear(130, 7)
    torch.testing.assert_close(load_packed(empty, path).weight, layer.weight, atol=2e-3, rtol=0.0)


def test_another_model_is_refused(tmp_path: Path):
    save_packed(nn.Linear(130, 7), Nothing(), tmp_path / "x.safetensors", 6)
    with pytest.raises(WeightsError, match="does not fit"):
        load_packed(nn.Sequential(nn.Linear(130, 7)), tmp_path / "x.safetensors")
