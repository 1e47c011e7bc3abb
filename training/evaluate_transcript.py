# SPDX-License-Identifier: GPL-3.0-or-later
"""How well a transcript is laid over its sound, beside the sound alone.

`python -m training.evaluate_transcript --corpus DIR [--weights DIR] [--per-source N] [--out FILE]`:
held-out clips, with the words recognised in them, with the right words and with one wrong, missing
or extra; p b m and f v intervals against the true ones, phone starts, the scores of right and of
shuffled transcripts, and the share of the recognised words that are wrong.
"""

from __future__ import annotations

import argparse
import json
import logging
import re
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import numpy as np
import torch

from model_runtime.align import Alignment, align, sayable
from model_runtime.contacts import Interval, OperatingPoint, peak_events
from model_runtime.engine import Engine
from model_runtime.hearing import Heard
from model_runtime.phones import BILABIAL, LABIODENTAL, SILENCE
from model_runtime.spoken import spoken_words
from model_runtime.transcript import ENOUGH, is_untold, lay_recognised
from training.calibrate import event_score
from training.corpus import Clip, open_corpus
from training.corpus.realign import align_again
from training.metrics.clips import choose, partners
from training.pack import Item
from training.phone_strings import errors_in_order

log = logging.getLogger(__name__)
GROUPS = (("pbm", BILABIAL), ("fv", LABIODENTAL))
SPOILS = ("as said", "one wrong", "one missing", "one extra")
NEAR = (0.02, 0.05)  # s within which a phone's start is counted


@dataclass(frozen=True)
class Case:
    """A held-out clip, heard."""

    clip: Clip
    heard: Heard
    other: str  # the transcript of another clip

    def item(self) -> Item:
        spans = tuple((s.phone, s.start, s.end) for s in self.clip.segments)
        frames = len(self.heard.loudness)
        return Item(self.clip.id, 0, self.clip.source, self.clip.split, 0, frames, spans)


@dataclass(frozen=True)
class Found:
    """What was decided for a case."""

    case: Case
    events: dict[str, list[Interval]]
    starts: tuple[float, ...] = ()  # s, of each phone: found - true
    score: float = 0.0
    used: bool = False


def spoilt(transcript: str, other: str, how: str, rng: np.random.Generator) -> str:
    """A transcript with one of its words wrong, missing or extra; the strange one is `other`'s."""
    words = transcript.split()
    strange = str(rng.choice(other.split() or ["nothing"]))
    place = int(rng.integers(len(words))) if words else 0
    if how == "one wrong":
        words[place : place + 1] = [strange]
    elif how == "one missing":
        del words[place : place + 1]
    elif how == "one extra":
        words.insert(place, strange)
    return " ".join(words)


def by_sound(case: Case, point: OperatingPoint) -> Found:
    return Found(case, _sound_events(case.heard, point))


def by_recognised(case: Case, point: OperatingPoint) -> Found:
    """As a line without a transcript is decided."""
    found = lay_recognised(case.heard)
    if found is None:
        return by_sound(case, point)
    return Found(case, _joined(case, found, point), (), found.score, used=True)


def by_words(case: Case, transcript: str, point: OperatingPoint) -> Found:
    """As `model_runtime.transcript` decides, with the alignment's figures."""
    words = sayable(spoken_words(transcript))
    if not words:
        return by_sound(case, point)
    found = align(case.heard.phones, words)
    if found.score < ENOUGH:
        return replace(by_sound(case, point), score=found.score)
    starts = _start_errors(case.clip, found)
    return Found(case, _joined(case, found, point), starts, found.score, used=True)


def _joined(case: Case, found: Alignment, point: OperatingPoint) -> dict[str, list[Interval]]:
    alone = _sound_events(case.heard, point)
    return {
        name: [(s.start, s.end) for s in found.segments if s.phone in group]
        + [event for event in alone[name] if is_untold(event, found.phones)]
        for name, group in GROUPS
    }


def _sound_events(heard: Heard, point: OperatingPoint) -> dict[str, list[Interval]]:
    thresholds = (point.bilabial, point.labiodental)
    return {
        name: peak_events(heard.contacts[:, column], threshold, point)
        for column, ((name, _), threshold) in enumerate(zip(GROUPS, thresholds, strict=True))
    }


def _start_errors(clip: Clip, found: Alignment) -> tuple[float, ...]:
    """Start found - start true of each phone that stands in both, in order."""
    true = [s for s in clip.segments if s.phone != SILENCE]
    mine = [s for s in found.segments if s.phone != SILENCE]
    matcher = SequenceMatcher(None, [s.phone for s in true], [s.phone for s in mine], False)
    return tuple(
        mine[block.b + k].start - true[block.a + k].start
        for block in matcher.get_matching_blocks()
        for k in range(block.size)
    )


def figures(found: Sequence[Found]) -> dict[str, Any]:
    """Recall and precision of the contacts, and how the phones' starts lie (ms)."""
    row: dict[str, Any] = {"clips": len(found), "used": sum(f.used for f in found)}
    for name, group in GROUPS:
        score = event_score([(f.case.item(), f.events[name]) for f in found], group)
        row[name] = {"recall": score.recall, "precision": score.precision, "events": score.events}
    starts = np.array([error for f in found for error in f.starts])
    if len(starts):
        row["start_error_ms"] = {
            "median": float(np.median(np.abs(starts)) * 1000),
            "bias": float(np.median(starts) * 1000),
            **{f"within_{near * 1000:.0f}": float((abs(starts) <= near).mean()) for near in NEAR},
        }
    return row


def realigned(case: Case, samples: np.ndarray) -> Found | None:
    """The corpus's own aligner, tried again on the sound at another speed."""
    segments = align_again(samples, case.clip.transcript)
    if segments is None:
        return None
    events = {
        name: [(s.start, s.end) for s in segments if s.phone in group] for name, group in GROUPS
    }
    return Found(case, events)


def evaluate(
    cases: Sequence[Case], again: Sequence[Found], point: OperatingPoint, seed: int
) -> dict[str, Any]:
    """All figures by source and by kind of source."""
    rng = np.random.default_rng(seed)
    systems: dict[str, list[Found]] = {
        "sound alone": [by_sound(case, point) for case in cases],
        "recognised": [by_recognised(case, point) for case in cases],
    }
    for how in SPOILS:
        systems[how] = [
            by_words(case, spoilt(case.clip.transcript, case.other, how, rng), point)
            for case in cases
        ]
    systems["aligner again"] = list(again)
    shuffled = [by_words(case, case.other, point) for case in cases]
    return {
        "kinds": _grouped(systems, lambda case: case.clip.kind),
        "sources": _grouped(systems, lambda case: case.clip.source),
        "wrong_words": {
            source: wrong_words([case for case in cases if case.clip.source == source])
            for source in sorted({case.clip.source for case in cases})
        },
        "scores": {
            "right": _spread([found.score for found in systems["as said"]]),
            "shuffled": _spread([found.score for found in shuffled]),
            "enough": ENOUGH,
            "right_refused": _share([not found.used for found in systems["as said"]]),
            "one_wrong_refused": _share([not found.used for found in systems["one wrong"]]),
            "shuffled_accepted": _share([found.used for found in shuffled]),
        },
    }


def wrong_words(cases: Sequence[Case]) -> float:
    """Word error rate: words wrong, missing or extra over the words that are said."""
    wrong, count = 0, 0
    for case in cases:
        said = plain_words(case.clip.transcript)
        heard = plain_words(" ".join(word.text for word in case.heard.recognised))
        numbers = {word: number for number, word in enumerate({*said, *heard})}
        wrong += errors_in_order([numbers[w] for w in said], [numbers[w] for w in heard])
        count += len(said)
    return wrong / max(1, count)


def plain_words(text: str) -> list[str]:
    return re.findall("[a-z']+", text.lower())


def _grouped(systems: dict[str, list[Found]], key: Any) -> dict[str, Any]:
    names = sorted({key(found.case) for found in systems["sound alone"]})
    return {
        name: {
            system: figures([f for f in found if key(f.case) == name])
            for system, found in systems.items()
            if any(key(f.case) == name for f in found)
        }
        for name in names
    }


def _spread(values: Iterable[float]) -> dict[str, float]:
    array = np.array(list(values))
    return {f"p{q}": float(np.percentile(array, q)) for q in (1, 5, 50, 95, 99)}


def _share(values: Sequence[bool]) -> float:
    return float(np.mean(values))


def listen(corpus: Path, weights: Path | None, split: str, per_source: int) -> list[Any]:
    """[cases, samples by clip id, operating point, seconds of hearing] of a split's clips."""
    opened = open_corpus(corpus)
    engine = Engine.load(weights, torch.device("cpu"))
    spoken = [
        clip
        for clip in choose(opened.clips(split), per_source)
        if clip.kind != "silence" and re.search("[a-z]", clip.transcript.lower())
    ]
    others = partners(spoken)
    sampling = engine.sampling
    samples = {clip.id: opened.samples(clip) for clip in spoken}
    cases = [
        Case(
            clip,
            engine.with_words(engine.hear(samples[clip.id]), samples[clip.id]),
            others[clip.id].transcript,
        )
        for clip in spoken
    ]
    return [cases, samples, sampling.point]


def _print(result: dict[str, Any]) -> None:
    print("| clips | system | used | p b m recall | precision | f v recall | precision | starts |")
    print("|---|---|---|---|---|---|---|---|")
    for kind in ("kinds", "sources"):
        for name, systems in result[kind].items():
            for system, row in systems.items():
                pbm, fv, starts = row["pbm"], row["fv"], row.get("start_error_ms")
                late = (
                    "" if starts is None else f"{starts['median']:.0f} ms ({starts['bias']:+.0f})"
                )
                print(
                    f"| {name} | {system} | {row['used']}/{row['clips']} | {pbm['recall']:.3f} "
                    f"| {pbm['precision']:.3f} | {fv['recall']:.3f} | {fv['precision']:.3f} "
                    f"| {late} |"
                )
    print("wrong words", json.dumps(result["wrong_words"]))
    print(json.dumps(result["scores"]))
    print(json.dumps(result["cost"]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--weights", type=Path, help="folder; left out, the bundled ones")
    parser.add_argument("--split", default="test", choices=("dev", "test"))
    parser.add_argument("--per-source", type=int, default=30)
    parser.add_argument("--realign", type=int, default=0, metavar="N", help="N recordings again")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    cases, samples, point = listen(
        options.corpus, options.weights, options.split, options.per_source
    )
    real = [case for case in cases if case.clip.kind == "real"]
    tried = [realigned(case, samples[case.clip.id]) for case in real[: options.realign]]
    began = time.process_time()
    result = evaluate(cases, [found for found in tried if found], point, options.seed)
    seconds = sum(case.clip.seconds for case in cases)
    cost = (time.process_time() - began) / (seconds * (len(SPOILS) + 1))
    result["cost"] = {"align_cpu_seconds_per_second": cost, "sound_seconds": seconds}
    _print(result)
    if options.out:
        options.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
