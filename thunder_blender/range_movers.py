# SPDX-License-Identifier: GPL-3.0-or-later
"""Which channels of the motion move which curve of a take, on every kind of rig."""

from __future__ import annotations

from collections.abc import Mapping as Table
from dataclasses import dataclass

from ..model_runtime.contract import CHANNELS, NECK, UNITS
from . import flame_motion, flame_residuals, flame_rig, rig_flame, rig_mapping, rig_neck, rig_store
from .rig import NECK_BONE, Rig
from .rig_mapping import Mapping
from .rig_names import EXPRESSION, VISEME

Places = frozenset[int]  # in CHANNELS

TURNS = tuple(CHANNELS.index(name) for name in NECK)
FACE = frozenset(range(len(UNITS)))  # what a coefficient that no unit names may be moved by
MOUTH = frozenset(n for n in FACE if not UNITS[n].startswith(("eye", "brow", "cheekSq", "noseSn")))
FEW = 3  # channels whose curve can be locked in the motion, too


@dataclass(frozen=True)
class Movers:
    """The channels that move each data path, or all that is turned of a bone."""

    paths: Table[str, Places]
    bones: Table[str, Places]

    def of(self, data_path: str) -> Places:
        """Places in CHANNELS; none where nothing of the motion reaches the curve."""
        if data_path in self.paths:
            return self.paths[data_path]
        return self.bones.get(bone_of(data_path), frozenset())


def is_direct(rig: Rig) -> bool:
    """Whether the rig's own unit keys are the channels, without a mapping."""
    return not flame_rig.is_flame(rig) and not rig_store.is_mapped(rig)


def movers_of(rig: Rig) -> Movers:
    """Read off the rig. Raises MappingError where its mapping cannot be read."""
    if flame_rig.is_flame(rig):
        return _of_flame(rig)
    return _direct() if is_direct(rig) else _of_mapping(rig, rig_store.stored(rig))


def bone_of(data_path: str) -> str:
    """The bone whose rotation a data path leads to; empty for others."""
    start, end = data_path.find('["'), data_path.rfind('"].rotation')
    if not data_path.startswith("pose.bones") or end < 0:
        return ""
    return data_path[start + 2 : end].replace('\\"', '"').replace("\\\\", "\\")


def _direct() -> Movers:
    keys = {f'key_blocks["{name}"].value': frozenset({n}) for n, name in enumerate(UNITS)}
    return Movers(keys, {NECK_BONE: frozenset(TURNS)})


def _of_flame(rig: Rig) -> Movers:
    paths = {
        f'key_blocks["{key.name}"].value': FACE
        for key in rig.keys.key_blocks
        if key.name.startswith("Exp")
    }
    for unit in flame_residuals.present(rig):
        paths[flame_residuals.path(unit)] = frozenset({UNITS.index(unit)})
    eyes = {bone: _looks(side) for bone, (side, _) in flame_motion.EYES.items()}
    return Movers(paths, {flame_motion.JAW: MOUTH, NECK_BONE: frozenset(TURNS), **eyes})


def _of_mapping(rig: Rig, mapping: Mapping) -> Movers:
    paths: dict[str, Places] = {}
    for link in mapping.active():
        path = link.target.path
        paths[path] = paths.get(path, frozenset()) | _sources(link.source)
    bones = {}
    if any(link.source == rig_mapping.NECK_SOURCE for link in mapping.active()):
        neck = rig_neck.neck_bone(rig)
        bones = {neck.name: frozenset(TURNS)} if neck else {}
    if mapping.kind in rig_flame.MADE and rig_flame.is_solved(rig):
        flame = rig_flame.read(rig)
        for joint, turn in flame.turns:
            side = {"left_eye": "Left", "right_eye": "Right"}.get(joint)
            bones[turn.bone] = _looks(side) if side else MOUTH
        paths |= {rig_mapping.key_target(name).path: MOUTH for _, name in flame.correctives}
    return Movers({path: found for path, found in paths.items() if found}, bones)


def _sources(source: str) -> Places:
    if source in UNITS:
        return frozenset({UNITS.index(source)})
    if source.startswith(VISEME):
        return MOUTH
    return FACE if source.startswith(EXPRESSION) else frozenset()


def _looks(side: str) -> Places:
    names = (n for n in UNITS if n.startswith("eyeLook") and n.endswith(side))
    return frozenset(UNITS.index(name) for name in names)
