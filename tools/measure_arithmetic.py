# SPDX-License-Identifier: GPL-3.0-or-later
"""How far curves differ where the same sums are done in another order.

    python -m tools.measure_arithmetic [--line LINE.wav] [--device cuda]

The line is performed as usual on one CPU thread, then on several threads, without the kernel
library that torch calls for the CPU, from a sound that is a little off, and on --device, if one is
named. Told of each: the largest difference of any unit at any frame, the share of frames in which
a unit differs by 0.001 or more, and in how many frames the lips are shut in one alone.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from model_runtime.audio import read_audio  # noqa: E402
from model_runtime.contract import UNITS, FloatArray, Settings  # noqa: E402
from model_runtime.engine import Engine  # noqa: E402
from model_runtime.face import load_face  # noqa: E402
from model_runtime.lips import lip_probe  # noqa: E402

CPU = torch.device("cpu")
SEEN = 0.001  # of a unit's range
CLOSED = 0.3  # mm
NUDGE = 1e-5  # of full scale, a third of a 16-bit step: larger than any rounding


@contextmanager
def threads(count: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def perform(engine: Engine, samples: FloatArray, seed: int) -> FloatArray:
    """The units (frames, 52) of a take."""
    take = engine.generate(samples, Settings(seed=seed))
    return take.weights[:, [take.channels.index(name) for name in UNITS]]


def told(name: str, one: FloatArray, other: FloatArray) -> str:
    """A row of the table that compares two takes."""
    apart = np.abs(one - other)
    probe = lip_probe(load_face())
    shut = [probe.aperture(units) <= CLOSED for units in (one, other)]
    changed = int((shut[0] != shut[1]).sum())
    return f"| {name} | {apart.max():.2g} | {(apart.max(1) >= SEEN).mean():.3f} | {changed} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--line", type=Path, default=ROOT / "examples" / "line.flac")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", help="another device to compare with")
    options = parser.parse_args()
    samples, engine = read_audio(options.line).samples, Engine.load(None, CPU)
    with threads(1):
        usual = perform(engine, samples, options.seed)
        rows = [told("again", usual, perform(engine, samples, options.seed))]
        with torch.backends.mkldnn.flags(enabled=False):
            rows.append(told("no kernel library", usual, perform(engine, samples, options.seed)))
        shaken = samples + NUDGE * np.random.default_rng(0).standard_normal(len(samples))
        nudged = perform(engine, shaken.astype(np.float32), options.seed)
        rows.append(told("sound off by 1e-5", usual, nudged))
        rows.append(told("another seed", usual, perform(engine, samples, options.seed + 1)))
    with threads(options.threads):
        name = f"{options.threads} threads"
        rows.insert(1, told(name, usual, perform(engine, samples, options.seed)))
    if options.device:
        there = perform(Engine.load(None, torch.device(options.device)), samples, options.seed)
        rows.insert(1, told(options.device, usual, there))
    print(
        "| against one CPU thread | largest difference | frames over 0.001 | frames shut in one |"
    )
    print("|---|---|---|---|")
    print("\n".join(rows))


if __name__ == "__main__":
    main()
