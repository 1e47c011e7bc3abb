# SPDX-License-Identifier: GPL-3.0-or-later
"""What the flows need of a scene, and what they read from it."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import bpy

OWN = "bl_ext.user_default.thunder_blender"


def room(name: str) -> Any:
    """A module of the installed extension: room("thunder_blender.takes")."""
    return importlib.import_module(f"{OWN}.{name}")


def empty() -> None:
    """A scene with nothing in it, so that drawing it costs little."""
    for thing in list(bpy.data.objects):
        bpy.data.objects.remove(thing)


def load(path: str) -> str:
    """Load a sound as the line; gives the strip's name."""
    bpy.ops.thunder.load_line("EXEC_DEFAULT", filepath=path, frame=1)
    return sequence().name


def sequence() -> Any:
    editor = bpy.context.window_manager.windows[0].scene.sequence_editor
    strips = getattr(editor, "strips", None) or editor.sequences
    return strips[len(strips) - 1]


def rig() -> Any:
    """The first rig of the file, None without."""
    found = room("thunder_blender.request").rig_meshes(bpy.data.objects)
    return room("thunder_blender.rig").find_rig(found[0]) if found else None


def takes() -> list[Any]:
    """The takes of the first rig, oldest first by name."""
    head = rig()
    return room("thunder_blender.takes").list_takes(head) if head else []


def chosen() -> str:
    """Name of the take that plays, '' when none does."""
    library = room("thunder_blender.takes")
    playing = [action.name for action in takes() if library.take_info(action).chosen]
    return playing[0] if playing else ""


def status() -> Any:
    return bpy.context.window_manager.thunder


def workers() -> list[int]:
    """Process numbers of the engine's workers that are alive on this system (Linux)."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes()
            state = (folder / "stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if b"model_runtime" in command and b"worker" in command and state != "Z":
            found.append(int(folder.name))
    return found
