# SPDX-License-Identifier: GPL-3.0-or-later
"""Install Runtime: a Python of the engine's own, from the package index, an archive or wheels."""

from __future__ import annotations

from typing import Any

import bpy

from ..thunder_blender import runtime_actions, runtime_watch
from .base import Result
from .watching import WatchedOperator


class THUNDER_OT_install_runtime(WatchedOperator, bpy.types.Operator):
    """Install the engine's Python with torch into Blender's user files, with checked packages"""

    bl_idname = "thunder.install_runtime"
    bl_label = "Install Runtime"

    archive: bpy.props.StringProperty(
        name="Archive",
        description="A runtime archive or a folder of wheels; unless given, the package index",
        subtype="FILE_PATH",
        options={"SKIP_SAVE"},
    )

    def begin(self, context: bpy.types.Context) -> runtime_watch.Work:
        return runtime_actions.begin_install(bpy.path.abspath(self.archive))

    @classmethod
    def sentence(cls, result: Any) -> str:
        return runtime_actions.installed_sentence(result)


class THUNDER_OT_install_runtime_from(WatchedOperator, bpy.types.Operator):
    """Install the runtime from an archive, or from the folder of wheels that you open"""

    bl_idname = "thunder.install_runtime_from"
    bl_label = "Install from File"

    filepath: bpy.props.StringProperty(
        name="File",
        description="Runtime archive, or a folder of wheels",
        subtype="FILE_PATH",
        options={"SKIP_SAVE"},
    )
    filter_glob: bpy.props.StringProperty(default="*.zip", options={"HIDDEN"})

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> Result:
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> Result:
        if bpy.app.background:
            return super().execute(context)
        return self.watch(context)

    def begin(self, context: bpy.types.Context) -> runtime_watch.Work:
        return runtime_actions.begin_install(bpy.path.abspath(self.filepath))

    @classmethod
    def sentence(cls, result: Any) -> str:
        return runtime_actions.installed_sentence(result)


register, unregister = bpy.utils.register_classes_factory(
    (THUNDER_OT_install_runtime, THUNDER_OT_install_runtime_from)
)
