# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers "hear the mesh" in the worker: the models are loaded at the first question, and kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from .contract import CancelledError, HeardMesh, HearRequest, Progress, ProgressCallback
from .hear_mesh import hear_mesh
from .mesh_to_speech import MeshToSpeech, load_m2s
from .weights import weights_path

if TYPE_CHECKING:
    from .worker_tasks import Tasks

SUPERVISOR = "m2s_supervisor"


def answer(tasks: Tasks, question: HearRequest, progress: ProgressCallback) -> HeardMesh:
    """What a face says, in the voice and loudness of its line. Raises ThunderError."""
    _tell(progress, "Reading the sound", 0.0)
    audio = tasks.read(question.sound)
    model = m2s_of(tasks, SUPERVISOR)
    _tell(progress, "Listening to the face", 0.1)
    return hear_mesh(
        model,
        question.motion,
        audio.samples,
        lambda share: _tell(progress, "Making the sound", 0.2 + 0.8 * share),
    )


def m2s_of(tasks: Tasks, name: str) -> MeshToSpeech:
    """A mesh-to-speech model on the CPU, loaded once. Raises WeightsError.

    A few seconds of motion are faster there than on their way to a GPU, and leave its memory to the
    denoiser.
    """
    if name not in tasks.models:
        tasks.models[name] = load_m2s(weights_path(name, tasks.weights)).to(torch.device("cpu"))
    model: MeshToSpeech = tasks.models[name]
    return model


def _tell(progress: ProgressCallback, stage: str, fraction: float) -> None:
    if not progress(Progress(stage, fraction)):
        raise CancelledError("The hearing of the face was cancelled.")
