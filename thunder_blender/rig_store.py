# SPDX-License-Identifier: GPL-3.0-or-later
"""A rig keeps its mapping and what was measured of its lips, in the .blend, on its mesh."""

from __future__ import annotations

import hashlib
import json

import bpy
import numpy as np

from ..model_runtime.contract import UNITS
from . import rig_contacts, rig_lips, rig_mapping, rig_measure, rig_plan, rig_teeth
from .rig import Rig
from .rig_contacts import RigLips
from .rig_mapping import Mapping, MappingError, Target

LINKS = "thunder_links"  # custom property of the mesh object: the mapping as JSON
LIPS = "thunder_lips"  # what `lips` measured, as JSON
EDITION = 3  # of the measuring
FIGURES = 5  # kept of a length in mm


def is_mapped(rig: Rig) -> bool:
    """Whether the rig has a mapping of its own."""
    return LINKS in rig.mesh


def store(rig: Rig, mapping: Mapping) -> None:
    """Keep the mapping on the rig."""
    from . import rig_rows

    rig.mesh[LINKS] = rig_mapping.to_json(mapping)
    rig_rows.refresh(rig.mesh, mapping)


def stored(rig: Rig) -> Mapping:
    """The rig's mapping. Raises MappingError where it has none that can be read."""
    text = rig.mesh.get(LINKS)
    if not isinstance(text, str):
        raise MappingError(f"'{rig.mesh.name}' has no mapping. Use This Character first.")
    return rig_mapping.from_json(text, rig.mesh.name)


def forget(mesh: bpy.types.Object) -> None:
    """Leave nothing of the mapping on the mesh."""
    for name in (LINKS, LIPS):
        if name in mesh:
            del mesh[name]
    mesh.property_unset("thunder_map")


def places(rig: Rig, mapping: Mapping) -> dict[Target, tuple[int, ...]]:
    """The numbers of the rig's parts that have each target; empty where it is gone."""
    number = {block: part for part, block in rig.parts.items()}
    return {
        target: tuple(number[block] for block in rig_measure.owners(rig, target) if block in number)
        for target in mapping.targets()
    }


def lips(rig: Rig, mapping: Mapping) -> RigLips | None:
    """The lips of the rig with all that moves them; measured where nothing fitting is kept."""
    state = _state(rig, mapping)
    kept = rig.mesh.get(LIPS)
    if isinstance(kept, str):
        body = json.loads(kept)
        if body.get("state") == state:
            return _from_body(body, mapping) if body.get("rest") else None
    found = measure_lips(rig, mapping)
    rig.mesh[LIPS] = json.dumps({"state": state, **(_to_body(found) if found else {})})
    return found


def measure_lips(rig: Rig, mapping: Mapping) -> RigLips | None:
    """Find the lips on the evaluated mesh and measure how each target moves them."""
    targets = mapping.targets()
    opened = rig_plan.MappedRig(rig.mesh.name, mapping, {}, 2).values(
        rig_contacts.opening_weights(), UNITS
    )
    still = {target: target.rest for target in targets}
    rest = rig_measure.shape_of(rig, rig.mesh, still)
    wide = rig_measure.shape_of(
        rig, rig.mesh, still | {target: float(values[0]) for target, values in opened.items()}
    )
    if rest.shape != wide.shape:
        return None
    seam = rig_lips.find(rest, wide)
    return _measured(rig, mapping, seam) if seam else None


def _measured(rig: Rig, mapping: Mapping, seam: rig_lips.Seam) -> RigLips:
    targets = mapping.targets()
    rest, moved = rig_measure.responses(rig, rig.mesh, targets, reaches(mapping))
    edges, edge_motion = rig_teeth.find(rig, targets, seam, reaches(mapping))
    used = np.unique(np.concatenate([part for column in seam.columns for part in column]))
    index = {vertex: place for place, vertex in enumerate(used.tolist())}
    columns = tuple(
        (
            np.array([index[v] for v in upper.tolist()], np.int64),
            np.array([index[v] for v in lower.tolist()], np.int64),
        )
        for upper, lower in seam.columns
    )
    points = np.concatenate((rest[used], edges)) - seam.middle
    motion = np.concatenate((moved[:, used], edge_motion), axis=1)
    teeth = len(used) + np.arange(len(edges))
    in_mm = 1 / seam.scale
    return RigLips(targets, _to_face(points) * in_mm, _to_face(motion) * in_mm, columns, teeth)


def reaches(mapping: Mapping) -> dict[Target, float]:
    """How far each target goes from rest when its sources are at 1, as far as its range allows."""
    ways: dict[Target, float] = {}
    for link in mapping.active():
        if abs(link.gain) > abs(ways.get(link.target, 0.0)):
            ways[link.target] = link.gain
    return {target: way or 1.0 for target, way in ways.items()}


def _to_face(points: rig_lips.Points) -> rig_lips.Points:
    """Blender's axes -> the face's."""
    x, y, z = np.moveaxis(points, -1, 0)
    return np.stack((x, z, -y), axis=-1)


def _state(rig: Rig, mapping: Mapping) -> str:
    """Changes when what was measured may not hold any more."""
    keys = rig.keys.key_blocks
    told = [
        str(EDITION),
        *(f"{target.on} {target.path} {target.index}" for target in mapping.targets()),
        *(f"{link.source} {link.target.path} {link.gain > 0}" for link in mapping.active()),
        *(f"{key.name} {key.mute}" for key in keys),
        str(len(rig.mesh.data.vertices)),
        str([(m.type, m.show_viewport) for m in rig.mesh.modifiers]),
    ]
    return hashlib.sha256("\n".join(told).encode()).hexdigest()[:24]


def _to_body(found: RigLips) -> dict[str, object]:
    return {
        "rest": np.round(found.rest, FIGURES).tolist(),
        "basis": np.round(found.basis, FIGURES).ravel().tolist(),
        "columns": [[part.tolist() for part in column] for column in found.columns],
        "teeth": found.teeth.tolist(),
    }


def _from_body(body: dict[str, list], mapping: Mapping) -> RigLips:  # type: ignore[type-arg]
    rest = np.array(body["rest"], float).reshape(-1, 3)
    columns = tuple(
        (np.array(upper, np.int64), np.array(lower, np.int64)) for upper, lower in body["columns"]
    )
    targets = mapping.targets()
    basis = np.array(body["basis"], float).reshape(len(targets), len(rest), 3)
    return RigLips(targets, rest, basis, columns, np.array(body["teeth"], np.int64))
