# SPDX-License-Identifier: GPL-3.0-or-later
"""Differences between Blender versions that only panels and requests meet."""

from __future__ import annotations

from typing import Any

import bpy

from . import compat


def sound_strip_type() -> Any:
    """The class of sound strips: `SoundStrip` from 4.5, `SoundSequence` before."""
    return getattr(bpy.types, "SoundStrip", None) or bpy.types.SoundSequence


def object_curve(owner: bpy.types.Object, data_path: str) -> bpy.types.FCurve | None:
    """The F-curve in use on `data_path` of an object; None where it is not animated."""
    data = owner.animation_data
    if not data or not data.action:
        return None
    if not compat.SLOTTED:
        return _used(data.action.fcurves, data_path)
    for layer in data.action.layers:
        for strip in layer.strips:
            bag = strip.channelbag(data.action_slot) if data.action_slot else None
            if bag and (curve := _used(bag.fcurves, data_path)):
                return curve
    return None


def _used(curves: Any, data_path: str) -> bpy.types.FCurve | None:
    curve = curves.find(data_path)
    return curve if curve and not curve.mute and not curve.is_empty else None
