# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the judge could decide the closures that the ear is unsure of, and so choose among seeds.

`python -m training.meter_uncertain --corpus DIR [--split dev] [--clips 14]`

Every line is performed twice from one seed: with every closure that the ear holds for at all
likely, and with none but the surest. What the judge sees more of the sound in the first than in the
second, about each closure, is set beside how probable the ear holds it. Prints how both tell real
p b m from others, and what eight drawn takes of which the judge chooses would reach.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from scipy.optimize import minimize

from model_runtime.contacts import peak_events
from model_runtime.contract import FloatArray, Settings
from model_runtime.engine import Engine
from model_runtime.meter import Meters
from model_runtime.meter_hearing import HeardLine
from model_runtime.meter_motion import judged
from model_runtime.phones import BILABIAL
from training.corpus.store import Clip, Corpus, open_corpus
from training.evaluate_meter import SHORTEST_LINE, auc
from training.metrics.clips import choose

MANY, FEW = 0.06, 0.8  # operating points of the two takes
ABOUT = 4  # frames on either side of a closure in which the judge is asked
DRAWN = (0.1, 0.6)  # probabilities between which a seed would draw a closure
SEEDS, RUNS, FOLDS, SHRINK = 8, 200, 5, 0.02
TOLERANCE = 0.04  # s


@dataclass(frozen=True)
class Event:
    """A closure that may be one."""

    clip: int  # number of its line
    probability: float  # as the ear has it
    phones: tuple[int, ...]  # numbers of the p b m of its line that it makes
    units: float  # nats that the judge gives the sound more with it than without
    mel: float


def events(engine: Engine, meters: Meters, corpus: Corpus, clip: Clip, number: int) -> list[Event]:
    """All closures of a line that the ear gives at least MANY."""
    samples = corpus.samples(clip)
    heard, line = engine.hear(samples), meters.hear(samples)
    with_them, without = (
        _seen(meters, line, _performer(engine, point).perform(heard, Settings(seed=0)))
        for point in (MANY, FEW)
    )
    phones = [segment for segment in clip.segments if segment.phone in BILABIAL]
    found = []
    for start, end in peak_events(heard.contacts[:, 0], MANY, engine.sampling.point):
        first, last = round(start * 50), round(end * 50)
        near = slice(max(0, first - ABOUT), last + ABOUT)
        made = [
            i
            for i, phone in enumerate(phones)
            if phone.start - TOLERANCE < end and phone.end + TOLERANCE > start
        ]
        units, mel = (float((a - b)[near].sum()) for a, b in zip(with_them, without, strict=True))
        peak = float(heard.contacts[first : max(first + 1, last), 0].max())
        found.append(Event(number, peak, tuple(made), units, mel))
    return found


def _performer(engine: Engine, bilabial: float) -> Engine:
    other = engine.sketching(engine.sampling.steps)
    point = replace(other.sampling.point, bilabial=bilabial)
    other.sampling = replace(other.sampling, point=point)
    return other


def _seen(meters: Meters, line: HeardLine, motion: FloatArray) -> tuple[FloatArray, FloatArray]:
    """(frames,) log probability of the sound's unit, and likeness of the log-mel."""
    place = np.arange(line.frames)
    said = judged(meters.judge, motion[:, :52], line.voice, (0, line.frames))
    units = np.log(1e-3 + said.units[place, line.units.astype(np.int64)])
    mel = -np.abs(said.mel - line.mel.reshape(line.frames, -1)).mean(1)
    return units, mel


def reached(found: Sequence[Event], kept: np.ndarray, phones: int) -> tuple[float, float]:
    """(recall of p b m, precision of closures) where the events `kept` (n,) are closed."""
    chosen = [event for event, keep in zip(found, kept, strict=True) if keep]
    hit = {(event.clip, phone) for event in chosen for phone in event.phones}
    return len(hit) / phones, float(np.mean([bool(event.phones) for event in chosen]))


def opinion(found: Sequence[Event], seen: bool) -> FloatArray:
    """Logit of each event by the ear, with `seen` by the judge as well; lines left out in turn."""
    p = np.clip([event.probability for event in found], 1e-3, 1 - 1e-3)
    columns = [np.log(p / (1 - p))]
    if seen:
        columns += [np.array([e.units for e in found]), np.array([e.mel for e in found])]
    rows = np.stack(columns, 1)
    rows = (rows - rows.mean(0)) / (rows.std(0) + 1e-6)
    rows = np.concatenate((np.ones((len(rows), 1)), rows), 1)
    real = np.array([bool(event.phones) for event in found])
    fold = np.array([event.clip % FOLDS for event in found])
    logits = np.zeros(len(rows), np.float32)
    for out in range(FOLDS):
        logits[fold == out] = rows[fold == out] @ _logistic(rows[fold != out], real[fold != out])
    return logits


def _logistic(rows: FloatArray, real: np.ndarray) -> FloatArray:
    sign = np.where(real, 1.0, -1.0)

    def loss(w: FloatArray) -> float:
        fit = np.logaddexp(0.0, -sign * (rows @ w)).mean()
        return float(fit) + SHRINK * float((w[1:] ** 2).sum())

    return np.asarray(minimize(loss, np.zeros(rows.shape[1])).x)


def drawn(found: Sequence[Event], point: float, phones: int, seeds: int) -> tuple[float, float]:
    """What the best of `seeds` reaches, each of which draws the uncertain closures.

    The judge chooses by the units it sees about all of them; means over RUNS.
    """
    p = np.array([event.probability for event in found])
    clip, units = (np.array([getattr(e, name) for e in found]) for name in ("clip", "units"))
    draw, figures = np.random.default_rng(0), []
    for _ in range(RUNS):
        kept = p >= point
        for line in np.unique(clip):
            rows = np.flatnonzero((clip == line) & (p > DRAWN[0]) & (p < DRAWN[1]))
            takes = draw.random((seeds, len(rows))) < p[rows]
            kept[rows] = takes[int((takes @ units[rows]).argmax())]
        figures.append(reached(found, kept, phones))
    recall, precision = np.mean(figures, 0)
    return float(recall), float(precision)


def report(found: Sequence[Event], phones: int, point: float) -> str:
    """The tables as text."""
    p = np.array([event.probability for event in found])
    real = np.array([bool(event.phones) for event in found])
    unsure = p < FEW
    lines = [f"{len(found)} closures, {int(unsure.sum())} of them unsure; {phones} p b m"]
    for name, seen in (("ear", False), ("ear and judge", True)):
        logits = opinion(found, seen)
        area = auc(logits[unsure & real], logits[unsure & ~real])
        cost = np.logaddexp(0.0, -np.where(real, logits, -logits)).mean()
        lines.append(f"{name:16} area {area:.3f} of the unsure, cross-entropy {cost:.3f} of all")
    rows = [
        (f"gate at {at:.2f}", *reached(found, p >= at, phones)) for at in (0.25, point, 0.35, 0.4)
    ]
    rows += [(f"{n} drawn", *drawn(found, point, phones, n)) for n in (1, SEEDS)]
    lines += [
        f"{name:16} recall {recall:.3f} precision {right:.3f}" for name, recall, right in rows
    ]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--split", default="dev")
    parser.add_argument("--clips", type=int, default=14, help="of each source")
    options = parser.parse_args()
    torch.set_num_threads(1)
    engine = Engine.load(None, torch.device("cpu"))
    meters = Meters.load(None, engine.encoder, recogniser=engine.recogniser)
    corpus = open_corpus(options.corpus)
    clips = [
        c
        for c in choose(corpus.clips(options.split, "real"), options.clips)
        if c.seconds >= SHORTEST_LINE
    ]
    found = [e for i, clip in enumerate(clips) for e in events(engine, meters, corpus, clip, i)]
    phones = sum(segment.phone in BILABIAL for clip in clips for segment in clip.segments)
    print(report(found, phones, engine.sampling.point.bilabial))


if __name__ == "__main__":
    main()
