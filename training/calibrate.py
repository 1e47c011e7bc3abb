# SPDX-License-Identifier: GPL-3.0-or-later
"""Calibrate the contact posteriors and choose their operating point on development speakers.

`python -m training.calibrate --pack DIR --encoder FILE --out sampling.json`
"""

from __future__ import annotations

import argparse
import json
import logging
from collections import defaultdict
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch
from scipy.optimize import minimize

from model_runtime.contacts import Interval, OperatingPoint, peak_events, silence_events
from model_runtime.contract import FloatArray
from model_runtime.encoder import EncoderConfig, SpeechEncoder
from model_runtime.hearing import Calibration, Heard, hear_mel
from model_runtime.phones import BILABIAL, CONTACTS, LABIODENTAL, PHONES, SILENCE
from model_runtime.weights import load_state, read_metadata
from model_runtime.words import WordModel, load_words
from training.pack import Item, Pack
from training.train_encoder import contact_labels

log = logging.getLogger(__name__)
LEEWAY = 0.01
SLACK = 0.04  # seconds, as in the evaluation
THRESHOLDS = (0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6)


@dataclass(frozen=True)
class Score:
    recall: float
    precision: float
    events: int

    @property
    def f1(self) -> float:
        return 2 * self.recall * self.precision / max(1e-9, self.recall + self.precision)


def fit_platt(logits: FloatArray, labels: FloatArray) -> tuple[float, float]:
    """Slope and offset that minimise the cross-entropy of sigmoid(slope * logit + offset)."""

    def loss(values: FloatArray) -> float:
        scaled = values[0] * logits + values[1]
        return float(np.mean(np.logaddexp(0.0, scaled) - labels * scaled))

    result = minimize(loss, np.array([1.0, 0.0]), method="Nelder-Mead")
    return float(result.x[0]), float(result.x[1])


def event_score(heard: list[tuple[Item, list[Interval]]], group: frozenset[str]) -> Score:
    """Recall and precision of decided contacts against the alignment, +-40 ms, outside silence."""
    hits = phones = right = events = 0
    for item, found in heard:
        spans = [(start, end) for phone, start, end in item.segments if phone in group]
        quiet = [(start, end) for phone, start, end in item.segments if phone == SILENCE]
        sounding = [event for event in found if not _inside(event, quiet)]
        phones += len(spans)
        hits += sum(any(_near(span, event) for event in found) for span in spans)
        events += len(sounding)
        right += sum(any(_near(span, event) for span in spans) for event in sounding)
    return Score(hits / max(1, phones), right / max(1, events), phones)


def _near(one: Interval, other: Interval) -> bool:
    return one[0] - SLACK <= other[1] and other[0] <= one[1] + SLACK


def _inside(event: Interval, spans: list[Interval]) -> bool:
    middle = (event[0] + event[1]) / 2
    return any(start <= middle <= end for start, end in spans)


def listen(
    pack: Pack,
    encoder: SpeechEncoder,
    calibration: Calibration,
    split: str,
    per_source: int,
    words: WordModel | None = None,
) -> dict[str, list[tuple[Item, Heard]]]:
    """Hear up to `per_source` unaugmented clips of every source of a split."""
    chosen: dict[str, list[Item]] = defaultdict(list)
    for item in pack.select(split):
        if item.copy == 0 and item.segments:
            chosen[item.source].append(item)
    heard = {}
    for source, items in sorted(chosen.items()):
        some = items[:: max(1, len(items) // per_source)][:per_source]
        heard[source] = [
            (item, hear_mel(encoder, pack.mel(item), calibration, words)) for item in some
        ]
    return heard


def calibrate(pack: Pack, heard: dict[str, list[tuple[Item, Heard]]]) -> Calibration:
    """Platt scaling of each contact over all development clips."""
    rows = [pair for pairs in heard.values() for pair in pairs]
    posterior = np.concatenate([hearing.contacts for _, hearing in rows])
    phones = np.concatenate([pack.phones(item) for item, _ in rows])
    labels = contact_labels(torch.from_numpy(phones)).numpy()
    clipped = np.clip(posterior, 1e-6, 1 - 1e-6)
    logits = np.log(clipped / (1 - clipped))
    fits = [fit_platt(logits[:, i], labels[:, i]) for i in range(len(CONTACTS))]
    return Calibration(tuple(f[0] for f in fits), tuple(f[1] for f in fits))


def sweep(
    heard: dict[str, list[tuple[Item, Heard]]], column: int, group: frozenset[str]
) -> dict[float, dict[str, Score]]:
    """Scores by threshold and source."""
    point = OperatingPoint()
    table: dict[float, dict[str, Score]] = {}
    for threshold in THRESHOLDS:
        table[threshold] = {
            source: event_score(
                [(i, peak_events(h.contacts[:, column], threshold, point)) for i, h in pairs], group
            )
            for source, pairs in heard.items()
        }
    return table


def choose(table: dict[float, dict[str, Score]], few: int = 40) -> float:
    """Where the smaller of recall and precision is largest on the worst source.

    The lowest threshold that comes within LEEWAY of it: a missed contact is seen sooner than an
    extra one. Sources with fewer than `few` events do not vote.
    """

    def worst(scores: dict[str, Score]) -> float:
        voting = [score for score in scores.values() if score.events >= few]
        return min(min(score.recall, score.precision) for score in voting)

    best = max(worst(scores) for scores in table.values())
    return min(threshold for threshold in table if worst(table[threshold]) >= best - LEEWAY)


def rest_score(
    heard: dict[str, list[tuple[Item, Heard]]], point: OperatingPoint
) -> dict[str, float]:
    """Share of inner silence time that is decided silent, by source."""
    scores = {}
    for source, pairs in heard.items():
        inside = covered = 0.0
        for item, hearing in pairs:
            found = silence_events(hearing.contacts[:, 3], point)
            for phone, start, end in item.segments:
                if phone == SILENCE and end - start > 0.3:
                    inside += end - start - 0.2
                    covered += sum(
                        max(0.0, min(b, end - 0.1) - max(a, start + 0.1)) for a, b in found
                    )
        scores[source] = covered / inside if inside else float("nan")
    return scores


def report(pack: Pack, heard: dict[str, list[tuple[Item, Heard]]]) -> None:
    for source, pairs in heard.items():
        right = sum(int((h.phones.argmax(1) == pack.phones(i)).sum()) for i, h in pairs)
        frames = sum(item.frames for item, _ in pairs)
        print(f"{source:12s} phone accuracy {right / frames:.3f} over {frames} frames")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pack", type=Path, required=True)
    parser.add_argument("--encoder", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--split", default="dev")
    parser.add_argument("--per-source", type=int, default=60)
    parser.add_argument("--words", action="store_true", help="weigh contacts by words, as in use")
    options = parser.parse_args()
    pack = Pack(options.pack)
    config, _ = read_metadata(options.encoder)
    encoder = load_state(SpeechEncoder(EncoderConfig(**config)), options.encoder)
    words = load_words() if options.words else None
    heard = listen(pack, encoder, Calibration(), options.split, options.per_source, words)
    calibration = calibrate(pack, heard)
    heard = listen(pack, encoder, calibration, options.split, options.per_source, words)
    report(pack, heard)
    point = OperatingPoint()
    for column, (name, group) in enumerate((("bilabial", BILABIAL), ("labiodental", LABIODENTAL))):
        table = sweep(heard, column, group)
        point = replace(point, **{name: choose(table)})
        _print_sweep(name, table)
    print("rest", {name: round(value, 3) for name, value in rest_score(heard, point).items()})
    values = {"calibration": asdict(calibration), "point": asdict(point), "words": options.words}
    options.out.write_text(json.dumps(values, indent=1) + "\n")
    print(json.dumps(values), "phones:", len(PHONES))


def _print_sweep(name: str, table: dict[float, dict[str, Score]]) -> None:
    print(f"{name}: threshold, then recall/precision (events) by source")
    for threshold, scores in table.items():
        cells = (f"{s} {v.recall:.2f}/{v.precision:.2f} ({v.events})" for s, v in scores.items())
        print(f"  {threshold:.2f}  " + "  ".join(cells))


if __name__ == "__main__":
    main()
