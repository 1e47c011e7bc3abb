# SPDX-License-Identifier: GPL-3.0-or-later
"""What is trained: the denoiser and, where asked for, the speech encoder that it hears with."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from torch import Tensor, nn
from torch.nn import functional

from model_runtime.contract import WeightsError
from model_runtime.denoiser import Condition, Denoiser, DenoiserConfig, to_network
from model_runtime.diffusion import add_noise
from model_runtime.encoder import Speech, SpeechEncoder
from model_runtime.phones import CONTACTS, PHONE_INDEX, PHONES, SILENCE
from model_runtime.weights import read_metadata
from training.denoiser_batches import Batch
from training.sounds import Sound
from training.train_encoder import encoder_loss

SMOOTHING = 0.05  # of the phones, as in train_encoder
LIP_GATES = [CONTACTS.index("bilabial"), CONTACTS.index("labiodental")]
TRANSCRIPT = "transcript."  # tensors that a checkpoint from before the transcript lacks


class Trainee(nn.Module):
    """The denoiser, hearing by the lessons' conditions or by an encoder that learns along."""

    def __init__(
        self, denoiser: Denoiser, encoder: SpeechEncoder | None = None, lip_gates: bool = True
    ) -> None:
        super().__init__()
        self.denoiser, self.encoder, self.lip_gates = denoiser, encoder, lip_gates

    def forward(self, batch: Batch) -> tuple[Tensor, Speech | None]:
        """The clean estimate (batch, frames, channels) of a batch, and what the encoder heard."""
        condition, speech = batch.condition, None
        if self.encoder is not None:
            assert batch.sound is not None
            speech = self.encoder(batch.sound.mel, condition.keep)
            condition = heard_by(speech, condition, batch.sound)
        if not self.lip_gates:
            condition = without_lip_gates(condition)
        target = to_network(batch.motion, self.denoiser.config)
        noisy = add_noise(target, batch.noise, batch.time)
        return self.denoiser(noisy, batch.time, condition), speech


def without_lip_gates(condition: Condition) -> Condition:
    """The condition of a sound in which no lips are told to meet; the other gates stay."""
    contacts = condition.contacts.clone()
    contacts[..., LIP_GATES] = 0.0
    return condition._replace(contacts=contacts)


def heard_by(speech: Speech, condition: Condition, sound: Sound) -> Condition:
    """The condition with the phone posteriors of an encoder, with its gradient.

    As model_runtime.hearing: silence where there is nothing to hear. Loudness and the contact gates
    stay the lesson's.
    """
    posterior = speech.phone_logits.float().softmax(-1)
    index = torch.tensor(PHONE_INDEX[SILENCE], device=posterior.device)
    silence = functional.one_hot(index, len(PHONES)).to(posterior.dtype)
    posterior = torch.where(sound.silent[..., None], silence, posterior)
    return condition._replace(speech=torch.cat((posterior, condition.speech[..., -1:]), dim=2))


def own_loss(speech: Speech, batch: Batch) -> Tensor:
    """The encoder's loss (phones, contacts), of the global batch like the others."""
    assert batch.sound is not None
    keep = batch.condition.keep
    with keep.device:  # the table of contact labels is made where the labels are
        loss = encoder_loss(speech, batch.sound.phones, keep, SMOOTHING)
    return loss * keep.float().mean() / batch.masses.frames


def start_from(path: Path, transcript: bool) -> tuple[Denoiser, dict[str, Any]]:
    """A trained denoiser to go on from, and the extra values of its file.

    With `transcript` it also reads one from now on, and computes at first what it did before.
    Raises WeightsError.
    """
    values, extra = read_metadata(path)
    plain: dict[str, Any] = {
        name: tuple(v) if isinstance(v, list) else v for name, v in values.items()
    }
    config = DenoiserConfig(**plain)
    model = Denoiser(replace(config, transcript=transcript or config.transcript))
    with safe_open(path, framework="pt") as file:
        state = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118
    try:
        missing, unknown = model.load_state_dict(state, strict=False)
    except RuntimeError as error:
        raise WeightsError(f"{path} is no denoiser of this version of the engine.") from error
    if unknown or any(not name.startswith(TRANSCRIPT) for name in missing):
        raise WeightsError(f"{path} is no denoiser of this version of the engine.")
    return model, extra
