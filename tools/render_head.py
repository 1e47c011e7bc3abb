# SPDX-License-Identifier: GPL-3.0-or-later
"""Renders poses of the open head with Cycles, one PNG a pose. Runs where bpy is installed.

    python tools/render_head.py SPEC.json FOLDER

SPEC: {"size": 320, "samples": 16, "shots": [{"name", "weights": {unit: value}, "identity",
"neck": [x, y, z], "view": "face" | "three" | "side" | "mouth" | "mouth3" | "eyes"}]}
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from mathutils import Vector

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from model_runtime.contract import UNITS  # noqa: E402
from model_runtime.face import FaceModel, evaluate, load_face  # noqa: E402

DATA = ROOT / "model_runtime" / "data"
VIEWS: dict[str, tuple[tuple[float, float, float], tuple[float, float, float], float]] = {
    # camera, target (FLAME's axes, metres, from between the eyes), focal length in mm
    "face": ((0, -0.02, 0.95), (0, -0.018, 0.0), 150),
    "head": ((0, 0.0, 1.05), (0, -0.025, 0.0), 85),
    "three": ((0.55, 0.0, 0.85), (0, -0.028, -0.03), 100),
    "side": ((0.95, 0.0, -0.02), (0, -0.028, -0.04), 95),
    "mouth": ((0, -0.06, 0.95), (0, -0.066, 0.0), 300),
    "mouth3": ((0.5, -0.03, 0.8), (0, -0.066, 0.0), 300),
    "below": ((0.0, -0.35, 0.85), (0, -0.066, 0.0), 260),
    "eyes": ((0, 0.0, 0.95), (0, 0.0, 0.0), 240),
    "eye3": ((0.5, 0.0, 0.8), (0.03, 0.0, 0.0), 380),
}
LOOKS = {  # colour where there is no texture, roughness, subsurface
    "skin": ((0.62, 0.37, 0.28), 0.48, 0.12),
    "eyes": ((0.86, 0.84, 0.82), 0.08, 0.0),
    "teeth": ((0.83, 0.78, 0.68), 0.18, 0.03),
    "gums": ((0.55, 0.17, 0.16), 0.3, 0.05),
    "tongue": ((0.52, 0.16, 0.16), 0.35, 0.05),
    "lashes": ((0.03, 0.02, 0.015), 0.7, 0.0),
}


def main() -> int:
    spec = json.loads(Path(sys.argv[1]).read_text())
    folder = Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    face = load_face()
    _stage(spec.get("size", 320), spec.get("samples", 16))
    body = _body(face, spec.get("levels", 1))
    for shot in spec["shots"]:
        points = _posed(face, shot)
        body.data.vertices.foreach_set("co", _to_blender(points).ravel())
        body.data.update()
        _wear(face.identity_textures.get(shot.get("identity"), "skin"))
        middle = points[face.vertex_sets["eyeballs"]]
        _aim(shot.get("view", "face"), middle.mean(0), middle[:, 2].max())
        bpy.context.scene.render.filepath = str(folder / f"{shot['name']}.png")
        bpy.ops.render.render(write_still=True)
    return 0


def _posed(face: FaceModel, shot: dict[str, Any]) -> np.ndarray:
    weights = np.zeros((1, len(UNITS)), np.float32)
    for name, value in shot.get("weights", {}).items():
        for unit in _both(name):
            weights[0, UNITS.index(unit)] = value
    return evaluate(face, weights, shot.get("neck"), shot.get("identity"))[0]


def _both(name: str) -> tuple[str, ...]:
    return (name,) if name in UNITS else (f"{name}Left", f"{name}Right")


def _to_blender(points: np.ndarray) -> np.ndarray:
    x, y, z = np.moveaxis(points, -1, 0)
    return np.stack([x, -z, y], -1).astype(np.float32)


def _body(face: FaceModel, levels: int) -> bpy.types.Object:
    mesh = bpy.data.meshes.new("head")
    mesh.from_pydata(_to_blender(face.template).tolist(), [], face.quads.tolist())
    mesh.polygons.foreach_set("material_index", face.quad_material.astype(np.int32))
    mesh.polygons.foreach_set("use_smooth", np.ones(len(face.quads), bool))
    layer = mesh.uv_layers.new(name="UVMap")
    layer.uv.foreach_set("vector", face.uv[face.quad_uv].astype(np.float32).ravel())
    for name in face.material_names:
        mesh.materials.append(_material(name))
    body = bpy.data.objects.new("head", mesh)
    bpy.context.scene.collection.objects.link(body)
    if levels:
        modifier = body.modifiers.new("smooth", "SUBSURF")
        modifier.levels = modifier.render_levels = levels
        modifier.boundary_smooth = "PRESERVE_CORNERS"
    return body


def _material(name: str) -> bpy.types.Material:
    colour, roughness, subsurface = LOOKS[name]
    material = bpy.data.materials.new(name)
    material.use_nodes = True
    tree = material.node_tree
    shader = tree.nodes["Principled BSDF"]
    shader.inputs["Base Color"].default_value = (*colour, 1)
    shader.inputs["Roughness"].default_value = roughness
    shader.inputs["Subsurface Weight"].default_value = subsurface
    shader.inputs["Subsurface Radius"].default_value = (0.012, 0.004, 0.0025)
    image = next(iter(sorted(DATA.glob(f"open_head_{name}.*"))), None)
    if image:
        node = tree.nodes.new("ShaderNodeTexImage")
        node.image = bpy.data.images.load(str(image))
        tree.links.new(node.outputs["Color"], shader.inputs["Base Color"])
    return material


def _wear(texture: str) -> None:
    """The skin texture of the person in the shot."""
    path = DATA / f"open_head_{texture}.jpg"
    node = bpy.data.materials["skin"].node_tree.nodes.get("Image Texture")
    if node and path.exists():
        node.image = bpy.data.images.load(str(path), check_existing=True)


def _stage(size: int, samples: int) -> None:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    render = scene.render
    render.engine = "CYCLES"
    render.resolution_x = render.resolution_y = size
    render.threads_mode, render.threads = "FIXED", 2
    render.use_persistent_data = True
    scene.cycles.device, scene.cycles.samples = "CPU", samples
    scene.cycles.use_denoising, scene.cycles.max_bounces = True, 4
    scene.view_settings.view_transform = "Standard"
    world = bpy.data.worlds.new("world")
    scene.world = world
    world.use_nodes = True
    world.node_tree.nodes["Background"].inputs[0].default_value = (0.42, 0.45, 0.5, 1)
    world.node_tree.nodes["Background"].inputs[1].default_value = 0.5
    _light((0.45, -0.75, 0.5), 7.0, 0.35)
    _light((-0.6, -0.6, 0.1), 3.0, 0.4)
    _light((0.2, 0.7, 0.6), 5.0, 0.3)
    camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    scene.collection.objects.link(camera)
    scene.camera = camera


def _light(place: tuple[float, float, float], power: float, size: float) -> None:
    lamp = bpy.data.lights.new("light", "AREA")
    lamp.energy, lamp.size = power, size
    item = bpy.data.objects.new("light", lamp)
    item.location = place
    item.rotation_euler = (-Vector(place)).to_track_quat("-Z", "Y").to_euler()
    bpy.context.scene.collection.objects.link(item)


def _aim(view: str, middle: np.ndarray, front: float) -> None:
    place, target, focal = VIEWS[view]
    centre = np.array([0.0, middle[1], front])
    at = Vector(_to_blender(centre + np.array(target)))
    camera = bpy.context.scene.camera
    camera.location = Vector(_to_blender(centre + np.array(place)))
    camera.rotation_euler = (at - camera.location).to_track_quat("-Z", "Y").to_euler()
    camera.data.lens = focal


if __name__ == "__main__":
    raise SystemExit(main())
