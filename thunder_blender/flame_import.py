# SPDX-License-Identifier: GPL-3.0-or-later
"""Import FLAME: from the artist's file to a rig that takes can be generated on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import bpy

from ..model_runtime.contract import UNITS
from ..model_runtime.flame import Flame, load_flame, load_shape
from . import EXTENSION, flame_mapping, flame_rig, head
from .rig import Rig

WORST = 3  # units that are named after an import


@dataclass(frozen=True)
class FlameImport:
    """All that decides what an import gives."""

    path: Path
    shape: Path | None = None  # identity coefficients
    shape_keys: int = 100
    location: tuple[float, float, float] = (0.0, 0.0, 0.0)


@dataclass(frozen=True)
class Imported:
    rig: Rig
    mapping: flame_mapping.FlameMapping

    def sentence(self) -> str:
        """What was imported and how well it will speak, for the status bar."""
        mean = float(self.mapping.residual.mean())
        worst = sorted(self.misfits().items(), key=lambda pair: -pair[1])[:WORST]
        named = ", ".join(f"{name} {misfit:.1f}" for name, misfit in worst)
        return (
            f"Imported {self.rig.mesh.name}. Units fit to {mean:.1f} mm on average; worst: {named}"
        )

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
    flame = load_flame(wanted.path)
    person = load_shape(wanted.shape, len(flame.face.identity_basis)) if wanted.shape else ()
    mapping = flame_mapping.map_flame(flame, head.bundled_face(), kept)
    rig = flame_rig.create_flame(collection, flame, _params(flame, wanted, tuple(person)))
    flame_mapping.store(rig.mesh, mapping)
    return Imported(rig, mapping)


def _params(flame: Flame, wanted: FlameImport, person: tuple[float, ...]) -> flame_rig.FlameParams:
    return flame_rig.FlameParams(
        shape=tuple(float(value) for value in person),
        shape_keys=min(wanted.shape_keys, len(flame.face.identity_basis)),
        name="FLAME",
        location=wanted.location,
    )
