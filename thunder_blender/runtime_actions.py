# SPDX-License-Identifier: GPL-3.0-or-later
"""What the preferences' buttons begin: installing and removing the runtime."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy

from ..model_runtime.contract import EngineError, ThunderError
from . import (
    engine,
    preferences,
    readiness,
    runtime,
    runtime_lock,
    runtime_task,
    runtime_watch,
)
from .redraw import redraw_sidebars

OFFLINE = (
    "Blender is not allowed to go online. Allow it in Edit > Preferences > System > Network, or "
    "install from a runtime archive."
)


def has_runtime() -> bool:
    return runtime.read_installed(preferences.runtime_folder()) is not None


def missing_reason() -> str:
    """Why the engine cannot be started; empty when it can, or is another one than the worker's."""
    current = engine.current_engine()
    if current and current.running:
        return ""
    try:
        preferences.find_python(wait=bpy.app.background)
        preferences.chosen_weights()
    except ThunderError as error:
        return str(error)
    return ""


def online_reason() -> str:
    """Why nothing can be installed from the package index; empty when it can."""
    if not bpy.app.online_access:
        return OFFLINE
    try:
        runtime_lock.lock_for(wanted_target())
    except ThunderError as error:
        return str(error)
    return ""


def wanted_target() -> str:
    """Platform and device of the runtime that suits the device of the preferences."""
    own = preferences.preferences()
    return runtime_lock.target_for(own.device if own else "AUTO")


def begin_install(source: str) -> runtime_task.Task:
    """Start to install from an archive, a folder of wheels or, without `source`, the index.

    Raises EngineError when that is not possible here.
    """
    path = Path(source) if source else None
    if path is None and (reason := online_reason()):
        raise EngineError(reason)
    if path is not None and not path.exists():
        raise EngineError(f"There is no runtime archive and no folder at '{path}'.")
    own = preferences.preferences()
    plan = runtime_task.Plan(
        folder=preferences.runtime_folder(),
        target=wanted_target(),
        archive=path if path and path.is_file() else None,
        wheels=path if path and path.is_dir() else None,
        index=own.index.strip() if own else "",
        torch_index=own.torch_index.strip() if own else "",
        interpreter=bpy.path.abspath(own.python) if own else "",
    )
    return runtime_task.install(plan)


def installed_sentence(packages: dict[str, Any]) -> str:
    """Put the new runtime to use and tell what it is."""
    _start_anew()
    return f"Installed torch {packages['torch']} and what it needs. Press Test Runtime"


def begin_remove() -> runtime_task.Task:
    """End the engine and start to remove the runtime."""
    _start_anew()
    return runtime_task.remove(preferences.runtime_folder())


def removed_sentence() -> str:
    """The runtime is gone now: whoever asks is told so at once."""
    _start_anew()
    return "The runtime is removed"


def _start_anew() -> None:
    """The engine's Python is another one from now on, and the panels say so at once."""
    if current := engine.current_engine():
        current.free()
    runtime_watch.remember(None)
    readiness.forget()
    redraw_sidebars()
