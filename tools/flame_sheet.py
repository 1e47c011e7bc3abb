# SPDX-License-Identifier: GPL-3.0-or-later
"""Renders visemes and emotions of the open head beside the surrogate FLAME, and lays them out.

    python tools/flame_sheet.py --zip EXTENSION.zip --out SHEET.png [--size 180] [--samples 6]

Where the bpy module is installed. Both characters get the same units through the add-on's own
mapping; the FLAME twice, without and with residual keys. Cycles on the processor, all in one row of
heads per pose, so that they are lit and seen alike.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ["BLENDER_USER_RESOURCES"] = tempfile.mkdtemp(prefix="thunder-sheet-")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import bpy
import numpy as np
from mathutils import Vector

from tools import make_test_flame
from tools.demo_scene import Room, install_extension
from tools.surrogate_flame import surrogate

APART = 0.24  # metres between heads
COLUMNS = 3  # poses in a row of the sheet
SKIN = (0.62, 0.37, 0.28, 1.0)
POSES: dict[str, dict[str, float]] = {  # a name without Left or Right drives both sides
    "rest": {},
    "AA": {"jawOpen": 0.5},
    "EE": {"jawOpen": 0.12, "mouthSmile": 0.5, "mouthUpperUp": 0.25, "mouthLowerDown": 0.45},
    "OO": {"jawOpen": 0.1, "mouthPucker": 0.85, "mouthFunnel": 0.25},
    "OH": {"jawOpen": 0.3, "mouthFunnel": 0.6, "mouthPucker": 0.3},
    "P B M": {"mouthPress": 0.35, "mouthRollLower": 0.15, "mouthRollUpper": 0.1},
    "P on open jaw": {"jawOpen": 0.3, "mouthClose": 0.3},
    "F V": {"jawOpen": 0.05, "mouthRollLower": 0.6, "mouthUpperUp": 0.25},
    "CH": {"jawOpen": 0.07, "mouthFunnel": 0.6, "mouthUpperUp": 0.2, "mouthLowerDown": 0.2},
    "happy": {"mouthSmile": 0.85, "cheekSquint": 0.7, "eyeSquint": 0.35, "mouthUpperUp": 0.3},
    "sad": {"browInnerUp": 0.9, "mouthFrown": 0.7, "mouthShrugLower": 0.4, "eyeBlink": 0.2},
    "angry": {"browDown": 0.95, "eyeSquint": 0.5, "noseSneer": 0.4, "mouthPress": 0.5},
    "surprised": {"browInnerUp": 0.9, "browOuterUp": 0.9, "eyeWide": 0.8, "jawOpen": 0.4},
    "disgusted": {"noseSneer": 1.0, "mouthUpperUp": 0.5, "browDown": 0.4, "mouthFrown": 0.3},
    "blink": {"eyeBlink": 1.0},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--zip", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--size", type=int, default=180, help="pixels a head")
    parser.add_argument("--samples", type=int, default=6)
    options = parser.parse_args()
    room = install_extension(options.zip)
    bpy.ops.wm.read_homefile(use_empty=True)
    rigs = heads(room)
    stage(rigs, options.size, options.samples)
    with tempfile.TemporaryDirectory() as folder:
        shots = [_shot(room, rigs, name, Path(folder)) for name in POSES]
        lay_out(shots, options.out)
    print(options.out)


def heads(room: Room) -> list[Any]:
    """The open head, the surrogate FLAME, and the same with residual keys, side by side."""
    collection = bpy.context.scene.collection
    maker, importer = room("thunder_blender.head"), room("thunder_blender.flame_import")
    rigs = [maker.create_head(collection, maker.HeadParams())]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "generic_model.pkl"
        make_test_flame.write_2020(file, surrogate(identities=2).parts)
        for residual in (False, True):
            wanted = importer.FlameImport(file, shape_keys=0, residual_keys=residual)
            made = importer.import_flame(collection, wanted, Path(folder))
            print(made.sentence())
            _skin(made.rig)
            rigs.append(made.rig)
    for place, rig in enumerate(rigs):
        rig.armature.location.x = APART * (place - 1)
        rig.armature.location.z -= _eyes(rig)
    return rigs


def _eyes(rig: Any) -> float:
    return float(rig.armature.data.bones["left_eye"].head_local.z)


def _skin(rig: Any) -> None:
    """One plain skin; eyeballs, which turn with the eye bones, are white."""
    colours = {"skin": SKIN, "eyes": (0.8, 0.8, 0.8, 1.0)}
    for name, colour in colours.items():
        material = bpy.data.materials.new(name)
        material.use_nodes = True
        shader = material.node_tree.nodes["Principled BSDF"]
        shader.inputs["Base Color"].default_value = colour
        shader.inputs["Roughness"].default_value = 0.5 if name == "skin" else 0.1
        rig.mesh.data.materials.append(material)
    groups = {rig.mesh.vertex_groups[name].index for name in ("left_eye", "right_eye")}
    eyes = np.array(
        [
            any(g.group in groups and g.weight > 0.5 for g in v.groups)
            for v in rig.mesh.data.vertices
        ]
    )
    corners = np.empty(3 * len(rig.mesh.data.polygons), np.int32)
    rig.mesh.data.polygons.foreach_get("vertices", corners)
    rig.mesh.data.polygons.foreach_set("material_index", eyes[corners[::3]].astype(np.int32))


def stage(rigs: list[Any], size: int, samples: int) -> None:
    """Camera, lights and renderer for a row of heads."""
    scene = bpy.context.scene
    render = scene.render
    render.engine = "CYCLES"
    render.resolution_x, render.resolution_y = size * len(rigs), round(1.15 * size)
    render.use_persistent_data = True
    scene.cycles.device, scene.cycles.samples = "CPU", samples
    scene.cycles.use_denoising, scene.cycles.max_bounces = True, 3
    scene.view_settings.view_transform = "Standard"
    scene.world = bpy.data.worlds.new("world")
    scene.world.use_nodes = True
    scene.world.node_tree.nodes["Background"].inputs[0].default_value = (0.42, 0.45, 0.5, 1)
    scene.world.node_tree.nodes["Background"].inputs[1].default_value = 0.5
    for place, power in (((0.8, -1.6, 1.0), 40.0), ((-1.2, -1.2, 0.2), 15.0)):
        lamp = bpy.data.lights.new("light", "AREA")
        lamp.energy, lamp.size = power, 0.6
        item = bpy.data.objects.new("light", lamp)
        item.location = place
        item.rotation_euler = (-Vector(place)).to_track_quat("-Z", "Y").to_euler()
        scene.collection.objects.link(item)
    camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    camera.data.type, camera.data.ortho_scale = "ORTHO", APART * len(rigs)
    camera.location, camera.rotation_euler = (0.0, -1.5, -0.03), (np.pi / 2, 0.0, 0.0)
    scene.collection.objects.link(camera)
    scene.camera = camera


def _shot(room: Room, rigs: list[Any], name: str, folder: Path) -> tuple[str, Path]:
    contract, mapping = room("model_runtime.contract"), room("thunder_blender.mapping")
    motion = np.zeros((3, len(contract.CHANNELS)), np.float32)
    for unit, value in POSES[name].items():
        for each in (unit,) if unit in contract.UNITS else (f"{unit}Left", f"{unit}Right"):
            motion[:, contract.CHANNELS.index(each)] = value
    for rig in rigs:
        keys, bones = mapping.curves_for(rig, motion, contract.CHANNELS)
        for owner, curves in ((rig.keys, keys), (rig.armature, bones)):
            for curve in curves:
                _set(owner, curve)
    path = folder / f"{name}.png"
    bpy.context.scene.render.filepath = str(path)
    bpy.ops.render.render(write_still=True)
    return name, path


def _set(owner: bpy.types.ID, curve: Any) -> None:
    """The curve's value in the middle frame, at once."""
    holder, _, name = curve.data_path.rpartition(".")
    target = owner.path_resolve(holder)
    value = float(curve.values[1])
    if name in ("value",):
        target.value = value
    else:
        getattr(target, name)[curve.index] = value


def lay_out(shots: list[tuple[str, Path]], out: Path) -> None:
    """The rows of heads in columns, in the order of POSES."""
    tiles = []
    for _, path in shots:
        image = bpy.data.images.load(str(path))
        width, height = image.size
        pixels = np.empty(4 * width * height, np.float32)
        image.pixels.foreach_get(pixels)
        tiles.append(pixels.reshape(height, width, 4)[::-1])
    rows = -(-len(tiles) // COLUMNS)
    height, width = tiles[0].shape[:2]
    sheet = np.ones((rows * (height + 4), COLUMNS * (width + 4), 4), np.float32)
    for index, tile in enumerate(tiles):
        y, x = index // COLUMNS * (height + 4), index % COLUMNS * (width + 4)
        sheet[y : y + height, x : x + width] = tile
    image = bpy.data.images.new("sheet", sheet.shape[1], sheet.shape[0])
    image.pixels.foreach_set(sheet[::-1].ravel())
    image.filepath_raw, image.file_format = str(out.resolve()), "PNG"
    image.save()


if __name__ == "__main__":
    main()
    sys.stdout.flush()
    os._exit(0)
