# SPDX-License-Identifier: GPL-3.0-or-later
"""Has Blender draw again what shows the extension's state."""

from __future__ import annotations

import bpy


def redraw_sidebars() -> None:
    """The sidebars in which our tab can be."""
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type in {"VIEW_3D", "SEQUENCE_EDITOR"}:
                for region in area.regions:
                    if region.type == "UI":
                        region.tag_redraw()


def redraw_preferences() -> None:
    """The preferences, wherever they are open."""
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == "PREFERENCES":
                area.tag_redraw()
