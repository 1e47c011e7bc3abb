# SPDX-License-Identifier: GPL-3.0-or-later
"""Hear and see what a motion says: Griffin-Lim sounds and spectrograms beside the real ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib as mpl
import soundfile
import torch

from model_runtime.contract import FloatArray
from model_runtime.encoder import SpeechEncoder
from model_runtime.features import SAMPLE_RATE, log_mel, normalise
from model_runtime.mesh_to_speech import MeshToSpeech, embedded_voice
from model_runtime.vocoder import band_limits, denormalise, griffin_lim
from training.m2s_measure import Spoken, listen

mpl.use("Agg")
from matplotlib import pyplot as plt

if TYPE_CHECKING:
    from training.corpus.store import Clip

HEARD = ("truth", "shuffled", "mean_face")
WIDEST = 500  # mel frames in one picture


@torch.inference_mode()
def natural_mel(model: MeshToSpeech, motion: FloatArray, speaker: FloatArray) -> FloatArray:
    """Natural log-mel (2 * frames, bands) of a motion (frames, 52) in a voice."""
    said = model(torch.from_numpy(motion)[None], None, torch.from_numpy(speaker)[None])
    mean, spread = embedded_voice(speaker)
    low, high = band_limits(mean, spread)
    return denormalise(said.mel[0].numpy(), mean, spread).clip(low, high)


def write_sounds(
    folder: Path,
    clip: Clip,
    natural: FloatArray,
    target: Spoken,
    model: MeshToSpeech,
    motions: Mapping[str, Callable[[], FloatArray]],
    encoder: SpeechEncoder,
) -> dict[str, float]:
    """CLIP_sound.wav (the real log-mel through the same Griffin-Lim), one a motion, and a PNG.

    Gives the share of frames whose phone the speech encoder recognises in each written sound.
    """
    folder.mkdir(parents=True, exist_ok=True)
    mels = {"sound": natural}
    mels |= {name: natural_mel(model, motions[name](), target.speaker) for name in HEARD}
    heard = {}
    for name, mel in mels.items():
        samples = griffin_lim(mel)
        soundfile.write(folder / f"{clip.id}_{name}.wav", samples, SAMPLE_RATE)
        heard[name] = listen(encoder, normalise(log_mel(samples)), target)["phone_accuracy"]
    plot_mels(folder / f"{clip.id}.png", f"{clip.id}: {clip.transcript}", mels)
    return heard


def plot_mels(path: Path, title: str, mels: Mapping[str, FloatArray]) -> None:
    """The log-mels under each other in one colour scale."""
    figure, axes = plt.subplots(len(mels), 1, figsize=(12, 2.2 * len(mels)), squeeze=False)
    low, high = float(mels["sound"].min()), float(mels["sound"].max())
    for axis, (name, mel) in zip(axes[:, 0], mels.items(), strict=True):
        axis.imshow(mel[:WIDEST].T, origin="lower", aspect="auto", vmin=low, vmax=high)
        axis.set_ylabel(name)
    axes[0, 0].set_title(title[:120])
    figure.tight_layout()
    figure.savefig(path, dpi=80)
    plt.close(figure)
