# SPDX-License-Identifier: GPL-3.0-or-later
"""Causes on the face itself: shape keys, drivers, modifiers, the bones and the scene's range.

Each check yields (sentence, what the fix does or None, fix or None); see `diagnose`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

import bpy

from . import compat, diagnose_mapping, nla, take_marks
from .rig import Rig

Cause = tuple[str, str | None, Callable[[], object] | None]
SLACK = 1e-3
FEW = 3  # names in a sentence


def causes(rig: Rig, strips: list[Any], context: bpy.types.Context) -> Iterator[Cause]:
    """Every cause on the face, for takes that play as these NLA `strips` of its shape keys."""
    for mesh in rig.meshes:
        face = Rig(mesh, rig.armature)
        own = strips if mesh == rig.mesh else _take_strips(mesh)
        animated = _animated_keys(own)
        for check in (_missing_keys, _muted_keys, _driven_keys, _narrow_keys, _mesh, _modifiers):
            yield from check(face, animated)
    for look in (diagnose_mapping.causes, _bones):
        yield from look(rig)
    yield from _range(strips, context.scene)


def _take_strips(mesh: bpy.types.Object) -> list[Any]:
    """The NLA strips of takes on another mesh of the character."""
    block = mesh.data.shape_keys
    return [strip for _, strip in nla.strips(block, take_marks.is_take)] if block else []


def _animated_keys(strips: list[Any]) -> dict[str, tuple[float, float]]:
    """Lowest and highest key of each shape key that the takes animate."""
    found: dict[str, tuple[float, float]] = {}
    for strip in strips:
        for curve in compat.fcurves(compat.strip_part(strip)):
            if len(curve.keyframe_points) and '"' in curve.data_path:
                name = curve.data_path.split('"')[1]
                low, high = curve.range_y if hasattr(curve, "range_y") else _range_y(curve)
                before = found.get(name, (low, high))
                found[name] = min(low, before[0]), max(high, before[1])
    return found


def _range_y(curve: Any) -> tuple[float, float]:
    values = [point.co.y for point in curve.keyframe_points]
    return min(values), max(values)


def _missing_keys(rig: Rig, animated: dict[str, tuple[float, float]]) -> Iterator[Cause]:
    missing = [name for name in animated if name not in rig.keys.key_blocks]
    if missing:
        yield (
            f"'{rig.mesh.name}' has no shape keys named {_some(missing)} any more. "
            "Give them their names back, or generate the line again.",
            None,
            None,
        )


def _muted_keys(rig: Rig, animated: Iterable[str]) -> Iterator[Cause]:
    muted = [key for key in rig.keys.key_blocks if key.name in animated and key.mute]
    if muted:
        names = _some([key.name for key in muted])
        yield (
            f"Shape keys are muted: {names}.",
            "Unmute Them",
            partial(_set_all, muted, "mute", False),
        )


def _driven_keys(rig: Rig, animated: Iterable[str]) -> Iterator[Cause]:
    data = rig.keys.animation_data
    paths = {f'key_blocks["{name}"].value': name for name in animated}
    driven = [d for d in (data.drivers if data else ()) if d.data_path in paths and not d.mute]
    if driven:
        names = _some([paths[driver.data_path] for driver in driven])
        yield (
            f"Drivers decide over shape keys that the takes animate: {names}.",
            "Mute These Drivers",
            partial(_set_all, driven, "mute", True),
        )


def _narrow_keys(rig: Rig, animated: dict[str, tuple[float, float]]) -> Iterator[Cause]:
    blocks = rig.keys.key_blocks
    narrow = {
        name: span
        for name, span in animated.items()
        if name in blocks
        and (span[1] > blocks[name].slider_max + SLACK or span[0] < blocks[name].slider_min - SLACK)
    }
    if narrow:
        yield (
            f"The range of shape keys is narrower than the takes need: {_some(list(narrow))}.",
            "Widen Their Ranges",
            partial(_widen, blocks, narrow),
        )


def _widen(blocks: Any, spans: dict[str, tuple[float, float]]) -> None:
    for name, (low, high) in spans.items():
        block = blocks[name]
        block.slider_max = max(block.slider_max, high)
        block.slider_min = min(block.slider_min, low)


def _mesh(rig: Rig, _animated: Iterable[str] = ()) -> Iterator[Cause]:
    mesh = rig.mesh
    if mesh.show_only_shape_key:
        sentence = f"'{mesh.name}' shows only its selected shape key (the pin in its list)."
        yield sentence, "Take the Pin Off", partial(setattr, mesh, "show_only_shape_key", False)
    if not rig.keys.use_relative:
        sentence = f"The shape keys of '{mesh.name}' are not relative, so their values do nothing."
        yield sentence, "Make Them Relative", partial(setattr, rig.keys, "use_relative", True)
    if mesh.mode == "EDIT":
        yield f"'{mesh.name}' is in Edit Mode, which shows one shape key. Leave it.", None, None
    if mesh.hide_viewport:
        sentence = f"'{mesh.name}' is switched off in viewports."
        yield sentence, "Switch It On", partial(setattr, mesh, "hide_viewport", False)


def _modifiers(rig: Rig, _animated: Iterable[str] = ()) -> Iterator[Cause]:
    if rig.armature is None:
        return
    for modifier in rig.mesh.modifiers:
        if modifier.type != "ARMATURE" or modifier.object != rig.armature:
            continue
        if not (modifier.show_viewport and modifier.show_render):
            yield (
                f"The modifier '{modifier.name}' of '{rig.mesh.name}' is switched off, so its "
                "bones move nothing.",
                "Switch It On",
                partial(_show, modifier),
            )


def _show(modifier: bpy.types.Modifier) -> None:
    modifier.show_viewport = modifier.show_render = True


def _bones(rig: Rig) -> Iterator[Cause]:
    if rig.armature is None:
        return
    data = rig.armature.data
    if data.pose_position == "REST":
        sentence = f"The armature '{rig.armature.name}' is held in its rest position."
        yield sentence, "Let It Pose", partial(setattr, data, "pose_position", "POSE")
    animated = _animated_paths(rig)
    turned = [bone for bone in rig.armature.pose.bones if _path(bone) in animated]
    for bone in turned:
        if bone.rotation_mode in ("QUATERNION", "AXIS_ANGLE"):
            yield (
                f"The bone '{bone.name}' does not turn by Euler angles, which the takes animate.",
                "Turn It by Euler Angles",
                partial(setattr, bone, "rotation_mode", "XYZ"),
            )


def _path(bone: bpy.types.PoseBone) -> str:
    return f'pose.bones["{bone.name}"].rotation_euler'


def _animated_paths(rig: Rig) -> set[str]:
    """Data paths on the armature that takes animate."""
    if rig.armature is None:
        return set()
    strips = [strip for _, strip in nla.strips(rig.armature, take_marks.is_take)]
    return {path for strip in strips for path, _ in compat.channels(compat.strip_part(strip))}


def _range(strips: list[Any], scene: bpy.types.Scene) -> Iterator[Cause]:
    first, last = scene.frame_start, scene.frame_end
    if scene.use_preview_range:
        first, last = scene.frame_preview_start, scene.frame_preview_end
    start = min(strip.frame_start for strip in strips)
    end = max(strip.frame_end for strip in strips)
    if end < first or start > last:
        yield (
            f"The takes play on frames {round(start)} to {round(end)}, outside of the scene's "
            f"range of {first} to {last}.",
            "Extend the Range",
            partial(_extend, scene, int(start), int(end) + 1),
        )


def _extend(scene: bpy.types.Scene, start: int, end: int) -> None:
    scene.use_preview_range = False
    scene.frame_start = max(0, min(scene.frame_start, start))
    scene.frame_end = max(scene.frame_end, end)


def _set_all(items: list[Any], name: str, value: object) -> None:
    for item in items:
        setattr(item, name, value)


def _some(names: list[str]) -> str:
    more = len(names) - FEW
    return ", ".join(names[:FEW]) + (f" and {more} more" if more > 0 else "")
