# SPDX-License-Identifier: GPL-3.0-or-later
"""Figures as the project shows them: a JSON file, a table, and the marked part of a document."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from model_runtime.contract import OutputError
from model_runtime.files import write_atomic

from .figures import FIGURES, Figures

BEGIN, END = "<!-- figures:begin -->", "<!-- figures:end -->"
AIMS: dict[str, str] = {
    "pbm_closed": ">= 0.80",
    "fv_contact": ">= 0.70",
    "closure_precision": ">= 0.80",
    "vowel_shut": "<= 0.05",
    "rest": ">= 0.95",
    "lag_ms": "<= 20",
}
WITH_RANGE = ("pbm_closed", "fv_contact", "closure_precision", "rest")
TITLES: dict[str, str] = {
    "pbm_closed": "p b m with lips closed",
    "fv_contact": "f v with lip at teeth",
    "closure_precision": "closure precision",
    "vowel_shut": "vowels shut",
    "rest": "rest in silence",
    "penetration_mm": "lip penetration, mm",
    "lag_ms": "median jaw lag, ms",
    "jitter_ratio": "jitter, over targets",
}


def cell(name: str, value: float | None) -> str:
    """A figure as text; a dash where there was nothing to measure."""
    if value is None:
        return "–"  # noqa: RUF001
    return f"{value:.1f}" if name == "lag_ms" else f"{value:.2f}"


def markdown(rows: Sequence[Sequence[str]]) -> str:
    """A markdown table; the first row is its head."""
    head, *body = rows
    lines = [head, ["---"] * len(head), *body]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def systems_table(columns: Mapping[str, Figures]) -> str:
    """One row a figure, one column a system ('model, real speech' -> its worst source)."""
    head = ["worst source", "aim", *columns]
    body = [
        [TITLES[name], AIMS.get(name, ""), *(cell(name, c.get(name)) for c in columns.values())]
        for name in FIGURES
    ]
    return markdown([head, *body])


def sources_table(sources: Mapping[str, Mapping[str, Any]]) -> str:
    """One row a source: its kind, clips, events, and figures with their 95 % intervals."""
    head = ["source", "kind", "clips", "p b m", "f v", *(TITLES[name] for name in FIGURES)]
    body = [
        [
            source,
            str(row["kind"]),
            str(row["clips"]),
            str(row["events"]["pbm_closed"]),
            str(row["events"]["fv_contact"]),
            *(cell(name, row["figures"].get(name)) + _range(name, row) for name in FIGURES),
        ]
        for source, row in sorted(sources.items())
    ]
    return markdown([head, *body])


def _range(name: str, row: Mapping[str, Any]) -> str:
    ends = row["intervals"].get(name) if name in WITH_RANGE else None
    return f" ({ends[0]:.2f} to {ends[1]:.2f})" if ends else ""


def between_markers(text: str, inner: str) -> str:
    """`text` with everything between its figure markers replaced by `inner`.

    Raises OutputError where the markers are missing or in the wrong order.
    """
    begin, end = text.find(BEGIN), text.find(END)
    if begin < 0 or end < begin:
        raise OutputError(
            f"The document has no place for the figures. Add the lines '{BEGIN}' and '{END}'."
        )
    return f"{text[: begin + len(BEGIN)]}\n{inner.strip()}\n{text[end:]}"


def write_json(path: Path, document: Mapping[str, Any]) -> None:
    """Write `document` with figures rounded to 4 digits. Raises OutputError."""
    text = json.dumps(rounded(document), indent=2, allow_nan=False, ensure_ascii=False) + "\n"
    write_atomic(path, text.encode())


def rounded(value: Any) -> Any:
    """`value` with every float in it rounded to 4 digits; none where there is no such figure."""
    if isinstance(value, float):
        return round(value, 4) if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): rounded(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(item) for item in value]
    return value
