# SPDX-License-Identifier: GPL-3.0-or-later
"""Which curves a motion becomes on a rig, by the kind of rig."""

from __future__ import annotations

from collections.abc import Callable

from . import flame_motion, flame_rig, rig_plan, rig_store
from .keys import Curve, Floats, neck_curves, unit_curves
from .rig import Rig

Curves = tuple[list[Curve], ...]  # of each part of the rig: shape keys, armature, further ones
Plan = Callable[[Floats, tuple[str, ...]], Curves]


def plan_for(rig: Rig) -> Plan:
    """Read off the rig what its curves depend on.

    The plan turns motion (T,C) at the scene's rate, with these channels, into curves. It knows
    nothing of Blender and may run in a thread. Raises RigError, as the plan does, when nothing of
    the motion fits the rig.
    """
    if flame_rig.is_flame(rig):
        return flame_motion.plan_for(rig)
    if rig_store.is_mapped(rig):
        return rig_plan.plan_for(rig)
    name, present, has_neck = rig.mesh.name, set(rig.keys.key_blocks.keys()), rig.neck is not None

    def plan(motion: Floats, channels: tuple[str, ...]) -> Curves:
        bones = neck_curves(motion, channels) if has_neck else []
        return unit_curves(name, present, motion, channels), bones

    return plan


def curves_for(rig: Rig, motion: Floats, channels: tuple[str, ...]) -> Curves:
    """Curves of the shape keys and of the armature for motion (T,C) at the scene's rate.

    Raises RigError when nothing of the motion fits the rig.
    """
    return plan_for(rig)(motion, channels)
