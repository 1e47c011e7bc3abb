# SPDX-License-Identifier: GPL-3.0-or-later
"""Rigs that are not the open head, each with a take of the same spoken motion that plays."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np
import pytest

from model_runtime.contract import CHANNELS
from tests.blender.lines_fixture import put_engine_away
from tests.blender.shown import evaluated
from tests.blender.take_helpers import line_without_strip
from tools import make_test_flame

SHAPES = ("sil", "PP", "aa", "E", "U", "PP", "I", "sil")
STEP = 16  # motion frames from one shape to the next
CLOSED = 5  # place in SHAPES of a closure
FIRST = 11  # scene frame of the line's first moment, at 25 frames a second
CAST = ("arkit", "driven", "visemes", "jaw_bone", "bones", "flame")


@dataclass(frozen=True)
class Played:
    """A rig with a take of the spoken motion that plays."""

    rig: Any
    take: Any
    line: Any
    motion: np.ndarray  # (frames, 55) that the take was made of
    gap: Callable[[], float]  # mm between the lips' middle on the mesh as it is shown


def spoken(room) -> np.ndarray:
    """Unit weights that go smoothly through SHAPES: (frames, 55) at 50 a second."""
    poses = room("thunder_blender.rig_visemes").POSES
    keyed = np.array([[poses[s].get(unit, 0.0) for unit in CHANNELS] for s in SHAPES])
    for row, shape in enumerate(SHAPES):
        if shape == "PP":
            keyed[row, [CHANNELS.index(n) for n in ("jawOpen", "mouthClose")]] = 0.15
    times = np.arange((len(SHAPES) - 1) * STEP + 1) / STEP
    place = np.minimum(times.astype(int), len(SHAPES) - 2)
    share = (times - place)[:, None]
    share = share * share * (3 - 2 * share)
    motion = (1 - share) * keyed[place] + share * keyed[place + 1]
    return motion.astype(np.float32)


@pytest.fixture(scope="module")
def stand_in(tmp_path_factory):
    path = tmp_path_factory.mktemp("flame") / "generic_model.pkl"
    make_test_flame.write_2020(path, make_test_flame.stand_in())
    return path


@pytest.fixture
def played(room, bundled, empty_scene, stand_in, monkeypatch) -> Iterator[Callable[[str], Played]]:
    """Brings a character of CAST into the scene, with its take."""

    def played(name: str) -> Played:
        bpy.context.scene.render.fps = 25
        rig, gap = _flame(room, stand_in) if name == "flame" else _character(room, bundled, name)
        motion = spoken(room)
        line = line_without_strip(
            room, duration=len(motion) / 50, path=stand_in.parent / "line.wav"
        )
        given = room("model_runtime.contract").Take(motion, CHANNELS, 50.0, {"seed": 7})
        takes = room("thunder_blender.takes")
        take = takes.add_take(rig, line, given, "Spoken")
        takes.choose_take(rig, take)
        bpy.context.view_layer.objects.active = rig.mesh
        spans = room("thunder_blender.take_span")
        monkeypatch.setattr(spans, "line_of", lambda *_: line)
        monkeypatch.setattr(spans, "playing", lambda *_: bpy.data.actions["Spoken"])
        monkeypatch.setattr(room("thunder_blender.request"), "strip_reason", lambda _context: "")
        return Played(rig, take, line, motion, gap)

    yield played
    put_engine_away(room)


def _character(room, bundled, name: str) -> tuple[Any, Callable[[], float]]:
    from tools import rig_cast
    from tools.rig_words import Probe

    built = rig_cast.CAST[name](bundled)
    rig, probe = rig_cast.use(room, built), Probe(built)
    return rig, lambda: float(probe.measure()[0])


def _flame(room, file) -> tuple[Any, Callable[[], float]]:
    importer, motion = room("thunder_blender.flame_import"), room("thunder_blender.flame_motion")
    wanted = importer.FlameImport(file, shape_keys=0)
    made = importer.import_flame(bpy.context.scene.collection, wanted, file.parent)
    lips, gap_of = made.mapping.lips, room("thunder_blender.flame_lips").column_gap
    columns = motion.lips_of(made.rig, made.mapping).columns

    def gap() -> float:
        return float(gap_of(evaluated(made.rig)[lips[:, 0], 1][None], columns)[0])

    return made.rig, gap
