# SPDX-License-Identifier: GPL-3.0-or-later
"""report.html: one file that needs no network, no script and no other file."""

from __future__ import annotations

import base64
import html
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from .batch_tell import length
from .contract import ThunderError
from .takefile import read_take

STILLS = 40  # of the worst lines; a picture is about 10 kB
HEARD = 160  # letters of the words that were recognised
WIDE, HIGH = 180, 36  # pixels of a curve
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"  # nothing is fetched or run
STYLE = """
:root { color-scheme: light dark; --line: #8884; --bad: #c0392b; --soft: #888; }
body { font: 14px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 74rem }
h1 { font-size: 1.4rem; margin: 0 0 .3rem } .sum { display: flex; gap: 2rem; margin: 1rem 0 1.5rem }
.sum b { display: block; font-size: 1.5rem } table { border-collapse: collapse; width: 100% }
th { text-align: left; font-weight: 600; position: sticky; top: 0; background: Canvas }
th, td { padding: .45rem .6rem; border-bottom: 1px solid var(--line); vertical-align: middle }
tr:target { outline: 2px solid Highlight }
.n { text-align: right; font-variant-numeric: tabular-nums }
.failed, .missing { color: var(--bad) } small, .soft { color: var(--soft) }
img { border-radius: 6px }
code { font-size: .85em; overflow-wrap: anywhere } svg { display: block }
polyline { fill: none; stroke: currentColor; stroke-width: 1.3 } .mark { stroke: var(--bad) }
"""
Row = dict[str, Any]


def page(rows: Sequence[Row], totals: dict[str, Any], out: Path) -> str:
    """The report as HTML."""
    body = "\n".join(_row(row, out, place < STILLS) for place, row in enumerate(rows))
    heads = "".join(f"<th>{name}</th>" for name in _HEADS)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        f"<title>{html.escape(out.name)}: batch report</title><style>{STYLE}</style></head>"
        f"<body><h1>{html.escape(out.name)}</h1>{_note(rows)}{_totals(totals)}"
        f"<table><thead><tr>{heads}</tr></thead>\n<tbody>\n{body}\n</tbody></table></body></html>\n"
    )


_HEADS = ("Line", "Score", "Over the take", "Worst", "Face there", "Seed and settings", "Files")


def _note(rows: Sequence[Row]) -> str:
    kinds = {row["score_kind"] for row in rows if row["score_kind"]}
    meaning = {
        "contacts": "The score tells how far the lips shut on p, b and m that were heard "
        "(1: on all of them). It does not judge vowels.",
        "meter": "The score is the lip-sync meter's: how well the motion says the sound.",
    }
    said = " ".join(meaning[kind] for kind in sorted(kinds) if kind in meaning)
    return f'<p class="soft">Worst first. {said}</p>'


def _totals(totals: dict[str, Any]) -> str:
    lowest, median = totals["score_lowest"], totals["score_median"]
    shown = [
        (totals["done"], "done"),
        (totals["failed"], "failed"),
        (totals["missing"], "missing"),
        (length(totals["seconds"]), "of speech"),
        (_figure(median), "median score"),
        (_figure(lowest), "lowest score"),
    ]
    cells = "".join(f"<div><b>{value}</b>{name}</div>" for value, name in shown)
    return f'<div class="sum">{cells}</div>'


def _row(row: Row, out: Path, with_still: bool) -> str:
    name = html.escape(str(row["item"]))
    who = html.escape(f"{row['id'] or ''} {row['character'] or ''}".strip())
    if row["status"] != "done":
        why = html.escape(row["error"] or "Not done yet.")
        state = f'<b class="{row["status"]}">{row["status"]}</b>'
        what = f"<td><code>{name}</code><br><small>{who}</small></td>"
        cells = f'{what}<td colspan="6">{state} {why}</td>'
    else:
        cells = "".join(
            (
                f"<td><code>{name}</code><br><small>{who}</small></td>",
                f'<td class="n">{_figure(row["score"])}</td>',
                f"<td>{_curve(row)}</td>",
                f"<td>{_worst(row)}</td>",
                f"<td>{_still(row, out) if with_still else ''}</td>",
                f"<td>{_settings(row)}</td>",
                f"<td>{_files(row)}</td>",
            )
        )
    return f'<tr id="{quote(str(row["item"]))}">{cells}</tr>'


def _curve(row: Row) -> str:
    """The score over the take as a line, 1 at the top, and where it is worst."""
    values = row["curve"] or [1.0]
    if len(values) == 1:
        values = [values[0], values[0]]
    step = WIDE / (len(values) - 1)
    points = " ".join(
        f"{i * step:.1f},{2 + (1 - v) * (HIGH - 4):.1f}" for i, v in enumerate(values)
    )
    at = WIDE * min(1.0, row["worst_second"] / max(row["seconds"], 1e-6))
    mark = f'<line class="mark" x1="{at:.1f}" x2="{at:.1f}" y1="0" y2="{HIGH}"/>'
    shown = f'<polyline points="{points}"/>' + (mark if _is_flawed(row) else "")
    return f'<svg width="{WIDE}" height="{HIGH}" role="img" aria-label="score">{shown}</svg>'


def _worst(row: Row) -> str:
    if not _is_flawed(row):
        return '<span class="soft">-</span>'
    advice = html.escape(row["advice"] or "")
    where = f"frame {row['worst_frame']} <small>{row['worst_second']:.2f} s</small>"
    return f"{where}<br><small>{advice}</small>"


def _is_flawed(row: Row) -> bool:
    return row["score"] is not None and row["score"] < 1


def _figure(score: float | None) -> str:
    return "-" if score is None else f"{score:.3f}"


def _still(row: Row, out: Path) -> str:
    from .batch_still import SIZE, still

    path = row["outputs"].get("npz")
    if path is None:
        return ""
    try:
        data = base64.b64encode(still(read_take(out / path), row["worst_second"])).decode()
    except ThunderError as error:
        return f"<small>{html.escape(str(error))}</small>"
    size = f'width="{SIZE}" height="{SIZE}"'
    return f'<img {size} alt="face at the worst frame" src="data:image/png;base64,{data}">'


def _settings(row: Row) -> str:
    parts = [f"seed <b>{row['seed']}</b>", f"emotion {_short(row['emotion'])}"]
    parts += [f"intensity {_short(row['intensity'])}"]
    if row["articulation"] != 1.0 or row["smoothing"]:
        parts += [f"articulation {row['articulation']:g}", f"smoothing {row['smoothing']:g}"]
    if len(row["tried"]) > 1:
        scores = ", ".join(f"{seed}: {score:.3f}" for seed, score in row["tried"])
        parts.append(f"<small>tried {scores}</small>")
    return "<br>".join(parts)


def _short(value: Any) -> str:
    return "keyed" if isinstance(value, (list, tuple)) else html.escape(str(value))


def _files(row: Row) -> str:
    links = [
        f'<a href="{quote(path)}">{html.escape(kind)}</a>'
        for kind, path in sorted(row["outputs"].items())
    ]
    seconds = f"<small>{row['seconds']:.1f} s of speech</small>"
    return f"{' '.join(links)}<br>{seconds}{_recognised(row)}"


def _recognised(row: Row) -> str:
    """The words that the line was performed by, where no transcript told them."""
    words = str(row["recognised"] or "")
    shown = words if len(words) <= HEARD else f"{words[:HEARD].rstrip()} ..."
    return f"<br><small>Heard: {html.escape(shown)}</small>" if words else ""
