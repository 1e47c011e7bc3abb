# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a shape key is really moved from: itself, or the control that a driver reads.

A driven key cannot hold keyframes: what its driver reads is written instead, by as much as brings
the key to 1. What a driver makes of its control is found by looking, not by reading formulas: for
simple arithmetic it is computed, everything else is left to the artist.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import bpy

from . import rig_mapping, rig_measure
from .rig import Rig
from .rig_mapping import ARMATURE, KEYS, Link, Mapping, Target, escaped, key_target

JAW_NAMES = (
    "ccbasejawroot", "jaw", "jawmaster", "jbipcjaw", "jawbone", "mixamorigjaw", "defjaw", "jawroot",
    "lowerjaw", "mandible", "chaxisjaw", "headjaw", "facialcfacialrootjaw",
)  # fmt: skip
OPEN_ANGLE = math.radians(18.0)  # by which a jaw bone turns at jawOpen 1, before it is measured
LEAST_DROP = 0.45  # of what the open head's jaw drops: less is no open mouth
AXES = {"X": 0, "Y": 1, "Z": 2}
CHANNELS = {"LOC": "location", "ROT": "rotation_euler", "SCALE": "scale"}
ARITHMETIC: dict[type, Callable[..., float]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.USub: operator.neg, ast.UAdd: operator.pos, ast.Pow: operator.pow,
}  # fmt: skip
FUNCTIONS: dict[str, Callable[..., float]] = {
    "min": min,
    "max": max,
    "abs": abs,
    "clamp": lambda x, a=0.0, b=1.0: min(max(x, a), b),
}
DEEPEST = 3  # drivers behind drivers


@dataclass(frozen=True)
class Way:
    """How to bring a key to 1: this target by this much."""

    target: Target
    gain: float = 1.0


def ways_to(rig: Rig, name: str) -> list[Way]:
    """How a key is moved on each mesh of the character that has it; each control once."""
    ways: dict[Target, Way] = {}
    for mesh in rig.meshes:
        keys = mesh.data.shape_keys
        if keys is None or name not in keys.key_blocks:
            continue
        way = _way(rig, keys, key_target(name), 1.0, 0)
        if way is not None:
            ways.setdefault(way.target, way)
    return list(ways.values())


def span_of(rig: Rig, target: Target) -> tuple[float, float] | None:
    """What a target can hold; None where nothing bounds it."""
    spans = [_span(block, target) for block in rig_measure.owners(rig, target)]
    known = [span for span in spans if span]
    if not known:
        return None
    return min(low for low, _ in known), max(high for _, high in known)


def driver_of(block: bpy.types.ID, target: Target) -> Any:
    """The driver that decides over a target; None where none does."""
    data = block.animation_data
    for curve in data.drivers if data else ():
        if curve.data_path == target.path and curve.array_index == target.index and not curve.mute:
            return curve
    return None


def with_jaw_bone(rig: Rig, mapping: Mapping) -> Mapping:
    """Let the jaw bone turn with jawOpen where the keys alone leave the mouth shut."""
    bone = jaw_bone(rig)
    if bone is None or not mapping.links or _opens(rig, mapping):
        return mapping
    links = tuple(_jaw_links(rig, bone, OPEN_ANGLE))
    return Mapping(mapping.kind, (*mapping.links, *links), mapping.ranges, mapping.contacts)


def jaw_bone(rig: Rig) -> bpy.types.PoseBone | None:
    """The bone that opens the jaw, by the names that rigs give it; None where it is driven."""
    from .rig_names import words

    if rig.armature is None:
        return None
    found = {"".join(words(bone.name)): bone for bone in reversed(rig.armature.pose.bones)}
    bone = next((found[name] for name in JAW_NAMES if name in found), None)
    if bone is None:
        return None
    path = f'pose.bones["{escaped(bone.name)}"].'
    data = rig.armature.animation_data
    driven = any(
        d.data_path.startswith(path) and not d.mute for d in (data.drivers if data else ())
    )
    return None if driven else bone


def _jaw_links(rig: Rig, bone: bpy.types.PoseBone, angle: float) -> Iterator[Link]:
    """jawOpen turns the bone about the line through both ears."""
    import numpy as np

    from . import rig_turns

    rest = np.array(rig.armature.matrix_world @ bone.bone.matrix_local)[:3, :3]
    rest /= np.linalg.norm(rest, axis=0)
    axis = rest.T @ np.array((1.0, 0.0, 0.0))
    turn = np.array([axis * angle], np.float32)
    path = f'pose.bones["{escaped(bone.name)}"].'
    values = rig_turns.channels(turn, bone.rotation_mode)[0]
    name = rig_turns.path_of(bone.rotation_mode)
    if bone.rotation_mode == "QUATERNION":
        values = values - np.array((1, 0, 0, 0))
    for index, value in enumerate(values.tolist()):
        if name == "rotation_axis_angle":
            rest_value, gain = (0.0, value) if not index else (value, 0.0)
        else:
            rest_value, gain = (1.0 if name.endswith("quaternion") and not index else 0.0), value
        if abs(gain) > 1e-5 or rest_value:
            yield Link(
                "jawOpen", Target(path + name, index, ARMATURE, rest_value), gain, confidence=0.8
            )


def _opens(rig: Rig, mapping: Mapping) -> bool:
    """Whether the mapped keys open the mouth by themselves."""
    from . import rig_store

    lips = rig_store.measure_lips(rig, mapping)
    if lips is None:
        return False
    return _drop(lips) >= LEAST_DROP


def _drop(lips: Any) -> float:
    """How far the widest target opens the lips, over what jawOpen does on the open head."""
    from .rig_lips import DROP

    upper, lower = lips.columns[2]
    heights = lips.basis[:, :, 1]
    gaps = heights[:, upper].mean(1) - heights[:, lower].mean(1)
    return float(gaps.max(initial=0.0)) / DROP


def _way(rig: Rig, block: bpy.types.ID, target: Target, wanted: float, depth: int) -> Way | None:
    driver = driver_of(block, target)
    if driver is None:
        return Way(target, wanted)
    if depth >= DEEPEST or len(driver.driver.variables) != 1:
        return None
    variable = driver.driver.variables[0]
    place = _read_by(rig, variable)
    if place is None:
        return None
    owner, control = place
    before, after = (_driven(driver, variable, value) for value in (0.0, 1.0))
    if before is None or after is None or abs(after - before) < 1e-9:
        return None
    return _way(rig, owner, control, wanted / (after - before), depth + 1)


def _read_by(rig: Rig, variable: Any) -> tuple[bpy.types.ID, Target] | None:
    """What a driver's variable reads, as a target of the rig."""
    read = variable.targets[0]
    if read.id is None:
        return None
    if variable.type == "SINGLE_PROP":
        on = _on(rig, read.id)
        path, index = _split(read.data_path)
        target = Target(path, index, on) if on else None
    elif variable.type == "TRANSFORMS" and read.bone_target and read.id == rig.armature:
        kind, _, axis = read.transform_type.partition("_")
        if read.transform_space != "LOCAL_SPACE" or axis not in AXES or kind not in CHANNELS:
            return None
        path = f'pose.bones["{escaped(read.bone_target)}"].{CHANNELS[kind]}'
        target = Target(path, AXES[axis], ARMATURE, 1.0 if kind == "SCALE" else 0.0)
    else:
        return None
    if target is None or not rig_measure.has(read.id, target):
        return None
    return read.id, target


def _on(rig: Rig, block: bpy.types.ID) -> str:
    if block == rig.armature:
        return ARMATURE
    if any(mesh.data.shape_keys == block for mesh in rig.meshes):
        return KEYS
    return block.name if isinstance(block, bpy.types.Object) else ""


def _split(path: str) -> tuple[str, int]:
    """A data path with an index at its end as both."""
    head, bracket, tail = path.rpartition("[")
    if bracket and tail.endswith("]") and tail[:-1].isdigit():
        return head, int(tail[:-1])
    return path, 0


def _driven(curve: Any, variable: Any, value: float) -> float | None:
    """What the driver makes of `value` of its variable; None where that cannot be told."""
    kind = curve.driver.type
    made: float | None = value
    if kind == "SCRIPTED":
        made = arithmetic(curve.driver.expression, {variable.name: value})
    if made is None:
        return None
    return curve.evaluate(made) if len(curve.keyframe_points) > 1 or len(curve.modifiers) else made


def arithmetic(text: str, names: dict[str, float]) -> float | None:
    """The value of plain arithmetic; None for everything else. Nothing is executed."""
    try:
        return float(_value(ast.parse(text, mode="eval").body, names))
    except (SyntaxError, ValueError, TypeError, KeyError, ArithmeticError, RecursionError):
        return None


def _value(node: ast.AST, names: dict[str, float]) -> float:
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return float(node.value)  # powers of whole numbers could grow for ever
    if isinstance(node, ast.Name):
        return names[node.id]
    if isinstance(node, ast.BinOp):
        return ARITHMETIC[type(node.op)](_value(node.left, names), _value(node.right, names))
    if isinstance(node, ast.UnaryOp):
        return ARITHMETIC[type(node.op)](_value(node.operand, names))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords:
        return FUNCTIONS[node.func.id](*(_value(each, names) for each in node.args))
    raise ValueError("not plain arithmetic")


def _span(block: Any, target: Target) -> tuple[float, float] | None:
    name = rig_mapping.key_name(target.path)
    if name:
        key = block.key_blocks[name]
        return float(key.slider_min), float(key.slider_max)
    if not target.path.endswith('"]'):
        return None
    owner, _, prop = target.path[:-2].rpartition('["')
    holder = block.path_resolve(owner) if owner else block
    about = holder.id_properties_ui(prop.replace('\\"', '"')).as_dict()
    low, high = about.get("min"), about.get("max")
    return (float(low), float(high)) if low is not None and high is not None else None
