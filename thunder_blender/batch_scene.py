# SPDX-License-Identifier: GPL-3.0-or-later
"""A line of a batch as a scene: its template or a new head, the sound, the take on the rig."""

from __future__ import annotations

import hashlib
import tempfile
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import bpy

from ..model_runtime.batch_lines import BatchLine
from ..model_runtime.batch_names import alone, file_stem
from ..model_runtime.batch_work import Item, digest
from ..model_runtime.contract import RequestError
from ..model_runtime.files import sha256_of
from . import compat, head, lines, load_line, request, sound, take_file, takes
from .rig import Rig

FORMAT = 1  # of scenes: a higher number makes every scene anew
ITEM = "thunder_item"  # of an Action: the batch's name for it, which may be too long for Blender's
NEW_HEAD = "Head"  # a character without a name, where there is no template
COLLECTION = "Characters"


@dataclass
class Scenes:
    """Opens the scenes of lines; templates are hashed once, new heads are built once."""

    curves: Path  # folder of results, which holds the takes
    _folder: Any = None
    _bases: dict[str, Path] = field(default_factory=dict)
    _hashes: dict[Path, str] = field(default_factory=dict)

    def key(self, kind: str, items: Iterable[tuple[Item, str]]) -> str:
        """What decides an output made of these items and the keys of their takes."""
        parts = [
            [take, item.line.start_frame, item.line.fps, item.line.character, self._origin(item)]
            for item, take in items
        ]
        return digest({"kind": kind, "format": FORMAT, "blender": bpy.app.version[:2], "of": parts})

    def open(self, line: BatchLine) -> Rig:
        """Open the line's scene in place of what is open; its character's rig.

        Raises ThunderError.
        """
        bpy.ops.wm.open_mainfile(filepath=str(self._base(line)), load_ui=False)
        return rig_of(line)

    def close(self) -> None:
        if self._folder is not None:
            self._folder.cleanup()

    def _base(self, line: BatchLine) -> Path:
        if line.scene is not None:
            if not line.scene.is_file():
                raise RequestError(f"There is no scene '{line.scene}'. Check the list.")
            return line.scene
        name = line.character or NEW_HEAD
        if name not in self._bases:
            self._folder = self._folder or tempfile.TemporaryDirectory(prefix="thunder-batch-")
            path = Path(self._folder.name) / f"{len(self._bases)}.blend"
            new_head(name)
            bpy.ops.wm.save_as_mainfile(filepath=str(path), copy=True)
            self._bases[name] = path
        return self._bases[name]

    def _origin(self, item: Item) -> str:
        scene = item.line.scene
        if scene is None:
            return "head"
        if scene not in self._hashes:
            self._hashes[scene] = sha256_of(scene) if scene.is_file() else "none"
        return self._hashes[scene]


def new_head(name: str) -> None:
    """An empty file with the open head in it."""
    bpy.ops.wm.read_homefile(use_empty=True)
    scene = bpy.context.scene
    collection = bpy.data.collections.new(COLLECTION)
    scene.collection.children.link(collection)
    head.create_head(collection, head.HeadParams(name=name))


def scene_stems(items: Iterable[Item]) -> dict[tuple[str, Path | None], str]:
    """File names of the scenes of several takes, by character and template.

    A character that plays in several templates has a scene for each, named after both.
    """
    keys = dict.fromkeys((item.line.character or NEW_HEAD, item.line.scene) for item in items)
    templates = Counter(character for character, _ in keys)
    stems = {}
    for character, scene in keys:
        of = f".{file_stem(scene.stem)}" if scene and templates[character] > 1 else ""
        stems[character, scene] = f"{file_stem(character)}{of}"
    return alone(stems)


def check_rates(items: Iterable[Item]) -> None:
    """Raises RequestError where lines of one scene name different rates."""
    rates = {item.line.fps for item in items}
    if len(rates) > 1:
        named = ", ".join(sorted(f"{rate:g}" if rate else "none" for rate in rates))
        raise RequestError(
            f"The takes of one scene need one rate; its lines name {named} frames a second."
        )


def action_of(item_name: str) -> bpy.types.Action | None:
    """The take that a batch made of an item, in the open file."""
    made = (action for action in bpy.data.actions if action.get(ITEM) == item_name)
    named = bpy.data.actions.get(item_name[:60])  # of a batch before they were marked
    return next(made, None) or (named if named is not None and ITEM not in named else None)


def rig_of(line: BatchLine) -> Rig:
    """The rig of a line's character in the open file. Raises RigError."""
    if line.character:
        return request.named_rig(line.character)
    return request.required_rig(bpy.context)


def put_in(rig: Rig, item: Item, curves: Path, choose: bool = True) -> bpy.types.Action:
    """Put an item's sound and take into the open scene. Raises ThunderError."""
    scene = bpy.context.scene
    line = item.line
    if line.fps:
        sound.set_scene_rate(scene, line.fps)
    take = take_file.read_take(curves / item.path("npz"))
    strip = add_strip(scene, line.audio, line.start_frame, line.line_id)
    strip.thunder_transcript = line.transcript
    of_strip = lines.line_of_strip(scene, strip)
    action = takes.add_take(rig, of_strip, take, item.name[:60])
    action[ITEM] = item.name
    if choose:
        takes.choose_take(rig, action)
    return action


def add_strip(scene: bpy.types.Scene, audio: Path, frame: int, line_id: str) -> Any:
    """A line's sound on a channel that is free. Raises AudioError."""
    strip = sound.add_sound(scene, audio, frame, load_line.free_channel(scene, frame))
    strip.name = line_id[:60]
    return strip


def show(actions: Iterable[bpy.types.Action]) -> None:
    """Make the frames of these takes the scene's range."""
    spans = [takes.take_frames(action) for action in actions]
    first, last = min(span[0] for span in spans), max(span[1] for span in spans)
    sound.show_range(bpy.context.scene, first, last, sync_audio=True)


def content_hash() -> str:
    """Hash of what a batch put into the open file: keys, strips, sounds and the range.

    Blender's files differ from save to save; this does not.
    """
    scene = bpy.context.scene
    parts: list[Any] = [scene.frame_start, scene.frame_end, round(sound.scene_rate(scene), 6)]
    for action in sorted(bpy.data.actions, key=lambda one: one.name):
        parts.append(action.name)
        curves = sorted(compat.action_curves(action), key=_curve_name)
        parts += [[_curve_name(curve), _points(curve)] for curve in curves]
    strips = sorted(compat.all_sequences(scene), key=lambda one: one.name)
    parts += [[strip.name, compat.strip_range(strip)] for strip in strips]
    for mesh in sorted(bpy.data.meshes, key=lambda one: one.name):
        keys = mesh.shape_keys.key_blocks if mesh.shape_keys else ()
        parts.append([mesh.name, len(mesh.vertices), [key.name for key in keys]])
    return digest(parts)


def _curve_name(curve: Any) -> str:
    return f"{curve.data_path}[{curve.array_index}]"


def _points(curve: Any) -> str:
    values = [0.0] * (2 * len(curve.keyframe_points))
    curve.keyframe_points.foreach_get("co", values)
    return hashlib.sha256(",".join(f"{value:.5f}" for value in values).encode()).hexdigest()
