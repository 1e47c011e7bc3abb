# SPDX-License-Identifier: GPL-3.0-or-later
"""The file of results: a run replaces the parts that it measured and keeps the others."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from model_runtime.contract import RequestError

from .table import write_json


def read_results(path: Path) -> dict[str, Any]:
    """Parts in the file; none where there is no file. Raises RequestError where it is damaged."""
    if not path.exists():
        return {}
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RequestError(f"{path} is not the JSON of an evaluation. Move it away.") from error
    if not isinstance(found, dict):
        raise RequestError(f"{path} is not the JSON of an evaluation. Move it away.")
    return found


def update_results(path: Path, parts: Mapping[str, Any]) -> None:
    """Replace `parts` in the file, the rest as it was; its folder is made where there is none.

    Raises RequestError, OutputError.

    `made_with` is a table by part, so each part keeps what it was made with.
    """
    found = read_results(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    made = {**found.get("made_with", {}), **parts.get("made_with", {})}
    write_json(path, found | dict(parts) | ({"made_with": made} if made else {}))
