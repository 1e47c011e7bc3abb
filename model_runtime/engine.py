# SPDX-License-Identifier: GPL-3.0-or-later
"""Sound and settings in, a take out: the whole generation, in windows of constant memory."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from .contacts import OperatingPoint
from .contract import (
    AUTO,
    CHANNELS,
    EMOTIONS,
    MOTION_FPS,
    CancelledError,
    FloatArray,
    Hold,
    Progress,
    ProgressCallback,
    Settings,
    Take,
)
from .denoiser import (
    AUTO_EMOTION,
    Condition,
    Denoiser,
    DenoiserConfig,
    from_network,
    to_network,
)
from .diffusion import SAMPLERS, times
from .encoder import EncoderConfig, SpeechEncoder
from .features import motion_frames
from .hearing import Calibration, Heard, hear, speech_condition
from .motion_space import MotionSpace, space_of, unit_space
from .noise import window_noise
from .polish import polish
from .transcript import Told, tell
from .weights import check_file, default_device, load_state, read_metadata, weights_path
from .words import WordModel, load_words

EMOTION_INDEX = {AUTO: AUTO_EMOTION} | {name: index for index, name in enumerate(EMOTIONS)}
# A row a motion frame: speech, contacts, intensity, emotion, phones of the transcript.
Inputs = tuple[FloatArray, FloatArray, FloatArray, npt.NDArray[np.int64], npt.NDArray[np.int64]]


@dataclass(frozen=True)
class SamplingConfig:
    """How motion is drawn; travels in the denoiser's file."""

    sampler: str = "dpmpp_2m"
    steps: int = 20  # with 8 the rare events, blinks above all, are averaged away
    guidance: float = 1.0  # 1 draws from the data's own spread; more sharpens and narrows it
    mouth_noise: float = 1.0  # scale of the mouth's noise: the words fix what it does, not the seed
    point: OperatingPoint = field(default_factory=OperatingPoint)
    calibration: Calibration = field(default_factory=Calibration)
    words: bool = False  # contacts are weighed by words; the calibration was fitted so


class Engine:
    """The loaded models. Stateless between lines: the same request gives the same take."""

    def __init__(
        self,
        encoder: SpeechEncoder,
        denoiser: Denoiser,
        sampling: SamplingConfig,
        hashes: dict[str, str] | None = None,
        space: MotionSpace | None = None,
    ) -> None:
        self.encoder, self.denoiser, self.sampling = encoder, denoiser, sampling
        self.hashes, self.space = hashes or {}, space or unit_space()
        self.space.check(len(denoiser.config.mean))
        self.words = word_model(sampling)
        self.device = next(denoiser.parameters()).device

    @classmethod
    def load(cls, weights: Path | None = None, device: torch.device | None = None) -> Engine:
        """Load the bundled models, or those in the folder `weights`.

        Raises WeightsError when a file is missing, damaged or of another version.
        """
        device = device or default_device()
        encoder_path = weights_path("encoder", weights)
        denoiser_path = weights_path("denoiser", weights)
        hashes = {path.stem: check_file(path) for path in (encoder_path, denoiser_path)}
        encoder = SpeechEncoder(EncoderConfig(**read_metadata(encoder_path)[0]))
        config, extra = read_metadata(denoiser_path)
        denoiser = Denoiser(_denoiser_config(config))
        return cls(
            load_state(encoder, encoder_path).to(device),
            load_state(denoiser, denoiser_path).to(device),
            sampling_config(extra.get("sampling", {})),
            hashes,
            space_of(extra),
        )

    def generate(
        self,
        samples: FloatArray,
        settings: Settings,
        progress: ProgressCallback | None = None,
        transcript: str = "",
        hold: Hold | None = None,
    ) -> Take:
        """Perform a line: 16 kHz mono sound (n,) -> a Take of motion_frames(n) frames at 50 fps.

        What `hold` keeps is in the take exactly as given. A `transcript` decides where lips touch;
        what became of it is told in the provenance under "transcript" (the text) and "alignment"
        (`transcript.report`). Raises CancelledError when `progress` returns False.
        """
        _report(progress, "Listening", 0.0)
        heard = self.hear(samples)
        told = tell(heard, transcript, self.sampling.point)
        motion = self.perform(heard, settings, progress, told)
        weights, channels = motion, self.space.channels
        if self.space.kind == "units":
            channels = CHANNELS
            weights = polish(self.space.channels_of(motion), told.contacts, settings)
        provenance: dict[str, Any] = {
            "seed": settings.seed,
            "emotion": settings.emotion,
            "intensity": settings.intensity,
            "articulation": settings.articulation,
            "smoothing": settings.smoothing,
            "transcript": transcript,
            **({"alignment": told.report} if told.report else {}),
            "models": self.hashes,
            "steps": self.sampling.steps,
            "guidance": self.sampling.guidance,
            **({"face": self.space.face} if self.space.kind == "flame" else {}),
        }
        assert len(weights) == motion_frames(len(samples))
        return Take(weights, channels, float(MOTION_FPS), provenance)

    def hear(self, samples: FloatArray) -> Heard:
        """Listen to 16 kHz mono sound (n,), as a generation does."""
        return hear(self.encoder, samples, self.sampling.calibration, self.words)

    @torch.inference_mode()
    def perform(
        self,
        heard: Heard,
        settings: Settings,
        progress: ProgressCallback | None = None,
        told: Told | None = None,
    ) -> FloatArray:
        """Sample the motion of a heard line, window by window: (frames, channels).

        Without `told` the sound alone decides the contacts.
        """
        config = self.denoiser.config
        frames, hop = len(heard.loudness), config.window - config.overlap
        inputs = self._inputs(heard, settings, told or tell(heard, "", self.sampling.point))
        count = max(1, -(-max(0, frames - config.overlap) // hop))
        motion = np.zeros((count * hop + config.overlap, len(config.mean)), np.float32)
        for window in range(count):
            start = window * hop
            done = motion[start : start + config.overlap] if window else None
            share = (window / count, 1 / count)
            motion[start : start + config.window] = self._window(
                inputs, start, done, settings, window, progress, share
            )
        _report(progress, "Performing", 1.0)
        return self.space.tidied(motion[:frames])

    def _inputs(self, heard: Heard, settings: Settings, told: Told) -> Inputs:
        frames = len(heard.loudness)
        felt = [EMOTION_INDEX[name] for name in settings.emotion_curve(frames)]
        return (
            speech_condition(heard),
            told.contacts,
            settings.intensity_curve(frames),
            np.array(felt, np.int64),
            told.phones,
        )

    def _window(
        self,
        inputs: Inputs,
        start: int,
        done: FloatArray | None,
        settings: Settings,
        window: int,
        progress: ProgressCallback | None,
        share: tuple[float, float],
    ) -> FloatArray:
        config = self.denoiser.config
        noise = window_noise(settings.seed, window, config.window, len(config.mean))
        noise[:, self.space.mouth()] *= self.sampling.mouth_noise
        condition = self._condition(inputs, start, done, settings)

        def step(index: int, steps: int) -> None:
            _report(progress, "Performing", share[0] + share[1] * index / steps)

        def estimate(noisy: Tensor, time: Tensor) -> Tensor:
            return guided(self.denoiser, noisy, time, condition, self.sampling.guidance)

        sampler = SAMPLERS[self.sampling.sampler]
        drawn = sampler(
            estimate,
            torch.from_numpy(noise)[None].to(self.device),
            times(self.sampling.steps).to(self.device),
            step,
        )
        return from_network(drawn[0], config).float().cpu().numpy()

    def _condition(
        self,
        inputs: Inputs,
        start: int,
        done: FloatArray | None,
        settings: Settings,
    ) -> Condition:
        config = self.denoiser.config
        speech, contacts, intensity, emotion, phones = (
            _cut(part, start, config.window) for part in inputs
        )
        frames = min(config.window, len(inputs[0]) - start)
        known = np.zeros((config.window, len(config.mean)), np.float32)
        mask = np.zeros_like(known)
        if done is not None:
            known[: len(done)], mask[: len(done)] = done, 1.0
        one = {
            "speech": torch.from_numpy(speech),
            "contacts": torch.from_numpy(contacts),
            "emotion": torch.from_numpy(emotion),
            "intensity": torch.from_numpy(intensity),
            "known": to_network(torch.from_numpy(known), config),
            "mask": torch.from_numpy(mask),
            "keep": torch.arange(config.window) < frames,
            "heard": torch.tensor(1.0),
            "phones": torch.from_numpy(phones),
        }
        return Condition(**{name: value[None].to(self.device) for name, value in one.items()})


def guided(
    denoiser: Denoiser, noisy: Tensor, time: Tensor, condition: Condition, scale: float
) -> Tensor:
    """Classifier-free guidance (Ho & Salimans 2022) over speech and emotion together.

    Known motion is put back exactly, so that it stays what it was.
    """
    if scale == 1.0:
        clean = denoiser(noisy, time, condition)
    else:
        free = condition._replace(
            heard=torch.zeros_like(condition.heard),
            emotion=torch.full_like(condition.emotion, AUTO_EMOTION),
        )
        both = Condition(*(torch.cat(pair) for pair in zip(condition, free, strict=True)))
        told, untold = denoiser(noisy.repeat(2, 1, 1), time.repeat(2), both).chunk(2)
        clean = untold + scale * (told - untold)
    return torch.where(condition.mask > 0, condition.known, clean)


def word_model(sampling: SamplingConfig) -> WordModel | None:
    """The words that weigh the contacts, where they do. Raises WeightsError."""
    return load_words() if sampling.words else None


def sampling_config(values: dict[str, Any]) -> SamplingConfig:
    """SamplingConfig from the JSON in a model file."""
    known = {name.name for name in fields(SamplingConfig)}
    plain = {name: value for name, value in values.items() if name in known}
    if "point" in plain:
        plain["point"] = OperatingPoint(**plain["point"])
    if "calibration" in plain:
        pairs = {name: tuple(value) for name, value in plain["calibration"].items()}
        plain["calibration"] = Calibration(**pairs)
    return SamplingConfig(**plain)


def _denoiser_config(values: dict[str, Any]) -> DenoiserConfig:
    plain: dict[str, Any] = {
        name: tuple(item) if isinstance(item, list) else item for name, item in values.items()
    }
    return DenoiserConfig(**plain)


def _cut(values: npt.NDArray[Any], start: int, frames: int) -> npt.NDArray[Any]:
    """Rows start..start + frames, the last row repeated past the end."""
    rows = np.minimum(np.arange(start, start + frames), len(values) - 1)
    return values[rows]


def _report(progress: ProgressCallback | None, stage: str, fraction: float) -> None:
    if progress is not None and not progress(Progress(stage, fraction)):
        raise CancelledError("The generation was cancelled.")
