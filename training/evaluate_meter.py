# SPDX-License-Identifier: GPL-3.0-or-later
"""How far the meter can be trusted: held-out speakers, motions that say their line or do not.

`python -m training.evaluate_meter --corpus DIR [--weights DIR] [--judge m2s_supervisor]`

Prints the tables; writes the figures into docs/results/meter.json (other keys there stay) and the
reliability plot into docs/pictures/meter_reliability.png.
"""

from __future__ import annotations

import argparse
import logging
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.stats import rankdata

from model_runtime.contract import FloatArray
from model_runtime.engine import Engine
from model_runtime.meter import JUDGE, Meters
from model_runtime.recognise import load_recogniser
from model_runtime.weights import WEIGHTS_DIR
from training.corpus.store import open_corpus
from training.meter_planted import (
    held_apart,
    off_in_time,
    opened_by_hand,
    seconds_for_ten,
    span_change,
)
from training.meter_trials import Stage, Trial, makers, open_stage, run
from training.metrics.clips import choose
from training.metrics.results import update_results

log = logging.getLogger(__name__)
DOCS = Path(__file__).parent.parent / "docs"
SHORTEST_LINE = 1.5  # s
FRAMES_OF_A_LINE = 50  # at most, drawn evenly, for the frames' figures
MS_A_FRAME = 40.0  # at 25 fps
SLIPS = (3, 5)  # motion frames that a stretch is early or late by
MEASURES = ("auc_shift4", "auc_shuffled", "auc_other_words", "auc_frame", "lag_within_1")
MEANS = ("mean_truth", "mean_face", "mean_shuffled")


def auc(right: Sequence[float] | FloatArray, wrong: Sequence[float] | FloatArray) -> float:
    """Area under the ROC curve: how often a right one is above a wrong one; nan without either.

    Values that are not known count as the lowest.
    """
    a, b = np.asarray(right, np.float64), np.asarray(wrong, np.float64)
    if not len(a) or not len(b):
        return float("nan")
    ranks = rankdata(np.nan_to_num(np.concatenate((a, b)), nan=-np.inf))
    return float((ranks[: len(a)].sum() - len(a) * (len(a) + 1) / 2) / (len(a) * len(b)))


def figures(trials: Sequence[Trial]) -> dict[str, float]:
    """MEASURES and MEANS of the meter; those of the baseline with `plain_` before."""
    of: dict[str, list[Trial]] = defaultdict(list)
    for trial in trials:
        of[_group(trial.test)].append(trial)
    row = {f"mean_{_short(name)}": _mean([t.score for t in of[name]]) for name in TESTS}
    for prefix, line, near in (("", "score", "frames"), ("plain_", "plain", "plain_frames")):

        def lines(name: str, line: str = line) -> list[float]:
            return [getattr(trial, line) for trial in of[name]]

        def frames(names: Sequence[str], near: str = near) -> FloatArray:
            return np.concatenate([_some(getattr(t, near)) for name in names for t in of[name]])

        for key, wrong in (
            ("shift4", "shift"),
            ("shuffled", "shuffled"),
            ("other_words", "other words"),
        ):
            row[f"{prefix}auc_{key}"] = auc(lines("truth"), lines(wrong))
        row[f"{prefix}auc_frame"] = auc(frames(["truth"]), frames(["shift", "shuffled"]))
        row[f"{prefix}auc_frame_shift4"] = auc(frames(["truth"]), frames(["shift"]))
        row[f"{prefix}auc_frame_shuffled"] = auc(frames(["truth"]), frames(["shuffled"]))
    row["lag_within_1"] = _mean([_lag_right(t.test, t.lag_ms) for t in of["lag"]])
    row["plain_lag_within_1"] = _mean([_lag_right(t.test, t.plain_lag_ms) for t in of["lag"]])
    return row


TESTS = ("truth", "shift", "shuffled", "other words", "mean face")


def _short(test: str) -> str:
    return {"mean face": "face", "other words": "other_words"}.get(test, test)


def _group(test: str) -> str:
    return next((name for name in ("shift", "lag") if test.startswith(name)), test)


def _lag_right(test: str, lag_ms: float) -> float:
    """1 where the lag is told to a frame at 25 fps; 0 where it is not, or not at all."""
    return float(abs(lag_ms - MS_A_FRAME * int(test.removeprefix("lag"))) <= MS_A_FRAME)


def _mean(values: Sequence[float]) -> float:
    known = [value for value in values if np.isfinite(value)]
    return float(np.mean(known)) if known else float("nan")


def _some(frames: FloatArray) -> FloatArray:
    """Evenly drawn frames, so that a long line has no more say than a short one."""
    return frames[np.linspace(0, len(frames) - 1, min(len(frames), FRAMES_OF_A_LINE)).astype(int)]


def reliability(trials: Sequence[Trial], bins: int = 10) -> dict[str, list[list[float]]]:
    """For lines and frames, bin by bin: [mean value, share that belongs, pairs].

    Right and wrong pairs weigh the same in all, as in the fit.
    """
    right = [t for t in trials if t.test == "truth"]
    wrong = [t for t in trials if _group(t.test) in ("shift", "shuffled", "other words")]
    table = {}
    for name, pick in (("lines", _of_line), ("frames", _of_frames)):
        a = np.concatenate([pick(t) for t in right])
        b = np.concatenate([pick(t) for t in wrong])
        table[name] = _bins(a, b, bins)
    return table


def _of_line(trial: Trial) -> FloatArray:
    return np.array([trial.score], np.float32)


def _of_frames(trial: Trial) -> FloatArray:
    return _some(trial.frames)


def _bins(right: FloatArray, wrong: FloatArray, bins: int) -> list[list[float]]:
    rows = []
    share = len(right) / max(1, len(wrong))
    for low in np.arange(bins) / bins:
        inside = [
            part[(part >= low) & (part < low + 1 / bins + 1e-9 * (low > 0.85))]
            for part in (right, wrong)
        ]
        weight = len(inside[0]) + share * len(inside[1])
        if weight:
            mean = (inside[0].sum() + share * inside[1].sum()) / weight
            count = float(len(inside[0]) + len(inside[1]))
            rows.append([float(mean), len(inside[0]) / weight, count])
    return rows


def calibration_error(rows: Sequence[Sequence[float]]) -> float:
    """Mean distance of value and share, bins weighed by their pairs (Naeini et al. 2015)."""
    counts = np.array([row[2] for row in rows])
    gaps = np.array([abs(row[0] - row[1]) for row in rows])
    return float((gaps * counts).sum() / counts.sum())


def plot_reliability(table: dict[str, list[list[float]]], path: Path) -> None:
    """Reliability plot of lines and frames; black and grey, told apart by marks as well."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(4.2, 4.2))
    axes.plot((0, 1), (0, 1), color="0.7", linewidth=1)
    for (name, rows), mark in zip(table.items(), ("o", "s"), strict=True):
        error = calibration_error(rows)
        label = f"{name} (error {error:.3f})"
        axes.plot([r[0] for r in rows], [r[1] for r in rows], marker=mark, label=label)
    axes.set_xlabel("meter")
    axes.set_ylabel("share of motions that belong to the sound")
    axes.legend(loc="upper left")
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def markdown(kinds: dict[str, dict[str, float]]) -> str:
    """The table: the meter and the baseline for each kind of motion."""
    lines = ["| motion | measured by | " + " | ".join((*MEASURES, *MEANS)) + " |"]
    lines.append("|---" * (2 + len(MEASURES) + len(MEANS)) + "|")
    for kind, row in kinds.items():
        for name, prefix in (("meter", ""), ("loudness and jaw", "plain_")):
            cells = [f"{row[prefix + key]:.3f}" for key in MEASURES]
            cells += [f"{row[key]:.3f}" if not prefix else "-" for key in MEANS]
            lines.append(f"| {kind} | {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def worst(kinds: dict[str, dict[str, float]]) -> dict[str, float]:
    """Each figure of the kind of motion that fares worst in it."""
    low = {key: min(row[key] for row in kinds.values()) for key in ("mean_truth", *MEASURES[:2])}
    low |= {key: min(row[key] for row in kinds.values()) for key in MEASURES[3:]}
    return low | {key: max(row[key] for row in kinds.values()) for key in MEANS[1:]}


def evaluate(stage: Stage, engine: Engine | None, takes: int) -> tuple[dict[str, Any], str]:
    """All figures, and the tables as text."""
    made = makers(stage, engine)
    trials: list[Trial] = []
    for kind, make in made.items():
        clips = stage.clips[:: max(1, len(stage.clips) // takes)] if kind == "denoiser" else None
        trials += run(stage, kind, make, stage.clips if clips is None else clips[:takes])
    kinds = {kind: figures([t for t in trials if t.kind == kind]) for kind in made}
    table = reliability(trials)
    planted = {
        "opened": asdict(opened_by_hand(stage, made["articulation"], stage.clips)),
        "held_apart": asdict(held_apart(stage, made["articulation"], stage.clips)),
        **{
            f"off_{frames}": asdict(off_in_time(stage, made["articulation"], stage.clips, frames))
            for frames in SLIPS
        },
    }
    first = stage.clips[0]
    motion = made["articulation"](first)[:, :52]
    sound = stage.corpus.samples(first)
    anew, _ = seconds_for_ten(stage.meters, sound, motion, known=False)
    wall, worked = seconds_for_ten(stage.meters, sound, motion)
    document = {
        **worst(kinds),
        "ms_per_10s": 1000 * wall,
        "ms_per_10s_words_heard_anew": 1000 * anew,
        "processor_ms_per_10s": 1000 * worked,
        "span_change": span_change(stage, made["articulation"], stage.clips[:6]),
        "planted": planted,
        "calibration_error": {name: calibration_error(rows) for name, rows in table.items()},
        "reliability": table,
        "kinds": kinds,
        "lines": len(stage.clips),
        "judge": stage.meters.model,
    }
    return document, markdown(kinds)


def _print(document: dict[str, Any], table: str) -> None:
    print(table)
    for name, row in document["planted"].items():
        print(name, {key: round(value, 3) for key, value in row.items()})
    for key in ("ms_per_10s", "processor_ms_per_10s", "span_change", "calibration_error", "lines"):
        print(key, document[key])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--split", default="test")
    parser.add_argument("--speech", choices=("real", "synthetic"), default="real")
    parser.add_argument("--clips-per-source", type=int, default=12)
    parser.add_argument("--takes", type=int, default=16, help="lines that the denoiser performs")
    parser.add_argument("--weights", type=Path, default=WEIGHTS_DIR)
    parser.add_argument("--judge", default=JUDGE, help="name of the judge's file")
    parser.add_argument("--out", type=Path, default=DOCS / "results" / "meter.json")
    parser.add_argument("--picture", type=Path, default=DOCS / "pictures" / "meter_reliability.png")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(options.threads)
    meters = Meters.load(
        options.weights, judge=options.judge, recogniser=load_recogniser(options.weights)[0]
    )
    corpus = open_corpus(options.corpus)
    found = choose(corpus.clips(options.split, options.speech), options.clips_per_source)
    clips = [clip for clip in found if clip.seconds >= SHORTEST_LINE]
    engine = Engine.load(options.weights) if options.takes else None
    document, table = evaluate(open_stage(meters, corpus, clips), engine, options.takes)
    _print(document, table)
    update_results(options.out, document)
    plot_reliability(document["reliability"], options.picture)


if __name__ == "__main__":
    main()
