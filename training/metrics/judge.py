# SPDX-License-Identifier: GPL-3.0-or-later
"""The judge: a mesh-to-speech model that supervises no training says what it hears in a motion."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from safetensors import safe_open

from model_runtime.contract import UNITS, FloatArray, WeightsError
from model_runtime.encoder import EncoderConfig, SpeechEncoder, encode
from model_runtime.features import MELS_PER_MOTION_FRAME, log_mel, normalise
from model_runtime.files import sha256_of
from model_runtime.mesh_to_speech import (
    UNITS_NAME,
    MeshToSpeech,
    load_centroids,
    load_m2s,
    nearest_unit,
    speaker_embedding,
)
from model_runtime.weights import WEIGHTS_DIR, load_state, read_metadata, weights_path

from .suite import Values

if TYPE_CHECKING:
    from ..corpus.store import Clip

log = logging.getLogger(__name__)
JUDGE = "m2s_judge"
Sound = Callable[["Clip"], FloatArray]


class Words(NamedTuple):
    """What a clip's sound says."""

    units: npt.NDArray[np.uint8]  # (frames,) speech unit of each motion frame
    mel: FloatArray  # (2 * frames, bands) normalised log-mel
    voice: FloatArray  # (speaker,)


@dataclass
class Judge:
    """Compares what a motion says with what its clip's sound says; remembers the sounds."""

    model: MeshToSpeech
    encoder: SpeechEncoder  # whose features the speech units divide
    centroids: FloatArray  # (units, width)
    sound: Sound
    known: dict[str, Words] = field(default_factory=dict)

    @torch.inference_mode()
    def figures(self, clip: Clip, motion: FloatArray) -> Values:
        """unit_accuracy and mel_l1 of a motion (T, 52 or 55) that should say the clip."""
        words = self.words(clip)
        frames = min(len(motion), len(words.units))
        if not frames:
            return {"unit_accuracy": None, "mel_l1": None}
        weights = torch.from_numpy(np.ascontiguousarray(motion[:frames, : len(UNITS)]))
        said = self.model(weights[None], None, torch.from_numpy(words.voice)[None])
        return compared(said.unit_logits[0].argmax(-1).numpy(), said.mel[0].numpy(), words)

    def words(self, clip: Clip) -> Words:
        """Units, log-mel and voice of a clip's sound."""
        if clip.id not in self.known:
            self.known[clip.id] = words_of(self.sound(clip), self.encoder, self.centroids)
        return self.known[clip.id]


def compared(units: npt.NDArray[np.int64], mel: FloatArray, words: Words) -> Values:
    """Share of frames whose unit is right, and mean |log-mel difference|, normalised mel."""
    frames = len(units)
    true = words.mel[: frames * MELS_PER_MOTION_FRAME]
    return {
        "unit_accuracy": float((units == words.units[:frames]).mean()),
        "mel_l1": float(np.abs(mel[: len(true)] - true).mean()),
    }


def words_of(samples: FloatArray, encoder: SpeechEncoder, centroids: FloatArray) -> Words:
    """What 16 kHz sound (n,) says, in the encoder's units."""
    natural = log_mel(samples)
    mel = normalise(natural)
    with torch.autocast("cpu", torch.bfloat16):  # as the units of the corpus were made
        features = encode(encoder, torch.from_numpy(mel)).features.float().numpy()
    return Words(nearest_unit(features, centroids), mel, speaker_embedding(natural))


def find_judge(path: Path | None, sound: Sound) -> Judge | None:
    """The judge in the file `path`, or the bundled one; None where nothing is bundled.

    Its speech units, and the encoder that they divide, lie in its folder or are the bundled ones.
    Raises WeightsError where `path` or something that belongs to it is missing or does not fit.
    """
    bundled = WEIGHTS_DIR / f"{JUDGE}.safetensors"
    if path is None and not bundled.is_file():
        log.info("no judge: %s is not bundled", bundled.name)
        return None
    chosen = path or bundled
    if not chosen.is_file():
        raise WeightsError(f"The judge '{chosen}' does not exist. Give --judge a model file.")
    units, encoder = _beside(chosen, UNITS_NAME), _beside(chosen, "encoder")
    _check_units(units, encoder)
    config, _ = read_metadata(encoder)
    ears = load_state(SpeechEncoder(EncoderConfig(**config)), encoder)
    return Judge(load_m2s(chosen), ears, load_centroids(units), sound)


def _beside(judge: Path, name: str) -> Path:
    near = judge.parent / f"{name}.safetensors"
    return near if near.is_file() else weights_path(name)


def _check_units(units: Path, encoder: Path) -> None:
    """Units mean something only in the features of the encoder that they were made from."""
    with safe_open(units, framework="np") as file:
        made_from = (file.metadata() or {}).get("encoder")
    if made_from not in (None, sha256_of(encoder)):
        raise WeightsError(
            f"The speech units '{units}' were made from another encoder than '{encoder}'. "
            "Put that encoder into the judge's folder, or make units and judge again."
        )
