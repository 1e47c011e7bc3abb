# SPDX-License-Identifier: GPL-3.0-or-later
"""The corpus as a list of shards, each made from its name and the seed alone.

A shard does not depend on any other, so a build goes on where it was stopped, a larger --hours only
adds shards, and the same seed gives the same bytes.
"""

from __future__ import annotations

import logging
import math
import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from . import espeak, festival, flite, real, russian, speech, synthesis, variety
from .store import is_whole, shard_seconds, write_shard
from .text import load_texts

log = logging.getLogger(__name__)

SHARD_SECONDS = 600.0
SHORT_SECONDS = 300.0  # of the many small sources
MIX = {"espeak": 0.345, "flite": 0.19, "festival": 0.095}  # shares of the synthetic hours
VARIETY = {
    **dict.fromkeys(("espeak-de", "espeak-fr", "espeak-es", "espeak-it", "espeak-ru"), 0.018),
    **dict.fromkeys(("espeak-pt-br", "espeak-nl", "espeak-pl"), 0.0115),
    **dict.fromkeys(("espeak-cs", "espeak-fi", "espeak-ca"), 0.0115),
    **dict.fromkeys(("espeak-sv", "espeak-tr"), 0.02),  # the test split's share of it only
    "festival-cs": 0.03,
    "festival-it": 0.02,
    "festival-fi": 0.02,
    "festival-ca": 0.015,
    "espeak-moods": 0.04,
    "flite-moods": 0.04,
    "espeak-brief": 0.02,
    "flite-brief": 0.016,
}
SPLIT_SHARE = {"train": 0.82, "dev": 0.05, "test": 0.13}
SILENCE_SHARE = 0.03  # of the synthetic hours
NOISE_SHARE = 0.01
CLIPS_A_REAL_SHARD = 120
CLIPS_A_RUSSIAN_SHARD = 62


@dataclass(frozen=True)
class Job:
    """One shard to make: `first` and `count` are clips of a recorded source, else unused."""

    name: str
    source: str
    split: str
    index: int
    ordinal: int = 0
    seconds: float = SHARD_SECONDS


@dataclass(frozen=True)
class Plan:
    """Everything a process needs to make any shard."""

    out: Path
    speech: Path | None
    seed: int


@dataclass(frozen=True)
class Done:
    """A finished shard, and how far the build is; `found` when an earlier build had made it."""

    name: str
    seconds: float
    finished: int
    total: int
    found: bool = False


def missing_engines() -> list[str]:
    """One sentence for each source that this machine cannot give."""
    notes = []
    if not espeak.is_installed():
        notes.append("espeak-ng is missing: no formant voices (Debian: apt install espeak-ng).")
    if not flite.is_installed():
        notes.append("flite is missing: none of its four voices (Debian: apt install flite).")
    wanted = [*festival.SPEAKERS, *festival.LANGUAGE_OF]
    absent = sorted(set(wanted) - set(festival.installed_voices(wanted)))
    if absent:
        notes.append(f"festival lacks {', '.join(absent)} (Debian: festival, festvox-*).")
    if not russian.is_installed():
        notes.append("festvox-ru is missing: no Russian speech (Debian: apt install festvox-ru).")
    return notes


def plan_jobs(plan: Plan, hours: float) -> list[Job]:
    """Shards of a corpus with `hours` of synthesis, recordings first."""
    jobs = list(_real_jobs(plan.speech)) if plan.speech else []
    jobs += list(_synthetic_jobs(hours)) if plan.speech else []
    if russian.is_installed():
        shards = math.ceil(len(russian.recordings()) / CLIPS_A_RUSSIAN_SHARD)
        jobs += [Job(f"russian-{k:03d}", "russian", "", k) for k in range(shards)]
    return jobs


def build(plan: Plan, jobs: list[Job], processes: int, report: Callable[[Done], None]) -> None:
    """Make every shard that is not whole yet; `report` is told of each, finished ones first."""
    finished = 0
    waiting = []
    for job in jobs:
        if is_whole(plan.out, job.name):
            finished += 1
            seconds = shard_seconds(plan.out, job.name)
            report(Done(job.name, seconds, finished, len(jobs), found=True))
        else:
            waiting.append(job)
    fresh = multiprocessing.get_context("spawn")  # espeak keeps state: a new process each shard
    with ProcessPoolExecutor(processes, mp_context=fresh, max_tasks_per_child=1) as pool:
        futures = {pool.submit(make_shard, plan, job): job for job in waiting}
        for future in as_completed(futures):
            finished += 1
            report(Done(futures[future].name, future.result(), finished, len(jobs)))


def make_shard(plan: Plan, job: Job) -> float:
    """Make one shard; returns its seconds."""
    if job.source == "russian":
        start = job.index * CLIPS_A_RUSSIAN_SHARD
        chosen = russian.recordings()[start : start + CLIPS_A_RUSSIAN_SHARD]
        return write_shard(plan.out, job.name, "", russian.load(chosen))
    assert plan.speech is not None
    if job.split:
        task = speech.Task(job.name, job.source, job.split, job.ordinal, job.seconds, plan.seed)
        barred = real.held_out_sentences(plan.speech)
        texts = load_texts(plan.speech / "sentences.txt", barred, plan.seed)
        return write_shard(plan.out, job.name, job.split, synthesis.clips(task, texts))
    of_source = [r for r in real.usable(plan.speech) if r.source == job.source]
    start = job.index * CLIPS_A_REAL_SHARD
    chosen_recordings = of_source[start : start + CLIPS_A_REAL_SHARD]
    return write_shard(plan.out, job.name, "", real.load_recordings(chosen_recordings))


def _real_jobs(speech: Path) -> Iterator[Job]:
    counts: dict[str, int] = {}
    for recording in real.usable(speech):
        counts[recording.source] = counts.get(recording.source, 0) + 1
    for source, count in sorted(counts.items()):
        for index in range(math.ceil(count / CLIPS_A_REAL_SHARD)):
            yield Job(f"{source}-{index:03d}", source, "", index)


def _synthetic_jobs(hours: float) -> Iterator[Job]:
    sources = [source for source in MIX if synthesis.voices(source, "train")]
    for split, share in SPLIT_SHARE.items():
        for number, source in enumerate(sources):
            if not synthesis.voices(source, split):
                continue
            shards = math.ceil(hours * 3600 * MIX[source] * share / SHARD_SECONDS)
            for index in range(shards):
                ordinal = index * len(sources) + number
                yield Job(f"{source}-{split}-{index:03d}", source, split, index, ordinal)
        yield from _short_jobs("silence", split, hours * SILENCE_SHARE * share / 2)
        yield from _short_jobs("noises", split, hours * NOISE_SHARE * share)
        for source, part in VARIETY.items():
            if variety.voices(source, split):
                yield from _short_jobs(source, split, hours * part * share)


def _short_jobs(source: str, split: str, hours: float) -> Iterator[Job]:
    for index in range(math.ceil(hours * 3600 / SHORT_SECONDS)):
        name = f"{source}-{split}-{index:03d}"
        yield Job(name, source, split, index, index, SHORT_SECONDS)
