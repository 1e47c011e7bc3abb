# SPDX-License-Identifier: GPL-3.0-or-later
"""Poses that the articulation model makes: every phone under every emotion.

`python -m tools.open_head.spoken` writes those of HARDEST to spoken.json, and frames of random
lines to performed.json, which the build uses. With --performed the second file alone.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from model_runtime.contract import EMOTIONS, INTENSITY_RANGE, MOTION_FPS, UNITS
from model_runtime.face import load_face
from model_runtime.phones import PHONES, SILENCE
from training.articulation.emotions import rest_weights
from training.articulation.model import articulate
from training.articulation.phone_targets import ALIKE
from training.articulation.settings import ArticulationSettings, sample_style
from training.corpus.alignment import Segment

from .poses import (
    PERFORMED,
    SPOKEN,
    TENTHS,
    Weights,
    frame,
    performed_poses,
    rounded,
    sheet_poses,
    strong_poses,
    take_poses,
    tongue_poses,
    unit_poses,
    viseme_poses,
)

HARDEST = {  # phones that press something on someone, by emotion
    "neutral": ("TH", "DH", "F"),
    "happy": ("rest", "F", "L", "OW", "P", "UW", "W"),
    "sad": ("F", "P"),
    "angry": ("F",),
    "surprised": ("DH", "F", "TH"),
    "afraid": ("F", "TH"),
    "contempt": ("F", "OW", "UW", "W"),
}
HOLD, PAUSE = 0.30, 0.40  # seconds a phone is held, and silence around it
TAKEN = 600  # frames of takes that everyone is checked in
INTENSITIES = (0.5, 1.0, INTENSITY_RANGE[1])
LENGTHS = (0.05, 0.22)  # seconds of a phone of a random line
PHONES_A_LINE = 60
KEPT = 120  # frames of random lines


def spoken_poses(intensity: float = INTENSITY_RANGE[1]) -> dict[str, Weights]:
    """Every phone that looks different, loud, in the middle, under every emotion at `intensity`."""
    phones = [phone for phone in PHONES if phone != SILENCE and phone not in ALIKE]
    found = {}
    for emotion in EMOTIONS:
        found[f"{emotion} rest"] = rest_weights(emotion, intensity)[: len(UNITS)]
        segments, start = [Segment(SILENCE, 0.0, PAUSE)], PAUSE
        for phone in phones:
            segments.append(Segment(phone, start, start + HOLD))
            segments.append(Segment(SILENCE, start + HOLD, start + HOLD + PAUSE))
            start += HOLD + PAUSE
        loud = np.ones(round(start * MOTION_FPS), np.float32)
        settings = ArticulationSettings(emotion=emotion, intensity=intensity)
        motion = articulate(segments, loud, np.random.default_rng(0), settings)
        for segment in segments[1::2]:
            middle = round((segment.start + segment.end) / 2 * MOTION_FPS)
            found[f"{emotion} {segment.phone}"] = motion[middle, : len(UNITS)]
    return found


def random_frames(seed: int) -> Iterator[tuple[str, Weights]]:
    """Frames (T,52) of a line of random phones a name, every emotion at three intensities."""
    rng = np.random.default_rng(seed)
    phones = [phone for phone in PHONES if phone != SILENCE]
    for emotion in EMOTIONS:
        for intensity in INTENSITIES:
            ends = np.cumsum(rng.uniform(*LENGTHS, PHONES_A_LINE))
            said = [*rng.choice(phones, PHONES_A_LINE - 1), SILENCE]
            segments = [
                Segment(str(phone), float(start), float(end))
                for phone, start, end in zip(said, np.r_[0.0, ends], ends, strict=False)
            ]
            loud = rng.uniform(0.5, 1.0) * np.ones(round(ends[-1] * MOTION_FPS), np.float32)
            settings = ArticulationSettings(emotion, intensity, sample_style(rng))
            yield f"{emotion} {intensity:g}", articulate(segments, loud, rng, settings)[:, :52]


def unlike_frames(seed: int = 0, count: int = KEPT) -> dict[str, Weights]:
    """The frames of random lines that are most unlike each other (farthest first, Gonzalez 1985).

    Weights are compared by how far they move the face, so brows and gaze count for little.
    """
    names, frames = [], []
    for name, motion in random_frames(seed):
        names += [f"{name} frame {index}" for index in range(len(motion))]
        frames.append(motion)
    every = np.concatenate(frames)
    return {names[index]: every[index] for index in unlike(every, count)}


def unlike(every: Weights, count: int) -> list[int]:
    """Which of the weights (T,52) are most unlike each other, the one that moves most first."""
    scaled = every * _sizes()
    chosen, far = [int(scaled.sum(1).argmax())], np.full(len(every), np.inf)
    while len(chosen) < min(count, len(every)):
        far = np.minimum(far, np.linalg.norm(scaled - scaled[chosen[-1]], axis=1))
        chosen.append(int(far.argmax()))
    return chosen


def _sizes() -> Weights:
    """Root mean square motion (52,) of the lips by each unit, and a little of the rest."""
    face = load_face()
    lips = (face.expression_basis[:, face.vertex_sets["lips"]] ** 2).sum(-1).mean(-1) ** 0.5
    rest = (face.expression_basis**2).sum(-1).mean(-1) ** 0.5
    return np.asarray(lips + 0.2 * rest)


def all_poses() -> dict[str, Weights]:
    """Everything the head is checked in."""
    posed = {**unit_poses(TENTHS), **tongue_poses(), **tongue_poses(23), **sheet_poses()}
    posed |= {**viseme_poses(), **strong_poses(), **performed_poses(), **spoken_poses()}
    return {"neutral": frame({}), **posed, **take_poses(TAKEN)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--performed", action="store_true", help="leave spoken.json as it is")
    if not parser.parse_args().performed:
        poses = spoken_poses()
        picked = [f"{emotion} {phone}" for emotion, phones in HARDEST.items() for phone in phones]
        _write(SPOKEN, {name: poses[name] for name in picked})
    _write(PERFORMED, unlike_frames())


def _write(path: Path, poses: dict[str, Weights]) -> None:
    kept = {name: rounded(weights) for name, weights in poses.items()}
    lines = [f"{json.dumps(name)}: {json.dumps(units)}" for name, units in kept.items()]
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
