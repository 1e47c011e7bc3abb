# SPDX-License-Identifier: GPL-3.0-or-later
"""What a take's Action knows of itself, in custom properties that are saved with the file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np

from ..model_runtime.contract import AUTO, RequestError, Settings, Take
from . import compat, steps
from .lines import Line
from .placement import Recording
from .rig import Rig

MARK = "thunder_take"  # the identifier of the rig; "part of a take" on the Action of the bones
PART = "part of a take"
PROVENANCE = "thunder_provenance"  # what made the take, as JSON
SEED = "thunder_seed"
SETTINGS = "thunder_settings"  # JSON
AUDIO = "thunder_audio"  # hash of the sound
MODELS = "thunder_models"  # hashes of the models, JSON
LINE = "thunder_line"
LINE_NAME = "thunder_line_name"
FIRST_FRAME = "thunder_first_frame"
LAST_FRAME = "thunder_last_frame"
HEARD_FRAME = "thunder_heard_frame"  # scene frame on which its first second was heard
SPEED = "thunder_speed"  # of its sound strip, when generated
RATE = "thunder_rate"  # frames of the Action for each second of the file
START = "thunder_start"  # second of the file on the first frame
SECONDS = "thunder_seconds"  # of the file that the take covers
STAR = "thunder_star"
METER = "thunder_meter"
CONTENT = "thunder_content"  # hash of the keyframes as generated
SILENT = "thunder_silent"  # muted because its sound strip shows nothing of it
NECK_ACTION = "thunder_neck_action"  # the Action of the bones, where Actions have no slots
PART_ACTION = "thunder_action_"  # of a further part, with its number, where Actions have no slots
PART_SLOTS = "thunder_slots"  # JSON: number of a further part -> handle of its slot
NAME_LENGTH = 63  # bytes of a name in Blender
BEZIER = 2  # Keyframe.interpolation's number


@dataclass(frozen=True)
class TakeInfo:
    """One row of the list of takes."""

    name: str
    seed: int | None
    emotion: str
    intensity: float
    meter: float | None
    star: bool
    line_id: str
    line_name: str
    hand_edited: bool
    chosen: bool


def is_take(action: bpy.types.Action | None) -> bool:
    """Whether the Action is a take, or the part of one that animates the bones."""
    return action is not None and MARK in action


def belongs(action: bpy.types.Action, rig: Rig) -> bool:
    return bool(action.get(MARK) == rig.identifier)


def line_of(action: bpy.types.Action) -> str:
    """Identifier of the take's line; empty for a take that was loaded without a strip."""
    return str(action.get(LINE, ""))


def neck_action(action: bpy.types.Action) -> bpy.types.Action:
    """The Action with the bones' curves: the take's own from 4.4, another one before."""
    return action.get(NECK_ACTION) or action


def parts(action: bpy.types.Action, rig: Rig) -> Iterator[tuple[bpy.types.ID, compat.ActionPart]]:
    """The (data-block, part of the take) pairs that make the rig move."""
    blocks = rig.parts
    if part := compat.find_part(action, "KEY"):
        yield rig.keys, part
    further = _further(action)
    bones = compat.find_part(neck_action(action), "OBJECT")
    if rig.armature and bones and bones not in further.values():
        yield rig.armature, bones
    yield from ((blocks[n], part) for n, part in further.items() if n in blocks)


def join_parts(action: bpy.types.Action, written: dict[int, compat.ActionPart]) -> None:
    """Let `action`, a new take, know the parts of it that are not found by their kind."""
    for number, part in written.items():
        if part.action != action:
            name = NECK_ACTION if number == 1 else f"{PART_ACTION}{number}"
            action[name] = part.action
            part.action[MARK] = PART
    handles = {n: part.slot.handle for n, part in written.items() if n > 1 and part.slot}
    if handles:
        action[PART_SLOTS] = json.dumps(handles)


def all_actions(action: bpy.types.Action) -> list[bpy.types.Action]:
    """The take's Action and, where Actions have no slots, those of its other parts."""
    found = [action, neck_action(action), *(part.action for part in _further(action).values())]
    return list(dict.fromkeys(found))


def _further(action: bpy.types.Action) -> dict[int, compat.ActionPart]:
    """The parts from the second on, by number."""
    if compat.SLOTTED:
        handles = json.loads(action.get(PART_SLOTS, "{}"))
        slots = {slot.handle: slot for slot in action.slots}
        return {
            int(n): compat.ActionPart(action, slots[h]) for n, h in handles.items() if h in slots
        }
    names = [name for name in list(action.keys()) if name.startswith(PART_ACTION) and action[name]]
    return {int(name.rpartition("_")[2]): compat.ActionPart(action[name]) for name in names}


def describe(
    action: bpy.types.Action,
    rig_id: str,
    take: Take,
    line: Line | None,
    frames: range,
    rate: float,
) -> None:
    """Write down what the take is; `frames` are those of its keys, at `rate` frames a second."""
    provenance = take.provenance
    action[MARK] = rig_id
    action[FIRST_FRAME], action[LAST_FRAME] = frames[0], frames[-1]
    action[RATE] = float(rate)
    action[SECONDS] = float(take.seconds)
    action[PROVENANCE] = json.dumps(provenance, sort_keys=True)
    action[SETTINGS] = json.dumps(settings_in(provenance), sort_keys=True)
    action[MODELS] = json.dumps(provenance.get("models", {}), sort_keys=True)
    action[AUDIO] = _audio_hash(provenance)
    if (seed := provenance_seed(provenance)) is not None:
        action[SEED] = seed
    if line is not None:
        action[LINE], action[LINE_NAME] = line.line_id, line.strip_name
        action[START], action[SPEED] = float(line.start), float(line.speed)
        action[HEARD_FRAME] = float(line.first_frame)


def recording(action: bpy.types.Action, scene_rate: float) -> Recording:
    """The take's frames and seconds; `scene_rate` stands in where it does not know its own."""
    first, last = action.frame_range
    return Recording(
        float(action.get(FIRST_FRAME, first)),
        float(action.get(LAST_FRAME, last)),
        float(action.get(RATE, scene_rate)),
        float(action.get(START, 0.0)),
        action.get(SECONDS),
    )


def settings_in(provenance: dict[str, Any]) -> dict[str, Any]:
    """The settings in a provenance, be they at its top or under "settings"."""
    nested = provenance.get("settings")
    source = {**provenance, **(nested if isinstance(nested, dict) else {})}
    names = ("seed", "intensity", "emotion", "articulation", "smoothing")
    return {name: source[name] for name in names if name in source}


def settings_of(action: bpy.types.Action) -> Settings:
    """The settings that made the take. Raises RequestError where they are not usable."""
    try:
        return Settings(**{k: _keys(value) for k, value in _known_settings(action).items()})
    except (TypeError, ValueError, RequestError) as error:
        raise RequestError(
            f"The settings kept in '{action.name}' are not usable. Set them by hand."
        ) from error


def _known_settings(action: bpy.types.Action) -> dict[str, Any]:
    """The settings kept with a take; none where the artist has changed them beyond reading."""
    try:
        return dict(json.loads(action.get(SETTINGS, "{}")))
    except (TypeError, ValueError):
        return {}


def provenance_seed(provenance: dict[str, Any]) -> int | None:
    """The seed, at the top of the provenance or among its settings."""
    seed = settings_in(provenance).get("seed")
    return seed if isinstance(seed, int) else None


def take_info(action: bpy.types.Action, chosen: bool, hand_edited: bool) -> TakeInfo:
    """The take's row; cheap enough for drawing."""
    known = _known_settings(action)
    emotion, intensity = known.get("emotion", AUTO), known.get("intensity", 1.0)
    return TakeInfo(
        name=action.name,
        seed=action.get(SEED),
        emotion=emotion if isinstance(emotion, str) else "animated",
        intensity=_mean(intensity),
        meter=action.get(METER),
        star=bool(action.get(STAR, False)),
        line_id=line_of(action),
        line_name=str(action.get(LINE_NAME, "")),
        hand_edited=hand_edited,
        chosen=chosen,
    )


def take_name(rig: Rig, line: Line, take: Take) -> str:
    """<character>.<strip>.s<seed>, the seed kept where Blender would cut the name."""
    seed = provenance_seed(take.provenance)
    tail = "" if seed is None else f".s{seed}"
    room = NAME_LENGTH - 4 - len(tail)  # four for Blender's .001
    head = f"{rig.mesh.name}.{line.strip_name}".encode()[:room].decode(errors="ignore")
    return f"{head}{tail}"


def content_hash(action: bpy.types.Action) -> str:
    """Hash over all keyframes: frames, values, interpolation and the handles that matter."""
    digest = hashlib.sha256()
    for curve in _in_order(curves(action)):
        _add_to(digest, curve)
    return digest.hexdigest()[:32]


def hash_steps(found: Callable[[], Iterable[Any]]) -> steps.Steps[str]:
    """`content_hash` in short steps; `found` is asked at each of them, since undo frees curves."""
    digest, count = hashlib.sha256(), len(list(found()))
    for index in range(count):
        _add_to(digest, _in_order(found())[index])
        yield steps.GO_ON
    return digest.hexdigest()[:32]


def _in_order(found: Iterable[Any]) -> list[Any]:
    return sorted(found, key=lambda curve: (curve.data_path, curve.array_index))


def _add_to(digest: Any, curve: Any) -> None:
    digest.update(f"{curve.data_path}[{curve.array_index}]{curve.extrapolation}".encode())
    for block in _key_arrays(curve):
        digest.update(block.tobytes())


def mark_content(action: bpy.types.Action, content: str | None = None) -> None:
    """From now on the take counts as generated, with the keyframes it has.

    `content` is their hash where it is known.
    """
    action[CONTENT] = content or content_hash(action)


def curves(action: bpy.types.Action) -> list[Any]:
    """All curves of a take, those of the bones among them."""
    return [curve for each in all_actions(action) for curve in compat.action_curves(each)]


def key_count(action: bpy.types.Action) -> int:
    return sum(len(curve.keyframe_points) for curve in curves(action))


def _key_arrays(curve: Any) -> Iterator[np.ndarray[Any, Any]]:
    points = curve.keyframe_points
    co = np.empty(2 * len(points), np.float32)
    kind = np.empty(len(points), np.uint8)
    points.foreach_get("co", co)
    points.foreach_get("interpolation", kind)
    yield co
    yield kind
    if (kind == BEZIER).any():
        handle = np.empty(2 * len(points), np.float32)
        for side in ("handle_left", "handle_right"):
            points.foreach_get(side, handle)
            yield handle.reshape(-1, 2)[kind == BEZIER]


def _audio_hash(provenance: dict[str, Any]) -> str:
    audio = provenance.get("audio")
    return str(audio.get("sha256", "")) if isinstance(audio, dict) else ""


def _keys(value: Any) -> Any:
    """JSON has no tuples: (second, value) keys come back as lists."""
    return tuple(tuple(key) for key in value) if isinstance(value, list) else value


def _mean(intensity: Any) -> float:
    if isinstance(intensity, list):
        return float(np.mean([value for _, value in intensity])) if intensity else 1.0
    return float(intensity)
