# SPDX-License-Identifier: GPL-3.0-or-later
"""A question to the engine that scripts wait for and people watch: Repair, Hear and the like.

The question is gathered in short steps, then the engine works at it; Esc stops either. The answer
lands in short steps, too, where the question knows how to.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, cast

import bpy

from ..model_runtime.contract import Answer, CancelledError, Request, ThunderError
from ..thunder_blender import engine, timers
from ..thunder_blender.rig import RigError
from ..thunder_blender.steps import GO_ON, Stepped, Steps, finish
from .base import Result, ThunderOperator, hand_is_busy, playing

TICK = 0.05  # seconds between two looks at the engine
GATHERING = "Reading the animation"


class Asked(Protocol):
    """A question, and what becomes of its answer."""

    @property
    def question(self) -> Request: ...

    def land(self, answer: Answer) -> str:
        """Bring the answer into the scene; the sentence to report. Raises ThunderError."""


def landing(asked: Asked, answer: Answer) -> Steps[str]:
    """Bring an answer into the scene, in short steps where it can be. Raises ThunderError."""
    steps: Callable[[Answer], Steps[str]] | None = getattr(asked, "land_steps", None)
    if steps is None:
        yield GO_ON
        return asked.land(answer)
    try:
        return (yield from steps(answer))
    except ReferenceError as error:
        raise RigError("What was asked about has changed meanwhile. Please try again.") from error


class AskingOperator(ThunderOperator):
    """Mixin for operators that ask the engine: override `ask`."""

    def ask(self, context: bpy.types.Context) -> Steps[Asked]:
        """What to ask, in short steps. Raises ThunderError when something is missing."""
        raise NotImplementedError

    def perform(self, context: bpy.types.Context) -> str:
        asked = finish(self.ask(context))
        current = engine.get_engine()
        answer = cast(Answer, current.wait(current.submit(asked.question)))
        return finish(landing(asked, answer))

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> Result:
        if bpy.app.background or context.window is None:
            return self.execute(context)
        self.gathering = Stepped(self.ask(context))
        self.job: engine.Job | None = None
        self.landing: Stepped[str] | None = None
        try:
            self.gathering.go_on()
        except ThunderError as error:
            return self.failed(error)
        self.timer: Any = timers.add(context.window, TICK)
        context.window_manager.modal_handler_add(cast(bpy.types.Operator, self))
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> Result:
        if event.type == "ESC" and event.value == "PRESS" and not playing(context):
            return self._stopped(context)
        if event.type != "TIMER" or hand_is_busy(context):
            return {"PASS_THROUGH"}
        try:
            sentence = self._go_on(context)
        except CancelledError:
            self._leave(context)
            return self._cancelled()
        except ThunderError as error:
            self._leave(context)
            return self.failed(error)
        if sentence is None:
            return {"PASS_THROUGH"}
        self._leave(context)
        self.report({"INFO"}, sentence)
        return {"FINISHED", "PASS_THROUGH"}

    def cancel(self, context: bpy.types.Context) -> None:
        """Blender closes the window or opens another file."""
        self._stop()
        self._leave(context)

    def _go_on(self, context: bpy.types.Context) -> str | None:
        """Work for a moment; the sentence once all is done. Raises ThunderError."""
        if self.job is None:
            self._show(context, f"{self.bl_label}: {GATHERING}")
            if self.gathering.go_on():
                self.job = engine.get_engine().submit(self.gathering.result.question)
            return None
        if self.landing is not None:
            return self.landing.result if self.landing.go_on() else None
        engine.get_engine().poll()
        progress = self.job.progress
        self._show(context, f"{self.bl_label}: {progress.stage} {progress.fraction:.0%}")
        if self.job.finished:
            answer = cast(Answer, self.job.outcome())
            self.landing = Stepped(landing(self.gathering.result, answer))
        return None

    def _stopped(self, context: bpy.types.Context) -> Result:
        """Esc: at once while gathering, else when the engine has stopped."""
        self._stop()
        if self.job is not None:
            return {"RUNNING_MODAL"}
        self._leave(context)
        return self._cancelled()

    def _stop(self) -> None:
        self.gathering.stop()
        if self.job is not None:
            self.job.cancel()

    def _cancelled(self) -> Result:
        self.report({"WARNING"}, f"Cancelled: {self.bl_label}")
        return {"CANCELLED", "PASS_THROUGH"}

    def _leave(self, context: bpy.types.Context) -> None:
        timers.remove(self.timer)
        self._show(context, "")

    @staticmethod
    def _show(context: bpy.types.Context, text: str) -> None:
        if context.workspace is not None:
            context.workspace.status_text_set(text or None)
