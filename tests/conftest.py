# SPDX-License-Identifier: GPL-3.0-or-later
"""tests/blender runs where Blender's bpy module is; test_in_blender.py starts it there."""

from __future__ import annotations

import importlib.util

collect_ignore = [] if importlib.util.find_spec("bpy") else ["blender"]
