# SPDX-License-Identifier: GPL-3.0-or-later
"""Listens to a crew and tells of the batch as one."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from .batch_crew import Crew, exit_code
from .batch_journal import FAILED, HIDDEN, Claims, Journal
from .batch_work import Item

LOOK = 0.5  # seconds
MOST_SUSPECT = 3  # processes that ended on a line until it is named as failed
Tell = Callable[[dict[str, Any]], None]


def follow(crew: Crew, out: Path, items: Sequence[Item], tell: Tell) -> int:
    """Hand on what the crew tells until all its processes have ended; gives the exit code."""
    start = time.monotonic()
    counts = {"made": 0, "kept": 0, "failed": 0}
    seen: set[str] = set()
    while not crew.over:
        event = crew.next(LOOK)
        if event and event.get("event") == "line" and event["item"] not in seen:
            seen.add(event["item"])
            counts["made" if event["status"] == "done" else event["status"]] += 1
            tell({**event, **place(counts, len(items), start)})
    code = exit_code(crew.codes)
    blamed = blame_in(out, [item for item in items if item.name not in seen]) if code == 1 else 0
    counts["failed"] += blamed
    left = len(items) - sum(counts.values())
    seconds = round(time.monotonic() - start, 2)
    tell({"event": "end", **counts, "left": left, "stopped": "", "seconds": seconds})
    if code == 1 and blamed and not left:
        return 3
    return code


def blame_in(out: Path, items: Sequence[Item]) -> int:
    """`blame` for those who have no journal open."""
    claims = Claims(out / HIDDEN)
    try:
        journal = Journal(out, claims, "crew")
        bad = blame(journal, items)
        journal.close()
    finally:
        claims.close()
    return len(bad)


def blame(journal: Journal, items: Sequence[Item]) -> list[Item]:
    """Name as failed the lines on which process after process ended."""
    bad = [item for item in items if journal.state(item.name).pending >= MOST_SUSPECT]
    text = "The engine's process ended again and again while it performed this line."
    common = {"record": FAILED, "error": text}
    journal.write([{**common, "item": one.name, "id": one.line.line_id} for one in bad])
    return bad


def place(counts: dict[str, int], total: int, start: float) -> dict[str, Any]:
    """How far a batch is, and how long it will take if it goes on like this."""
    elapsed = max(1e-6, time.monotonic() - start)
    rate = counts["made"] / elapsed
    finished = sum(counts.values())
    left = round((total - finished) / rate) if rate else None
    place: dict[str, Any] = {"finished": finished, "total": total, "failed": counts["failed"]}
    return {**place, "rate": round(rate, 3), "seconds_left": left}
