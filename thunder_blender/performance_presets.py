# SPDX-License-Identifier: GPL-3.0-or-later
"""Presets of a performance, kept by Blender's own preset system.

Ours lie in `presets/` beside this file; the artist's own in Blender's user folder.
"""

from __future__ import annotations

from pathlib import Path

import bpy

FOLDER = "thunder/performance"  # under every `presets` folder
FIELDS = ("intensity", "emotion", "articulation", "smoothing")
OURS = str(Path(__file__).resolve().parent)


def register() -> None:
    bpy.utils.register_preset_path(OURS)


def unregister() -> None:
    bpy.utils.unregister_preset_path(OURS)
