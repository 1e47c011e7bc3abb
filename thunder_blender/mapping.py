# SPDX-License-Identifier: GPL-3.0-or-later
"""Which curves a motion becomes on a rig, by the kind of rig."""

from __future__ import annotations

from . import flame_motion, flame_rig
from .keys import Curve, Floats, neck_curves, unit_curves
from .rig import Rig


def curves_for(
    rig: Rig, motion: Floats, channels: tuple[str, ...]
) -> tuple[list[Curve], list[Curve]]:
    """Curves of the shape keys and of the armature for motion (T,C) at the scene's rate.

    Raises RigError when nothing of the motion fits the rig.
    """
    if flame_rig.is_flame(rig):
        return flame_motion.flame_curves(rig, motion, channels)
    return unit_curves(rig, motion, channels), neck_curves(rig, motion, channels)
