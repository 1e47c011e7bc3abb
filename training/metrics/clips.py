# SPDX-License-Identifier: GPL-3.0-or-later
"""Which held-out clips are measured: the same ones each time, spread over the speakers."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from model_runtime.phones import SILENCE

if TYPE_CHECKING:
    from ..corpus.store import Clip

KINDS = ("real", "synthetic")
SILENT = "silence"  # noise without speech: only rest is measured, and no worst source comes of it
SHORTEST, LONGEST = 1.0, 20.0  # s


def choose(clips: Iterable[Clip], per_source: int) -> list[Clip]:
    """At most `per_source` clips of every source, one a speaker before a second of any.

    The order within a speaker, and of the speakers, is that of a hash of their names: stable, and
    blind to how well a clip goes. Clips under 1 s and over 20 s are left out.
    """
    by_source: dict[str, list[Clip]] = defaultdict(list)
    for clip in clips:
        if clip.kind in (*KINDS, SILENT) and _measurable(clip):
            by_source[clip.source].append(clip)
    return [
        clip for source in sorted(by_source) for clip in _spread(by_source[source])[:per_source]
    ]


def partners(clips: Sequence[Clip]) -> dict[str, Clip]:
    """For each clip id another clip of its source, by another speaker where there is one.

    Of several the nearest in length: its motion stands in as "the motion of other words".
    """
    return {clip.id: _partner(clip, clips) for clip in clips}


def few(clips: Sequence[Clip], count: int) -> list[Clip]:
    """`count` of the spoken `clips`, taken from the sources in turn."""
    return _in_turn([clip for clip in clips if clip.kind in KINDS], "source")[:count]


def _partner(clip: Clip, clips: Sequence[Clip]) -> Clip:
    others = [other for other in clips if other.id != clip.id]
    if not others:
        return clip
    return min(
        others,
        key=lambda other: (
            other.source != clip.source,
            other.transcript == clip.transcript,
            other.speaker == clip.speaker,
            abs(other.seconds - clip.seconds),
            other.id,
        ),
    )


def _spread(clips: Sequence[Clip]) -> list[Clip]:
    return _in_turn(sorted(clips, key=lambda clip: _digest(clip.speaker, clip.id)), "speaker")


def _in_turn(clips: Sequence[Clip], attribute: str) -> list[Clip]:
    """One clip of each group, then a second of each, ... in the groups' first-seen order."""
    groups: dict[str, list[Clip]] = defaultdict(list)
    for clip in clips:
        groups[getattr(clip, attribute)].append(clip)
    ranked = [(rank, group) for group in groups for rank in range(len(groups[group]))]
    order = {group: index for index, group in enumerate(groups)}
    ranked.sort(key=lambda pair: (pair[0], order[pair[1]]))
    return [groups[group][rank] for rank, group in ranked]


def _measurable(clip: Clip) -> bool:
    spoken = any(segment.phone != SILENCE for segment in clip.segments)
    return (spoken or clip.kind == SILENT) and SHORTEST <= clip.seconds <= LONGEST


def _digest(speaker: str, name: str) -> tuple[str, str]:
    return (
        hashlib.sha256(speaker.encode()).hexdigest(),
        hashlib.sha256(name.encode()).hexdigest(),
    )
