# SPDX-License-Identifier: GPL-3.0-or-later
"""`python -m training.articulation CORPUS_DIR`: the articulation model's figures, by emotion."""

from __future__ import annotations

import argparse
import sys

from model_runtime.contract import EMOTIONS, ThunderError
from model_runtime.face import load_face
from model_runtime.lips import lip_probe

from ..corpus.store import open_corpus
from .report import Row, choose, row

HEAD = (
    f"{'emotion':15s}  sealed  p b m   f v  precis  vowels  rest  deepest  corner"
    "  lips mm/s  jaw mm/s  lids 1/s  head rad/s  x real time"
)


def main(argv: list[str] | None = None) -> int:
    """Prints the table; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m training.articulation", description=__doc__)
    parser.add_argument("corpus", help="folder built by python -m training.corpus")
    parser.add_argument("--clips", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--intensity", type=float, default=1.5)
    given = parser.parse_args(argv)
    try:
        corpus = open_corpus(given.corpus)
        probe = lip_probe(load_face())
        clips = choose(corpus, given.clips, given.seed)
        print(HEAD)
        print(_line(row(corpus, clips, probe, "neutral", 1.0)))
        for emotion in EMOTIONS:
            print(_line(row(corpus, clips, probe, emotion, given.intensity)), flush=True)
    except ThunderError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _line(done: Row) -> str:
    figures, extremes = done.figures, done.extremes

    def share(name: str, width: int) -> str:
        value = figures[name]
        return f"{value:{width}.3f}" if value is not None else "-".rjust(width)

    sealed = extremes.sealed / max(extremes.bilabials, 1)
    return (
        f"{done.name:15s} {sealed:7.3f} {share('pbm_closed', 6)} {share('fv_contact', 5)}"
        f" {share('closure_precision', 7)} {share('vowel_shut', 7)} {share('rest', 5)}"
        f" {share('penetration_mm', 8)} {extremes.corner:7.2f} {extremes.lips:10.0f}"
        f" {extremes.jaw:9.0f} {extremes.lids:9.1f} {extremes.head:11.2f} {done.speed:12.0f}"
    )


if __name__ == "__main__":
    sys.exit(main())
