# SPDX-License-Identifier: GPL-3.0-or-later
"""What a batch says while it runs: text for people and farm managers, JSON lines for programs."""

from __future__ import annotations

import json
import sys
from typing import Any, TextIO

Event = dict[str, Any]


class Teller:
    """Writes events to a stream, one a line, at once.

    Text begins with `Time: MM:SS.ff`, which Flamenco counts as a step of its task, and holds
    `Progress: N%`, which Deadline reads.
    """

    def __init__(self, log: str = "text", stream: TextIO | None = None) -> None:
        self._json, self._stream = log == "json", stream or sys.stdout

    def __call__(self, event: Event) -> None:
        text = json.dumps(event, sort_keys=True) if self._json else told(event)
        if text:
            self._stream.write(text + "\n")
            self._stream.flush()

    def sentence(self, text: str) -> None:
        self({"event": "note", "text": text})


def told(event: Event) -> str:
    """An event as a line of text."""
    kind = event["event"]
    if kind == "line":
        return _line(event)
    if kind == "end":
        return _end(event)
    return str(event.get("text", ""))


def _line(event: Event) -> str:
    total = max(1, event["total"])
    parts = [
        f"Time: {clock(event.get('took') or 0.0)}",
        f"Progress: {100 * event['finished'] // total}%",
        f"{event['finished']}/{event['total']}",
        event["status"],
        str(event["item"]),
    ]
    if event.get("score") is not None:
        parts.append(f"score {event['score']:.2f}")
    if event.get("error"):
        parts.append(f"- {event['error']}")
    if event.get("rate"):
        parts.append(f"({event['rate']:.2f} lines/s, {length(event['seconds_left'])} left)")
    return " ".join(parts)


def _end(event: Event) -> str:
    text = (
        f"{event['made']} made, {event['kept']} done before, {event['failed']} failed, "
        f"{event['left']} left, in {length(event['seconds'])}"
    )
    return f"{text}: stopped ({event['stopped']})" if event.get("stopped") else text


def clock(seconds: float) -> str:
    """'01:05.25'."""
    minutes, rest = divmod(max(0.0, seconds), 60)
    return f"{int(minutes):02d}:{rest:05.2f}"


def length(seconds: float | None) -> str:
    """'5 s', '12 min', '3.4 h'."""
    if seconds is None:
        return "?"
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
