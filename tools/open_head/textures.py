# SPDX-License-Identifier: GPL-3.0-or-later
"""Paints and writes all textures of the open head."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from model_runtime.face import FaceModel

from .paint_parts import paint_eyes, paint_gums, paint_lashes, paint_teeth, paint_tongue
from .paint_skin import paint_skin, skin_map
from .palette import PALETTES

PREFIX = "open_head"


def write_textures(face: FaceModel, folder: Path) -> list[Path]:
    """All as JPEG: the first PNG of a session keeps Blender busy for 40 ms; the paths written."""
    skin = face.quad_material == face.material_names.index("skin")
    count = int(face.quad_uv[skin].max()) + 1
    mapped = skin_map(
        face.uv[:count].astype(float),
        face.quad_uv[skin],
        face.quads[skin],
        face.template.astype(float),
        face.vertex_sets["lip_rings"],
        face.vertex_sets["cavity"],
        face.vertex_sets["upper_lids"],
        face.template[face.vertex_sets["eyeball_left"]].mean(0).astype(np.float64),
    )
    written = []
    for name, palette in PALETTES.items():
        path = folder / f"{PREFIX}_{name}.jpg"
        paint_skin(mapped, palette).save(path, quality=84, optimize=True)
        written.append(path)
    eyes = folder / f"{PREFIX}_eyes.jpg"
    paint_eyes().save(eyes, quality=90, optimize=True)
    parts = {
        "teeth": paint_teeth(),
        "gums": paint_gums(),
        "tongue": paint_tongue(),
        "lashes": paint_lashes(),
    }
    for name, image in parts.items():
        path = folder / f"{PREFIX}_{name}.jpg"
        image.save(path, quality=95, subsampling=0, optimize=True)
        written.append(path)
    return [*written, eyes]
