# SPDX-License-Identifier: GPL-3.0-or-later
"""Frames of takes that the bundled models perform, which the head is checked in.

`python -m tools.open_head.takes [--audio FILE ...]` performs the example line, or others, with
every emotion at four intensities and writes the frames most unlike each other to takes.npz.
They are kept, so that a check of the head needs no models and stays the same.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from model_runtime.audio import read_audio
from model_runtime.contract import AUTO, EMOTIONS, UNITS, Settings
from model_runtime.engine import Engine

from .pack import write_npz
from .poses import TAKES, Weights
from .spoken import unlike

LINE = Path(__file__).parent.parent.parent / "examples" / "line.flac"
INTENSITIES = (0.0, 0.5, 1.0, 1.5)
KEPT = 3000
THOUSANDTHS = 1000


def performances(sounds: list[Path]) -> Iterator[tuple[str, Weights]]:
    """Name and unit weights (T,52) of a take an emotion and intensity of every sound."""
    engine = Engine.load()
    for sound in sounds:
        samples = read_audio(sound).samples
        heard = engine.with_words(engine.hear(samples), samples)
        for seed, emotion in enumerate((AUTO, *EMOTIONS)):
            for intensity in INTENSITIES:
                settings = Settings(seed=seed, intensity=intensity, emotion=emotion)
                motion = engine.space.channels_of(engine.perform(heard, settings))
                yield f"{sound.stem} {emotion} {intensity:g}", motion[:, : len(UNITS)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--audio", type=Path, nargs="+", default=[LINE])
    names: list[str] = []
    frames = []
    for name, motion in performances(parser.parse_args().audio):
        names += [f"{name} frame {index}" for index in range(len(motion))]
        frames.append(motion)
    every = np.concatenate(frames)
    chosen = unlike(every, KEPT)
    kept = np.rint(every[chosen] * THOUSANDTHS).astype(np.uint16)
    write_npz(TAKES, {"names": np.array([names[index] for index in chosen]), "weights": kept})
    print(f"{len(chosen)} of {len(every)} frames in {TAKES}, {TAKES.stat().st_size / 1024:.0f} KB")


if __name__ == "__main__":
    main()
