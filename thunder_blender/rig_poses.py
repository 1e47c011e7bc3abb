# SPDX-License-Identifier: GPL-3.0-or-later
"""What the artist shows once: a pose for a source becomes links, or corrects the gains there are.

`learn` takes the present pose as what a source at 1 looks like and links everything that is away
from rest. `calibrate` leaves the links and fits their gains to poses that were shown for whole
mouth shapes, by ridge regression towards the gains that are there.
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as Table
from dataclasses import replace

import bpy
import numpy as np

from ..model_runtime.contract import UNITS
from . import rig_controls, rig_mapping, rig_measure, rig_store, rig_visemes
from .rig import Rig
from .rig_mapping import ARMATURE, Link, Mapping, MappingError, Target, escaped, key_target
from .rig_names import VISEME

STILL = 1e-4  # less is no pose
RIDGE = 0.05  # how much a gain clings to what it was
ROTATIONS = {"QUATERNION": "rotation_quaternion", "AXIS_ANGLE": "rotation_axis_angle"}
SHOWN = {  # what an artist may be asked to pose, as unit weights
    **{name: rig_visemes.POSES[name] for name in ("PP", "FF", "aa", "I", "O", "U", "CH")},
    "smile": {"mouthSmileLeft": 1.0, "mouthSmileRight": 1.0},
    "jaw open": {"jawOpen": 1.0},
    "blink": {"eyeBlinkLeft": 1.0, "eyeBlinkRight": 1.0},
}


def learn(rig: Rig, source: str) -> int:
    """Let `source` at 1 be the pose that the rig shows now; how many targets it has.

    Raises MappingError where nothing is posed.
    """
    mapping = rig_store.stored(rig)
    shown = {target: value for target, value in pose_of(rig).items() if value}
    if not shown:
        raise MappingError(
            "The rig is at rest. Pose its bones or shape keys the way the source should look first."
        )
    kept = [link for link in mapping.links if link.source != source]
    targets = _complete(rig, shown)
    links = [Link(source, target, value) for target, value in targets.items()]
    ranges = {target: (low, high) for target, low, high in mapping.ranges}
    for target in targets:
        if span := rig_controls.span_of(rig, target):
            ranges[target] = span
    spans = tuple((target, *span) for target, span in ranges.items())
    rig_store.store(rig, Mapping(mapping.kind or "bones", (*kept, *links), spans, mapping.contacts))
    return len(targets)


def calibrate(rig: Rig, name: str) -> int:
    """Fit the gains to the present pose as the mouth shape `name`; how many changed.

    Raises MappingError for an unknown shape or an unposed rig.
    """
    if name not in SHOWN:
        raise MappingError(f"'{name}' is no pose to calibrate with. Choose: {', '.join(SHOWN)}.")
    mapping = rig_store.stored(rig)
    shown = pose_of(rig)
    if not any(shown.values()):
        raise MappingError(f"The rig is at rest. Pose it as '{name}' first.")
    fitted = fit(mapping, {name: shown})
    rig_store.store(rig, fitted)
    return sum(a != b for a, b in zip(mapping.links, fitted.links, strict=True))


def fit(mapping: Mapping, poses: Table[str, Table[Target, float]]) -> Mapping:
    """The mapping with gains for which the sources of each shown pose give its values."""
    sources = {name: _sources(mapping, name) for name in poses}
    links = list(mapping.links)
    for target in mapping.targets():
        own = [n for n, link in enumerate(links) if link.target == target and not link.mute]
        used = [n for n in own if any(sources[name].get(links[n].source, 0.0) for name in poses)]
        if not used:
            continue
        table = np.array(
            [[sources[name].get(links[n].source, 0.0) for n in used] for name in poses]
        )
        offsets = sum(links[n].offset for n in own)
        wanted = np.array([poses[name].get(target, 0.0) for name in poses]) - offsets
        before = np.array([links[n].gain for n in used])
        normal = table.T @ table + RIDGE * np.eye(len(used)) * max(float((table**2).max()), 1e-6)
        change = np.linalg.solve(normal, table.T @ (wanted - table @ before))
        for n, gain in zip(used, (before + change).tolist(), strict=True):
            links[n] = replace(links[n], gain=gain, confidence=1.0)
    return replace(mapping, links=tuple(links))


def pose_of(rig: Rig) -> dict[Target, float]:
    """How far each bone's channel, key and mapped control is from rest now; 0 where it rests."""
    found: dict[Target, float] = {}
    for target in (*_bones(rig), *_keys(rig), *rig_store.stored(rig).targets()):
        blocks = rig_measure.owners(rig, target)
        if blocks and rig_controls.driver_of(blocks[0], target) is None:
            away = rig_measure.read(blocks[0], target) - target.rest
            found[target] = away if abs(away) > STILL else 0.0
    return found


def clear(rig: Rig) -> None:
    """Put everything that `pose_of` reads back to rest."""
    for target, away in pose_of(rig).items():
        if away:
            for block in rig_measure.owners(rig, target):
                rig_measure.write(block, target, target.rest)
                block.update_tag()
    bpy.context.view_layer.update()


def show(rig: Rig, source: str, amount: float) -> None:
    """Pose the rig as the source at `amount` alone, for testing a row."""
    mapping = rig_store.stored(rig)
    values = rig_mapping.apply(mapping, {source: np.array([amount], np.float32)})
    for target in mapping.targets():
        value = float(values[target][0]) if target in values else target.rest
        for block in rig_measure.owners(rig, target):
            rig_measure.write(block, target, value)
            block.update_tag()


def _sources(mapping: Mapping, name: str) -> dict[str, float]:
    """What each source is while the open head shows the pose `name`."""
    units = np.array([[SHOWN[name].get(unit, 0.0) for unit in UNITS]], np.float32)
    found = dict(zip(UNITS, units[0].tolist(), strict=True))
    poses = [
        s.removeprefix(VISEME) for s in rig_mapping.sources_of(mapping) if s.startswith(VISEME)
    ]
    known = [pose for pose in poses if pose in rig_visemes.POSES]
    if known:
        each = rig_visemes.weights(units, known)
        found |= {VISEME + pose: float(values[0]) for pose, values in each.items()}
    return found


def _complete(rig: Rig, shown: Table[Target, float]) -> dict[Target, float]:
    """All four numbers of a quaternion, since they belong together."""
    whole = dict(shown)
    for target in list(shown):
        if target.path.endswith("rotation_quaternion"):
            for other in _bones(rig):
                if other.path == target.path:
                    whole.setdefault(other, 0.0)
    return whole


def _bones(rig: Rig) -> Iterator[Target]:
    for bone in rig.armature.pose.bones if rig.armature else ():
        start = f'pose.bones["{escaped(bone.name)}"].'
        turn = ROTATIONS.get(bone.rotation_mode, "rotation_euler")
        for index in range(3):
            yield Target(f"{start}location", index, ARMATURE)
            yield Target(f"{start}scale", index, ARMATURE, 1.0)
        for index in range(len(getattr(bone, turn))):
            rest = 1.0 if turn == "rotation_quaternion" and not index else 0.0
            yield Target(start + turn, index, ARMATURE, rest)


def _keys(rig: Rig) -> Iterator[Target]:
    names = {key.name for mesh in rig.meshes for key in mesh.data.shape_keys.key_blocks[1:]}
    yield from (key_target(name) for name in sorted(names))
