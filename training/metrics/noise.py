# SPDX-License-Identifier: GPL-3.0-or-later
"""The same clips in a noisy place: the sound changes, words and truth stay."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from model_runtime.contract import FloatArray

from ..corpus.augment import coloured_noise
from ..corpus.store import Clip

if TYPE_CHECKING:
    from .bench import Bench

PINK = 1.0  # power falls as 1 / f


def noisy(bench: Bench, snr_db: float) -> Bench:
    """`bench` with pink noise `snr_db` under the speech, each clip with noise of its own."""
    return replace(bench, alter=noise_adder(snr_db))


def noise_adder(snr_db: float) -> Callable[[Clip, FloatArray], FloatArray]:
    """(clip, samples) -> samples with noise, drawn from the clip's name."""

    def add(clip: Clip, samples: FloatArray) -> FloatArray:
        digest = hashlib.sha256(clip.id.encode()).digest()
        rng = np.random.default_rng(int.from_bytes(digest[:8], "little"))
        return with_noise(samples, coloured_noise(len(samples), PINK, rng), snr_db)

    return add


def with_noise(samples: FloatArray, noise: npt.NDArray[np.float64], snr_db: float) -> FloatArray:
    """`samples` (n,) plus `noise` (n,) scaled to a power `snr_db` under theirs."""
    power = np.mean(samples.astype(np.float64) ** 2)
    level = np.sqrt(power * 10.0 ** (-snr_db / 10.0) / max(float(np.mean(noise**2)), 1e-20))
    return (samples + level * noise).astype(np.float32)
