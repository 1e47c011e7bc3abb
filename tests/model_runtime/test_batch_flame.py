# SPDX-License-Identifier: GPL-3.0-or-later
"""A batch with models that speak a FLAME's parameters: takes without a score, no failure."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np

from model_runtime import batch_score
from model_runtime.contract import Take
from model_runtime.motion_space import flame_space


def test_what_cannot_be_scored_has_no_score(monkeypatch):
    """The meter is loaded, and would be asked for contacts it does not have."""
    monkeypatch.setattr(batch_score, "load_meters", lambda *_: SimpleNamespace())
    scorer = batch_score.Scorer(SimpleNamespace(), Path("unused"))
    channels = flame_space(50, "ab" * 32).channels
    take = Take(np.zeros((100, len(channels)), np.float32), channels)
    item = SimpleNamespace(line=SimpleNamespace(transcript=""))
    score = scorer.score(take, SimpleNamespace(sha256="x", samples=None), item)
    assert score.value is None and score.rank == 1.0
