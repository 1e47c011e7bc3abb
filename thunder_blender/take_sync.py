# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes follow their sound strips: moved, trimmed, made faster, on the fly.

A handler looks after each change of a scene whether strips still stand where the takes play. It
writes only where they do not, so one move of a strip makes one round more and then rest. It runs
within the user's own step and adds no undo step of its own. Before playback, rendering and saving
it looks once more, for changes that Blender does not announce.
"""

from __future__ import annotations

from typing import Any

import bpy
from bpy.app import handlers

from . import hand_edits, heard_mesh, nla, rig_copies, take_marks, take_places, take_writing
from .rig import MARK, Rig
from .take_edits import editing_take


def sync_with_strips(_scene: bpy.types.Scene | None = None) -> list[str]:
    """Move the takes of all rigs to where their sounds are heard now; names of the rigs moved.

    Rigs whose take is open for editing wait until that is finished.
    """
    playing = {key for key in bpy.data.shape_keys if _plays_takes(key)}
    if not playing:
        return []
    heard = take_places.HeardLines()
    return [
        rig.mesh.name
        for rig in _rigs(playing)
        if editing_take(rig) is None and take_places.place_takes(rig, heard)
    ]


def _renders() -> bool:
    """Blender evaluates in another thread then, where nothing may be written."""
    return bool(bpy.app.is_job_running("RENDER"))


def _plays_takes(key: bpy.types.Key) -> bool:
    return key.library is None and any(True for _ in nla.strips(key, take_marks.is_take))


def _rigs(playing: set[Any]) -> list[Rig]:
    meshes = [item for item in bpy.data.objects if item.type == "MESH" and MARK in item]
    return [Rig(m, m.find_armature()) for m in meshes if m.data.shape_keys in playing]


@handlers.persistent
def on_update(_scene: bpy.types.Scene, depsgraph: bpy.types.Depsgraph) -> None:
    if depsgraph.id_type_updated("ACTION"):
        for update in depsgraph.updates:
            if isinstance(update.id, bpy.types.Action):
                hand_edits.forget(update.id.name)
    if depsgraph.id_type_updated("OBJECT") and not _renders():
        rig_copies.after_update()
    if depsgraph.id_type_updated("SCENE") and not _renders():
        sync_with_strips()


@handlers.persistent
def on_frame(*_arguments: Any) -> None:
    """From 5.0 the sequencer may show a scene that no 3D view does; its changes are not told."""
    if len(bpy.data.scenes) > 1 and not _renders():
        sync_with_strips()


@handlers.persistent
def before_use(*_arguments: Any) -> None:
    """Before playback, rendering and saving."""
    sync_with_strips()


@handlers.persistent
def after_change_of_file(*_arguments: Any) -> None:
    """After undo, redo and loading, when names may mean other Actions."""
    hand_edits.forget()
    take_writing.sweep()
    rig_copies.forget()


@handlers.persistent
def after_load(*_arguments: Any) -> None:
    heard_mesh.restore_copies()


HANDLERS = (
    ("depsgraph_update_post", on_update),
    ("frame_change_post", on_frame),
    ("animation_playback_pre", before_use),
    ("render_init", before_use),
    ("save_pre", before_use),
    ("undo_post", after_change_of_file),
    ("redo_post", after_change_of_file),
    ("load_post", after_change_of_file),
    ("load_post", after_load),
)


def register() -> None:
    for name, function in HANDLERS:
        getattr(handlers, name).append(function)


def unregister() -> None:
    for name, function in reversed(HANDLERS):
        getattr(handlers, name).remove(function)
    hand_edits.stop()
