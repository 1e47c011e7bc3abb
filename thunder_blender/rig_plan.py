# SPDX-License-Identifier: GPL-3.0-or-later
"""From motion to the curves of a mapped rig: sources, links, contacts, one list for each part."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ..model_runtime.contract import NECK, UNITS
from . import rig_contacts, rig_mapping, rig_neck, rig_visemes
from .keys import Curve, group_of
from .rig import Rig, RigError
from .rig_mapping import Mapping, Target
from .rig_names import VISEME

if TYPE_CHECKING:
    from . import rig_flame

Floats = npt.NDArray[np.float32]
Places = dict[Target, tuple[int, ...]]  # parts of the rig that have each target


@dataclass(frozen=True)
class MappedRig:
    """All that a mapped rig's curves depend on, read off the rig; no bpy."""

    name: str
    mapping: Mapping
    places: Places
    parts: int  # how many there are room for
    lips: rig_contacts.RigLips | None = None
    neck: rig_neck.NeckTurn | None = None
    flame: rig_flame.ForeignFlame | None = None

    def values(self, motion: Floats, channels: tuple[str, ...]) -> dict[Target, Floats]:
        """Motion (T,C) -> values (T,) of each target, with the lips' contacts."""
        units = unit_weights(motion, channels)
        values = rig_mapping.apply(self.mapping, self.sources(units))
        if self.lips is not None and self.mapping.contacts:
            values = rig_contacts.keep(self.lips, self.mapping, values, units)
        return values

    def sources(self, units: Floats) -> dict[str, Floats]:
        """Unit weights (T,52) -> values (T,) of every source that the mapping asks for."""
        wanted = rig_mapping.sources_of(self.mapping)
        found = {unit: units[:, place] for place, unit in enumerate(UNITS) if unit in wanted}
        poses = [name.removeprefix(VISEME) for name in wanted if name.startswith(VISEME)]
        known = [name for name in poses if name in rig_visemes.POSES]
        if self.flame is not None:
            found |= self.flame.sources(units)[0]
        if known:
            each = rig_visemes.weights(units, known)
            found |= {VISEME + name: values for name, values in each.items()}
        return found

    def plan(self, motion: Floats, channels: tuple[str, ...]) -> tuple[list[Curve], ...]:
        """Curves of each part of the rig, by its number. Raises RigError where nothing moves."""
        curves: list[list[Curve]] = [[] for _ in range(self.parts)]
        if self.flame is not None:
            _, bones, jaw = self.flame.sources(unit_weights(motion, channels))
            curves[1] += bones
            curves[0] += self.flame.pose_curves(jaw)
        for target, values in self.values(motion, channels).items():
            for part in self.places.get(target, ()):
                curves[part].append(Curve(target.path, target.index, group(target), values))
        if not any(curves):
            raise RigError(
                f"Nothing of '{self.name}' is mapped to the motion. Open Mapping and use Auto Map, "
                "or add links there."
            )
        if self.neck is not None and set(NECK) <= set(channels):
            turn = motion[:, [channels.index(name) for name in NECK]]
            curves[1] += self.neck.curves(turn)
        return tuple(curves)


def unit_weights(motion: Floats, channels: tuple[str, ...]) -> Floats:
    """Motion (T,C) -> weights (T,52) in the order of UNITS; units that are not there are 0."""
    weights = np.zeros((len(motion), len(UNITS)), np.float32)
    for index, name in enumerate(channels):
        if name in UNITS:
            weights[:, UNITS.index(name)] = motion[:, index]
    return weights


def group(target: Target) -> str:
    """Name of the channel group in which a target is shown."""
    name = rig_mapping.key_name(target.path)
    if name:
        return group_of(name)
    quoted = target.path.split('"')
    return quoted[1] if len(quoted) > 1 else "Controls"


def plan_for(rig: Rig) -> Callable[[Floats, tuple[str, ...]], tuple[list[Curve], ...]]:
    """Read off the rig what its curves depend on, see `mapping.plan_for`."""
    return mapped_rig(rig).plan


def mapped_rig(rig: Rig, contacts: bool = True) -> MappedRig:
    """Read a mapped rig. Raises MappingError where its mapping cannot be read."""
    from . import rig_flame, rig_store

    mapping = rig_store.stored(rig)
    places = rig_store.places(rig, mapping)
    if not any(places.values()):
        raise RigError(
            f"'{rig.mesh.name}' has none of the shape keys, bones and properties that its mapping "
            "names. Use This Character again, or open Mapping."
        )
    solved = mapping.kind in rig_flame.MADE and rig_flame.is_solved(rig)
    wants_neck = any(link.source == rig_mapping.NECK_SOURCE for link in mapping.active())
    return MappedRig(
        rig.mesh.name,
        mapping,
        places,
        max(rig.parts) + 1 if max(rig.parts) else 2,
        rig_store.lips(rig, mapping) if contacts and mapping.contacts and not solved else None,
        rig_neck.find(rig) if wants_neck else None,
        rig_flame.read(rig, contacts and mapping.contacts) if solved else None,
    )
