# SPDX-License-Identifier: GPL-3.0-or-later
"""The same words through other throats, rooms and microphones, every phone's time exact.

All functions take 16 kHz samples (n,) float32 and a numpy Generator, and return new samples.
Filters have zero phase or their direct path at 0 s, so nothing but speed moves a phone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import soxr

from .alignment import Segment, Segments, scale_segments
from .store import RATE

Samples = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Strength:
    """How often and how far each change goes; the chances are 0..1."""

    speed: tuple[float, float] = (0.82, 1.22)
    equaliser_db: float = 5.0
    tilt_db: float = 4.0
    room_chance: float = 0.5
    noise_chance: float = 0.8
    noise_snr_db: tuple[float, float] = (5.0, 45.0)
    band_chance: float = 0.3
    codec_chance: float = 0.15
    gain_db: tuple[float, float] = (-25.0, 0.0)


def augment(
    samples: Samples,
    segments: Sequence[Segment],
    rng: np.random.Generator,
    strength: Strength | None = None,
) -> tuple[Samples, Segments]:
    """A random version of a clip and its phones' new times (divided by the drawn speed)."""
    how = strength or Strength()
    speed = float(rng.uniform(*how.speed))
    changed = change_speed(samples, speed)
    moved = scale_segments(segments, len(changed) / max(len(samples), 1))
    changed = equalise(changed, how.equaliser_db, how.tilt_db, rng)
    if rng.random() < how.band_chance:
        changed = limit_band(changed, rng)
    if rng.random() < how.room_chance:
        changed = add_room(changed, rng)
    if rng.random() < how.noise_chance:
        changed = add_noise(changed, float(rng.uniform(*how.noise_snr_db)), rng)
    if rng.random() < how.codec_chance:
        changed = roughen(changed, rng)
    return set_peak(changed, float(rng.uniform(*how.gain_db))), moved


def change_speed(samples: Samples, speed: float) -> Samples:
    """Tempo, pitch and formants `speed` times higher by resampling: (round(n / speed),)."""
    if abs(speed - 1.0) < 1e-3 or len(samples) == 0:
        return samples
    changed: Samples = soxr.resample(samples, RATE * speed, RATE, quality="MQ").astype(np.float32)
    return changed


def equalise(
    samples: Samples, spread_db: float, tilt_db: float, rng: np.random.Generator
) -> Samples:
    """Smooth random gains over frequency plus a tilt; zero phase."""
    knots = rng.normal(0.0, spread_db, 7)
    knots[0] = knots[1]
    tilt = rng.normal(0.0, tilt_db)
    place = np.linspace(0.0, 1.0, len(samples) // 2 + 1)
    gains = np.interp(np.sqrt(place), np.linspace(0.0, 1.0, 7), knots) + tilt * (place - 0.3)
    return _shape(samples, 10.0 ** (gains / 20.0))


def limit_band(samples: Samples, rng: np.random.Generator) -> Samples:
    """Losing the top (above 3.3 to 7 kHz), the bottom (below 100 to 350 Hz) or both."""
    hertz = np.linspace(0.0, RATE / 2, len(samples) // 2 + 1)
    which = rng.random()
    gains = np.ones_like(hertz)
    if which < 0.7:
        gains /= 1.0 + np.exp(np.clip((hertz - rng.uniform(3300, 7000)) / 90.0, -50, 50))
    if which > 0.5:
        gains /= 1.0 + np.exp(np.clip((rng.uniform(100, 350) - hertz) / 40.0, -50, 50))
    return _shape(samples, gains)


def add_room(samples: Samples, rng: np.random.Generator) -> Samples:
    """A direct path and an exponentially dying diffuse tail (reverberation time 0.1 to 0.7 s)."""
    count = int(RATE * rng.uniform(0.1, 0.7))
    tail = rng.normal(0.0, 1.0, count) * np.exp(-6.9 * np.arange(count) / count)
    tail *= rng.uniform(0.02, 0.12)
    tail[:40] *= np.linspace(0.0, 1.0, 40)
    tail[0] = 1.0
    size = _fast_length(len(samples) + count)
    wet = np.fft.irfft(np.fft.rfft(samples, size) * np.fft.rfft(tail, size), size)
    return wet[: len(samples)].astype(np.float32)


def add_noise(samples: Samples, snr_db: float, rng: np.random.Generator) -> Samples:
    """Noise of random colour, in a third of cases swelling, `snr_db` under the speech."""
    noise = coloured_noise(len(samples), float(rng.uniform(0.0, 2.0)), rng)
    if rng.random() < 0.33:
        knots = rng.uniform(0.2, 2.0, max(2, len(samples) // 6000))
        noise *= np.interp(np.arange(len(samples)), np.linspace(0, len(samples), len(knots)), knots)
    power = float(np.mean(samples.astype(np.float64) ** 2)) + 1e-10
    level = np.sqrt(power * 10.0 ** (-snr_db / 10.0) / (np.mean(noise**2) + 1e-12))
    return (samples + level * noise).astype(np.float32)


def roughen(samples: Samples, rng: np.random.Generator) -> Samples:
    """Codec-like damage: mu-law steps (16 to 256 of them), the noise that follows the signal."""
    steps = float(2 ** rng.uniform(4.0, 8.0))
    peak = float(np.abs(samples).max()) + 1e-9
    squeezed = np.sign(samples) * np.log1p(255.0 * np.abs(samples) / peak) / np.log(256.0)
    stepped = np.round(squeezed * steps) / steps
    back = np.sign(stepped) * (np.power(256.0, np.abs(stepped)) - 1.0) / 255.0 * peak
    return back.astype(np.float32)


def set_peak(samples: Samples, peak_db: float) -> Samples:
    """Scaled to a peak of `peak_db` under full scale."""
    peak = float(np.abs(samples).max()) if len(samples) else 0.0
    return (samples * (10.0 ** (peak_db / 20.0) / (peak + 1e-6))).astype(np.float32)


def coloured_noise(count: int, slope: float, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Gaussian noise with power falling as 1 / f**slope, unit variance: (count,)."""
    size = _fast_length(count)
    spectrum = np.fft.rfft(rng.normal(0.0, 1.0, size))
    spectrum *= np.arange(1, len(spectrum) + 1) ** (-slope / 2.0)
    noise = np.fft.irfft(spectrum, size)[:count]
    scaled: npt.NDArray[np.float64] = noise / (noise.std() + 1e-12)
    return scaled


def _shape(samples: Samples, gains: npt.NDArray[np.float64]) -> Samples:
    if len(samples) < 2:
        return samples
    spectrum = np.fft.rfft(samples) * gains
    return np.fft.irfft(spectrum, len(samples)).astype(np.float32)


def _fast_length(count: int) -> int:
    return 1 << max(count - 1, 1).bit_length()
