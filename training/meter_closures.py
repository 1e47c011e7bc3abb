# SPDX-License-Identifier: GPL-3.0-or-later
"""Every closure of held-out lines opened by hand, one at a time: what drops, and what else does.

`python -m training.meter_closures --corpus DIR [--clips-per-source 8] [--split test]`

By changed units and by a sculpted key that no unit stands for, in three kinds of motion. Prints the
tables and writes `closures`, or with --transcripts `closures_with_transcripts`, into
docs/results/meter.json (other keys there stay).
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch

from model_runtime.contract import MOTION_FPS, Advice, FaceMotion, FloatArray, Meter
from model_runtime.meter import Meters
from model_runtime.meter_advice import WEAK
from model_runtime.meter_hearing import HeardLine
from model_runtime.recognise import load_recogniser
from model_runtime.weights import WEIGHTS_DIR
from training.corpus.alignment import Segment
from training.corpus.store import open_corpus
from training.meter_alter import BoolArray, closures, held, opened
from training.meter_planted import lifted
from training.meter_trials import Stage, makers, open_stage
from training.metrics.clips import choose
from training.metrics.results import update_results

log = logging.getLogger(__name__)
RESULTS = Path(__file__).parent.parent / "docs" / "results" / "meter.json"
LOWERED = 0.1
INSIDE, FAR = 0.05, 0.35  # s about a closure: it should show there, and beyond that nothing should
BANDS = (0.05, 0.15, 0.35, 0.6, 1.2, np.inf)  # s from the closure, of the table of changes
WAYS = ("units", "sculpted")
FIGURES = ("before", "after", "lowered", "flagged", "unspoilt", "told")
ELSEWHERE = ("frames_elsewhere", "lines_elsewhere", "told_elsewhere", "share_near")


@dataclass(frozen=True)
class Row:
    """One closure, opened. Shares are 0 or 1; `elsewhere` is what lies more than FAR away."""

    before: float  # mean meter over the closure
    after: float
    lowered: float  # whether the closure's mean fell by 0.1 or more
    flagged: float  # whether the meter falls under WEAK there
    unspoilt: float  # and whether it did before
    told: float  # whether the advice says that the lips stay open there
    frames_elsewhere: float  # share of the spoken frames that fell under WEAK
    lines_elsewhere: float  # whether any did
    told_elsewhere: float  # sentences of advice that were not there before
    share_near: float  # of all that the line's frames lost, how much lies within FAR
    bands: tuple[float, ...]  # mean change in each of BANDS, nan where nothing is spoken


def closure_rows(stage: Stage, kinds: Sequence[str]) -> dict[tuple[str, str], list[Row]]:
    """Every p b m of the stage's lines opened: (kind of motion, way) -> rows."""
    made = makers(stage, None)
    found: dict[tuple[str, str], list[Row]] = {(k, way): [] for k in kinds for way in WAYS}
    for kind in kinds:
        for clip in stage.clips:
            heard = stage.heard[clip.id]
            motion = held(made[kind](clip), heard.frames)
            before = stage.meters.measure(heard, _weights(motion))
            for closure, way in ((c, way) for c in closures(clip.segments) for way in WAYS):
                after = stage.meters.measure(heard, spoilt(stage, motion, closure, way))
                found[kind, way].append(row(heard, before, after, closure))
        log.info("%s: %d closures", kind, len(found[kind, WAYS[0]]))
    return found


def spoilt(stage: Stage, motion: FloatArray, closure: Segment, way: str) -> FaceMotion:
    """The motion with a closure opened in one of WAYS."""
    if way == "units":
        return _weights(opened(motion, closure))
    return FaceMotion(float(MOTION_FPS), offsets=lifted(stage.meters.face, motion, closure))


def _weights(motion: FloatArray) -> FaceMotion:
    return FaceMotion(float(MOTION_FPS), motion)


def row(heard: HeardLine, before: Meter, after: Meter, closure: Segment) -> Row:
    """What opening one closure did to the meter of a line."""
    away = distance(heard.frames, closure)
    inside, spoken = away <= INSIDE, heard.spoken
    far = spoken & (away > FAR)
    fallen = far & (after.frames < WEAK) & (before.frames >= WEAK)
    lost = np.maximum(before.frames - after.frames, 0.0)
    near = spoken & (away <= FAR)
    mean = float(before.frames[inside].mean()), float(after.frames[inside].mean())
    return Row(
        *mean,
        float(mean[0] - mean[1] >= LOWERED),
        float(after.frames[inside].min() < WEAK),
        float(before.frames[inside].min() < WEAK),
        float(any(_names(one, closure) for one in after.advice)),
        float(fallen[far].mean()) if far.any() else 0.0,
        float(fallen.any()),
        float(sum(_new(one, before, closure) for one in after.advice)),
        float(lost[near].sum() / max(float(lost[spoken].sum()), 1e-9)),
        tuple(_bands(np.abs(after.frames - before.frames), away, spoken)),
    )


def distance(frames: int, closure: Segment) -> FloatArray:
    """(frames,) seconds from a closure, 0 within it."""
    time = np.arange(frames) / MOTION_FPS
    away = np.maximum(np.maximum(closure.start - time, time - closure.end), 0.0)
    return away.astype(np.float32)


def _names(one: Advice, closure: Segment) -> bool:
    return (
        one.kind == "open" and one.start < closure.end + INSIDE and one.end > closure.start - INSIDE
    )


def _new(one: Advice, before: Meter, closure: Segment) -> bool:
    """Whether a sentence is of another place and was not told before."""
    near = one.start < closure.end + FAR and one.end > closure.start - FAR
    known = ((old.kind, old.start) for old in before.advice)
    return not near and (one.kind, one.start) not in known


def _bands(change: FloatArray, away: FloatArray, spoken: BoolArray) -> Iterator[float]:
    for low, high in pairwise((-1.0, *BANDS)):
        rows = spoken & (away > low) & (away <= high)
        yield float(change[rows].mean()) if rows.any() else float("nan")


def summary(rows: Sequence[Row]) -> dict[str, float | list[float]]:
    """Means over closures."""
    found: dict[str, float | list[float]] = {"closures": float(len(rows))}
    for name in (*FIGURES, *ELSEWHERE):
        found[name] = float(np.mean([getattr(one, name) for one in rows]))
    found["change_by_distance"] = np.nanmean([one.bands for one in rows], 0).tolist()
    return found


def markdown(found: dict[tuple[str, str], list[Row]]) -> str:
    """The two tables: what drops at the closure and elsewhere, and the change by distance."""
    names = ("closures", *FIGURES, *ELSEWHERE)
    lines = ["| motion | opened by | " + " | ".join(names) + " |", "|---" * (2 + len(names)) + "|"]
    edges = [f"{1000 * low:.0f} ms" for low in BANDS[:-1]]
    more = ["| motion | opened by | to " + " | to ".join(edges) + " | beyond |"]
    more.append("|---" * (2 + len(BANDS)) + "|")
    for (kind, way), rows in found.items():
        told = summary(rows)
        bands = told["change_by_distance"]
        assert isinstance(bands, list)
        cells = [f"{told['closures']:.0f}", *(f"{told[name]:.3f}" for name in names[1:])]
        lines.append(f"| {kind} | {way} | " + " | ".join(cells) + " |")
        more.append(f"| {kind} | {way} | " + " | ".join(f"{one:.3f}" for one in bands) + " |")
    return "\n".join([*lines, "", *more])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--split", default="test")
    parser.add_argument("--clips-per-source", type=int, default=8)
    parser.add_argument(
        "--motions", nargs="+", default=["articulation", "other rules", "hand keys"]
    )
    parser.add_argument("--transcripts", action="store_true", help="lines come with their words")
    parser.add_argument("--weights", type=Path, default=WEIGHTS_DIR)
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(options.threads)
    meters = Meters.load(options.weights, recogniser=load_recogniser(options.weights)[0])
    corpus = open_corpus(options.corpus)
    clips = choose(corpus.clips(options.split, "real"), options.clips_per_source)
    stage = open_stage(meters, corpus, clips)
    if options.transcripts:
        stage.heard = {c.id: meters.hear(corpus.samples(c), c.transcript) for c in clips}
    found = closure_rows(stage, options.motions)
    print(markdown(found))
    figures = {f"{kind}, {way}": summary(rows) for (kind, way), rows in found.items()}
    key = "closures_with_transcripts" if options.transcripts else "closures"
    update_results(options.out, {key: figures})


if __name__ == "__main__":
    main()
