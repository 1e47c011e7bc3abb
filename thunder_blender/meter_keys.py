# SPDX-License-Identifier: GPL-3.0-or-later
"""The meter's keys: Shift Alt Up and Down jump between weak spans; the pointer is followed."""

from __future__ import annotations

from typing import Any

import bpy

KEYS = (  # key map, operator, event, value, modifiers
    ("Frames", "thunder.next_weak_span", "UP_ARROW", "PRESS", {"shift": True, "alt": True}),
    ("Frames", "thunder.previous_weak_span", "DOWN_ARROW", "PRESS", {"shift": True, "alt": True}),
    ("Window", "thunder.meter_pointer", "MOUSEMOVE", "ANY", {"any": True}),
)
_items: list[tuple[Any, Any]] = []


def register() -> None:
    config = bpy.context.window_manager.keyconfigs.addon
    if config is None or bpy.app.background:
        return
    for name, operator, event, value, held in KEYS:
        keymap = config.keymaps.new(name=name, space_type="EMPTY", region_type="WINDOW")
        _items.append((keymap, keymap.keymap_items.new(operator, event, value, **held)))


def unregister() -> None:
    for keymap, item in _items:
        keymap.keymap_items.remove(item)
    _items.clear()
