# SPDX-License-Identifier: GPL-3.0-or-later
"""How well a motion says a clip's own words, as a mesh-to-speech model hears it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from model_runtime.contract import UNITS, FloatArray
from model_runtime.encoder import SpeechEncoder, encode
from model_runtime.features import normalise
from model_runtime.mesh_to_speech import MeshToSpeech, nearest_unit, speaker_embedding
from model_runtime.phones import PHONE_INDEX, PHONES, SILENCE, VISEME_OF
from training.units import speech_features

FIGURES = ("unit_accuracy", "mel_l1", "phone_accuracy", "viseme_accuracy", "spoken_phone_accuracy")
SHIFTS = (-4, -2, -1, 1, 2, 4)  # motion frames; positive is late
RESAMPLES = 1000
VISEME_TABLE = np.array([VISEME_OF[phone] for phone in PHONES])
Row = dict[str, float]
Labels = npt.NDArray[Any]


@dataclass(frozen=True)
class Spoken:
    """A clip's sound as targets."""

    mel: FloatArray  # (2 * frames, bands) normalised
    speaker: FloatArray  # (speaker,)
    units: Labels  # (frames,)
    phones: Labels  # (frames,) true phones

    @property
    def frames(self) -> int:
        return len(self.phones)


def spoken(
    natural: FloatArray, phones: Labels, encoder: SpeechEncoder, centroids: FloatArray
) -> Spoken:
    """Targets of a clip from its natural log-mel (2 * frames, bands) and its frames' phones."""
    units = nearest_unit(speech_features(encoder, natural), centroids)
    return Spoken(normalise(natural), speaker_embedding(natural), units, phones)


def fitted(motion: FloatArray, frames: int) -> FloatArray:
    """Unit weights (frames, 52) of a motion, cut or its last pose held."""
    last = np.minimum(np.arange(frames), len(motion) - 1)
    return motion[last, : len(UNITS)]


def shifted(motion: FloatArray, frames: int) -> FloatArray:
    """The motion `frames` later (earlier when negative), its end poses held."""
    place = np.clip(np.arange(len(motion)) - frames, 0, len(motion) - 1)
    return motion[place]


@torch.inference_mode()
def measure(model: MeshToSpeech, encoder: SpeechEncoder, motion: FloatArray, target: Spoken) -> Row:
    """FIGURES of a motion (frames, 52): what the model hears in it beside the clip's own sound."""
    voice = torch.from_numpy(target.speaker)[None]
    said = model(torch.from_numpy(motion)[None], None, voice)
    units = said.unit_logits[0].argmax(-1).numpy()
    mel = said.mel[0].numpy()
    right = {"unit_accuracy": float((units == target.units).mean())}
    return {**right, **listen(encoder, mel, target)}


def listen(encoder: SpeechEncoder, mel: FloatArray, target: Spoken) -> Row:
    """What the speech encoder, trained on real sound, recognises in a normalised log-mel."""
    heard = encode(encoder, torch.from_numpy(mel)).phone_logits.argmax(-1).numpy()
    right = heard == target.phones
    speech = target.phones != PHONE_INDEX[SILENCE]
    return {
        "mel_l1": float(np.abs(mel - target.mel).mean()),
        "phone_accuracy": float(right.mean()),
        "viseme_accuracy": float((VISEME_TABLE[heard] == VISEME_TABLE[target.phones]).mean()),
        "spoken_phone_accuracy": float(right[speech].mean()) if speech.any() else float("nan"),
    }


def motions_of(
    truth: FloatArray, other: FloatArray, mean: FloatArray, frames: int
) -> dict[str, Callable[[], FloatArray]]:
    """Name -> motion (frames, 52): the clip's own, another clip's, the mean face, and shifted."""
    own = fitted(truth, frames)
    made: dict[str, Callable[[], FloatArray]] = {
        "truth": lambda: own,
        "shuffled": lambda: fitted(other, frames),
        "mean_face": lambda: np.repeat(mean[None, : len(UNITS)], frames, 0),
    }
    for shift in SHIFTS:
        made[f"shift{shift:+d}"] = partial(shifted, own, shift)
    return made


def interval(values: Sequence[float], seed: int = 0) -> dict[str, float]:
    """Mean of clips with its 95 % bootstrap interval (percentiles over resampled clips).

    Values that are not finite, of clips without what is measured, are left out; one must be left.
    """
    known = np.array([value for value in values if np.isfinite(value)])
    rng = np.random.default_rng(seed)
    means = known[rng.integers(0, len(known), (RESAMPLES, len(known)))].mean(1)
    low, high = np.percentile(means, (2.5, 97.5))
    mean = float(known.mean())
    return {"mean": mean, "low": float(low), "high": float(high), "clips": len(known)}


def summary(rows: Mapping[str, Mapping[str, Row]]) -> dict[str, Any]:
    """Motion -> clip -> figures becomes motion -> figure -> interval.

    `margins` hold, clip by clip, how much better the truth is than each other motion.
    """
    truth = rows["truth"]
    table = {name: _intervals(found) for name, found in rows.items()}
    margins = {
        name: _intervals({clip: _margin(truth[clip], row) for clip, row in found.items()})
        for name, found in rows.items()
        if name not in ("truth", "sound")
    }
    return {"motions": table, "margins": margins}


def gains(base: Mapping[str, Row], other: Mapping[str, Row]) -> dict[str, dict[str, float]]:
    """Figure -> interval of how much better `other` is than `base`, clip by clip."""
    return _intervals({clip: _margin(row, base[clip]) for clip, row in other.items()})


def _intervals(found: Mapping[str, Row]) -> dict[str, dict[str, float]]:
    columns = {key: [row[key] for row in found.values() if key in row] for key in FIGURES}
    return {key: interval(values) for key, values in columns.items() if np.isfinite(values).any()}


def _margin(truth: Row, row: Row) -> Row:
    return {key: (row[key] - truth[key]) * (1 if key == "mel_l1" else -1) for key in row}
