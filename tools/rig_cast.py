# SPDX-License-Identifier: GPL-3.0-or-later
"""The characters that are measured: one for each way in which rigs are built."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import ModuleType
from typing import Any

import bpy
import numpy as np

from model_runtime.contract import UNITS

from . import foreign_rigs, rig_addons
from .foreign_rigs import Built, Person, build

JAW_DEGREES = 22.0


def arkit(face: Any) -> Built:
    """ARKit-52 as Live Link spells it; the mouth closes a little less than it opens."""
    person = Person("Bruno", 1.12, 3, jaw=0.85, close=0.9)
    return build(face, "Bruno", person, {u[0].upper() + u[1:]: {u: 1.0} for u in UNITS})


def driven(face: Any) -> Built:
    """ARKit keys that drivers move from properties 0 to 10 on the armature."""
    built = build(
        face,
        "Noor",
        Person("Noor", 0.94, 8, jaw=1.1, close=1.0),
        {_short(u): {u: 1.0} for u in UNITS},
    )
    rig = foreign_rigs.add_armature("Noor Rig", {"root": ((0, 0, 0), (0, 0, 0.1))})
    built.mesh.parent = built.teeth.parent = rig
    for unit in UNITS:
        rig[f"face_{unit}"] = 0.0
        rig.id_properties_ui(f"face_{unit}").update(min=0.0, max=10.0)
        for mesh in (built.mesh, built.teeth):
            if _short(unit) in mesh.data.shape_keys.key_blocks:
                _drive(mesh, _short(unit), rig, f'["face_{unit}"]', "{} / 10")
    return built


POSES = {  # a modeller's own visemes: other mixtures than those the extension thinks of
    "PP": {"jawOpen": 0.05, "mouthClose": 0.05, "mouthPressLeft": 0.6, "mouthPressRight": 0.5,
           "mouthRollLower": 0.25, "mouthRollUpper": 0.2},
    "FF": {"jawOpen": 0.05, "mouthRollLower": 0.62, "mouthUpperUpLeft": 0.5,
           "mouthUpperUpRight": 0.45, "mouthShrugUpper": 0.1},
    "TH": {"jawOpen": 0.2, "tongueOut": 0.4, "mouthUpperUpLeft": 0.1, "mouthUpperUpRight": 0.1},
    "DD": {"jawOpen": 0.12, "mouthLowerDownLeft": 0.3, "mouthLowerDownRight": 0.3},
    "kk": {"jawOpen": 0.25, "mouthStretchLeft": 0.15, "mouthStretchRight": 0.15},
    "CH": {"jawOpen": 0.1, "mouthFunnel": 0.65, "mouthShrugUpper": 0.1},
    "SS": {"jawOpen": 0.04, "mouthStretchLeft": 0.4, "mouthStretchRight": 0.4,
           "mouthLowerDownLeft": 0.3, "mouthLowerDownRight": 0.3},
    "nn": {"jawOpen": 0.16, "mouthUpperUpLeft": 0.2, "mouthUpperUpRight": 0.2},
    "RR": {"jawOpen": 0.1, "mouthFunnel": 0.4, "mouthPucker": 0.3},
    "aa": {"jawOpen": 0.7, "mouthLowerDownLeft": 0.1, "mouthLowerDownRight": 0.1},
    "E": {"jawOpen": 0.4, "mouthStretchLeft": 0.35, "mouthStretchRight": 0.35},
    "I": {"jawOpen": 0.2, "mouthSmileLeft": 0.45, "mouthSmileRight": 0.45,
          "mouthStretchLeft": 0.2, "mouthStretchRight": 0.2},
    "O": {"jawOpen": 0.45, "mouthFunnel": 0.7},
    "U": {"jawOpen": 0.1, "mouthPucker": 0.95},
}  # fmt: skip
UPPER = {"eyeBlinkLeft": "Blink_L", "eyeBlinkRight": "Blink_R", "browInnerUp": "browInnerUp"}


def visemes(face: Any) -> Built:
    """Meta's visemes and little else: each key is a whole mouth pose."""
    shapes = {f"viseme_{name}": pose for name, pose in {"sil": {}, **POSES}.items()}
    shapes |= {name: {unit: 1.0} for unit, name in UPPER.items()}
    return build(face, "Mila", Person("Mila", 1.0, 11, jaw=0.9, close=1.0), shapes)


def vowels(face: Any) -> Built:
    """Five vowels and blinks, as VRoid has them: nothing for p or f."""
    shapes = {
        f"Fcl_MTH_{letter}": POSES[name]
        for letter, name in zip("AIUEO", ("aa", "I", "U", "E", "O"), strict=True)
    }
    shapes |= {"Fcl_EYE_Close_L": {"eyeBlinkLeft": 1.0}, "Fcl_EYE_Close_R": {"eyeBlinkRight": 1.0}}
    return build(face, "Kaya", Person("Kaya", 0.8, 21, jaw=0.9), shapes)


CC_NAMES = {
    "jawOpen": ("Jaw_Open",), "jawForward": ("Jaw_Forward",), "jawLeft": ("Jaw_L",),
    "jawRight": ("Jaw_R",), "mouthClose": ("Mouth_Close",), "mouthLeft": ("Mouth_L",),
    "mouthRight": ("Mouth_R",),
    "mouthRollLower": ("Mouth_Roll_In_Lower_L", "Mouth_Roll_In_Lower_R"),
    "mouthRollUpper": ("Mouth_Roll_In_Upper_L", "Mouth_Roll_In_Upper_R"),
    "mouthPucker": ("Mouth_Pucker_Up_L", "Mouth_Pucker_Up_R", "Mouth_Pucker_Down_L",
                    "Mouth_Pucker_Down_R"),
    "mouthFunnel": ("Mouth_Funnel_Up_L", "Mouth_Funnel_Up_R", "Mouth_Funnel_Down_L",
                    "Mouth_Funnel_Down_R"),
    "mouthShrugLower": ("Mouth_Shrug_Lower",), "mouthShrugUpper": ("Mouth_Shrug_Upper",),
    "mouthLowerDownLeft": ("Mouth_Down_Lower_L",), "mouthLowerDownRight": ("Mouth_Down_Lower_R",),
    "mouthUpperUpLeft": ("Mouth_Up_Upper_L",), "mouthUpperUpRight": ("Mouth_Up_Upper_R",),
    "browInnerUp": ("Brow_Raise_Inner_L", "Brow_Raise_Inner_R"), "tongueOut": ("Tongue_Out",),
    "cheekPuff": ("Cheek_Puff_L", "Cheek_Puff_R"),
}  # fmt: skip


def jaw_bone(face: Any) -> Built:
    """Character Creator's extended names; the jaw is a bone that no key turns."""
    shapes = {}
    for unit in UNITS:
        names = CC_NAMES.get(unit) or (_cc(unit),)
        for name in names:
            shapes[name] = {unit: 1.0 / len(names)}
    person = Person("Otto", 1.05, 14, close=0.0)
    built = build(face, "Otto", person, shapes, frozenset({"jawOpen"}))
    _skin_jaw(face, built, person, "CC_Base_JawRoot")
    return built


def bones(face: Any) -> Built:
    """No shape key at all: bones for jaw and lips, taught by poses that the artist shows once."""
    person = Person("Elif", 1.0, 31)
    built = build(face, "Elif", person, {})
    body = built.mesh
    places = _points(body)
    upper, lower = places[built.upper].mean(0), places[built.lower].mean(0)
    jaw = _jaw_weights(face, built)
    spread = 0.012 * person.size
    near_up = np.exp(-(((places - upper) / spread) ** 2).sum(1)) * (1 - jaw)
    near_low = np.exp(-(((places - lower) / spread) ** 2).sum(1)) * jaw
    for mesh, weights in ((body, (jaw, near_up, near_low)),):
        _bind_lips(face, built, mesh, weights, upper, lower)
    return replace(built, teach=LESSONS)


LESSONS: dict[str, dict[str, Any]] = {  # what the artist poses: bone -> (location mm, degrees)
    "jawOpen": {"jaw": ((0, 0, 0), (JAW_DEGREES, 0, 0))},
    "mouthUpperUpLeft": {"lip.T": ((0, 1.5, 0), (0, 0, 0))},
    "mouthUpperUpRight": {"lip.T": ((0, 1.5, 0), (0, 0, 0))},
    "mouthLowerDownLeft": {"lip.B": ((0, -2.0, 0), (0, 0, 0))},
    "mouthLowerDownRight": {"lip.B": ((0, -2.0, 0), (0, 0, 0))},
    "mouthRollLower": {"lip.B": ((0, 4.0, -5.0), (0, 0, 0))},
    "mouthClose": {"lip.B": ((0, 12.0, 0), (0, 0, 0)), "lip.T": ((0, -6.0, 0), (0, 0, 0))},
    "mouthPressLeft": {"lip.B": ((0, 1.0, 0), (0, 0, 0))},
    "mouthPressRight": {"lip.B": ((0, 1.0, 0), (0, 0, 0))},
    "mouthPucker": {"lip.T": ((0, 0, 4.0), (0, 0, 0)), "lip.B": ((0, 0, 4.0), (0, 0, 0))},
    "mouthFunnel": {"lip.T": ((0, 3, 5.0), (0, 0, 0)), "lip.B": ((0, -4, 5.0), (0, 0, 0))},
}


def use(room: Callable[[str], ModuleType], built: Built) -> Any:
    """What the artist does: select everything, Use This Character, teach poses where need be."""
    found = room("thunder_blender.rig_use").use_character([built.mesh, *built.others])
    rig = found.rig
    if built.teach:
        learn = room("thunder_blender.rig_poses")
        for source, pose in built.teach.items():
            for bone, (move, turn) in pose.items():
                shown = rig.armature.pose.bones[bone]
                shown.rotation_mode = "XYZ"
                shown.location = [v * built.scale for v in move]
                opens = np.sign(shown.bone.x_axis.x)  # an artist sees which way the jaw opens
                shown.rotation_euler = [opens * np.radians(v) for v in turn]
            learn.learn(rig, source)
            learn.clear(rig)
    return rig


def _short(unit: str) -> str:
    for side in ("Left", "Right"):
        if unit.endswith(side) and unit not in ("mouthLeft", "mouthRight", "jawLeft", "jawRight"):
            return f"{unit.removesuffix(side)}_{side[0]}"
    return unit


def _cc(unit: str) -> str:
    eyes = {
        f"eyeLook{way}{side}": f"Eye_{side[0]}_Look_{place[side[0]]}"
        for side in ("Left", "Right")
        for way, place in (
            ("Up", {"L": "Up", "R": "Up"}), ("Down", {"L": "Down", "R": "Down"}),
            ("Out", {"L": "L", "R": "R"}), ("In", {"L": "R", "R": "L"}),
        )
    }  # fmt: skip
    renamed = {
        "browDown": "Brow_Drop",
        "browOuterUp": "Brow_Raise_Outer",
        "cheekSquint": "Cheek_Raise",
    }
    if unit in eyes:
        return eyes[unit]
    for side in ("Left", "Right"):
        if unit.endswith(side):
            stem = unit.removesuffix(side)
            return f"{renamed.get(stem) or _spaced(stem)}_{side[0]}"
    return _spaced(unit)


def _spaced(name: str) -> str:
    return "".join(f"_{c}" if c.isupper() else c for c in name[0].upper() + name[1:]).strip("_")


def _drive(mesh: Any, key: str, owner: Any, path: str, expression: str) -> None:
    curve = mesh.data.shape_keys.driver_add(f'key_blocks["{key}"].value')
    variable = curve.driver.variables.new()
    variable.name = "v"
    variable.targets[0].id, variable.targets[0].data_path = owner, path
    curve.driver.type, curve.driver.expression = "SCRIPTED", expression.format("v")


def _points(mesh: bpy.types.Object) -> Any:
    flat = np.empty(3 * len(mesh.data.vertices), np.float32)
    mesh.data.vertices.foreach_get("co", flat)
    return flat.reshape(-1, 3)


def _jaw_weights(face: Any, built: Built) -> Any:
    """How much each vertex of the face goes with the jaw: by how far jawOpen drops it."""
    over = foreign_rigs.surface(face, face.vertex_sets["skin"])
    drop = -over.carried(face.expression_basis[list(face.unit_names).index("jawOpen")])[:, 1]
    return (drop / np.percentile(drop, 99)).clip(0, 1)


def _teeth_weights(face: Any) -> Any:
    teeth = foreign_rigs._teeth(face)
    return np.isin(
        teeth, np.concatenate((face.vertex_sets["teeth_lower"], face.vertex_sets["gums_lower"]))
    ).astype(float)


def _joint(built: Built) -> Any:
    return np.array((0.0, -0.0226, -0.011)) * built.scale * 1000


def _skin_jaw(face: Any, built: Built, person: Person, name: str) -> None:
    head, jaw = _joint(built), np.array((0.0, -0.08, -0.07)) * person.size
    rig = foreign_rigs.add_armature(
        f"{built.name} Rig", {"CC_Base_Head": (head * 0, head * 0 + (0, 0, 0.1)), name: (head, jaw)}
    )
    weights = _jaw_weights(face, built)
    foreign_rigs.bind(built.mesh, rig, {"CC_Base_Head": 1 - weights, name: weights})
    low = _teeth_weights(face)
    foreign_rigs.bind(built.teeth, rig, {"CC_Base_Head": 1 - low, name: low})


def _bind_lips(face: Any, built: Built, body: Any, weights: Any, upper: Any, lower: Any) -> None:
    jaw, near_up, near_low = weights
    head = _joint(built)
    forward = np.array((0.0, 0.0, 0.02))
    rig = foreign_rigs.add_armature(
        f"{built.name} Rig",
        {
            "head": (head * 0, (0, 0, 0.1)), "jaw": (head, head + np.array((0, -0.06, 0.0))),
            "lip.T": (upper, upper + forward), "lip.B": (lower, lower + forward),
        },
    )  # fmt: skip
    bones = rig.data.bones
    bpy.context.view_layer.objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")
    rig.data.edit_bones["lip.B"].parent = rig.data.edit_bones["jaw"]
    bpy.ops.object.mode_set(mode="OBJECT")
    assert "lip.B" in bones
    foreign_rigs.bind(
        body, rig,
        {"head": (1 - jaw) * (1 - near_up), "jaw": jaw * (1 - near_low),
         "lip.T": near_up, "lip.B": near_low},
    )  # fmt: skip
    low = _teeth_weights(face)
    foreign_rigs.bind(built.teeth, rig, {"head": 1 - low, "jaw": low})


CAST: dict[str, Callable[[Any], Built]] = {
    "arkit": arkit,
    "visemes": visemes,
    "vowels": vowels,
    "jaw_bone": jaw_bone,
    "driven": driven,
    "bones": bones,
    "flame_add_on": rig_addons.flame_add_on,
    "smplx": rig_addons.smplx,
    "smplx_100": rig_addons.smplx_100,
}
