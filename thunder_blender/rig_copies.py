# SPDX-License-Identifier: GPL-3.0-or-later
"""A copied head is a character of its own.

Blender copies a head's identifier with it, and the takes of the original would be offered as the
copy's. So a copy gets an identifier of its own as soon as it is there. What plays on it goes on
playing. A linked copy (Alt D) shares the shape keys that takes animate: it stays one character with
the original.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from typing import Any

import bpy

from .rig import MARK


class _Known:
    objects = -1  # how many there were at the last look


def after_update() -> list[str]:
    """`separate` where there are more or fewer objects than at the last look; cheap otherwise."""
    if len(bpy.data.objects) == _Known.objects:
        return []
    _Known.objects = len(bpy.data.objects)
    return separate()


def forget() -> None:
    """Look at the next update, whatever there is."""
    _Known.objects = -1


def separate() -> list[str]:
    """Give every copy of a head its own identifier; names of the copies.

    Heads of other files and their overrides keep theirs: what is written there is not kept.
    """
    twins: dict[str, dict[Any, list[bpy.types.Object]]] = defaultdict(dict)
    for mesh in bpy.data.objects:
        if mesh.type == "MESH" and MARK in mesh and not (mesh.library or mesh.override_library):
            twins[str(mesh[MARK])].setdefault(mesh.data, []).append(mesh)
    names = []
    for by_data in twins.values():
        groups = sorted(by_data.values(), key=lambda same: min(m.session_uid for m in same))
        for copies in groups[1:]:  # the first one was there before the others
            names += [mesh.name for mesh in copies]
            identifier = uuid.uuid4().hex
            for mesh in copies:
                mesh[MARK] = identifier
    return names
