# SPDX-License-Identifier: GPL-3.0-or-later
"""The denoiser's lessons: for each clip of the pack what is heard, and a motion that says it.

`python -m training.targets --pack DIR --encoder FILE --out DIR`
"""

from __future__ import annotations

import argparse
import json
import logging
import multiprocessing
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from model_runtime.contacts import contact_condition
from model_runtime.contract import (
    CHANNELS,
    EMOTIONS,
    INTENSITY_RANGE,
    MOTION_FPS,
    FloatArray,
    RequestError,
)
from model_runtime.encoder import EncoderConfig, SpeechEncoder
from model_runtime.features import loudness
from model_runtime.hearing import Calibration, hear_mel, speech_condition
from model_runtime.motion_space import MotionSpace
from model_runtime.phones import BILABIAL, CONTACTS, LABIODENTAL, PHONES, SILENCE
from model_runtime.weights import load_state, read_metadata
from training.articulation import ArticulationSettings, articulate
from training.corpus import Segment
from training.motion_space import space_of_lessons
from training.pack import Item, Pack

log = logging.getLogger(__name__)
SHORTEST_SILENCE = 0.12  # seconds; OperatingPoint.shortest_silence
NEUTRAL_SHARE = 0.3  # of the clips
TURNING_SHARE = 0.2  # of the clips, in which one emotion turns into another
TURN_SECONDS = 0.6


@dataclass(frozen=True)
class Lesson:
    """Where a clip lies in the arrays, and in the pack."""

    source: str
    split: str
    start: int
    frames: int
    pack_start: int | None = None  # of lessons made before they were tied to their pack: unknown


class Lessons:
    """A folder of row-aligned arrays, one row a motion frame, and lessons.jsonl."""

    ARRAYS = {
        "motion": (len(CHANNELS), np.float16),
        "speech": (len(PHONES) + 1, np.float16),
        "contacts": (len(CONTACTS), np.float16),
        "intensity": (1, np.float16),
        "emotion": (1, np.uint8),
    }

    def __init__(self, folder: Path) -> None:
        rows = [json.loads(line) for line in (folder / "lessons.jsonl").open()]
        self.items = [Lesson(**row) for row in rows]
        frames = sum(item.frames for item in self.items)
        self.space = space_of_lessons(folder)
        self.arrays = {
            name: np.memmap(folder / f"{name}.raw", dtype, "r", shape=(frames, width))
            for name, (width, dtype) in arrays_of(self.space).items()
        }

    def rows(self, name: str, item: Lesson, first: int, frames: int) -> FloatArray:
        start = item.start + first
        return np.asarray(self.arrays[name][start : start + frames], np.float32)

    def statistics(self, count: int = 400_000) -> tuple[FloatArray, FloatArray]:
        """Mean and scale of each channel over about `count` training frames."""
        motion = self.arrays["motion"]
        rows = np.asarray(motion[:: max(1, len(motion) // count)], np.float32)
        return rows.mean(0), np.maximum(rows.std(0), 0.02)


def arrays_of(space: MotionSpace) -> dict[str, tuple[int, type]]:
    """Width and kind of each array of lessons in this motion space."""
    return {**Lessons.ARRAYS, "motion": (len(space.channels), np.float16)}


def in_pack(lessons: list[Lesson], pack: Pack) -> list[Item]:
    """The item of the pack of each lesson. Raises RequestError where they are of another pack.

    Lessons lie in the order of the pack's items, test clips left out.
    """
    starts = {item.start: item for item in pack.items}
    ordered = [item for item in pack.items if item.split != "test"]
    if lessons and lessons[0].pack_start is None:
        pairs = list(zip(lessons, ordered, strict=False)) if len(lessons) == len(ordered) else []
    else:
        pairs = [(one, starts[one.pack_start]) for one in lessons if one.pack_start in starts]
    alike = all(one.source == item.source and one.frames == item.frames for one, item in pairs)
    if len(pairs) != len(lessons) or not alike:
        raise RequestError(
            "The lessons were not made from this pack. Give the pack that training.targets read, "
            "or make the lessons again."
        )
    return [item for _, item in pairs]


def intensity_curve(frames: int, rng: np.random.Generator) -> FloatArray:
    """Constant in half of the clips, else a slow ramp between a few values: (frames,)."""
    low, high = INTENSITY_RANGE
    if rng.random() < 0.5:
        return np.full(frames, rng.uniform(low, high), np.float32)
    knots = int(rng.integers(2, 5))
    places = np.sort(rng.uniform(0, frames, knots))
    return np.interp(np.arange(frames), places, rng.uniform(low, high, knots)).astype(np.float32)


def draw_emotion(rng: np.random.Generator) -> int:
    return 0 if rng.random() < NEUTRAL_SHARE else int(rng.integers(1, len(EMOTIONS)))


def emotion_curve(frames: int, rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    """Index into EMOTIONS of each frame (frames,); some clips turn to another one on the way."""
    curve = np.full(frames, draw_emotion(rng), np.uint8)
    if rng.random() < TURNING_SHARE:
        curve[int(rng.uniform(0.15, 0.85) * frames) :] = draw_emotion(rng)
    return curve


def performed(
    item: Item,
    loud: FloatArray,
    emotion: npt.NDArray[np.uint8],
    intensity: FloatArray,
    seed: list[int],
) -> FloatArray:
    """Motion (frames, channels) of a clip whose emotion turns at most once.

    The same performance is given in both emotions and cross-faded from the turn on.
    """
    segments = [Segment(phone, start, end) for phone, start, end in item.segments]

    def take(feeling: int) -> FloatArray:
        settings = ArticulationSettings(emotion=EMOTIONS[feeling], intensity=intensity)
        rng = np.random.default_rng(seed)
        return _fitted(articulate(segments, loud, rng, settings), item.frames)

    motion = take(int(emotion[0]))
    if emotion[-1] != emotion[0]:
        since = np.arange(item.frames) - int(np.argmax(emotion != emotion[0]))
        share = np.clip(since / (TURN_SECONDS * MOTION_FPS), 0.0, 1.0)[:, None]
        share = share * share * (3.0 - 2.0 * share)
        motion = motion + (take(int(emotion[-1])) - motion) * share.astype(np.float32)
    return motion


def true_contacts(item: Item, rounded: FloatArray) -> FloatArray:
    """The contact condition as the alignment has it: (frames, len(CONTACTS))."""

    def intervals(group: frozenset[str], shortest: float = 0.0) -> list[tuple[float, float]]:
        spans = [(start, end) for phone, start, end in item.segments if phone in group]
        return [(start, end) for start, end in _joined(spans) if end - start >= shortest]

    silence = intervals(frozenset({SILENCE}), SHORTEST_SILENCE)
    return contact_condition(intervals(BILABIAL), intervals(LABIODENTAL), rounded, silence)


def _joined(spans: list[tuple[float, float]]) -> list[tuple[float, float]]:
    joined: list[tuple[float, float]] = []
    for start, end in spans:
        if joined and start - joined[-1][1] < 0.5 / MOTION_FPS:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined


_STATE: dict[str, Any] = {}  # each worker process opens pack and encoder once


def _open(pack: Path, encoder: Path, calibration: Calibration) -> None:
    torch.set_num_threads(1)
    config, _ = read_metadata(encoder)
    network = load_state(SpeechEncoder(EncoderConfig(**config)), encoder)
    _STATE.update(pack=Pack(pack), encoder=network, calibration=calibration)


def _lesson(task: tuple[int, int]) -> tuple[Item, dict[str, npt.NDArray[Any]]]:
    index, seed = task
    pack: Pack = _STATE["pack"]
    item = pack.items[index]
    mel = pack.mel(item)
    with torch.autocast("cpu", torch.bfloat16):
        heard = hear_mel(_STATE["encoder"], mel, _STATE["calibration"])
    rng = np.random.default_rng([seed, index])
    emotion, intensity = emotion_curve(item.frames, rng), intensity_curve(item.frames, rng)
    arrays: dict[str, npt.NDArray[Any]] = {
        "motion": performed(item, loudness(mel), emotion, intensity, [seed, index, 1]),
        "speech": speech_condition(heard),
        "contacts": true_contacts(item, heard.contacts[:, CONTACTS.index("rounded")]),
        "intensity": intensity[:, None],
        "emotion": emotion[:, None],
    }
    return item, arrays


def _fitted(motion: FloatArray, frames: int) -> FloatArray:
    missing = max(0, frames - len(motion))
    return np.pad(motion, ((0, missing), (0, 0)), mode="edge")[:frames]


def build_lessons(
    pack: Path, encoder: Path, out: Path, calibration: Calibration, jobs: int, seed: int = 0
) -> Lessons:
    """Render the lessons of the training and development clips."""
    out.mkdir(parents=True, exist_ok=True)
    wanted = [i for i, item in enumerate(Pack(pack).items) if item.split != "test"]
    tasks = [(index, seed) for index in wanted]
    with multiprocessing.Pool(jobs, _open, (pack, encoder, calibration)) as pool:
        _write(out, pool.imap(_lesson, tasks, chunksize=16), len(tasks))
    return Lessons(out)


def _write(
    out: Path, results: Iterator[tuple[Item, dict[str, npt.NDArray[Any]]]], total: int
) -> None:
    files = {name: (out / f"{name}.raw").open("wb") for name in Lessons.ARRAYS}
    start, began = 0, time.monotonic()
    with (out / "lessons.tmp").open("w") as index:
        for count, (item, arrays) in enumerate(results, 1):
            for name, file in files.items():
                arrays[name].astype(Lessons.ARRAYS[name][1]).tofile(file)
            lesson = Lesson(item.source, item.split, start, item.frames, item.start)
            index.write(json.dumps(asdict(lesson)) + "\n")
            start += item.frames
            if count % 1000 == 0:
                log.info("lessons: %d of %d, %.0f s", count, total, time.monotonic() - began)
    for file in files.values():
        file.close()
    (out / "lessons.tmp").replace(out / "lessons.jsonl")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pack", type=Path, required=True)
    parser.add_argument("--encoder", type=Path, required=True)
    parser.add_argument("--calibration", type=Path, help="JSON written by training.calibrate")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    calibration = Calibration()
    if options.calibration:
        values = json.loads(options.calibration.read_text())["calibration"]
        calibration = Calibration(tuple(values["slope"]), tuple(values["offset"]))
    build_lessons(
        options.pack, options.encoder, options.out, calibration, options.jobs, options.seed
    )


if __name__ == "__main__":
    main()
