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
class Hold:
    """Motion that a new take keeps: both (frames, len(CHANNELS)) at MOTION_FPS.

    Raises RequestError when the two differ in shape.
    """

    weights: FloatArray
    kept: FloatArray  # 1 where the take has exactly this value, 0 where it is made anew

    def __post_init__(self) -> None:
        if self.weights.shape != self.kept.shape or self.weights.shape[1:] != (len(CHANNELS),):
            raise RequestError("The motion to keep does not fit the take. Generate the whole line.")


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
    hold: Hold | None = None  # what stays as it is

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
class Sound:
    """The part of a sound file that a line is, in seconds of the file, and what is said in it."""

    audio: Path
    start: float = 0.0
    duration: float | None = None  # None: to the end
    transcript: str = ""


@dataclass(frozen=True)
class FaceMotion:
    """What a face does over a line, from the line's first moment on: one of two things.

    Raises RequestError when both or none is given, or their shape is another.
    """

    fps: float
    weights: FloatArray | None = None  # (frames, len(UNITS)), of the expression units
    offsets: FloatArray | None = None  # (frames, V, 3): the open head's mouth region, m from rest

    def __post_init__(self) -> None:
        shapes = [part.shape for part in (self.weights, self.offsets) if part is not None]
        fits = len(shapes) == 1 and shapes[0][-1] == (len(UNITS) if self.offsets is None else 3)
        if not fits or len(shapes[0]) != (2 if self.offsets is None else 3) or self.fps <= 0.0:
            raise RequestError("The face's motion cannot be read. Measure it again.")

    @property
    def frames(self) -> int:
        return len(self.weights if self.weights is not None else self.offsets)  # type: ignore[arg-type]


@dataclass(frozen=True)
class BestRequest:
    """The same line by several seeds in one go, to be ranked by the meter; gives Ranked."""

    line: GenerateRequest
    seeds: tuple[int, ...]
    keep: int = 1  # how many of the takes are wanted; all seeds' where it is their number or more


@dataclass(frozen=True)
class MeasureRequest:
    """Does this motion say this sound? Gives a Meter, of the whole line or of a span of it."""

    sound: Sound
    motion: FaceMotion
    span: tuple[float, float] | None = None  # seconds of the line


@dataclass(frozen=True)
class RepairRequest:
    """Mend a span of a take's motion; gives Repaired."""

    sound: Sound
    weights: FloatArray  # (frames, len(CHANNELS)) at MOTION_FPS
    span: tuple[float, float]  # seconds of the line; nothing outside is changed
    kept: FloatArray | None = None  # (frames, len(CHANNELS)), 1 where nothing may change


@dataclass(frozen=True)
class HearRequest:
    """What does this face say? Gives HeardMesh, in the voice and loudness of the sound."""

    sound: Sound
    motion: FaceMotion


@dataclass(frozen=True)
class RecogniseRequest:
    """Which English words does this sound hold? Gives Recognised; its transcript is not read."""

    sound: Sound


@dataclass(frozen=True)
class Advice:
    """What is wrong in a span of a line, in seconds of the line, and how the user reads it."""

    kind: str  # "open" (lips apart on p b m), "no_teeth" (f v), "shut", "silent", "lag", "weak"
    start: float
    end: float
    score: float  # of the meter in this span, 0..1
    sentence: str
    phone: str = ""


WEAK = 0.5  # of the meter: below it lies no ground truth that was measured
BRIDGE = 0.08  # seconds between two weak runs that count as one
SHORTEST_WEAK = 0.06  # seconds of a weak run


@dataclass(frozen=True)
class Meter:
    """How well a motion says its sound: 1 as the truth does, 0 as another line's motion."""

    score: float  # of the line, 0..1; nan where nothing is said
    frames: FloatArray  # (n,) at `fps`, 0..1
    spoken: FloatArray  # (n,) 1 where something is said there, 0 in silence
    fps: float
    lag_ms: float  # above 0: the motion is late; nan where it cannot be told
    advice: tuple[Advice, ...] = ()  # worst first
    phones: tuple[tuple[str, float, float], ...] = ()  # as heard or told: phone, start, end
    words: tuple[tuple[str, float, float], ...] = ()  # of the transcript, where one fits
    model: str = ""  # hash of the judge

    def weak_runs(self, threshold: float = WEAK) -> list[tuple[int, int]]:
        """Half-open ranges of spoken frames below the threshold: near ones are one, short ones
        none."""
        low = (self.frames < threshold) & (self.spoken > 0.5)
        edges = np.flatnonzero(np.diff(np.concatenate(([0], low.astype(np.int8), [0]))))
        runs: list[tuple[int, int]] = []
        for first, after in edges.reshape(-1, 2).tolist():
            near = runs and first - runs[-1][1] <= round(BRIDGE * self.fps)
            runs.append((runs.pop()[0] if near else first, after))
        return [(a, b) for a, b in runs if b - a >= round(SHORTEST_WEAK * self.fps)]


@dataclass(frozen=True)
class Ranked:
    """Takes of one line, the best first, and each one's meter."""

    takes: tuple[Take, ...]
    meters: tuple[Meter, ...]


@dataclass(frozen=True)
class Repaired:
    """A repair's outcome. `changed` is False where it would not help; `sentence` says why."""

    weights: FloatArray  # (frames, len(CHANNELS)) at MOTION_FPS
    changed: bool
    sentence: str
    before: Meter
    after: Meter
    contacts: dict[str, tuple[float, float]] = field(default_factory=dict)  # name -> before, after


@dataclass(frozen=True)
class HeardMesh:
    """What a face says, as sound: mono samples (n,)."""

    samples: FloatArray
    rate: int


@dataclass(frozen=True)
class Recognised:
    """The words of a sound as they are written; without any, `sentence` says why."""

    text: str
    sentence: str


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


Question = BestRequest | MeasureRequest | RepairRequest | HearRequest | RecogniseRequest
Request = GenerateRequest | Question
Answer = Ranked | Meter | Repaired | HeardMesh | Recognised
Result = Take | EngineReport | Answer
ProgressCallback = Callable[[Progress], bool]  # False stops the work


def _check_seed(seed: int) -> None:
    low, high = SEED_RANGE
    if not low <= seed <= high:
        raise RequestError(f"Seed {seed} is out of range. Use a whole number from {low} to {high}.")


def _check_range(what: str, value: float, bounds: tuple[float, float]) -> None:
    low, high = bounds
    if not low <= value <= high:
        raise RequestError(f"{what} {value} is out of range. Use a number from {low} to {high}.")
