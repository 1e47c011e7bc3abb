# SPDX-License-Identifier: GPL-3.0-or-later
"""The one reader of context: which rig, which line, which settings, and why there can be no take.

`order_from_context` gathers everything that a take depends on into an `Order`, which names
data-blocks instead of holding them: it stays true through undo, deletion and renaming.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import bpy

from ..model_runtime.contract import (
    AUTO,
    EMOTIONS,
    INTENSITY_RANGE,
    GenerateRequest,
    Hold,
    Settings,
)
from . import (
    channel_locks,
    compat,
    compat_panels,
    fit_flame,
    layers,
    lines,
    range_motion,
    runtime_weights,
    takes,
)
from .lines import Line, LineError
from .readiness import chosen_speech, engine_reason
from .rig import MARK, Rig, RigError, find_rig, find_scene_rig
from .sound import scene_rate

NO_RIG = "Select a head, or make one with Create Head"
MANY_RIGS = "Select one of the heads, or pick it as Rig"
NO_STRIP = "Select a sound strip in the sequencer, or load a sound with Load Line"
NO_SUCH_STRIP = "There is no strip '{}' any more; pick another one"
NO_SOUND = "'{}' is no sound strip; select one in the sequencer"
HEARD_MESH = "'{}' is what a face says; select the line's own strip"
LOST_SOUND = "'{}' has lost its sound; load the file again with Load Line"
LOST_FILE = "The sound file of '{}' is missing; find it with File > External Data"
PARTLESS = (
    "The chosen weights speak a FLAME's parameters, of the whole face only: set Layer to that"
)
EMOTION_NAMES = (AUTO, *EMOTIONS)  # in the order of the enum's numbers


@dataclass(frozen=True)
class Choice:
    """What the caller says; what is left out comes from the sidebar and the selection."""

    strip: str = ""  # name of a sound strip, or its line's identifier
    rig: str = ""  # name of a rig's mesh, its armature or any child of those
    name: str = ""  # of the take
    settings: Mapping[str, Any] = field(default_factory=dict)  # fields of Settings


@dataclass(frozen=True)
class Order:
    """One take to be made: which line, for which rig, with which settings."""

    line: Line
    settings: Settings
    rig_id: str
    rig_name: str
    scene: str  # name of the sequencer's scene
    name: str = ""  # of the take; empty: named after line and seed
    choose: bool = True  # let it play when it is there
    rolls_seed: bool = False  # an unlocked seed is rolled for the next take
    layer: str = layers.WHOLE  # the part of the face that the take is for
    hold: Hold | None = field(default=None, compare=False)  # what locks keep of a take
    held_take: str = ""  # name of that take

    @property
    def request(self) -> GenerateRequest:
        return replace(self.line.request(self.settings), hold=self.hold)

    @property
    def title(self) -> str:
        return f"{self.line.strip_name} on {self.rig_name}"


def order_from_context(context: bpy.types.Context, choice: Choice | None = None) -> Order:
    """Gather a take's order. Raises a ThunderError with the reason when something is missing."""
    choice = choice or Choice()
    rig = named_rig(choice.rig) if choice.rig else required_rig(context)
    takes.check_animatable(rig)
    scene = compat.sequencer_scene(context)
    strip = lines.find_strip(scene, choice.strip) if choice.strip else current_strip(context)
    if strip is None:
        raise LineError(f"{_strip_missing(context, choice.strip)}.")
    line = lines.line_of_strip(scene, strip)
    if reason := models_reason(rig):
        raise RigError(f"{reason}.")
    settings = settings_of(rig.mesh, line, choice.settings)
    own, chosen = rig.mesh.thunder, takes.chosen_take(rig, line.line_id)
    hold = range_motion.locked_hold(rig, chosen, line)
    return Order(
        line,
        settings,
        rig.identifier,
        rig.mesh.name,
        scene.name,
        choice.name,
        rolls_seed="seed" not in choice.settings and not own.lock_seed,
        layer=own.layer,
        hold=hold,
        held_take=chosen.name if chosen and (hold or channel_locks.has_locked(chosen)) else "",
    )


def named_rig(name: str) -> Rig:
    """The rig of the object with this name. Raises RigError."""
    rig = find_rig(bpy.data.objects.get(name))
    if rig is None:
        known = ", ".join(sorted(mesh.name for mesh in rig_meshes(bpy.data.objects)))
        raise RigError(f"'{name}' is no rig. The rigs of this file: {known or 'none'}.")
    return rig


def rig_meshes(objects: Any) -> list[bpy.types.Object]:
    """The meshes among `objects` that are rigs."""
    return [item for item in objects if item.type == "MESH" and MARK in item]


def current_rig(context: bpy.types.Context) -> Rig | None:
    """The rig picked in the sidebar, else the active object's, else the scene's only one."""
    scene = context.scene
    picked = scene.thunder.rig
    if picked and picked.name in scene.objects and (rig := find_rig(picked)):
        return rig
    return find_scene_rig(scene, getattr(context, "object", None))


def required_rig(context: bpy.types.Context) -> Rig:
    """The current rig. Raises RigError when there is none."""
    if (rig := current_rig(context)) is None:
        raise RigError(f"{rig_reason(context)}.")
    return rig


def current_strip(context: bpy.types.Context) -> Any | None:
    """The strip picked in the sidebar, else the active one, else the scene's only sound strip."""
    scene = compat.sequencer_scene(context)
    if picked := context.scene.thunder.strip:
        return lines.find_strip(scene, picked)
    if active := active_strip(context):
        return active
    sounds = lines.sound_strips(scene)
    return sounds[0] if len(sounds) == 1 else None


def active_strip(context: bpy.types.Context) -> Any | None:
    """The sequencer's active strip, whatever its type."""
    editor = compat.sequencer_scene(context).sequence_editor
    return editor.active_strip if editor else None


def active_strip_reason(context: bpy.types.Context) -> str:
    """Why the active strip cannot be picked as the line; empty when it can."""
    strip = active_strip(context)
    if strip is None:
        return "Select a sound strip in the sequencer"
    if strip.type != "SOUND":
        return NO_SOUND.format(strip.name)
    return HEARD_MESH.format(strip.name) if lines.is_heard(strip) else ""


def current_line_id(context: bpy.types.Context) -> str | None:
    """Identifier of the current strip's line; empty while it has none, None without a strip."""
    strip = current_strip(context)
    return None if strip is None or strip.type != "SOUND" else lines.line_id(strip)


def strip_seconds(context: bpy.types.Context, strip: Any) -> float:
    """How long a strip is heard."""
    first, after = compat.strip_range(strip)
    return (after - first) / scene_rate(compat.sequencer_scene(context))


def sound_strip_names(context: bpy.types.Context) -> list[str]:
    """Names of the sound strips that can be picked."""
    scene = compat.sequencer_scene(context)
    return [strip.name for strip in lines.sound_strips(scene)]


def has_sound_strips(context: bpy.types.Context) -> bool:
    return bool(lines.sound_strips(compat.sequencer_scene(context)))


def has_rigs(context: bpy.types.Context) -> bool:
    return bool(rig_meshes(context.scene.objects))


def rig_reason(context: bpy.types.Context) -> str:
    """Why there is no current rig; empty when there is."""
    if current_rig(context):
        return ""
    return MANY_RIGS if len(rig_meshes(context.scene.objects)) > 1 else NO_RIG


def strip_reason(context: bpy.types.Context) -> str:
    """Why the current strip is no line; empty when it is one. Cheap enough for drawing."""
    strip = current_strip(context)
    if strip is None:
        return _strip_missing(context, context.scene.thunder.strip)
    if strip.type != "SOUND":
        return NO_SOUND.format(strip.name)
    if strip.sound is None:
        return LOST_SOUND.format(strip.name)
    if lines.is_heard(strip):
        return HEARD_MESH.format(strip.name)
    return "" if _has_file(strip.sound) else LOST_FILE.format(strip.name)


def disabled_reason(context: bpy.types.Context) -> str:
    """Why Generate cannot run with what is chosen; empty when it can."""
    found = performer_reason(context) or strip_reason(context) or engine_reason()
    return found or models_reason(required_rig(context))


def models_reason(rig: Rig) -> str:
    """Why the chosen models cannot perform on a rig; empty when they can, or are unusable, which
    `engine_reason` tells."""
    speaks = chosen_speech()
    if reason := fit_flame.rig_reason(rig, speaks):
        return reason
    if speaks.kind == runtime_weights.FLAME and rig.mesh.thunder.layer != layers.WHOLE:
        return PARTLESS
    return ""


def performer_reason(context: bpy.types.Context) -> str:
    """Why the current rig cannot perform: there is none, or it belongs to another file."""
    rig = current_rig(context)
    return takes.not_animatable(rig) if rig else rig_reason(context)


def engine_is_missing(context: bpy.types.Context) -> bool:
    """Whether all is chosen and only the engine's Python is missing."""
    return not (performer_reason(context) or strip_reason(context)) and bool(engine_reason())


def scripted_reason(context: bpy.types.Context) -> str:
    """Why Generate could not run whatever its arguments say; empty when it could."""
    if not rig_meshes(bpy.data.objects):
        return NO_RIG
    return ("" if sound_strip_names(context) else NO_STRIP) or engine_reason()


def _strip_missing(context: bpy.types.Context, name: str) -> str:
    return NO_SUCH_STRIP.format(name) if name else NO_STRIP


def _has_file(sound: bpy.types.Sound) -> bool:
    return bool(sound.packed_file) or Path(bpy.path.abspath(sound.filepath)).is_file()


def settings_of(mesh: bpy.types.Object, line: Line, given: Mapping[str, Any]) -> Settings:
    """The settings of a character for one line; what is `given` wins over its own.

    Intensity and emotion become keys over the line's seconds where they are animated and change.
    Raises RequestError when a value is out of range.
    """
    own = mesh.thunder
    values = {
        "seed": own.seed,
        "intensity": _sampled(mesh, "intensity", own.intensity, _intensity, line),
        "emotion": _sampled(mesh, "emotion", own.emotion, _emotion, line),
        "articulation": _rounded(own.articulation),
        "smoothing": _rounded(own.smoothing),
    }
    return Settings(**(values | dict(given)))


def _sampled(
    mesh: bpy.types.Object, name: str, own: Any, value: Callable[[float], Any], line: Line
) -> Any:
    curve = compat_panels.object_curve(mesh, f"thunder.{name}")
    if curve is None:
        return _rounded(own) if isinstance(own, float) else own
    return without_repeats([(s, value(curve.evaluate(frame))) for s, frame in line_frames(line)])


def line_frames(line: Line) -> list[tuple[float, float]]:
    """(second of the line, scene frame) of each frame over which the line is heard."""
    step = line.speed / line.rate
    return [(n * step, line.first_frame + n) for n in range(int(line.duration / step) + 2)]


def without_repeats(keys: list[tuple[float, Any]]) -> Any:
    """Leave out keys amid equal ones; one value where all are equal."""
    last = len(keys) - 1
    kept = [
        key
        for place, key in enumerate(keys)
        if not 0 < place < last or not keys[place - 1][1] == key[1] == keys[place + 1][1]
    ]
    return keys[0][1] if len({value for _, value in kept}) == 1 else tuple(kept)


def _intensity(value: float) -> float:
    low, high = INTENSITY_RANGE
    return _rounded(min(max(value, low), high))


def _emotion(value: float) -> str:
    return EMOTION_NAMES[min(max(int(value), 0), len(EMOTION_NAMES) - 1)]


def _rounded(value: float) -> float:
    """What the sidebar shows as 0.8 is 0.8, not its nearest number of 32 bits."""
    return round(value, 6)
