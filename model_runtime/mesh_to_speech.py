# SPDX-License-Identifier: GPL-3.0-or-later
"""Mesh-to-speech: which speech a moving face says, as speech units and log-mel.

After Choi, Kim & Ro 2023 ("Intelligible Lip-to-Speech Synthesis with Speech Units"): a conformer
with a unit head that knows no speaker and a mel head that does.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from safetensors import SafetensorError
from safetensors.numpy import load_file
from torch import Tensor, nn
from torch.nn import functional

from .contract import UNITS, FloatArray, WeightsError
from .face import FaceModel, load_face
from .features import MEL_BANDS, MELS_PER_MOTION_FRAME
from .layers import ConformerBlock
from .weights import load_state, read_metadata

REGIONS = {"mouth2s": "mouth_region", "face2s": "skin", "exp2s": None}  # named vertex sets
UNITS_NAME = "speech_units"  # model file of the units' centroids
SPEAKER_WIDTH = 2 * MEL_BANDS
MILLIMETRES = 1000.0
_STILL = 1e-4  # directions of motion that no unit reaches farther than this, in mm, are dropped


@dataclass(frozen=True)
class M2SConfig:
    """Shape of a mesh-to-speech model, and the statistics of the motion it was trained on."""

    variant: str = "mouth2s"  # mouth2s, face2s or exp2s
    role: str = "supervisor"  # or judge
    width: int = 192
    layers: int = 4
    heads: int = 4
    kernel: int = 11  # tokens
    feed_factor: int = 3
    dropout: float = 0.1
    units: int = 200  # speech units
    speaker: int = SPEAKER_WIDTH
    voice: int = 64  # width the speaker embedding is squeezed to
    stack: int = 2  # motion frames a token
    seed: int = 0
    mean: tuple[float, ...] = ()  # of each input coordinate
    scale: tuple[float, ...] = ()


class Said(NamedTuple):
    """What a motion says."""

    features: Tensor  # (batch, frames, width)
    unit_logits: Tensor  # (batch, frames, units), of speech units
    mel: Tensor  # (batch, 2 * frames, MEL_BANDS), normalised log-mel


class MeshToSpeech(nn.Module):
    """Conformer (Gulati et al. 2020) over tokens of `stack` motion frames.

    The vertices of a region are linear in the units, so the first linear layer over thousands of
    them is folded with the expression basis: `directions` are orthonormal vertex motions, `fold`
    takes unit weights to coordinates along them in mm (root mean square over the vertices).
    """

    fold: Tensor  # (units of motion, coordinates)
    directions: Tensor  # (coordinates, 3 V)
    mean: Tensor
    scale: Tensor

    def __init__(self, config: M2SConfig, face: FaceModel | None = None) -> None:
        super().__init__()
        self.config = config
        fold, directions = vertex_coordinates(face or load_face(), config.variant)
        count = fold.shape[1]
        statistics = {
            "mean": config.mean or (0.0,) * count,
            "scale": config.scale or (1.0,) * count,
        }
        buffers = {"fold": torch.from_numpy(fold), "directions": torch.from_numpy(directions)}
        buffers |= {name: torch.tensor(values) for name, values in statistics.items()}
        for name, values in buffers.items():
            self.register_buffer(name, values, persistent=False)
        self.enter = nn.Linear(config.stack * count, config.width)
        self.blocks = nn.ModuleList(
            ConformerBlock(
                config.width, config.heads, config.kernel, config.feed_factor, config.dropout
            )
            for _ in range(config.layers)
        )
        self.norm = nn.LayerNorm(config.width)
        self.units = nn.Linear(config.width, config.stack * config.units)
        self.mel = MelHead(config)

    def forward(
        self, motion: Tensor, keep: Tensor | None = None, speaker: Tensor | None = None
    ) -> Said:
        """motion (batch, frames, 52) natural unit weights; keep (batch, frames) of real frames.

        speaker (batch, config.speaker) as `speaker_embedding` gives it, None for no one's voice.
        """
        return self._say(motion @ self.fold, keep, speaker)

    def forward_vertices(
        self, offsets: Tensor, keep: Tensor | None = None, speaker: Tensor | None = None
    ) -> Said:
        """The same from measured offsets (batch, frames, V, 3) in metres from the template.

        V are the vertices of the variant's region (`region_vertices`). What no unit can do in them
        is left out; head pose must be removed before.
        """
        spread = MILLIMETRES / offsets.shape[-2] ** 0.5
        return self._say(spread * offsets.flatten(-2) @ self.directions.T, keep, speaker)

    def _say(self, place: Tensor, keep: Tensor | None, speaker: Tensor | None) -> Said:
        frames = place.shape[1]
        if not frames:
            raise ValueError("no frames of motion")
        x = (place - self.mean) / self.scale
        x, kept = _stacked(x, keep, self.config.stack)
        x = self.enter(x)
        for block in self.blocks:
            x = block(x, kept)
        tokens = self.norm(x)
        features = tokens.repeat_interleave(self.config.stack, 1)[:, :frames]
        logits = self.units(tokens).reshape(len(x), -1, self.config.units)[:, :frames]
        mel = self.mel(tokens, speaker)[:, : MELS_PER_MOTION_FRAME * frames]
        return Said(features, logits, mel)


class MelHead(nn.Module):
    """Tokens and a voice -> log-mel: convolutions after Choi et al., at the tokens' rate."""

    def __init__(self, config: M2SConfig) -> None:
        super().__init__()
        self.voice = nn.Linear(config.speaker, config.voice)
        widths = (config.width + config.voice, *(config.width,) * 3)
        self.convs = nn.ModuleList(
            nn.Conv1d(before, after, 3, padding=1) for before, after in pairwise(widths)
        )
        self.dropout = nn.Dropout(config.dropout)
        self.out = nn.Linear(config.width, config.stack * MELS_PER_MOTION_FRAME * MEL_BANDS)

    def forward(self, tokens: Tensor, speaker: Tensor | None) -> Tensor:
        """tokens (batch, n, width) -> (batch, n * stack * 2, MEL_BANDS)."""
        if speaker is None:
            speaker = tokens.new_zeros(len(tokens), self.voice.in_features)
        voice = self.voice(speaker)[:, None].expand(-1, tokens.shape[1], -1)
        x = torch.cat((tokens, voice), dim=-1).transpose(1, 2)
        for conv in self.convs:
            x = functional.gelu(self.dropout(conv(x)))
        mel: Tensor = self.out(x.transpose(1, 2))
        return mel.reshape(len(mel), -1, MEL_BANDS)


def _stacked(x: Tensor, keep: Tensor | None, stack: int) -> tuple[Tensor, Tensor | None]:
    """Frames (batch, n, c) -> tokens (batch, ceil(n / stack), stack * c); a token's keep is any."""
    missing = -x.shape[1] % stack
    x = torch.cat((x, x[:, -1:].expand(-1, missing, -1)), dim=1)
    tokens = x.reshape(x.shape[0], -1, stack * x.shape[2])
    if keep is None:
        return tokens, None
    kept = functional.pad(keep, (0, missing)).reshape(len(x), -1, stack).any(-1)
    return tokens, kept


def region_vertices(face: FaceModel, variant: str) -> npt.NDArray[np.int32]:
    """Vertices that a variant looks at: (V,) into face.template. Raises ValueError for exp2s."""
    region = REGIONS[variant]
    if region is None:
        raise ValueError(f"{variant} looks at channels, not at vertices")
    return face.vertex_sets[region]


def vertex_coordinates(face: FaceModel, variant: str) -> tuple[FloatArray, FloatArray]:
    """(fold (52, K), directions (K, 3 V)): orthonormal motions of a region that the units span.

    For exp2s the coordinates are the unit weights themselves and there are no directions.
    """
    if REGIONS[variant] is None:
        return np.eye(len(UNITS), dtype=np.float32), np.zeros((len(UNITS), 0), np.float32)
    vertices = region_vertices(face, variant)
    basis = MILLIMETRES * face.expression_basis[:, vertices].astype(np.float64)
    flat = basis.reshape(len(UNITS), -1) / np.sqrt(len(vertices))
    left, size, directions = np.linalg.svd(flat, full_matrices=False)
    moved = size > _STILL
    # the sign of a singular vector is the library's choice: fix it, or weights would not carry over
    sign = np.sign(left[np.abs(left).argmax(0), np.arange(left.shape[1])])[moved]
    fold = (left[:, moved] * size[moved] * sign).astype(np.float32)
    return fold, (directions[moved] * sign[:, None]).astype(np.float32)


def with_statistics(config: M2SConfig, motion: FloatArray, face: FaceModel) -> M2SConfig:
    """The configuration with mean and scale of each coordinate over motion (frames, 52).

    The scale has a floor, so that noise in what speech hardly moves is not blown up.
    """
    place = motion @ vertex_coordinates(face, config.variant)[0]
    spread = place.std(0)
    scale = np.maximum(spread, 0.02 * spread.max())
    return replace(config, mean=tuple(place.mean(0).tolist()), scale=tuple(scale.tolist()))


def speaker_embedding(mel: FloatArray) -> FloatArray:
    """A voice from its own sound: mean and spread of each band of un-normalised log-mel (160,).

    No trained speaker network: these statistics tell pitch range, timbre, microphone and level, and
    with them a normalised log-mel is brought back to sound (model_runtime.vocoder).
    """
    mean, spread = mel.mean(0, dtype=np.float64), mel.std(0, dtype=np.float64)
    return np.concatenate(((mean + 9.0) / 3.0, (spread - 2.5) / 1.0)).astype(np.float32)


def embedded_voice(speaker: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean and spread of each band (80,) that a speaker embedding holds."""
    mean, spread = np.split(np.asarray(speaker, np.float32), 2)
    return mean * 3.0 - 9.0, spread + 2.5


def nearest_unit(features: FloatArray, centroids: FloatArray) -> npt.NDArray[np.uint8]:
    """Speech unit of each frame of an encoder's features: the nearest centroid (units, width)."""
    score = features @ centroids.T - 0.5 * np.square(centroids).sum(1)
    return score.argmax(1).astype(np.uint8)


def load_centroids(path: Path) -> FloatArray:
    """Centroids of the speech units (units, width). Raises WeightsError."""
    try:
        centroids: FloatArray = load_file(path)["centroids"].astype(np.float32)
    except (SafetensorError, OSError, KeyError) as error:
        raise WeightsError(
            f"The speech units '{path.name}' in {path.parent} cannot be read ({error}). "
            "Reinstall the extension, or make them with training.units."
        ) from error
    return centroids


def load_m2s(path: Path) -> MeshToSpeech:
    """The model of a file, frozen and ready for inference. Raises WeightsError."""
    config, _ = read_metadata(path)
    for name in ("mean", "scale"):
        config[name] = tuple(config.get(name, ()))
    return load_state(MeshToSpeech(M2SConfig(**config)), path)
