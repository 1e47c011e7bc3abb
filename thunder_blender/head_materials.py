# SPDX-License-Identifier: GPL-3.0-or-later
"""The head's materials: one node set that Workbench, EEVEE and Cycles all show."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import numpy.typing as npt

from ..model_runtime.face import FaceModel
from . import compat
from .steps import PAUSE, Steps

DATA = Path(__file__).parent.parent / "model_runtime" / "data"


@dataclass(frozen=True)
class Look:
    """How a material looks where no texture gives its colour; colours are linear."""

    colour: tuple[float, float, float] = (0.6, 0.6, 0.6)
    roughness: float = 0.5
    subsurface: float = 0.0


LOOKS = {
    "skin": Look((0.62, 0.37, 0.28), 0.48, 0.08),
    "eyes": Look((0.86, 0.84, 0.82), 0.12),
    "teeth": Look((0.83, 0.78, 0.68), 0.22, 0.03),
    "gums": Look((0.55, 0.17, 0.16), 0.35, 0.05),
    "tongue": Look((0.52, 0.16, 0.16), 0.4, 0.05),
}


EYES = "eyes"
FRONTS = {  # part of the eye: degrees from its axis, and the colour that Solid mode shows
    "iris": (23.0, (0.16, 0.08, 0.04)),
    "pupil": (9.0, (0.005, 0.005, 0.005)),
}
SKIN = "skin"
SKINS = {  # the painted skin of each identity; the others wear the plain one
    "Amara": "skin_dark",
    "Finn": "skin_light",
    "Grace": "skin_grey",
    "Hiro": "skin_grey",
    "Ines": "skin_light",
    "Jamal": "skin_dark",
    "Mila": "skin_light",
    "Noor": "skin_dark",
    "Otto": "skin_grey",
}


def assign_materials(mesh: bpy.types.Mesh, face: FaceModel, identity: str) -> Steps[None]:
    """One material slot per material of `face`, in its order; `identity` decides the skin.

    A step is a material.
    """
    for name in face.material_names:
        texture = SKINS.get(identity, SKIN) if name == SKIN else str(name)
        mesh.materials.append(_material(texture, LOOKS.get(str(name), Look())))
        yield PAUSE
    if EYES in face.material_names and "eyeball_left" in face.vertex_sets:
        _show_irises(mesh, face)


def _show_irises(mesh: bpy.types.Mesh, face: FaceModel) -> None:
    """Give the front of the eyes materials of its own, of the same look and texture.

    Solid mode shows one colour a material: without them a head would stare with blank eyes.
    """
    slots = face.quad_material.astype(np.int32)
    angles = gaze_angles(face)
    for name, (widest, colour) in sorted(FRONTS.items(), key=lambda item: -item[1][0]):
        slots[angles < widest] = len(mesh.materials)
        mesh.materials.append(_material(EYES, LOOKS[EYES], f"{EYES} {name}", colour))
    mesh.polygons.foreach_set("material_index", slots)


def gaze_angles(face: FaceModel) -> npt.NDArray[np.float64]:
    """Degrees between each quad's middle, seen from its eyeball's, and straight ahead.

    (F,), infinite for quads that belong to no eyeball.
    """
    angles = np.full(len(face.quads), np.inf)
    for side in ("eyeball_left", "eyeball_right"):
        inside = np.isin(face.quads, face.vertex_sets[side]).all(1)
        ball = face.template[face.vertex_sets[side]]
        ways = face.template[face.quads[inside]].mean(1) - (ball.min(0) + ball.max(0)) / 2
        ahead = ways[:, 2] / np.linalg.norm(ways, axis=1)
        angles[inside] = np.degrees(np.arccos(np.clip(ahead, -1.0, 1.0)))
    return angles


def _material(
    name: str, look: Look, part: str = "", solid: tuple[float, float, float] | None = None
) -> bpy.types.Material:
    label = f"THUNDER {part or name}"
    if found := bpy.data.materials.get(label):
        return found
    material = bpy.data.materials.new(label)
    material.diffuse_color = (*(solid or look.colour), 1.0)
    material.roughness = look.roughness
    tree = compat.node_tree(material)
    shader = next(node for node in tree.nodes if node.type == "BSDF_PRINCIPLED")
    shader.inputs["Base Color"].default_value = (*look.colour, 1.0)
    shader.inputs["Roughness"].default_value = look.roughness
    shader.inputs["Subsurface Weight"].default_value = look.subsurface
    shader.inputs["Subsurface Radius"].default_value = (0.012, 0.004, 0.0025)
    if image := _image(name):
        _texture(tree, shader, image)
    return material


def _image(material: str) -> bpy.types.Image | None:
    """The texture of a material, for example open_head_skin.jpg."""
    path = next(iter(sorted(DATA.glob(f"open_head_{material}.*"))), None)
    return bpy.data.images.load(str(path), check_existing=True) if path else None


def _texture(tree: Any, shader: Any, image: bpy.types.Image) -> None:
    """Workbench shows the image of the active texture node, hence `active`."""
    node = tree.nodes.new("ShaderNodeTexImage")
    node.image = image
    node.location = (-320, 260)
    tree.links.new(node.outputs["Color"], shader.inputs["Base Color"])
    tree.nodes.active = node
