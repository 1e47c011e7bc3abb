# SPDX-License-Identifier: GPL-3.0-or-later
"""Import FLAME: from the artist's file to a rig that takes can be generated on.

`prepare` reads the file and finds how the units map to it: seconds of work on numbers, without
Blender's data, which `flame_task` does in a thread. `build` then makes the rig.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import bpy
import numpy as np
import numpy.typing as npt

from ..model_runtime.contract import UNITS
from ..model_runtime.flame import Flame, load_flame, load_shape
from ..model_runtime.flame_calibration import Calibration
from ..model_runtime.flame_edition import edition, remarks
from ..model_runtime.flame_extras import load_landmarks, load_masks
from . import EXTENSION, flame_mapping, flame_residuals, flame_rig, flame_tongue, head
from .building import Made
from .rig import Rig
from .steps import GO_ON, Steps, finish

Floats = npt.NDArray[np.float32]

WORST = 3  # units that are named after an import
EDITION = "thunder_flame_edition"  # custom property of the mesh object: the file's known name
MASK = "mask {}"  # vertex group; FLAME's "neck" is a bone, too
READING = 0.1  # of the time that the work in `prepare` takes


@dataclass(frozen=True)
class FlameImport:
    """All that decides what an import gives."""

    path: Path
    shape: Path | None = None  # identity coefficients
    shape_keys: int = 100
    residual_keys: bool = False  # shape keys for what the expressions cannot say
    location: tuple[float, float, float] = (0.0, 0.0, 0.0)
    masks: Path | None = None  # named sets of vertices, which become vertex groups
    landmarks: Path | None = None  # an embedding, which tells where the mouth is


@dataclass(frozen=True)
class Prepared:
    """A FLAME that was read, and what the units are on it."""

    wanted: FlameImport
    flame: Flame
    mapping: Calibration
    left: Floats  # (52,V,3) metres that the expressions cannot say of each unit
    remarks: tuple[str, ...]  # what the artist should know of the file
    masks: dict[str, npt.NDArray[np.int32]]
    plan: flame_rig.FlamePlan


@dataclass(frozen=True)
class Imported:
    rig: Rig
    mapping: Calibration
    remarks: tuple[str, ...] = ()

    def sentence(self) -> str:
        """What was imported and how well it will speak, for the status bar."""
        mean = float(self.mapping.residual.mean())
        worst = sorted(self.misfits().items(), key=lambda pair: -pair[1])[:WORST]
        named = ", ".join(f"{name} {misfit:.1f}" for name, misfit in worst)
        fitted = f"Units fit to {mean:.1f} mm on average; worst: {named}"
        return ". ".join((f"Imported {self.rig.mesh.name}", *self.remarks, fitted))

    def misfits(self) -> dict[str, float]:
        """Root mean square misfit of each unit in mm, where the unit moves the face."""
        return dict(zip(UNITS, self.mapping.residual.tolist(), strict=True))


def kept_folder() -> Path:
    """Where the extension keeps what it has found out about a FLAME file."""
    return Path(bpy.utils.extension_path_user(EXTENSION, path="flame", create=True))


def import_flame(
    collection: bpy.types.Collection, wanted: FlameImport, kept: Path | None = None
) -> Imported:
    """Read the file, build its rig and find how the units map to it.

    `kept` is a folder for what is worth finding once only. Raises FlameError.
    """
    return build(collection, prepare(wanted, kept))


def prepare(
    wanted: FlameImport, kept: Path | None = None, tell: Callable[[float], object] = abs
) -> Prepared:
    """All that takes long and needs none of Blender's data. Raises FlameError, WeightsError.

    `tell` hears the share that is done; what it raises ends the work.
    """
    flame = load_flame(wanted.path)
    person = load_shape(wanted.shape, len(flame.face.identity_basis)) if wanted.shape else ()
    face = flame.face
    masks = load_masks(wanted.masks, len(face.template)) if wanted.masks else {}
    mouth = None
    if wanted.landmarks:
        landmarks = load_landmarks(wanted.landmarks, len(face.triangles))
        mouth = landmarks.of_the_mouth(face.template, face.triangles)
    tell(READING)
    mapping, left = flame_mapping.map_flame(
        flame,
        head.bundled_face(),
        kept,
        lambda done: tell(READING + (1 - READING) * done),
        mouth,
    )
    params = flame_rig.FlameParams(
        shape=tuple(float(value) for value in person),
        shape_keys=min(wanted.shape_keys, len(face.identity_basis)),
        name="FLAME",
        location=wanted.location,
    )
    plan = flame_rig.plan_flame(flame, params)
    return Prepared(wanted, flame, mapping, left, remarks(flame), masks, plan)


def build(collection: bpy.types.Collection, prepared: Prepared) -> Imported:
    """Make the rig of what was prepared."""
    return finish(build_steps(collection, prepared))


def build_steps(collection: bpy.types.Collection, prepared: Prepared) -> Steps[Imported]:
    """The same in steps; stopped early, it leaves nothing."""
    made = Made()
    try:
        return (yield from _build(collection, prepared, made))
    except BaseException:
        made.discard()
        raise


def _build(collection: bpy.types.Collection, prepared: Prepared, made: Made) -> Steps[Imported]:
    rig = yield from flame_rig.create_flame_steps(collection, prepared.plan, made)
    yield GO_ON
    flame_mapping.store(rig.mesh, prepared.mapping)
    if prepared.wanted.residual_keys:
        yield from flame_residuals.add(rig, prepared.left)
        tongue = flame_tongue.add(rig, prepared.mapping, prepared.flame.face)
        if tongue is not None:
            made.note(tongue)
            made.note(tongue.data)
        yield GO_ON
    for name, vertices in prepared.masks.items():
        group = rig.mesh.vertex_groups.new(name=MASK.format(name))
        group.add(vertices.tolist(), 1.0, "REPLACE")
    rig.mesh[EDITION] = edition(prepared.flame)
    return Imported(rig, prepared.mapping, prepared.remarks)
