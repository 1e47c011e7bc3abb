# SPDX-License-Identifier: GPL-3.0-or-later
"""Heads from other files: what cannot be animated here, and what to do about it."""

from __future__ import annotations

import bpy

from .rig import Rig, RigError


def check_animatable(rig: Rig) -> None:
    """Raise RigError where the rig comes from another file and cannot be animated here."""
    if reason := not_animatable(rig):
        raise RigError(reason)


def not_animatable(rig: Rig) -> str:
    """Why the rig cannot be animated in this file, as a sentence; empty where it can."""
    for item in filter(None, (rig.mesh, rig.armature)):
        if item.library is not None:
            return (
                f"'{item.name}' is linked from {_file(item)} and cannot be animated here. Select "
                "it and use Object > Library Override > Make, or append it instead."
            )
    if rig.keys.library is not None:
        return (
            f"'{rig.mesh.name}' is a library override, but its mesh with the shape keys is still "
            f"linked from {_file(rig.keys)}. Why Does It Not Move? overrides it, and so does "
            "Library Override > Make on the mesh in the Outliner."
        )
    return ""


def override_mesh(rig: Rig) -> None:
    """Override the mesh of an overridden head, so that its shape keys can be animated here."""
    own = rig.mesh.data.override_create(remap_local_usages=True)
    if own is None:
        raise RigError(f"Blender does not override the mesh of '{rig.mesh.name}'. Append it.")
    rig.mesh.data = own


def _file(datablock: bpy.types.ID) -> str:
    return str(bpy.path.basename(datablock.library.filepath))
