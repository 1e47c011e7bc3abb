# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the engine could be started, in a form that drawing can afford to ask."""

from __future__ import annotations

import time

from ..model_runtime.contract import ThunderError
from . import engine, preferences, runtime_weights
from .engine_client import WorkerEngine

FRESH = 2.0  # seconds for which an answer is good


class _Known:
    reason = ""
    speaks = runtime_weights.Speaks()
    until = 0.0


def engine_reason() -> str:
    """Why no engine could be started; empty when one could. Looks at most every two seconds."""
    current = engine.current_engine()
    if current is not None and (current.running or not isinstance(current, WorkerEngine)):
        return ""
    _refresh()
    return _Known.reason


def chosen_speech() -> runtime_weights.Speaks:
    """What the chosen models speak; units, as the bundled ones, where they cannot be used."""
    _refresh()
    return _Known.speaks


def forget() -> None:
    """Look again at the next question."""
    _Known.until = 0.0


def _refresh() -> None:
    now = time.monotonic()
    if now >= _Known.until:
        _Known.reason, _Known.speaks = _look()
        _Known.until = now + FRESH


def _look() -> tuple[str, runtime_weights.Speaks]:
    speaks = runtime_weights.Speaks()
    try:
        weights = preferences.chosen_weights()
        speaks = weights.speaks if weights else speaks
        preferences.find_python(wait=False)
    except ThunderError as error:
        return str(error), speaks
    return "", speaks
