# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the best of several seeds closes the lips better than one, and how kept motion joins.

`python -m training.evaluate_best --corpus DIR [--split test] [--clips 6] [--seeds 8]`

Held-out clips at each of --intensities: neutral at 1 and below, above it in --emotions, one a clip
in turn. The meter chooses among the seeds, and what is counted beside it are the lip contacts of
the aligned phones, which the meter does not see; "most contacts" is what a choice by those
themselves would reach. The borders: a span of each first take is drawn anew with the rest kept.
Prints the tables and writes `best_of_8` into docs/results/meter.json; other keys there stay.
"""

from __future__ import annotations

import argparse
import logging
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from model_runtime.contract import CHANNELS, MOTION_FPS, FloatArray, Hold, Settings
from model_runtime.engine import Engine, EngineLine
from model_runtime.meter import Meters
from model_runtime.worker_best import PREVIEW_STEPS, best_first, previews
from training.corpus.store import Clip
from training.metrics.bench import Bench, open_bench
from training.metrics.curves import mouth_curves
from training.metrics.figures import contact_counts
from training.metrics.model_systems import with_sampling
from training.metrics.ratio import Ratio
from training.metrics.results import update_results

log = logging.getLogger(__name__)
RESULTS = Path(__file__).parent.parent / "docs" / "results" / "meter.json"
FIGURES = ("pbm_closed", "fv_contact", "closure_precision", "vowel_shut", "rest")
CHOICES = ("one seed", "best by preview", "best by meter", "worst by meter", "most contacts")
GAINS = {"pbm": "pbm_closed", "fv": "fv_contact"}
EMOTIONS = ("happy", "angry", "surprised")
DRAWS = 2000  # of lines, for the interval of a gain
SPAN = (0.35, 0.6)  # share of each line that is drawn anew
BORDERS = ("the take itself", "kept and joined", "kept, sampler alone", "pasted")


@dataclass(frozen=True)
class Trial:
    """One clip: what its seeds scored, and the contacts of each choice."""

    scores: FloatArray  # (seeds,)
    preview: FloatArray  # (seeds,)
    counts: dict[str, list[dict[str, Ratio]]]  # choice -> a row for each take that it may be
    bends: dict[str, tuple[FloatArray, FloatArray]]  # border -> steps, changes of velocity


def try_clip(
    bench: Bench, engine: Engine, meters: Meters, clip: Clip, seeds: int, settings: Settings
) -> Trial:
    """All seeds of a clip, and a span of the first one drawn anew."""
    samples = bench.samples(clip)
    lines = [EngineLine(samples, replace(settings, seed=seed)) for seed in range(seeds)]
    takes = [take.weights for take in engine.generate_many(lines)]
    early = [take.weights for take in previews(engine, lines)]
    heard = meters.hear(samples)
    scores, preview = (
        np.array([meters.line_score(heard, one) for one in some], np.float32)
        for some in (takes, early)
    )
    rows = [contact_counts(mouth_curves(bench.probe, one), clip.segments) for one in takes]
    order = best_first(scores)
    chosen = {
        "one seed": rows,
        "best by preview": [rows[best_first(preview)[0]]],
        "best by meter": [rows[order[0]]],
        "worst by meter": [rows[order[-1]]],
        "most contacts": [max(rows, key=_contacts)],
    }
    return Trial(scores, preview, chosen, borders(engine, lines, takes))


def _contacts(row: dict[str, Ratio]) -> float:
    return sum(row[name].part for name in GAINS.values())


def performances(intensity: float, emotions: Sequence[str], clips: int) -> list[Settings]:
    """How each clip is performed: neutral up to intensity 1, beyond it in an emotion in turn."""
    calm = intensity <= 1.0
    names = ["neutral" if calm else emotions[clip % len(emotions)] for clip in range(clips)]
    return [Settings(0, emotion=name, intensity=intensity) for name in names]


def borders(
    engine: Engine, lines: Sequence[EngineLine], takes: Sequence[FloatArray]
) -> dict[str, tuple[FloatArray, FloatArray]]:
    """Steps and changes of velocity, all channels, where a span of the first take begins and ends.

    Its motion is another seed's: kept around and joined, kept around as sampled, or pasted in.
    """
    first, last = (round(share * len(takes[0])) for share in SPAN)
    kept = np.ones((len(takes[0]), len(CHANNELS)), np.float32)
    kept[first:last] = 0.0
    other = lines[1]
    line = EngineLine(other.samples, other.settings, hold=Hold(takes[0], kept))
    alone = engine.perform(engine.hear(line.samples), line.settings, hold=line.hold)
    pasted = np.where(kept > 0, takes[0], takes[1])
    found = (
        takes[0],
        engine.generate(line.samples, line.settings, hold=line.hold).weights,
        np.where(kept > 0, takes[0], alone),
        pasted,
    )
    return {name: bent(one, (first, last)) for name, one in zip(BORDERS, found, strict=True)}


def bent(motion: FloatArray, places: Sequence[int]) -> tuple[FloatArray, FloatArray]:
    """Across each border: the step (borders, channels), and the largest change of velocity."""
    step, bend = np.abs(np.diff(motion, axis=0)), np.abs(np.diff(motion, n=2, axis=0))
    inside = [place for place in places if 2 <= place <= len(motion) - 2]
    return (
        np.stack([step[place - 1] for place in inside]),
        np.stack([bend[place - 2 : place].max(0) for place in inside]),
    )


def pooled(trials: Sequence[Trial], choice: str, name: str) -> float:
    """A figure of a choice over all clips; where several takes may be chosen, their mean."""
    total = Ratio()
    for trial in trials:
        rows = trial.counts[choice]
        for row in rows:
            total += Ratio(row[name].part / len(rows), row[name].whole / len(rows))
    return math.nan if total.value is None else total.value


def gain(trials: Sequence[Trial], choice: str, name: str, seed: int = 0) -> dict[str, float]:
    """What a choice adds to a figure of one seed, with a 95 % interval over lines (bootstrap)."""
    drawn = np.random.default_rng(seed).integers(0, len(trials), (DRAWS, len(trials)))
    parts = np.array(
        [[_sums(trial.counts[one], name) for one in (choice, "one seed")] for trial in trials]
    )

    if not parts[..., 1].any():
        return dict.fromkeys(("mean", "low", "high"), math.nan)

    def over_one(some: FloatArray) -> FloatArray:
        share = some[..., 0] / some[..., 1]
        return np.asarray(share[..., 0] - share[..., 1])

    with np.errstate(invalid="ignore"):
        low, high = np.nanpercentile(over_one(parts[drawn].sum(1)), (2.5, 97.5))
        mean = float(over_one(parts.sum(0)))
    return {"mean": mean, "low": float(low), "high": float(high)}


def _sums(rows: Sequence[dict[str, Ratio]], name: str) -> tuple[float, float]:
    return (
        sum(row[name].part for row in rows) / len(rows),
        sum(row[name].whole for row in rows) / len(rows),
    )


def gain_table(trials: Sequence[Trial]) -> str:
    lines = [f"{'gain over one seed':22}" + "".join(f"{name:>28}" for name in GAINS.values())]
    for choice in CHOICES[1:]:
        found = (gain(trials, choice, name) for name in GAINS.values())
        cells = (f"{one['mean']:+.4f} [{one['low']:+.4f}, {one['high']:+.4f}]" for one in found)
        lines.append(f"{choice:22}" + "".join(f"{cell:>28}" for cell in cells))
    return "\n".join(lines)


def contact_table(trials: Sequence[Trial]) -> str:
    lines = [f"{'':18}" + "".join(f"{name:>19}" for name in FIGURES)]
    for choice in CHOICES:
        values = "".join(f"{pooled(trials, choice, name):19.4f}" for name in FIGURES)
        lines.append(f"{choice:18}{values}")
    return "\n".join(lines)


def border_table(trials: Sequence[Trial]) -> str:
    lines = [f"{'':22}{'step mean':>12}{'p99':>9}{'bend mean':>12}{'p99':>9}{'max':>9}"]
    for name in BORDERS:
        step, bend = (
            np.concatenate([trial.bends[name][part].ravel() for trial in trials]) for part in (0, 1)
        )
        figures = (step.mean(), np.percentile(step, 99), bend.mean(), np.percentile(bend, 99))
        lines.append(
            f"{name:22}{figures[0]:12.4f}{figures[1]:9.4f}{figures[2]:12.4f}{figures[3]:9.4f}"
            f"{bend.max():9.3f}"
        )
    return "\n".join(lines)


def steering_table(engine: Engine, samples: FloatArray, seeds: int = 4) -> str:
    """How animated emotion and intensity are followed, second by second.

    The motion of takes with a turning emotion, and with an intensity that rises from 0 to 1.5, is
    projected on what lies between the takes that stay at both ends; means over seeds.
    """
    seconds = len(samples) / 16_000
    half = round(seconds / 2, 1)

    def mean(**settings: object) -> FloatArray:
        lines = [EngineLine(samples, Settings(seed, **settings)) for seed in range(seeds)]  # type: ignore[arg-type]
        return np.mean([take.weights for take in engine.generate_many(lines)], axis=0)

    rows = []
    for name, ends, turning, asked in (
        (
            "happy, then sad",
            ({"emotion": "sad"}, {"emotion": "happy"}),
            {"emotion": ((0.0, "happy"), (half, "sad"))},
            lambda second: float(second < half),
        ),
        (
            "intensity 0 to 1.5",
            ({"emotion": "happy", "intensity": 0.0}, {"emotion": "happy", "intensity": 1.5}),
            {"emotion": "happy", "intensity": ((0.0, 0.0), (seconds, 1.5))},
            lambda second: second / seconds,
        ),
    ):
        low, high = (mean(**end) for end in ends)
        share = followed(mean(**turning), low, high)
        places = np.arange(0.5, seconds - 0.25, 0.5)
        found = [share[int(second * MOTION_FPS)] for second in places]
        rows += [
            f"{name:20} asked " + " ".join(f"{asked(second):5.2f}" for second in places),
            f"{'':20} found " + " ".join(f"{value:5.2f}" for value in found),
        ]
    return "\n".join(rows)


def followed(motion: FloatArray, low: FloatArray, high: FloatArray) -> FloatArray:
    """Where a motion lies from `low` (0) to `high` (1), frame by frame over half a second."""
    axis = (high - low).mean(axis=0)
    half_second = np.ones(MOTION_FPS // 2) / (MOTION_FPS // 2)
    way, whole = (np.convolve((one - low) @ axis, half_second, "same") for one in (motion, high))
    return np.asarray(way / whole, np.float32)


def cost_table(engine: Engine, meters: Meters, samples: FloatArray, seeds: int) -> str:
    """Seconds of this thread for a second of sound, the least of three runs each."""
    lines = [EngineLine(samples, Settings(seed)) for seed in range(seeds)]

    def rank() -> None:
        heard = meters.hear(samples)
        early = [meters.line_score(heard, take.weights) for take in previews(engine, lines)]
        best = lines[best_first(np.array(early))[0]]
        meters.line_score(heard, engine.generate(best.samples, best.settings).weights)

    def rank_all() -> None:
        heard = meters.hear(samples)
        for take in engine.generate_many(lines):
            meters.line_score(heard, take.weights)

    one = _least(lambda: engine.generate(samples, lines[0].settings))
    rows = [("one take", one), ("the best kept", _least(rank)), ("all kept", _least(rank_all))]
    seconds = len(samples) / 16_000
    return "\n".join(
        f"{name:16}{cost / seconds:10.3f} s a second{cost / one:8.2f} x" for name, cost in rows
    )


def _least(work: Callable[[], object], runs: int = 3) -> float:
    taken = []
    for _ in range(runs):
        start = time.thread_time()
        work()
        taken.append(time.thread_time() - start)
    return min(taken)


def write(
    found: Mapping[float, Sequence[Trial]], seeds: int, path: Path = RESULTS
) -> dict[str, Any]:
    """Merge `best_of_<seeds>` into the results: the gains at intensity 1, or the first there is,
    and those at each other intensity beneath."""
    first = 1.0 if 1.0 in found else next(iter(found))
    figures = gains(found[first])
    others = {f"intensity {one:g}": gains(found[one]) for one in found if one != first}
    update_results(path, {f"best_of_{seeds}": {**figures, **others}})
    return {**figures, **others}


def gains(trials: Sequence[Trial]) -> dict[str, Any]:
    figures: dict[str, Any] = {}
    for key, name in GAINS.items():
        one = gain(trials, "best by preview", name)
        figures[f"{key}_gain"] = round(one["mean"], 4)
        figures[f"{key}_interval"] = [round(one["low"], 4), round(one["high"], 4)]
    return figures


def _spread(trials: Sequence[Trial]) -> str:
    known = [trial.scores for trial in trials if np.isfinite(trial.scores).all()]
    spread = float(np.mean([np.ptp(scores) for scores in known])) if known else math.nan
    return f"{len(trials)} clips, scores of a clip spread by {spread:.4f}"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--split", default="test")
    parser.add_argument("--clips", type=int, default=6, help="of each source")
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--intensities", type=float, nargs="+", default=[1.0, 1.5])
    parser.add_argument("--emotions", nargs="+", default=list(EMOTIONS))
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--sampling", default="{}", help="JSON over the model's own sampling")
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.set_num_threads(1)
    bench = open_bench(options.corpus, options.split, options.clips)
    engine = with_sampling(Engine.load(options.weights, torch.device("cpu")), options.sampling)
    meters = Meters.load(options.weights, engine.encoder, recogniser=engine.recogniser)
    found: dict[float, list[Trial]] = {}
    for intensity in options.intensities:
        settings = performances(intensity, options.emotions, len(bench.clips))
        trials = found[intensity] = []
        for number, clip in enumerate(bench.clips):
            one = try_clip(bench, engine, meters, clip, options.seeds, settings[number])
            trials.append(one)
            log.info("intensity %g: %d of %d clips", intensity, number + 1, len(bench.clips))
        print(f"\nIntensity {intensity:g}: {_spread(trials)}")
        print(contact_table(trials), gain_table(trials), border_table(trials), sep="\n\n")
    print(f"\nPreviews have {PREVIEW_STEPS} steps, takes {engine.sampling.steps}")
    print(f"Gain over one seed: {write(found, options.seeds, options.out)}\n")
    samples = bench.samples(max(bench.clips, key=lambda clip: clip.seconds))
    print(steering_table(engine, samples[: 16_000 * 8]), end="\n\n")
    print(cost_table(engine, meters, samples[: 16_000 * 10], options.seeds))


if __name__ == "__main__":
    main()
