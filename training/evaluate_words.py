# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure what the word model adds to contacts heard without a transcript.

`python -m training.evaluate_words --pack DIR --encoder FILE [--split dev] [--per-source N]`
prints, by source, recall at equal precision of p b m and f v by sound alone and with words.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np

from model_runtime.contacts import OperatingPoint, peak_events
from model_runtime.contract import FloatArray
from model_runtime.encoder import EncoderConfig, SpeechEncoder
from model_runtime.hearing import Calibration, Heard
from model_runtime.phones import BILABIAL, LABIODENTAL
from model_runtime.weights import load_state, read_metadata
from model_runtime.words import WordModel, load_words, weigh_contacts, weigh_phones
from training.calibrate import Score, event_score, listen
from training.pack import Item, Pack

PRECISIONS = (0.80, 0.85, 0.90)
GROUPS = (("p b m", BILABIAL), ("f v", LABIODENTAL))


def scores(
    items: list[Item], contacts: list[FloatArray], column: int, group: frozenset[str]
) -> list[Score]:
    """Recall and precision at thresholds from 0.02 to 0.98."""
    point = OperatingPoint()
    table = []
    for threshold in np.linspace(0.02, 0.98, 97):
        found = [peak_events(curve[:, column], float(threshold), point) for curve in contacts]
        table.append(event_score(list(zip(items, found, strict=True)), group))
    return table


def recall_at(table: list[Score], precision: float) -> float:
    """The best recall at this precision or better; nan where it is never reached."""
    reached = [score.recall for score in table if score.precision >= precision]
    return max(reached, default=float("nan"))


def compare(source: str, pairs: list[tuple[Item, Heard]], model: WordModel) -> float:
    """Print the figures of a source; returns seconds of processor time a second of sound."""
    began = time.process_time()
    said = [weigh_phones(model, heard.phones) for _, heard in pairs]
    spent = time.process_time() - began
    items = [item for item, _ in pairs]
    alone = [heard.contacts for _, heard in pairs]
    both = [
        weigh_contacts(model, heard.contacts, heard.phones, words)
        for (_, heard), words in zip(pairs, said, strict=True)
    ]
    for column, (name, group) in enumerate(GROUPS):
        before = scores(items, alone, column, group)
        after = scores(items, both, column, group)
        cells = (
            f"{p:.2f}: {recall_at(before, p):.3f} -> {recall_at(after, p):.3f}" for p in PRECISIONS
        )
        print(f"{source:12s} {name:5s} {before[0].events:4d}  recall at  " + "  ".join(cells))
    return spent / max(1e-9, sum(item.frames for item in items) / 50)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pack", type=Path, required=True)
    parser.add_argument("--encoder", type=Path, required=True)
    parser.add_argument("--split", default="dev")
    parser.add_argument("--per-source", type=int, default=80)
    parser.add_argument("--half", type=int, choices=(0, 1), help="every second clip; 1: held out")
    options = parser.parse_args()
    config, _ = read_metadata(options.encoder)
    encoder = load_state(SpeechEncoder(EncoderConfig(**config)), options.encoder)
    pack, model = Pack(options.pack), load_words()
    heard = listen(pack, encoder, Calibration(), options.split, options.per_source)
    for source, pairs in heard.items():
        some = pairs if options.half is None else pairs[options.half :: 2]
        cost = compare(source, some, model)
        print(f"{source:12s} {1000 * cost:.0f} ms a second of sound")


if __name__ == "__main__":
    main()
