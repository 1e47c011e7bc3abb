# SPDX-License-Identifier: GPL-3.0-or-later
"""Causes in the mapping of a character of the artist's; see `diagnose`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from . import rig_controls, rig_mapping, rig_measure, rig_store, rig_use
from .rig import Rig
from .rig_mapping import Mapping, MappingError

Cause = tuple[str, str | None, Callable[[], object] | None]
FEW = 3  # names in a sentence
JAW = "jawOpen"


def causes(rig: Rig) -> Iterator[Cause]:
    """Every cause in the rig's mapping; none for a head without one."""
    if not rig_store.is_mapped(rig):
        return
    try:
        mapping = rig_store.stored(rig)
    except MappingError as error:
        yield str(error), "Auto Map", partial(rig_use.remap, rig)
        return
    for check in (_empty, _muted, _gone, _driven, _shut):
        yield from check(rig, mapping)


def _empty(rig: Rig, mapping: Mapping) -> Iterator[Cause]:
    if not mapping.links:
        yield (
            f"Nothing of '{rig.mesh.name}' is mapped. Give it links, teach it poses, or use a "
            "preset in Mapping.",
            "Auto Map",
            partial(rig_use.remap, rig),
        )


def _muted(rig: Rig, mapping: Mapping) -> Iterator[Cause]:
    jaw = [place for place, link in enumerate(mapping.links) if link.source == JAW]
    if jaw and all(mapping.links[place].mute for place in jaw) and not _has_visemes(mapping):
        yield (
            f"The links of {JAW} are muted in the mapping of '{rig.mesh.name}'.",
            "Unmute Them",
            partial(_unmute, rig, mapping, jaw),
        )


def _has_visemes(mapping: Mapping) -> bool:
    return any(link.source.startswith("viseme:") for link in mapping.active())


def _unmute(rig: Rig, mapping: Mapping, places: list[int]) -> None:
    for place in places:
        mapping = mapping.with_link(place, mute=False)
    rig_store.store(rig, mapping)


def _gone(rig: Rig, mapping: Mapping) -> Iterator[Cause]:
    pseudo = {link.target for link in mapping.links if link.source == rig_mapping.NECK_SOURCE}
    gone = [
        target
        for target in mapping.targets()
        if target not in pseudo and not rig_measure.owners(rig, target)
    ]
    if gone:
        yield (
            f"The mapping of '{rig.mesh.name}' names what is not there: "
            f"{_some([target.label for target in gone])}.",
            "Auto Map",
            partial(rig_use.remap, rig),
        )


def _driven(rig: Rig, mapping: Mapping) -> Iterator[Cause]:
    driven = [
        target
        for target in mapping.targets()
        if any(rig_controls.driver_of(block, target) for block in rig_measure.owners(rig, target))
    ]
    if driven:
        yield (
            f"Drivers decide over what is mapped: {_some([target.label for target in driven])}.",
            "Map What They Read",
            partial(rig_use.remap, rig),
        )


def _shut(rig: Rig, mapping: Mapping) -> Iterator[Cause]:
    """The jaw's bone stays where it is although the keys alone do not open the mouth."""
    bone = rig_controls.jaw_bone(rig)
    if bone is None or mapping.kind in ("flame", "smplx", "bones", ""):
        return
    if any(f'"{bone.name}"' in target.path for target in mapping.targets()):
        return
    opened = rig_controls.with_jaw_bone(rig, mapping)
    if len(opened.links) > len(mapping.links):
        yield (
            f"The shape keys of '{rig.mesh.name}' hardly open its mouth, and its jaw bone "
            f"'{bone.name}' is not mapped.",
            "Map the Jaw Bone",
            partial(_store, rig, opened),
        )


def _store(rig: Rig, mapping: Mapping) -> None:
    rig_store.store(rig, replace(mapping))


def _some(names: list[Any]) -> str:
    more = len(names) - FEW
    return ", ".join(map(str, names[:FEW])) + (f" and {more} more" if more > 0 else "")
