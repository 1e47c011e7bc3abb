# SPDX-License-Identifier: GPL-3.0-or-later
"""A picture of the same mouth shapes on the open head and on characters that others built.

python tools/rig_sheet.py --zip EXTENSION.zip --out sheet.png   (where the bpy module is installed)
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np

from tools import measure_rigs, rig_cast, rig_words
from tools.demo_scene import Room, install_extension
from tools.rig_words import RATE

bpy = measure_rigs.bpy  # which has set Blender's folders first

SIZE = 200  # pixels of a picture
MOUTH, ABOVE = -0.0286, 0.0236  # metres: height of the open head's, and of the middle over it
SHAPES = {
    "rest": {},
    "p": "PP", "f": "FF", "aa": "aa", "i": "I", "o": "O", "u": "U", "ch": "CH",
    "happy": {"mouthSmileLeft": 0.85, "mouthSmileRight": 0.85, "cheekSquintLeft": 0.7,
              "cheekSquintRight": 0.7},
    "sad": {"browInnerUp": 0.9, "mouthFrownLeft": 0.7, "mouthFrownRight": 0.7,
            "mouthShrugLower": 0.4, "eyeBlinkLeft": 0.2, "eyeBlinkRight": 0.2},
    "angry": {"browDownLeft": 1.0, "browDownRight": 1.0, "mouthPressLeft": 0.6,
              "mouthPressRight": 0.6, "noseSneerLeft": 0.5, "noseSneerRight": 0.5},
    "surprised": {"browInnerUp": 0.9, "browOuterUpLeft": 0.9, "browOuterUpRight": 0.9,
                  "eyeWideLeft": 0.8, "eyeWideRight": 0.8, "jawOpen": 0.4},
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--zip", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--rig", action="append", choices=list(rig_cast.CAST))
    options = parser.parse_args()
    room = install_extension(options.zip)
    names = options.rig or list(rig_cast.CAST)
    rows: list[np.ndarray] = []
    for name in (None, *names):  # what is there is saved: a whole sheet takes a quarter of an hour
        rows.insert(0, _row(room, name))
        _save(np.concatenate(rows), options.out)
    print(f"rows: open head, {', '.join(names)}; columns: {', '.join(SHAPES)}")


def _row(room: Room, name: str | None) -> np.ndarray:
    measure_rigs._fresh()
    head = room("thunder_blender.head")
    if name is None:
        rig = head.create_head(bpy.context.scene.collection, head.HeadParams())
        size, mouth = 1.0, np.array((0.0, 0.0, MOUTH))
    else:
        built = rig_cast.CAST[name](head.bundled_face())
        rig, size = rig_cast.use(room, built), built.scale * 1000
        mouth = rig_words._shown(built.mesh)[built.upper].mean(0)  # a whole body's is higher up
        for polygon in (p for m in (built.mesh, built.teeth) for p in m.data.polygons):
            polygon.use_smooth = True
    _stage(size, mouth)
    takes, contract = room("thunder_blender.takes"), room("model_runtime.contract")
    poses = room("thunder_blender.rig_visemes").POSES
    motion = np.zeros((len(SHAPES) * 10, len(contract.CHANNELS)), np.float32)
    for place, shape in enumerate(SHAPES.values()):
        for unit, value in (poses[shape] if isinstance(shape, str) else shape).items():
            motion[place * 10 : place * 10 + 10, contract.CHANNELS.index(unit)] = value
    take = contract.Take(motion, contract.CHANNELS, float(RATE), {})
    takes.choose_take(rig, takes.create_take(rig, "sheet", take, RATE, 1))
    pictures = []
    for place in range(len(SHAPES)):
        bpy.context.scene.frame_set(place * 10 + 6)
        pictures.append(_picture())
    return np.concatenate(pictures, axis=1)


def _stage(size: float, mouth: np.ndarray) -> None:
    x, y, z = (float(value) for value in mouth)
    scene = bpy.context.scene
    camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    scene.collection.objects.link(camera)
    camera.data.type, camera.data.ortho_scale = "ORTHO", 0.19 * size
    camera.location = (x, y - 1.0, z + ABOVE * size)
    camera.rotation_euler = (np.pi / 2, 0.0, 0.0)
    scene.camera = camera
    scene.render.engine = "BLENDER_WORKBENCH"
    scene.render.resolution_x = scene.render.resolution_y = SIZE
    scene.render.resolution_percentage = 100
    scene.display.shading.show_cavity = True


def _picture() -> np.ndarray:
    path = Path(bpy.app.tempdir) / "picture.png"
    bpy.context.scene.render.filepath = str(path)
    bpy.ops.render.render(write_still=True)
    image = bpy.data.images.load(str(path))
    pixels = np.array(image.pixels[:], np.float32).reshape(SIZE, SIZE, 4)
    bpy.data.images.remove(image)
    return pixels


def _save(pixels: np.ndarray, out: Path) -> None:
    height, width = pixels.shape[:2]
    image = bpy.data.images.new("sheet", width, height, alpha=True)
    image.pixels.foreach_set(pixels.ravel())
    image.filepath_raw, image.file_format = str(out.resolve()), "PNG"
    image.save()


if __name__ == "__main__":
    main()
