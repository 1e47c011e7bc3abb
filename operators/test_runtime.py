# SPDX-License-Identifier: GPL-3.0-or-later
"""Test Runtime: one second is generated, and device, speed and memory are told."""

from __future__ import annotations

from typing import Any

import bpy

from ..thunder_blender import runtime_actions, runtime_watch
from .watching import WatchedOperator


class THUNDER_OT_test_runtime(WatchedOperator, bpy.types.Operator):
    """Generate one second and tell which device did it, how fast and with how much memory"""

    bl_idname = "thunder.test_runtime"
    bl_label = "Test Runtime"

    @classmethod
    def disabled_reason(cls, context: bpy.types.Context) -> str:
        return super().disabled_reason(context) or runtime_actions.missing_reason()

    def begin(self, context: bpy.types.Context) -> runtime_watch.EngineTest:
        return runtime_watch.EngineTest()

    @classmethod
    def sentence(cls, result: Any) -> str:
        return runtime_watch.describe(result)


register, unregister = bpy.utils.register_classes_factory((THUNDER_OT_test_runtime,))
