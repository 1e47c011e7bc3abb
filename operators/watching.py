# SPDX-License-Identifier: GPL-3.0-or-later
"""What the preferences' long operators share: they wait for scripts and are watched for people."""

from __future__ import annotations

import logging
from typing import Any

import bpy

from ..model_runtime.contract import ThunderError
from ..thunder_blender import runtime_watch
from .base import Result, ThunderOperator

log = logging.getLogger(__name__)


class WatchedOperator(ThunderOperator):
    """Override `begin` and `sentence`. `execute` blocks until the end, `invoke` never does."""

    @classmethod
    def disabled_reason(cls, context: bpy.types.Context) -> str:
        work = runtime_watch.busy()
        return f"Please wait: {work.progress.stage}" if work else ""

    def begin(self, context: bpy.types.Context) -> Any:
        """Start the work. Raises ThunderError."""
        raise NotImplementedError

    @classmethod
    def sentence(cls, result: Any) -> str:
        """What came of it; the operator itself may be gone by then."""
        raise NotImplementedError

    def perform(self, context: bpy.types.Context) -> str:
        sentence = self.sentence(self.begin(context).wait())
        runtime_watch.settle(sentence)
        return sentence

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> Result:
        return self.execute(context) if bpy.app.background else self.watch(context)

    def watch(self, context: bpy.types.Context) -> Result:
        """Begin, and leave the rest to the timer."""
        try:
            work = self.begin(context)
        except ThunderError as error:
            runtime_watch.settle(str(error), failed=True)
            return self.failed(error)
        runtime_watch.start(work, type(self).sentence)
        return {"FINISHED"}
