# SPDX-License-Identifier: GPL-3.0-or-later
"""What became of every line, worst first: report.csv, report.json and report.html."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .batch_journal import Record, State, is_there, read_journals
from .batch_work import Item, missing_kinds, nearest_frame, take_key
from .contract import MOTION_FPS
from .files import write_atomic

DONE, FAILED, MISSING = "done", "failed", "missing"
COLUMNS = (
    "item",
    "id",
    "character",
    "status",
    "score",
    "score_kind",
    "meter",
    "seed",
    "worst_second",
    "worst_frame",
    "advice",
    "seconds",
    "silent",
    "recognised",
    "intensity",
    "emotion",
    "articulation",
    "smoothing",
    "audio",
    "listed",
    "tried",
    "outputs",
    "key",
    "error",
)
Row = dict[str, Any]
Problems = Sequence[tuple[str, str]]


def write_report(
    out: Path, items: Sequence[Item], problems: Problems, models: dict[str, str] | None = None
) -> dict[str, Any]:
    """Write the three files from the journals of all shards; gives the totals.

    Raises OutputError.
    """
    from .batch_html import page

    rows = rows_of(out, items, problems, models)
    totals = totals_of(rows)
    document = {"format": 1, "totals": totals, "lines": rows}
    text = json.dumps(document, indent=1, ensure_ascii=False) + "\n"
    write_atomic(out / "report.csv", csv_of(rows).encode("utf-8-sig"))
    write_atomic(out / "report.json", text.encode())
    write_atomic(out / "report.html", page(rows, totals, out).encode())
    return totals


def rows_of(
    out: Path, items: Sequence[Item], problems: Problems, models: dict[str, str] | None = None
) -> list[Row]:
    """A row an item, worst first: failed, missing, then by rising score.

    With `models`, an item made by other models or settings is missing.
    """
    states = read_journals(out)
    rows = [_row(item, states.get(item.name, State()), out, models) for item in items]
    rows += [_problem(line_id, sentence) for line_id, sentence in problems]
    return sorted(rows, key=_order)


def totals_of(rows: Sequence[Row]) -> dict[str, Any]:
    scores = sorted(row["score"] for row in rows if row["score"] is not None)
    return {
        "items": len(rows),
        **{status: sum(row["status"] == status for row in rows) for status in _RANK},
        "seconds": round(sum(row["seconds"] or 0.0 for row in rows), 1),
        "score_median": scores[len(scores) // 2] if scores else None,
        "score_lowest": scores[0] if scores else None,
    }


def csv_of(rows: Sequence[Row]) -> str:
    """Rows as csv; what a spreadsheet would take for a formula begins with an apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow([_cell(row[name]) for name in COLUMNS])
    return out.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, (list, tuple, dict)):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t"):
        return f"'{value}"
    return value


_RANK = {FAILED: 0, MISSING: 1, DONE: 2}


def _order(row: Row) -> tuple[int, float, str]:
    return _RANK[row["status"]], 1.0 if row["score"] is None else row["score"], row["item"]


def _row(item: Item, state: State, out: Path, models: dict[str, str] | None) -> Row:
    line, settings, result = item.line, item.settings, state.result
    outputs = _outputs(item, state, out)
    status = _status(item, state, out, models, outputs)
    fps = line.fps or float(MOTION_FPS)
    worst = result.get("worst_second")
    known = result if status == DONE else {}
    return {
        "item": item.name,
        "id": line.line_id,
        "character": line.character,
        "status": status,
        "score": known.get("score"),
        "score_kind": known.get("score_kind"),
        "meter": known.get("score") if known.get("score_kind") == "meter" else None,
        "seed": known.get("seed", settings.seed),
        "worst_second": known.get("worst_second"),
        "worst_frame": nearest_frame(line.start_frame, worst, fps) if worst is not None else None,
        "advice": _advice(line.start_frame, fps, known),
        "seconds": known.get("seconds"),
        "silent": known.get("silent"),
        "recognised": known.get("recognised", ""),
        "intensity": settings.intensity,
        "emotion": settings.emotion,
        "articulation": settings.articulation,
        "smoothing": settings.smoothing,
        "audio": str(line.audio),
        "listed": line.where,
        "tried": known.get("tried", []),
        "outputs": outputs,
        "key": known.get("key"),
        "error": state.failure if status == FAILED else "",
        "curve": known.get("curve", []),
        "fps": fps,
        "start_frame": line.start_frame,
    }


def _advice(start_frame: int, fps: float, known: Record) -> str:
    """The meter's first word on a take, with scene frames."""
    sentence, second = known.get("advice") or ("", 0.0)
    frames = f"{abs(known.get('lag_ms', 0.0)) * fps / 1000:.1f}"
    return (
        str(sentence)
        .replace("{frames}", frames)
        .replace("{frame}", str(nearest_frame(start_frame, second, fps)))
    )


def _status(
    item: Item, state: State, out: Path, models: dict[str, str] | None, outputs: dict[str, str]
) -> str:
    done = {"npz", *item.line.outputs} <= set(outputs)
    key = state.result.get("key")
    if done and models is not None:
        sound = state.result.get("sound", {}).get("sha256", "")
        key = take_key(item, sound, models)
        done = not missing_kinds(item, key, state, out)
    if done and not state.failure:
        return DONE
    return FAILED if state.failure else MISSING


def _outputs(item: Item, state: State, out: Path) -> dict[str, str]:
    """Path by kind of the outputs that are there."""
    found = {}
    for kind, records in state.done.items():
        for key in records:
            record = state.output(kind, key)
            if record and is_there(record, out):
                found[kind] = str(record["path"])
    return found


def _problem(line_id: str, sentence: str) -> Row:
    row: Row = dict.fromkeys(COLUMNS)
    listed = sentence.partition(": ")[0]
    row |= {"item": f"({listed})", "id": line_id, "character": "", "status": FAILED}
    return row | {"error": sentence, "listed": listed, "outputs": {}, "tried": [], "curve": []}
