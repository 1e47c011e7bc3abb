# SPDX-License-Identifier: GPL-3.0-or-later
"""What Generate and Variants share: the modal door, beside the blocking one of `base`."""

from __future__ import annotations

import time
from typing import cast

import bpy

from ..model_runtime.contract import ThunderError
from ..thunder_blender import jobs, request, rig_copies
from ..thunder_blender.request import Order
from .base import Result, ThunderOperator, hand_is_busy, playing

STINT = 45.0  # seconds after which another operator takes over, so that Blender can autosave


def why_not(context: bpy.types.Context) -> str:
    """Why nothing can be generated. From our panels and menus, with what is chosen there; scripts
    and the search may still name strip and rig, so only what no argument could change counts."""
    from_panel = getattr(context, "thunder_panel", None) is not None
    reason = request.disabled_reason if from_panel else request.scripted_reason
    return reason(context) or jobs.running_reason()


class LineOperator(ThunderOperator):
    """Mixin for operators about a line on a rig, which scripts may name."""

    strip: bpy.props.StringProperty(
        name="Strip",
        description="Name of the sound strip; unless given, the one chosen in the sidebar",
        options={"SKIP_SAVE"},
    )
    rig: bpy.props.StringProperty(
        name="Rig",
        description="Name of the character's mesh or armature; unless given, the current one",
        options={"SKIP_SAVE"},
    )


class GeneratingOperator(LineOperator):
    """Mixin for operators that order takes: override `orders`."""

    @classmethod
    def disabled_reason(cls, context: bpy.types.Context) -> str:
        return why_not(context)

    def orders(self, context: bpy.types.Context) -> list[Order]:
        """What to generate. Raises ThunderError when something is missing."""
        raise NotImplementedError

    def perform(self, context: bpy.types.Context) -> str:
        rig_copies.separate()
        sentences = [jobs.wait(order) for order in self.orders(context)]
        return sentences[0] if len(sentences) == 1 else f"Generated {len(sentences)} takes"

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> Result:
        if bpy.app.background or context.window is None:
            return self.execute(context)
        rig_copies.separate()
        try:
            jobs.begin(context, self.orders(context))
        except ThunderError as error:
            return self.failed(error)
        return self.watch(context)

    def watch(self, context: bpy.types.Context) -> Result:
        """Look after the running job from here on."""
        self.since = time.monotonic()
        context.window_manager.modal_handler_add(cast(bpy.types.Operator, self))
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> Result:
        if not jobs.running():
            return {"CANCELLED", "PASS_THROUGH"}
        if event.type == "ESC" and event.value == "PRESS" and not playing(context):
            jobs.cancel()
            return {"RUNNING_MODAL"}
        if event.type != "TIMER" or hand_is_busy(context):
            return {"PASS_THROUGH"}
        result = self.after(jobs.tick())
        if jobs.running() and time.monotonic() - self.since > STINT:
            jobs.take_a_break(context)
            return {"CANCELLED", "PASS_THROUGH"}
        return result

    def after(self, tick: jobs.Tick) -> Result:
        """Tell what a tick brought; every take but the last gets its undo step here."""
        if tick.failed or tick.cancelled:
            self.report({"WARNING"}, tick.failed or tick.cancelled)
        if tick.applied:
            self.report({"INFO"}, tick.applied)
        if tick.running:
            if tick.applied:
                bpy.ops.ed.undo_push(message=self.bl_label)
            return {"PASS_THROUGH"}
        return {"FINISHED" if tick.applied else "CANCELLED", "PASS_THROUGH"}

    def cancel(self, context: bpy.types.Context) -> None:
        """Blender closes the window or opens another file."""
        jobs.abandon()
