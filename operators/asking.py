# SPDX-License-Identifier: GPL-3.0-or-later
"""What Repair and Hear share: a question to the engine that scripts wait for and people watch."""

from __future__ import annotations

from typing import Any, Protocol, cast

import bpy

from ..model_runtime.contract import Answer, CancelledError, Question, ThunderError
from ..thunder_blender import engine
from .base import Result, ThunderOperator, hand_is_busy, log, playing

TICK = 0.05  # seconds between two looks at the engine


class Asked(Protocol):
    """A question, and what becomes of its answer."""

    @property
    def question(self) -> Question: ...

    def land(self, answer: Answer) -> str:
        """Bring the answer into the scene; the sentence to report. Raises ThunderError."""


class AskingOperator(ThunderOperator):
    """Mixin for operators that ask the engine: override `ask`."""

    def ask(self, context: bpy.types.Context) -> Asked:
        """What to ask. Raises ThunderError when something is missing."""
        raise NotImplementedError

    def perform(self, context: bpy.types.Context) -> str:
        asked = self.ask(context)
        current = engine.get_engine()
        return asked.land(cast(Answer, current.wait(current.submit(asked.question))))

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> Result:
        if bpy.app.background or context.window is None:
            return self.execute(context)
        try:
            self.asked = self.ask(context)
        except ThunderError as error:
            return self._failed(error)
        self.job = engine.get_engine().submit(self.asked.question)
        manager = context.window_manager
        self.timer: Any = manager.event_timer_add(TICK, window=context.window)
        manager.modal_handler_add(cast(bpy.types.Operator, self))
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> Result:
        if event.type == "ESC" and event.value == "PRESS" and not playing(context):
            self.job.cancel()
            return {"RUNNING_MODAL"}
        if event.type != "TIMER" or hand_is_busy(context):
            return {"PASS_THROUGH"}
        engine.get_engine().poll()
        progress = self.job.progress
        self._show(context, f"{self.bl_label}: {progress.stage} {progress.fraction:.0%}")
        return self._settle(context) if self.job.finished else {"PASS_THROUGH"}

    def cancel(self, context: bpy.types.Context) -> None:
        """Blender closes the window or opens another file."""
        self.job.cancel()
        self._leave(context)

    def _settle(self, context: bpy.types.Context) -> Result:
        self._leave(context)
        try:
            sentence = self.asked.land(cast(Answer, self.job.outcome()))
        except CancelledError:
            self.report({"WARNING"}, f"Cancelled: {self.bl_label}")
            return {"CANCELLED", "PASS_THROUGH"}
        except ThunderError as error:
            return self._failed(error)
        self.report({"INFO"}, sentence)
        return {"FINISHED", "PASS_THROUGH"}

    def _failed(self, error: ThunderError) -> Result:
        log.error("%s failed: %s", type(self).__name__, error)
        self.report({"ERROR"}, str(error))
        return {"CANCELLED"}

    def _leave(self, context: bpy.types.Context) -> None:
        context.window_manager.event_timer_remove(self.timer)
        self._show(context, "")

    @staticmethod
    def _show(context: bpy.types.Context, text: str) -> None:
        if context.workspace is not None:
            context.workspace.status_text_set(text or None)
