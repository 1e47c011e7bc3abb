# SPDX-License-Identifier: GPL-3.0-or-later
"""The extension's preferences, and how they start the engine."""

from __future__ import annotations

import os
from pathlib import Path

import bpy

from . import EXTENSION, engine, runtime, runtime_devices, runtime_watch, runtime_weights

LOG = "worker-{}.log"  # by process: several Blenders share the folder
DEVICES = (
    (runtime_devices.AUTO, "Automatic", "The fastest device that works"),
    (runtime_devices.CUDA, "CUDA", "An NVIDIA GPU"),
    (runtime_devices.ROCM, "ROCm", "An AMD GPU, on Linux"),
    (runtime_devices.METAL, "Metal", "The GPU of a Mac with Apple silicon"),
    (runtime_devices.CPU, "CPU", "The processor: slower, works on every machine"),
)


def _start_anew(_own: object, _context: object) -> None:
    """What the running engine was started with has changed: the next request starts a new one."""
    if current := engine.current_engine():
        current.free()


def _other_models(own: object, context: object) -> None:
    from . import readiness, redraw  # the first of which asks this module

    _start_anew(own, context)
    readiness.forget()
    redraw.redraw_sidebars()


class ThunderPreferences(bpy.types.AddonPreferences):
    """Which device, which Python and which models the engine uses"""

    bl_idname = EXTENSION

    device: bpy.props.EnumProperty(
        name="Device",
        description="What the engine computes on",
        items=DEVICES,
        update=_start_anew,
    )
    python: bpy.props.StringProperty(
        name="Interpreter",
        description="A Python with torch, or an environment's folder, for use without an installed "
        "runtime. Empty: the one named by THUNDER_PYTHON, else Blender's own",
        subtype="FILE_PATH",
        update=_start_anew,
    )
    weights: bpy.props.StringProperty(
        name="Weights Folder",
        description="Folder with models of your own, as training.bundle writes it. Empty: the "
        "bundled models",
        subtype="DIR_PATH",
        update=_other_models,
    )
    index: bpy.props.StringProperty(
        name="Package Index",
        description="Address of the index that the runtime's packages come from, such as a "
        "studio's own. Empty: as pip is set up on this machine",
    )
    torch_index: bpy.props.StringProperty(
        name="Torch Index",
        description="Address of the index with torch's build for the device, where that is another "
        "one. Empty: the one that the list of packages names",
    )
    recognise_words: bpy.props.BoolProperty(
        name="Recognise Words",
        description="Lines without a transcript are performed by the English words heard in them. "
        "Turn off for other languages if words are misheard",
        default=True,
        update=_start_anew,
    )
    idle_minutes: bpy.props.FloatProperty(
        name="Idle Time-Out (Minutes)",
        description="How long without work until the engine ends and gives its memory back; "
        "0 keeps it",
        min=0.0,
        soft_max=120.0,
        default=10.0,
        precision=1,
    )

    def draw(self, context: bpy.types.Context) -> None:
        from . import preferences_draw  # which asks this module

        preferences_draw.draw(self.layout, context, self)


def preferences() -> ThunderPreferences | None:
    """The extension's preferences; None while it is not enabled."""
    addon = bpy.context.preferences.addons.get(EXTENSION)
    return addon.preferences if addon else None


def user_folder(name: str = "") -> Path:
    """A folder of the extension's own in Blender's user files; not made by this."""
    return Path(bpy.utils.extension_path_user(EXTENSION, path=name))


def runtime_folder() -> Path:
    return user_folder("runtime")


def find_python(wait: bool = True) -> runtime.Found:
    """The interpreter that would run the engine now. Raises EngineError with the next step."""
    own = preferences()
    chosen = bpy.path.abspath(own.python) if own else ""
    return runtime.find_python(runtime_folder(), chosen, wait)


def chosen_weights() -> runtime_weights.Weights | None:
    """The models that are used in place of the bundled ones; None for those.

    Raises WeightsError, with the next step, where the folder cannot be used.
    """
    own = preferences()
    named = own.weights.strip() if own else ""
    return runtime_weights.look(Path(bpy.path.abspath(named))) if named else None


def launch() -> engine.Launch:
    """How the engine is started with these preferences.

    Raises EngineError or WeightsError with the next step.
    """
    own = preferences()
    found = find_python()
    weights = chosen_weights()
    return engine.Launch(
        python=found.python,
        worker_root=Path(__file__).resolve().parents[1],
        log=user_folder() / LOG.format(os.getpid()),
        device=runtime_devices.ENGINE_NAMES[own.device if own else runtime_devices.AUTO],
        idle_seconds=60.0 * own.idle_minutes if own else engine.Launch.idle_seconds,
        weights=weights.folder if weights else None,
        weights_state=weights.state if weights else (),
        recognises=own.recognise_words if own else True,
    )


_register, _unregister = bpy.utils.register_classes_factory((ThunderPreferences,))


def register() -> None:
    _register()
    runtime_watch.register()
    engine.set_launch(launch)
    runtime.look_at_own_python()


def unregister() -> None:
    runtime_watch.unregister()
    engine.shut_down()
    engine.set_launch(None)
    _unregister()
