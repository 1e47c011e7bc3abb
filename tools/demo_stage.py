# SPDX-License-Identifier: GPL-3.0-or-later
"""Camera, light and shading of the demo, for rendering and for whoever opens the file."""

from __future__ import annotations

import math
from typing import Any

import bpy
from mathutils import Vector

TARGET = Vector((0.0, -0.03, 0.016))  # metres, between the eyes and the chin
DISTANCE = 0.78
LENS = 100.0  # mm: a portrait lens
TURN = math.radians(7)  # of the camera around the head
BACKDROP = (0.035, 0.045, 0.06)

# name, direction to the light, power in watts, size in metres, colour
LIGHTS = (
    ("Key", (0.75, -1.0, 0.65), 9.0, 0.45, (1.0, 0.93, 0.86)),
    ("Fill", (-1.1, -0.8, 0.1), 3.0, 0.9, (0.82, 0.9, 1.0)),
    ("Rim", (-0.5, 1.0, 0.9), 10.0, 0.4, (0.9, 0.95, 1.0)),
)

STUDIO_LIGHT = "paint.sl"  # ships with Blender: lights of one's own are preferences, in no file


def set_stage(scene: bpy.types.Scene, rig: Any, engine: str, size: int) -> None:
    """Frame the face, light it, and set the engine and the size of the picture."""
    scene.camera = _camera(scene)
    for light in LIGHTS:
        _light(scene, *light)
    _world(scene)
    scene.render.resolution_x = scene.render.resolution_y = size
    scene.render.resolution_percentage = 100
    _cycles(scene)
    _workbench(scene.display.shading)
    scene.display.render_aa = "8"
    scene.display.matcap_ssao_samples = 8
    _smoothness(rig, engine)
    scene.render.engine = f"BLENDER_{engine}" if engine == "WORKBENCH" else engine
    scene.view_settings.view_transform = "Standard" if engine == "WORKBENCH" else "AgX"
    _show(rig)
    _open_views(scene)


def _smoothness(rig: Any, engine: str) -> None:
    """Workbench shows the plain mesh: subdividing doubles a frame's time and is hard to see."""
    for modifier in rig.mesh.modifiers:
        if modifier.type == "SUBSURF":
            modifier.render_levels = 1 if engine == "CYCLES" else 0


def _camera(scene: bpy.types.Scene) -> bpy.types.Object:
    data = bpy.data.cameras.new("Camera")
    data.lens = LENS
    data.clip_start = 0.01
    camera = bpy.data.objects.new("Camera", data)
    toward = Vector((math.sin(TURN), -math.cos(TURN), 0.02)).normalized()
    camera.location = TARGET + DISTANCE * toward
    camera.rotation_euler = toward.to_track_quat("Z", "Y").to_euler()
    scene.collection.objects.link(camera)
    return camera


def _light(
    scene: bpy.types.Scene,
    name: str,
    direction: tuple[float, float, float],
    power: float,
    size: float,
    colour: tuple[float, float, float],
) -> None:
    data = bpy.data.lights.new(name, "AREA")
    data.energy, data.size, data.color = power, size, colour
    light = bpy.data.objects.new(name, data)
    toward = Vector(direction).normalized()
    light.location = TARGET + 0.9 * toward
    light.rotation_euler = toward.to_track_quat("Z", "Y").to_euler()
    scene.collection.objects.link(light)


def _world(scene: bpy.types.Scene) -> None:
    world = bpy.data.worlds.new("Backdrop")
    world.color = BACKDROP
    if bpy.app.version < (5, 0, 0):
        world.use_nodes = True
    background = next(node for node in world.node_tree.nodes if node.type == "BACKGROUND")
    background.inputs["Color"].default_value = (*BACKDROP, 1.0)
    background.inputs["Strength"].default_value = 0.8
    scene.world = world


def _cycles(scene: bpy.types.Scene) -> None:
    scene.cycles.samples = 24
    scene.cycles.use_denoising = True
    scene.cycles.max_bounces = 6


def _workbench(shading: Any) -> None:
    """The same look for the Workbench render and the solid-mode viewport."""
    shading.light = "STUDIO"
    shading.studio_light = STUDIO_LIGHT
    shading.color_type = "TEXTURE"
    shading.show_cavity = True
    shading.cavity_type = "BOTH"
    shading.cavity_ridge_factor, shading.cavity_valley_factor = 0.1, 1.6
    shading.curvature_ridge_factor, shading.curvature_valley_factor = 0.4, 0.9
    shading.show_shadows = False
    shading.show_specular_highlight = True
    shading.background_type = "WORLD"


def _show(rig: Any) -> None:
    """The mesh is what one looks at and edits; the bones stay out of the picture."""
    rig.armature.hide_viewport = False
    rig.mesh.select_set(True)
    bpy.context.view_layer.objects.active = rig.mesh


def _open_views(scene: bpy.types.Scene) -> None:
    """Whoever opens the file looks through the camera at the textured face."""
    for screen in bpy.data.screens:
        for space in (area.spaces.active for area in screen.areas if area.type == "VIEW_3D"):
            space.region_3d.view_perspective = "CAMERA"
            space.overlay.show_bones = False
            space.shading.type = "SOLID"
            _workbench(space.shading)
    for workspace in bpy.data.workspaces:
        if hasattr(workspace, "sequencer_scene"):
            workspace.sequencer_scene = scene
