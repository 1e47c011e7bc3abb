# SPDX-License-Identifier: GPL-3.0-or-later
"""What the editor does to the links of a rig."""

from __future__ import annotations

from dataclasses import replace

from ..model_runtime.contract import CHANNELS
from . import rig_controls, rig_mapping, rig_measure, rig_store, rig_visemes
from .rig import Rig
from .rig_mapping import ARMATURE, Link, Mapping, MappingError, Target, key_target
from .rig_names import VISEME


def candidates(rig: Rig) -> list[str]:
    """Names of what a link may move: the shape keys of all meshes, and the bones' channels."""
    keys = {key.name for mesh in rig.meshes for key in mesh.data.shape_keys.key_blocks[1:]}
    bones = rig.armature.pose.bones if rig.armature else ()
    paths = [
        f'pose.bones["{rig_mapping.escaped(bone.name)}"].{channel}[{index}]'
        for bone in bones
        for channel in ("location", "rotation_euler")
        for index in range(3)
    ]
    return [*sorted(keys), *paths]


def add(rig: Rig, source: str, name: str) -> Link:
    """Link `source` to a shape key by its name, or to a data path of the armature.

    Raises MappingError where the rig has no such target or nothing gives such a source.
    """
    known = {*CHANNELS, *(VISEME + pose for pose in rig_visemes.POSES)}
    if source not in known:
        raise MappingError(f"'{source}' is no unit or viseme. Choose one from the list.")
    target = _target(rig, name)
    mapping = rig_store.stored(rig)
    link = Link(source, target)
    span = rig_controls.span_of(rig, target)
    spans = {known_target: (low, high) for known_target, low, high in mapping.ranges}
    ranges = spans | ({target: span} if span else {})
    rig_store.store(
        rig,
        replace(
            mapping,
            links=(*mapping.links, link),
            ranges=tuple((each, *bounds) for each, bounds in ranges.items()),
        ),
    )
    rig.mesh.thunder_map.active = len(mapping.links)
    return link


def remove(rig: Rig) -> str:
    """Remove the link that is shown; its name."""
    mapping, place = _shown(rig)
    links = mapping.links
    rig_store.store(rig, replace(mapping, links=links[:place] + links[place + 1 :]))
    return f"{links[place].source} to {links[place].target.label}"


def mirror(rig: Rig) -> str:
    """Mirror the link that is shown; its name."""
    mapping, place = _shown(rig)
    rig_store.store(rig, rig_mapping.mirror(mapping, place))
    return f"{mapping.links[place].source} to {mapping.links[place].target.label}"


def _shown(rig: Rig) -> tuple[Mapping, int]:
    mapping, place = rig_store.stored(rig), rig.mesh.thunder_map.active
    if not 0 <= place < len(mapping.links):
        raise MappingError("No link is shown. Select one in the list.")
    return mapping, place


def _target(rig: Rig, name: str) -> Target:
    key = key_target(name)
    if rig_measure.owners(rig, key):
        return key
    path, bracket, index = name.rpartition("[")
    numbered = bracket and index[:-1].isdigit()
    target = Target(path if numbered else name, int(index[:-1]) if numbered else 0, ARMATURE)
    if rig_measure.owners(rig, target):
        scale = target.path.endswith(".scale")
        return replace(target, rest=1.0) if scale else target
    raise MappingError(f"'{rig.mesh.name}' has no shape key or control '{name}'. Choose another.")
