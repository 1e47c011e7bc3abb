# SPDX-License-Identifier: GPL-3.0-or-later
"""Every other verb of ours in a menu, which is where Blender's search (F3) looks."""

from __future__ import annotations

from typing import Any

import bpy

PARENT = "THUNDER_MT_performance"  # of `menus`, which is registered first
SEPARATOR = ""
TAKES = ("switch_take", "star_take", "rename_take", "copy_settings", "bake_take", "delete_take")
METER = (
    *("measure", "meter_live", "next_weak_span", "previous_weak_span", SEPARATOR),
    *("repair", "regenerate_range", "hear_mesh"),
)
CHARACTER = (
    *("create_head", "import_flame", "update_flame_joints", SEPARATOR),
    *("use_character", "stop_using_character", "map_auto", "map_calibrate", "map_rest"),
    *("map_mirror", "map_save", "map_import", "map_export"),
)
ENGINE = (
    *("test_runtime", "free_gpu", SEPARATOR, "install_runtime", "install_runtime_from"),
    *("remove_runtime", "cancel_runtime", SEPARATOR, "open_preferences"),
)


class OurMenu:
    """Mixin for menus: one operator after another."""

    verbs: tuple[str, ...] = ()
    layout: bpy.types.UILayout

    def draw(self, context: bpy.types.Context) -> None:
        self.layout.context_pointer_set("thunder_panel", context.scene.thunder)
        self.layout.operator_context = "INVOKE_DEFAULT"
        for verb in self.verbs:
            if verb == SEPARATOR:
                self.layout.separator()
            else:
                self.layout.operator(f"thunder.{verb}")


class THUNDER_MT_takes(OurMenu, bpy.types.Menu):
    """What can be done with the take selected in the list"""

    bl_label = "Takes"
    verbs = TAKES


class THUNDER_MT_meter(OurMenu, bpy.types.Menu):
    """Measure how well a motion says its sound, and mend it"""

    bl_label = "Lip-Sync"
    verbs = METER


class THUNDER_MT_character(OurMenu, bpy.types.Menu):
    """Make a head, or use one of your own"""

    bl_label = "Character"
    verbs = CHARACTER


class THUNDER_MT_engine(OurMenu, bpy.types.Menu):
    """The process that performs, and the Python that it runs in"""

    bl_label = "Engine"
    verbs = ENGINE


MENUS = (THUNDER_MT_takes, THUNDER_MT_meter, THUNDER_MT_character, THUNDER_MT_engine)


def draw_submenus(self: Any, _context: bpy.types.Context) -> None:
    self.layout.separator()
    self.layout.operator("thunder.best_of", icon="SOLO_ON")
    for menu in MENUS:
        self.layout.menu(menu.__name__)


def register() -> None:
    for menu in MENUS:
        bpy.utils.register_class(menu)
    getattr(bpy.types, PARENT).append(draw_submenus)


def unregister() -> None:
    getattr(bpy.types, PARENT).remove(draw_submenus)
    for menu in reversed(MENUS):
        bpy.utils.unregister_class(menu)
