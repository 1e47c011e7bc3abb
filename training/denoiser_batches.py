# SPDX-License-Identifier: GPL-3.0-or-later
"""Batches of the denoiser's lessons, each a function of (seed, step) whatever the process count."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from model_runtime.contract import FloatArray
from model_runtime.denoiser import (
    AUTO_EMOTION,
    Condition,
    DenoiserConfig,
    to_network,
)
from model_runtime.phones import UNKNOWN_PHONE
from training.denoiser_config import TrainConfig
from training.sounds import Sound, Sounds
from training.targets import Lesson, Lessons
from training.units import UNKNOWN_UNIT

SHORTEST = 20  # motion frames; shorter lessons are left out


class Share(NamedTuple):
    """Which rows of the global batch are this process's and this part's (accumulation)."""

    rank: int = 0
    world: int = 1
    part: int = 0
    parts: int = 1

    def rows(self, batch: int) -> range:
        size = batch // (self.world * self.parts)
        first = (self.part * self.world + self.rank) * size
        return range(first, first + size)


class Masses(NamedTuple):
    """Shares of the GLOBAL batch that the losses are divided by, so that processes agree."""

    frames: float  # of all frames those that are no padding
    labelled: float  # of all rows those that mesh-to-speech judges and whose units are known
    clean: float  # of all rows those that it judges and that are recorded sound, no altered copy


class Batch(NamedTuple):
    motion: Tensor  # (batch, frames, channels), natural units
    condition: Condition
    time: Tensor  # (batch,) diffusion time
    noise: Tensor  # (batch, frames, channels)
    judged: Tensor  # (rows,) the places of those that mesh-to-speech judges
    masses: Masses
    sound: Sound | None = None

    def to(self, device: torch.device) -> Batch:
        if device.type == "cpu":
            return self
        moved = {
            name: getattr(self, name).to(device, non_blocking=True)
            for name in ("motion", "condition", "time", "noise", "judged")
        }
        sound = None if self.sound is None else self.sound.to(device)
        return self._replace(**moved, sound=sound)


@dataclass(frozen=True)
class Draw:
    """What chance decides of one row before any data is read."""

    place: int  # of the lesson in Batches.items
    first: int  # motion frame of the lesson
    frames: int
    time: float
    heard: bool
    rng: np.random.Generator  # for everything else of the row


class Batches:
    """Crops of lessons. Row r of batch `step` depends on (seed, step, r) only."""

    def __init__(
        self,
        lessons: Lessons,
        split: str,
        config: TrainConfig,
        network: DenoiserConfig,
        sounds: Sounds | None = None,
    ) -> None:
        self.lessons, self.config, self.network, self.sounds = lessons, config, network, sounds
        places = [i for i, item in enumerate(lessons.items) if _usable(item, split)]
        self.places = np.array(places)
        weight = np.array([float(lessons.items[i].frames) for i in places])
        self.share = np.cumsum(weight) / weight.sum()

    def __call__(self, step: int, share: Share | None = None) -> Batch:
        draws = [self._draw(step, row) for row in range(self.config.batch)]
        mine = [draws[row] for row in (share or Share()).rows(len(draws))]
        rows = [self._row(draw) for draw in mine]
        columns = [torch.from_numpy(np.stack(part)) for part in zip(*rows, strict=True)]
        motion, speech, contacts, intensity, emotion, keep, mask, noise, phones = columns
        heard = torch.tensor([draw.heard for draw in mine])
        known = to_network(motion, self.network) * mask
        condition = Condition(
            speech, contacts, emotion, intensity[..., 0], known, mask, keep, heard.float(), phones
        )
        time = torch.tensor([draw.time for draw in mine], dtype=torch.float32)
        judged = torch.tensor([i for i, draw in enumerate(mine) if self._judged(draw)]).long()
        sound = self._sound(mine)
        return Batch(motion, condition, time, noise, judged, self._masses(draws), sound)

    def _draw(self, step: int, row: int) -> Draw:
        rng = np.random.default_rng([self.config.seed, step, row])
        place = int(self.places[np.searchsorted(self.share, rng.random())])
        frames = min(self.lessons.items[place].frames, self.network.window)
        first = int(rng.integers(0, self.lessons.items[place].frames - frames + 1))
        first = 0 if rng.random() < 0.2 else first
        time, heard = float(rng.random()), bool(rng.random() >= self.config.drop_speech)
        return Draw(place, first, frames, time, heard, rng)

    def _row(self, draw: Draw) -> tuple[Any, ...]:
        window, rng = self.network.window, draw.rng
        item = self.lessons.items[draw.place]
        names = ("motion", "speech", "contacts", "intensity", "emotion")
        arrays = [self.lessons.rows(name, item, draw.first, draw.frames) for name in names]
        padded = [_padded(array, window) for array in arrays]
        emotion = padded.pop()[:, 0].astype(np.int64)
        if rng.random() < self.config.drop_emotion:
            emotion = np.full_like(emotion, AUTO_EMOTION)
        channels = len(self.network.mean)
        keep, mask = np.arange(window) < draw.frames, known_mask(window, rng, channels)
        noise = rng.standard_normal((window, channels), np.float32)
        return (*padded, emotion, keep, mask, noise, self._phones(draw))

    def _phones(self, draw: Draw) -> np.ndarray[Any, Any]:
        """The row's transcript, for whole clips unknown as often as `drop_transcript` says."""
        unknown = np.full(self.network.window, UNKNOWN_PHONE, np.int64)
        dropped = draw.rng.random() < self.config.drop_transcript
        if self.sounds is None or not self.network.transcript or dropped:
            return unknown
        unknown[: draw.frames] = self.sounds.phones(draw.place, draw.first, draw.frames)
        return unknown

    def _sound(self, draws: list[Draw]) -> Sound | None:
        if self.sounds is None:
            return None
        crops = [(draw.place, draw.first, draw.frames) for draw in draws]
        return self.sounds(crops, self.network.window)

    def _judged(self, draw: Draw) -> bool:
        return draw.heard and draw.time <= self.config.noisiest

    def _masses(self, draws: list[Draw]) -> Masses:
        frames = np.mean([draw.frames / self.network.window for draw in draws])
        if self.sounds is None:
            return Masses(float(frames), 0.0, 0.0)
        sounds = self.sounds
        judged = [draw for draw in draws if self._judged(draw)]
        units = [sounds.units(draw.place, draw.first, draw.frames) for draw in judged]
        labelled = sum(bool((row != UNKNOWN_UNIT).any()) for row in units)
        clean = sum(sounds.clean(draw.place) for draw in judged)
        return Masses(float(frames), labelled / len(draws), clean / len(draws))


def known_mask(frames: int, rng: np.random.Generator, channels: int) -> FloatArray:
    """What is held fixed: (frames, channels). The tasks of the tool, drawn at random.

    Nothing (a first window), the beginning (a following window), all but a span (regenerate
    range), some channels throughout (locked channels), or single frames (the artist's keys).
    """
    mask = np.zeros((frames, channels), np.float32)
    task = rng.random()
    if task < 0.35:
        return mask
    if task < 0.75:
        mask[: int(rng.integers(2, 61))] = 1.0
    elif task < 0.87:
        start, length = int(rng.integers(0, frames)), int(rng.integers(10, frames // 2))
        mask[:] = 1.0
        mask[start : start + length] = 0.0
    elif task < 0.95:
        mask[:, rng.random(channels) < rng.uniform(0.1, 0.8)] = 1.0
    else:
        mask[rng.random(frames) < rng.uniform(0.005, 0.05)] = 1.0
    return mask


def ahead(
    batches: Batches, steps: range, shares: list[Share], device: torch.device, loaders: int = 1
) -> Iterator[tuple[int, list[Batch]]]:
    """(step, its batches) for each step; the next ones are made in `loaders` threads meanwhile."""

    def make(step: int) -> list[Batch]:
        made = [batches(step, share) for share in shares]
        return [_pinned(batch) for batch in made] if device.type == "cuda" else made

    with ThreadPoolExecutor(max_workers=loaders) as pool:
        coming = deque(pool.submit(make, step) for step in steps[:loaders])
        for step in steps:
            ready = coming.popleft().result()
            if step + loaders in steps:
                coming.append(pool.submit(make, step + loaders))
            yield step, [batch.to(device) for batch in ready]


def _pinned(batch: Batch) -> Batch:
    moved = {name: getattr(batch, name).pin_memory() for name in ("motion", "time", "noise")}
    condition = Condition(*(part.pin_memory() for part in batch.condition))
    return batch._replace(**moved, condition=condition)


def _usable(item: Lesson, split: str) -> bool:
    return item.split == split and item.frames > SHORTEST


def _padded(array: FloatArray, frames: int) -> FloatArray:
    return np.pad(array, ((0, frames - len(array)), (0, 0)), mode="edge")
