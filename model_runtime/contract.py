# SPDX-License-Identifier: GPL-3.0-or-later
"""What the engine and Blender share: plain frozen data, picklable, stdlib and numpy only.

If something affects the result of a generation, it is a field here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]

MOTION_FPS = 50  # frames of motion a second
UNITS: tuple[str, ...] = (  # the 52 expression units, in ARKit's own order
    "eyeBlinkLeft",
    "eyeLookDownLeft",
    "eyeLookInLeft",
    "eyeLookOutLeft",
    "eyeLookUpLeft",
    "eyeSquintLeft",
    "eyeWideLeft",
    "eyeBlinkRight",
    "eyeLookDownRight",
    "eyeLookInRight",
    "eyeLookOutRight",
    "eyeLookUpRight",
    "eyeSquintRight",
    "eyeWideRight",
    "jawForward",
    "jawLeft",
    "jawRight",
    "jawOpen",
    "mouthClose",
    "mouthFunnel",
    "mouthPucker",
    "mouthLeft",
    "mouthRight",
    "mouthSmileLeft",
    "mouthSmileRight",
    "mouthFrownLeft",
    "mouthFrownRight",
    "mouthDimpleLeft",
    "mouthDimpleRight",
    "mouthStretchLeft",
    "mouthStretchRight",
    "mouthRollLower",
    "mouthRollUpper",
    "mouthShrugLower",
    "mouthShrugUpper",
    "mouthPressLeft",
    "mouthPressRight",
    "mouthLowerDownLeft",
    "mouthLowerDownRight",
    "mouthUpperUpLeft",
    "mouthUpperUpRight",
    "browDownLeft",
    "browDownRight",
    "browInnerUp",
    "browOuterUpLeft",
    "browOuterUpRight",
    "cheekPuff",
    "cheekSquintLeft",
    "cheekSquintRight",
    "noseSneerLeft",
    "noseSneerRight",
    "tongueOut",
)
NECK: tuple[str, ...] = ("neckPitch", "neckYaw", "neckRoll")  # axis-angle x, y, z in radians
CHANNELS: tuple[str, ...] = UNITS + NECK
EMOTIONS: tuple[str, ...] = (
    "neutral",
    "happy",
    "sad",
    "angry",
    "surprised",
    "afraid",
    "disgusted",
    "contempt",
)
AUTO = "auto"  # emotion left to the model: generated without an emotion condition
INTENSITY_RANGE = (0.0, 1.5)
ARTICULATION_RANGE = (0.5, 1.5)
SMOOTHING_RANGE = (0.0, 1.0)
SEED_RANGE = (0, 2**31 - 1)
LONGEST_TRANSCRIPT = 300_000  # letters; what is said in four hours


class ThunderError(Exception):
    """Any failure a user can meet; the message is the user's sentence: what, where, what to do."""


class RequestError(ThunderError):
    """A setting is out of range or names something unknown."""


class AudioError(ThunderError):
    """The sound cannot be used."""


class WeightsError(ThunderError):
    """Model weights or face data are missing or damaged."""


class OutputError(ThunderError):
    """The result cannot be written."""


class EngineError(ThunderError):
    """The engine's process or its Python cannot do the work."""


class CancelledError(ThunderError):
    """The user stopped the work."""


@dataclass(frozen=True)
class Settings:
    """How a line is performed. Raises RequestError when a value is out of range."""

    seed: int = 0
    intensity: float | tuple[tuple[float, float], ...] = 1.0  # one value, or (second, value) keys
    emotion: str | tuple[tuple[float, str], ...] = AUTO  # one, or (second, emotion it turns to)
    articulation: float = 1.0  # how far the mouth goes between its closures
    smoothing: float = 0.0  # 0 as sampled; 1 calms all but the closures

    def __post_init__(self) -> None:
        _check_seed(self.seed)
        for value in self.intensity_values():
            _check_range("Intensity", value, INTENSITY_RANGE)
        _check_range("Articulation", self.articulation, ARTICULATION_RANGE)
        _check_range("Smoothing", self.smoothing, SMOOTHING_RANGE)
        for emotion in self.emotions():
            if emotion not in (AUTO, *EMOTIONS):
                known = ", ".join((AUTO, *EMOTIONS))
                raise RequestError(f"Emotion '{emotion}' is not known. Choose one of: {known}.")

    def intensity_values(self) -> tuple[float, ...]:
        if isinstance(self.intensity, tuple):
            return tuple(value for _, value in self.intensity)
        return (self.intensity,)

    def emotions(self) -> tuple[str, ...]:
        if isinstance(self.emotion, tuple):
            return tuple(emotion for _, emotion in self.emotion)
        return (self.emotion,)

    def intensity_curve(self, frames: int, fps: float = MOTION_FPS) -> FloatArray:
        """Intensity of each motion frame: (frames,), keys joined linearly and held at both ends."""
        if not isinstance(self.intensity, tuple):
            return np.full(frames, self.intensity, np.float32)
        seconds, values = zip(*sorted(self.intensity), strict=True)
        return np.interp(np.arange(frames) / fps, seconds, values).astype(np.float32)

    def emotion_curve(self, frames: int, fps: float = MOTION_FPS) -> tuple[str, ...]:
        """Emotion of each motion frame: each key holds until the next, the first from the start."""
        if not isinstance(self.emotion, tuple):
            return (self.emotion,) * frames
        seconds, names = zip(*sorted(self.emotion), strict=True)
        places = np.searchsorted(seconds, np.arange(frames) / fps + 1e-6, side="right") - 1
        return tuple(names[max(0, place)] for place in places)


@dataclass(frozen=True)
class GenerateRequest:
    """One take of one line: the part of the sound from `start` on, in seconds of the file.

    Raises RequestError when it has no length, or more transcript than any line.
    """

    audio: Path
    settings: Settings = field(default_factory=Settings)
    start: float = 0.0
    duration: float | None = None  # None: to the end
    transcript: str = ""  # what is said, as far as it is known

    def __post_init__(self) -> None:
        if len(self.transcript) > LONGEST_TRANSCRIPT:
            raise RequestError(
                f"The transcript has {len(self.transcript)} letters; no line holds more than "
                f"{LONGEST_TRANSCRIPT}. Give the words of this line only."
            )
        if self.start < 0.0 or (self.duration is not None and self.duration <= 0.0):
            raise RequestError("The line has no length. Give its strip some sound to show.")


@dataclass(frozen=True)
class Take:
    """Motion of one line: weights [frames, channels] at `fps`, and what made it."""

    weights: FloatArray
    channels: tuple[str, ...] = CHANNELS
    fps: float = MOTION_FPS
    provenance: dict[str, Any] = field(default_factory=dict)  # seed, settings, hashes, versions

    @property
    def seconds(self) -> float:
        return len(self.weights) / self.fps

    def channel(self, name: str) -> FloatArray:
        """Curve of one channel: (frames,). Raises RequestError on an unknown name."""
        if name not in self.channels:
            raise RequestError(f"This take has no channel '{name}'.")
        return self.weights[:, self.channels.index(name)]


@dataclass(frozen=True)
class Progress:
    """How far the work is: stage in the user's words, fraction 0..1."""

    stage: str
    fraction: float
    seconds_left: float | None = None


@dataclass(frozen=True)
class EngineReport:
    """What the test of an engine found."""

    device: str  # auto's choice: cuda, rocm, mps or cpu
    device_name: str
    python: str
    torch: str
    seconds_per_second: float  # of work for a second of sound, within a line of some length
    memory_mb: float  # the most that the process, or its GPU, held
    startup_seconds: float  # from the start of the process until the models were loaded


ProgressCallback = Callable[[Progress], bool]  # False stops the work


def _check_seed(seed: int) -> None:
    low, high = SEED_RANGE
    if not low <= seed <= high:
        raise RequestError(f"Seed {seed} is out of range. Use a whole number from {low} to {high}.")


def _check_range(what: str, value: float, bounds: tuple[float, float]) -> None:
    low, high = bounds
    if not low <= value <= high:
        raise RequestError(f"{what} {value} is out of range. Use a number from {low} to {high}.")
