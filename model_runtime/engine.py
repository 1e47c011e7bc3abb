# SPDX-License-Identifier: GPL-3.0-or-later
"""Sound and settings in, a take out: the whole generation, in windows of constant memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import torch

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
)
from .diffusion import SAMPLERS, times
from .encoder import EncoderConfig, SpeechEncoder
from .features import motion_frames
from .hearing import Calibration, Heard, hear, speech_condition
from .holding import digest, fitted, held_in, joined, tidied
from .motion_space import MotionSpace, space_of, unit_space
from .noise import window_noise
from .polish import polish
from .prepared import estimator
from .recognise import MODEL as RECOGNISER
from .recognise import LazyRecogniser, load_recogniser
from .recognise_choice import choose
from .transcript import Told, tell
from .weights import check_file, default_device, load_state, read_metadata, weights_path
from .windows import Inputs, Line
from .words import WordModel, load_words

EMOTION_INDEX = {AUTO: AUTO_EMOTION} | {name: index for index, name in enumerate(EMOTIONS)}
ROWS = 4  # lines that are drawn at once: more is hardly faster on a CPU, and wastes at the end
Ears = tuple[bytes, str]  # hash of a sound, and its transcript


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


@dataclass(frozen=True, eq=False)
class EngineLine:
    """One take to make: 16 kHz mono sound (n,) and all that `Engine.generate` is told of it."""

    samples: FloatArray
    settings: Settings
    transcript: str = ""
    hold: Hold | None = None

    @cached_property
    def ears(self) -> Ears:
        """What it has in common with other lines that are heard alike."""
        return sha256(self.samples.tobytes()).digest(), self.transcript


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
        self.recogniser: LazyRecogniser | None = None
        self.device = next(denoiser.parameters()).device

    @classmethod
    def load(
        cls,
        weights: Path | None = None,
        device: torch.device | None = None,
        *,
        recognises: bool = True,
    ) -> Engine:
        """Load the bundled models, or those in the folder `weights`.

        One that `recognises` hears the words of lines without a transcript.
        Raises WeightsError when a file is missing, damaged or of another version.
        """
        device = device or default_device()
        encoder_path = weights_path("encoder", weights)
        denoiser_path = weights_path("denoiser", weights)
        hashes = {path.stem: check_file(path) for path in (encoder_path, denoiser_path)}
        encoder = SpeechEncoder(EncoderConfig(**read_metadata(encoder_path)[0]))
        config, extra = read_metadata(denoiser_path)
        denoiser = Denoiser(_denoiser_config(config))
        engine = cls(
            load_state(encoder, encoder_path).to(device),
            load_state(denoiser, denoiser_path).to(device),
            sampling_config(extra.get("sampling", {})),
            hashes,
            space_of(extra),
        )
        if recognises:
            engine.recogniser, hashes[RECOGNISER] = load_recogniser(weights, device)
        return engine

    def generate(
        self,
        samples: FloatArray,
        settings: Settings,
        progress: ProgressCallback | None = None,
        transcript: str = "",
        hold: Hold | None = None,
    ) -> Take:
        """Perform a line: 16 kHz mono sound (n,) -> a Take of motion_frames(n) frames at 50 fps.

        What `hold` keeps is in the take exactly as given, and the rest goes on from it without a
        step (`holding.joined`). A `transcript`, or without one the words that are recognised,
        decides where lips touch; what became of it is told in the provenance under "transcript"
        (the text that was given) and "alignment" (`transcript.report`).
        Raises CancelledError when `progress` returns False.
        """
        line = EngineLine(samples, settings, transcript, hold)
        return self._many([line], 1, progress)[0]

    def generate_many(
        self, lines: Sequence[EngineLine], progress: ProgressCallback | None = None
    ) -> list[Take]:
        """`generate` for several lines, or seeds of one, together: a take each, in their order.

        ROWS of them go through the denoiser at once, and always ROWS, so that a take has the same
        bytes whatever its neighbours; it may differ from `generate`'s in the last bit (1e-5). The
        same sound is heard once. Memory grows with the lines' own length only.
        Raises CancelledError when `progress` returns False.
        """
        return self._many(lines, ROWS, progress)

    def _many(
        self, lines: Sequence[EngineLine], rows: int, progress: ProgressCallback | None
    ) -> list[Take]:
        listening = self._listening(lines)
        told = self._told(lines, _within(progress, 0.0, listening))
        drawings = [self._drawing(line.settings, *told[line.ears], line.hold) for line in lines]
        self._draw(drawings, rows, _within(progress, listening, 1.0))
        return [
            self._take(line, drawing, told[line.ears][1])
            for line, drawing in zip(lines, drawings, strict=True)
        ]

    def _told(
        self, lines: Sequence[EngineLine], progress: ProgressCallback | None
    ) -> dict[Ears, tuple[Heard, Told]]:
        """Every sound heard once, and its contacts decided once for each transcript."""
        heard: dict[bytes, Heard] = {}
        told: dict[Ears, tuple[Heard, Told]] = {}
        _report(progress, "Listening", 0.0)
        for number, line in enumerate(lines):
            if line.ears not in told:
                part = _within(progress, number / len(lines), (number + 1) / len(lines))
                sound = line.ears[0]
                if sound not in heard:
                    heard[sound] = self.hear(line.samples)
                known = heard[sound]
                if not line.transcript.strip():
                    known = self.with_words(known, line.samples, part)
                told[line.ears] = known, tell(known, line.transcript, self.sampling.point)
        return told

    def _listening(self, lines: Sequence[EngineLine]) -> float:
        """The share of all work that goes into recognising words: a second of sound costs about as
        much as to perform it."""
        known = self.recogniser
        anew = {
            line.ears[0]: len(line.samples)
            for line in lines
            if known and not line.transcript.strip() and not known.knows(line.samples)
        }
        heard, performed = sum(anew.values()), sum(len(line.samples) for line in lines)
        return heard / max(heard + performed, 1)

    def _take(self, line: EngineLine, drawing: Line, told: Told) -> Take:
        weights, channels = self._motion(drawing), self.space.channels
        settings, hold = line.settings, line.hold
        if self.space.kind == "units":
            channels = CHANNELS
            weights = polish(self.space.channels_of(weights), told.contacts, settings)
        if hold is not None:
            held = fitted(hold, len(weights))
            weights = tidied(joined(weights, held), held)
        provenance: dict[str, Any] = {
            "seed": settings.seed,
            "emotion": settings.emotion,
            "intensity": settings.intensity,
            "articulation": settings.articulation,
            "smoothing": settings.smoothing,
            "transcript": line.transcript,
            **({"alignment": told.report} if told.report else {}),
            **({"held": digest(hold)} if hold is not None else {}),
            "models": self.hashes,
            "steps": self.sampling.steps,
            "guidance": self.sampling.guidance,
            **({"face": self.space.face} if self.space.kind == "flame" else {}),
        }
        assert len(weights) == motion_frames(len(line.samples))
        return Take(weights, channels, float(MOTION_FPS), provenance)

    def sketching(self, steps: int) -> Engine:
        """The same models, which draw in so many steps."""
        other = copy(self)
        other.sampling = replace(self.sampling, steps=min(steps, self.sampling.steps))
        return other

    def hear(self, samples: FloatArray) -> Heard:
        """Listen to 16 kHz mono sound (n,), as a generation does."""
        return hear(self.encoder, samples, self.sampling.calibration, self.words)

    def with_words(
        self, heard: Heard, samples: FloatArray, progress: ProgressCallback | None = None
    ) -> Heard:
        """The same with the words that are recognised, as a generation without a transcript."""
        if self.recogniser is None:
            return heard
        texts = self.recogniser.texts(samples, lambda done: _report(progress, "Listening", done))
        return heard._replace(recognised=choose(texts, heard.phones))

    def perform(
        self,
        heard: Heard,
        settings: Settings,
        progress: ProgressCallback | None = None,
        told: Told | None = None,
        hold: Hold | None = None,
    ) -> FloatArray:
        """Sample the motion of a heard line, window by window: (frames, channels).

        Without `told` the sound decides the contacts, with the words that `heard` holds. What
        `hold` keeps is only seen by the sampler here; `generate` joins it.
        """
        said = told or tell(heard, "", self.sampling.point)
        drawing = self._drawing(settings, heard, said, hold)
        self._draw([drawing], 1, progress)
        return self._motion(drawing)

    def _drawing(self, settings: Settings, heard: Heard, told: Told, hold: Hold | None) -> Line:
        held = None if hold is None else held_in(self.space, hold, len(heard.loudness))
        inputs = self._inputs(heard, settings, told)
        return Line(inputs, settings.seed, self.denoiser.config, held)

    def _motion(self, drawing: Line) -> FloatArray:
        return self.space.tidied(drawing.motion[: drawing.frames])

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

    @torch.inference_mode()
    def _draw(self, drawings: Sequence[Line], rows: int, progress: ProgressCallback | None) -> None:
        """Draw all windows of the lines, those of `rows` lines at once."""
        while waiting := [drawing for drawing in drawings if drawing.rest]:
            together = waiting[:rows]
            done = sum(drawing.done for drawing in drawings) / len(drawings)
            share = sum(1 / len(drawing.starts) for drawing in together) / len(drawings)
            drawn = self._windows(
                [*together, *together[-1:] * (rows - len(together))],
                lambda part: _report(progress, "Performing", done + share * part),  # noqa: B023
            )
            for drawing, motion in zip(together, drawn, strict=False):
                drawing.put(motion)
        _report(progress, "Performing", 1.0)

    def _windows(self, lines: Sequence[Line], tell: Callable[[float], None]) -> FloatArray:
        """The next window of each line: (lines, window, channels) in natural units."""
        config = self.denoiser.config
        parts = zip(*(line.condition() for line in lines), strict=True)
        condition = Condition(*(torch.cat(part) for part in parts)).to(self.device)
        noise = np.stack([self._noise(line) for line in lines])
        schedule = times(self.sampling.steps).to(self.device)
        drawn = SAMPLERS[self.sampling.sampler](
            estimator(self.denoiser, condition, self.sampling.guidance, schedule),
            torch.from_numpy(noise).to(self.device),
            schedule,
            lambda step, steps: tell(step / steps),
        )
        return from_network(drawn, config).float().cpu().numpy()

    def _noise(self, line: Line) -> FloatArray:
        config = self.denoiser.config
        noise = window_noise(line.seed, line.window, config.window, len(config.mean))
        noise[:, self.space.mouth()] *= self.sampling.mouth_noise
        return noise


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


def _within(
    progress: ProgressCallback | None, first: float, last: float
) -> ProgressCallback | None:
    """A callback for the part of the work between two shares of it."""
    if progress is None:
        return None
    return lambda told: progress(replace(told, fraction=first + (last - first) * told.fraction))


def _report(progress: ProgressCallback | None, stage: str, fraction: float) -> None:
    if progress is not None and not progress(Progress(stage, fraction)):
        raise CancelledError("The generation was cancelled.")
