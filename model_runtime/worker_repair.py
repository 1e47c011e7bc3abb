# SPDX-License-Identifier: GPL-3.0-or-later
"""The worker's answer to "mend this span": models are loaded at the first question, and kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .contract import (
    MOTION_FPS,
    UNITS,
    CancelledError,
    FaceMotion,
    MeasureRequest,
    Progress,
    ProgressCallback,
    Repaired,
    RepairRequest,
)
from .engine import Engine
from .repair import Mender, repair
from .worker_hear import SUPERVISOR, m2s_of
from .worker_meter import heard_line, meters_of

if TYPE_CHECKING:
    from .worker_tasks import Tasks


def answer(tasks: Tasks, question: RepairRequest, progress: ProgressCallback) -> Repaired:
    """Mend a span of a line's motion. Raises ThunderError."""
    _tell(progress, "Reading the sound", 0.0)
    audio = tasks.read(question.sound)

    def work(engine: Engine, told: ProgressCallback) -> Repaired:
        _tell(told, "Listening", 0.1)
        meters = meters_of(tasks, engine)
        motion = FaceMotion(float(MOTION_FPS), question.weights[:, : len(UNITS)])
        line = MeasureRequest(question.sound, motion)
        heard = heard_line(tasks, meters, audio, line, question.sound.transcript)
        mender = Mender(m2s_of(tasks, SUPERVISOR), meters.probe)
        return repair(
            mender, meters, heard, question, lambda s: _tell(told, "Repairing", 0.3 + 0.6 * s)
        )

    return tasks.on_device(work, progress)[0]


def _tell(progress: ProgressCallback, stage: str, fraction: float) -> None:
    if not progress(Progress(stage, fraction)):
        raise CancelledError("The repair was cancelled.")
