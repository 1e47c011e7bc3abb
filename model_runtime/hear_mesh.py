# SPDX-License-Identifier: GPL-3.0-or-later
"""What a moving face says, as sound: mesh-to-speech, then a vocoder without a trained part."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from .contract import MOTION_FPS, FaceMotion, FloatArray, HeardMesh, RequestError
from .features import MELS_PER_MOTION_FRAME, SAMPLE_RATE, log_mel, motion_frames
from .mesh_to_speech import MeshToSpeech, Said, embedded_voice, speaker_embedding
from .vocoder import band_limits, denormalise, griffin_lim

LOUDEST = 0.95  # peak of what is heard
GATE = 0.05  # share of the loudest 25 ms from which on a sound counts in its loudness
CHUNK, CONTEXT = 600, 50  # motion frames heard at once, and around them; even, as tokens are
_BLOCK = 400  # samples over which loudness is measured

Step = Callable[[float], None]


def hear_mesh(
    model: MeshToSpeech, motion: FaceMotion, samples: FloatArray, step: Step | None = None
) -> HeardMesh:
    """The sound that belongs to a motion, in the voice and loudness of 16 kHz `samples` (n,).

    As long as the shorter of the two. `step` is told the share that is done, now and then; what it
    raises ends the work. Raises RequestError when there is no motion or no sound.
    """
    frames = min(motion_frames(len(samples)), round(motion.frames * MOTION_FPS / motion.fps))
    if frames < 1:
        raise RequestError(
            "There is nothing to hear: the face does not move while the line is heard. Measure the "
            "frames on which the line lies."
        )
    natural = log_mel(samples)
    mel = natural_mel(model, motion, frames, speaker_embedding(natural))
    heard = griffin_lim(mel, step=step)
    return HeardMesh(_as_loud(heard, samples), SAMPLE_RATE)


@torch.inference_mode()
def natural_mel(
    model: MeshToSpeech, motion: FaceMotion, frames: int, speaker: FloatArray
) -> FloatArray:
    """Natural log-mel (2 * frames, bands) of a motion in a voice (`speaker_embedding`).

    A motion of any length, in overlapping chunks. Raises RequestError when its vertices are not
    those of the model's region.
    """
    voice = torch.from_numpy(speaker)[None]
    parts = [_mel_chunk(model, motion, start, frames, voice) for start in range(0, frames, CHUNK)]
    mean, spread = embedded_voice(speaker)
    low, high = band_limits(mean, spread)
    return denormalise(np.concatenate(parts), mean, spread).clip(low, high)


def _mel_chunk(
    model: MeshToSpeech, motion: FaceMotion, start: int, frames: int, voice: Tensor
) -> FloatArray:
    stop = min(start + CHUNK, frames)
    first, last = max(0, start - CONTEXT), min(frames, stop + CONTEXT)
    mel = say(model, motion, range(first, last), voice).mel[0].cpu().numpy()
    rate = MELS_PER_MOTION_FRAME
    return np.asarray(mel[rate * (start - first) : rate * (stop - first)], np.float32)


def say(
    model: MeshToSpeech, motion: FaceMotion, frames: range, voice: Tensor | None = None
) -> Said:
    """What a motion of any rate says in `frames` at MOTION_FPS; a batch of one.

    Raises RequestError when its vertices are not those of the model's region.
    """
    device = model.fold.device
    voice = None if voice is None else voice.to(device)
    if motion.offsets is None:
        assert motion.weights is not None  # FaceMotion holds one of the two
        weights = at_motion_rate(motion.weights, motion.fps, frames)
        said: Said = model(torch.from_numpy(weights)[None].to(device), None, voice)
        return said
    count = model.directions.shape[1] // 3
    if count != motion.offsets.shape[1]:
        raise RequestError(
            f"The mouth region of the open head has {count} vertices, not "
            f"{motion.offsets.shape[1]}. Measure the face again."
        )
    offsets = at_motion_rate(motion.offsets, motion.fps, frames)
    return model.forward_vertices(torch.from_numpy(offsets)[None].to(device), None, voice)


def at_motion_rate(curves: FloatArray, fps: float, frames: range) -> FloatArray:
    """Curves (n, ...) at `fps` -> (len(frames), ...) at MOTION_FPS: linear, held at the end."""
    place = np.minimum(np.arange(frames.start, frames.stop) * (fps / MOTION_FPS), len(curves) - 1)
    first = np.minimum(place.astype(np.int64), max(len(curves) - 2, 0))
    share = (place - first).astype(np.float32).reshape(-1, *(1,) * (curves.ndim - 1))
    after = np.minimum(first + 1, len(curves) - 1)
    return np.asarray(curves[first] * (1 - share) + curves[after] * share, np.float32)


def _as_loud(heard: FloatArray, samples: FloatArray) -> FloatArray:
    """`heard` at the loudness that the line has where it is not quiet, without clipping."""
    wanted, found = loudness_of(samples), loudness_of(heard)
    if found <= 0.0:
        return heard
    gain = min(wanted / found, LOUDEST / max(float(np.abs(heard).max()), 1e-9))
    return np.asarray(heard * gain, np.float32)


def loudness_of(samples: FloatArray) -> float:
    """Root mean square of the 25 ms pieces that are not quiet beside the loudest; 0 of silence."""
    count = len(samples) // _BLOCK
    power = np.square(samples[: count * _BLOCK].reshape(count, _BLOCK)).mean(1, dtype=np.float64)
    loud = power[power > GATE**2 * power.max(initial=0.0)]
    return float(np.sqrt(loud.mean())) if len(loud) else 0.0
