# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the engine could be started, in a form that drawing can afford to ask."""

from __future__ import annotations

import time

from ..model_runtime.contract import ThunderError
from . import engine, preferences
from .engine_client import WorkerEngine

FRESH = 2.0  # seconds for which an answer is good


class _Known:
    reason = ""
    until = 0.0


def engine_reason() -> str:
    """Why no engine could be started; empty when one could. Looks at most every two seconds."""
    current = engine.current_engine()
    if current is not None and (current.running or not isinstance(current, WorkerEngine)):
        return ""
    now = time.monotonic()
    if now >= _Known.until:
        _Known.reason, _Known.until = _look(), now + FRESH
    return _Known.reason


def forget() -> None:
    """Look again at the next question."""
    _Known.until = 0.0


def _look() -> str:
    try:
        preferences.find_python(wait=False)
    except ThunderError as error:
        return str(error)
    return ""
