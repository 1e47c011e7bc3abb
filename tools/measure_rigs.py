# SPDX-License-Identifier: GPL-3.0-or-later
"""How well the words' contacts arrive on characters that others built, on the evaluated meshes.

python tools/measure_rigs.py --zip EXTENSION.zip [--rig NAME ...] [--json docs/results/rigs.json]
(where the bpy module is installed; --blend FOLDER keeps each character as a file)

A made-up line full of p b m f v is articulated, given to every character as a take, and measured on
what Blender shows: the same three figures as docs/evaluation.md has, beside those of the open head
with the same motion and of what the rig's own controls can reach at all (`reach`): `best` is the
smaller of both. Lengths are in millimetres of the open head. Also counted: how many names of known
shape-key lists are mapped right.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ["BLENDER_USER_RESOURCES"] = tempfile.mkdtemp(prefix="thunder-rigs-")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import bpy
import numpy as np

from tools import foreign_rigs, rig_cast, rig_lists, rig_words
from tools.demo_scene import Room, install_extension
from tools.rig_words import FIGURES, RATE
from training.metrics.results import update_results

NAMES = "automap"  # beside the characters: how many names of known lists are mapped right


def main() -> None:
    options = _options()
    room = install_extension(options.zip)
    words = rig_words.line()
    rows: dict[str, Any] = {}
    wanted = options.rig or list(rig_cast.CAST)
    head = _open_head(room, words)
    print(f"open head: {_shown(head)}", flush=True)
    for name in (name for name in wanted if name != NAMES):
        rows[name] = _row(room, name, words, head, options.blend)
    if not options.rig or NAMES in wanted:
        rows[NAMES] = rig_lists.counted(room)
        print(f"automap: {rows[NAMES]}", flush=True)
    if options.json:
        update_results(options.json, rows)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--zip", type=Path, required=True)
    parser.add_argument("--rig", action="append", choices=[*rig_cast.CAST, NAMES])
    parser.add_argument("--json", type=Path)
    parser.add_argument("--blend", type=Path)
    return parser.parse_args()


def _fresh() -> None:
    bpy.ops.wm.read_homefile(use_empty=True)
    bpy.context.scene.render.fps = RATE


def _open_head(room: Room, words: rig_words.Line) -> dict[str, float]:
    """The same motion at the same rate on the open head itself."""
    _fresh()
    built = foreign_rigs.build(
        room("thunder_blender.head").bundled_face(), "Open",
        foreign_rigs.Person(""), {}, frozenset(),
    )  # fmt: skip
    bpy.data.objects.remove(built.mesh)
    head = room("thunder_blender.head")
    rig = head.create_head(bpy.context.scene.collection, head.HeadParams())
    face = head.bundled_face()
    return rig_words.figures(words, _play(room, rig, words, rig_words.HeadProbe(face, rig.mesh)))


def _row(
    room: Room,
    name: str,
    words: rig_words.Line,
    head: dict[str, float],
    blend: Path | None,
) -> dict[str, Any]:
    _fresh()
    built = rig_cast.CAST[name](room("thunder_blender.head").bundled_face())
    rig = rig_cast.use(room, built)
    probe = rig_words.Probe(built)
    found = rig_words.figures(words, _play(room, rig, words, probe))
    plain = rig_words.figures(words, _play(room, rig, words, probe, contacts=False))
    reach = rig_words.reach(room, rig, built, probe)
    best = {figure: round(min(head[figure], reach[figure]), 4) for figure in FIGURES}
    if blend:
        blend.mkdir(parents=True, exist_ok=True)
        bpy.ops.wm.save_as_mainfile(filepath=str((blend / f"{name}.blend").resolve()))
    print(
        f"{name}: {_shown(found)}  best {_shown(best)}  without contacts {_shown(plain)}",
        flush=True,
    )
    return {**found, "best": best, "without_contacts": plain, **_left_over(room, rig)}


def _left_over(room: Room, rig: Any) -> dict[str, float]:
    """What a FLAME's or SMPL-X's own expressions leave of the units, median of 52, mm."""
    if not room("thunder_blender.rig_flame").is_solved(rig):
        return {}
    found = room("thunder_blender.flame_mapping").stored(rig.mesh)
    return {"median_left_over_mm": round(float(np.median(found.residual)), 3)}


def _play(
    room: Room,
    rig: Any,
    words: rig_words.Line,
    probe: Any,
    contacts: bool = True,
) -> Any:
    """Give the rig the line as a take and read the lips of every frame off the evaluated meshes."""
    from dataclasses import replace

    contract, takes = room("model_runtime.contract"), room("thunder_blender.takes")
    store = room("thunder_blender.rig_store")
    if store.is_mapped(rig):
        store.store(rig, replace(store.stored(rig), contacts=contacts))
    take = contract.Take(words.motion, contract.CHANNELS, 50.0, {"seed": 1})
    action = takes.create_take(rig, "words", take, RATE, 1)
    takes.choose_take(rig, action)
    last = takes.take_frames(action)[1]
    measured = []
    for frame in range(1, last + 1):
        bpy.context.scene.frame_set(frame)
        measured.append(probe.measure())
    takes.restore_mine(rig)
    return np.array(measured)


def _shown(row: dict[str, float]) -> str:
    return " ".join(f"{name} {value:.3f}" for name, value in row.items())


if __name__ == "__main__":
    main()
    sys.stdout.flush()
    os._exit(0)
