# SPDX-License-Identifier: GPL-3.0-or-later
"""What mesh-to-speech learns from: lessons' motion beside the pack's log-mel and speech units."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from model_runtime.contract import UNITS, FloatArray, ThunderError
from model_runtime.features import normalise
from model_runtime.mesh_to_speech import speaker_embedding
from training.pack import Item, Pack
from training.targets import Lesson, Lessons
from training.units import UNITS_FILE, UNKNOWN_UNIT, UnitArray, clip_key

HALVES = {"supervisor": 0, "judge": 1}  # the half of the clips that each role trains on
SHORTEST = 25  # motion frames


class Pair(NamedTuple):
    """A lesson and the item of the pack that it was made from."""

    lesson: Lesson
    item: Item


class M2SBatch(NamedTuple):
    """Crops of a batch; a row's frames past its end are padding (keep False)."""

    motion: Tensor  # (batch, frames, 52) natural unit weights
    units: Tensor  # (batch, frames) long, UNKNOWN_UNIT where not known
    mel: Tensor  # (batch, 2 * frames, bands) normalised over the whole clip
    speaker: Tensor  # (batch, speaker)
    keep: Tensor  # (batch, frames) bool


@dataclass(frozen=True)
class MotionChange:
    """How a batch's motion is changed, so that other performers' and animators' is understood."""

    gain: float = 0.15  # spread of how far the whole face goes
    unit_gain: float = 0.15  # and of each unit on its own
    offset: float = 0.02  # spread of a unit's constant offset
    noise: float = 0.01  # spread of slow noise in a unit
    knots: int = 12  # of that noise over a crop


def paired(lessons_dir: Path, pack: Pack) -> list[Pair]:
    """Each lesson with its item of the pack: by `pack_start`, else by the order they were made in.

    Raises ThunderError when the lessons were made from another pack.
    """
    rows = [json.loads(line) for line in (lessons_dir / "lessons.jsonl").open()]
    by_start = {item.start: item for item in pack.items}
    in_order = [item for item in pack.items if item.split != "test"]
    marked = bool(rows) and all("pack_start" in row for row in rows)
    found = [by_start.get(row["pack_start"]) for row in rows] if marked else in_order
    items = [item for item in found if item is not None]
    if len(items) != len(rows) or not all(map(_same, rows, items)):
        raise ThunderError(
            f"The lessons in {lessons_dir} were not made from this pack. "
            "Make them again with training.targets, or name their own pack."
        )
    lessons = [Lesson(row["source"], row["split"], row["start"], row["frames"]) for row in rows]
    return [Pair(*pair) for pair in zip(lessons, items, strict=True)]


def _same(row: dict[str, Any], item: Item) -> bool:
    keys = ("source", "split", "frames")
    return all(row[key] == getattr(item, key) for key in keys)


def half_of(clip: str) -> int:
    """0 or 1: which of the two halves of the corpus a clip belongs to, with all its copies."""
    return clip_key(f"half {clip}") % 2


class M2SData:
    """Lessons, pack and units together."""

    def __init__(self, lessons: Path, pack: Path, units: Path) -> None:
        self.lessons, self.pack = Lessons(lessons), Pack(pack)
        self.pairs = paired(lessons, self.pack)
        self.units: UnitArray = np.load(units / UNITS_FILE, mmap_mode="r")

    def select(self, split: str, half: int | None = None, copies: bool = False) -> list[Pair]:
        """Clips whose units are known; `copies`: augmented sound too."""
        return [
            pair
            for pair in self.pairs
            if pair.lesson.split == split
            and (copies or pair.item.copy == 0)
            and pair.item.frames >= SHORTEST
            and half in (None, half_of(pair.item.clip))
            and self.units[pair.item.start] != UNKNOWN_UNIT
        ]

    def crop(self, pair: Pair, first: int, frames: int, window: int) -> tuple[Any, ...]:
        """Motion, units, mel, speaker and keep of a stretch of a clip, padded to `window`."""
        missing = window - frames
        motion = self.lessons.rows("motion", pair.lesson, first, frames)[:, : len(UNITS)]
        whole = self.pack.mel(pair.item)
        mel = normalise(whole)[2 * first : 2 * (first + frames)]
        start = pair.item.start + first
        units = np.asarray(self.units[start : start + frames], np.int64)
        return (
            np.pad(motion, ((0, missing), (0, 0)), mode="edge"),
            np.pad(units, (0, missing), constant_values=UNKNOWN_UNIT),
            np.pad(mel, ((0, 2 * missing), (0, 0))),
            speaker_embedding(whole),
            np.arange(window) < frames,
        )


class Batches:
    """Random crops; batch `step` depends on (seed, step, pairs) only, so a run resumes exactly."""

    def __init__(
        self, data: M2SData, pairs: Sequence[Pair], size: int, window: int, seed: int
    ) -> None:
        if not pairs:
            raise ThunderError(
                "No clip of these lessons has speech units. Run training.units on their pack."
            )
        self.data, self.pairs = data, pairs
        self.size, self.window, self.seed = size, window, seed
        weight = np.array([float(pair.item.frames) for pair in pairs])
        self.share = np.cumsum(weight) / weight.sum()

    def __call__(self, step: int) -> M2SBatch:
        rng = np.random.default_rng([self.seed, step])
        picks = np.searchsorted(self.share, rng.random(self.size))
        rows = [self._crop(self.pairs[pick], rng) for pick in picks]
        return M2SBatch(*(torch.from_numpy(np.stack(part)) for part in zip(*rows, strict=True)))

    def _crop(self, pair: Pair, rng: np.random.Generator) -> tuple[Any, ...]:
        frames = min(pair.item.frames, self.window)
        first = int(rng.integers(0, pair.item.frames - frames + 1))
        return self.data.crop(pair, first, frames, self.window)


def change_motion(motion: Tensor, change: MotionChange, generator: torch.Generator) -> Tensor:
    """Gain, offset and slow noise of unit weights (batch, frames, 52), timing untouched."""
    batch, frames, width = motion.shape

    def spread(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator)

    gain = 1 + change.gain * spread(batch, 1, 1) + change.unit_gain * spread(batch, 1, width)
    knots = spread(batch, width, change.knots)
    slow = functional.interpolate(knots, size=frames, mode="linear", align_corners=True)
    offset = change.offset * spread(batch, 1, width)
    return motion * gain.clamp(0.3, 1.8) + offset + change.noise * slow.transpose(1, 2)


def motion_sample(data: M2SData, pairs: Sequence[Pair], clips: int = 300) -> FloatArray:
    """Unit weights of some clips, for the statistics of the input: (frames, 52)."""
    chosen = pairs[:: max(1, len(pairs) // clips)]
    rows = [data.lessons.rows("motion", p.lesson, 0, p.lesson.frames) for p in chosen]
    return np.concatenate(rows)[:, : len(UNITS)]
