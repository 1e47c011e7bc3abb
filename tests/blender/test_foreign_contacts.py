# SPDX-License-Identifier: GPL-3.0-or-later
"""Lips of characters that others built: found, closed on p, and left open on vowels."""

from __future__ import annotations

import numpy as np
import pytest

from model_runtime.contract import UNITS

bpy = pytest.importorskip("bpy", reason="needs Blender's bpy module")

SHAPES = ("PP", "aa", "U", "PP")


@pytest.fixture
def cast(room, empty_scene, bundled):
    """A character of `tools.rig_cast` in use, and the gap of its lips in frames of a motion."""
    from tools import rig_cast

    def cast(name):
        built = rig_cast.CAST[name](bundled)
        return built, rig_cast.use(room, built)

    return cast


def gaps(room, built, rig) -> list[float]:
    """Millimetres between the lips' middle in each of SHAPES, on the evaluated mesh."""
    from tools.rig_words import Probe

    poses = room("thunder_blender.rig_visemes").POSES
    motion = np.array(
        [[poses[shape].get(unit, 0.0) for unit in UNITS] for shape in SHAPES], np.float32
    )
    motion[0, UNITS.index("jawOpen")] = motion[0, UNITS.index("mouthClose")] = 0.15
    store, measure = room("thunder_blender.rig_store"), room("thunder_blender.rig_measure")
    found = room("thunder_blender.rig_plan").mapped_rig(rig).values(motion, UNITS)
    assert store.stored(rig).contacts
    probe, seen = Probe(built), []
    for frame in range(len(SHAPES)):
        pose = {target: float(values[frame]) for target, values in found.items()}
        with measure.posed(rig, pose):
            bpy.context.view_layer.update()
            seen.append(probe.measure()[0])
    return seen


@pytest.mark.parametrize("name", ["arkit", "visemes", "jaw_bone"])
def test_lips_meet_on_p_and_part_on_vowels(room, cast, name):
    built, rig = cast(name)
    first, open_, rounded, last = gaps(room, built, rig)
    assert max(first, last) < 0.3
    assert open_ > 8
    assert rounded > 0.5


def test_the_lips_of_a_mesh_are_found_where_they_are(room, cast):
    built, rig = cast("arkit")
    store = room("thunder_blender.rig_store")
    lips = store.measure_lips(rig, store.stored(rig))
    rest = room("thunder_blender.rig_measure").vertices(built.mesh)
    width = (lips.rest[:, 0].max() - lips.rest[:, 0].min()) * built.scale
    assert 0.018 < width < 0.026  # the middle of a mouth of 46 mm
    assert len(lips.teeth) > 0
    assert all(len(upper) and len(lower) for upper, lower in lips.columns)
    assert rest[built.upper, 2].min() - rest[built.lower, 2].max() < 0.001


def test_upper_edges_are_found_where_no_control_moves_the_teeth(room, cast):
    built, rig = cast("bones")
    built.teeth.modifiers.clear()
    store, measure = (room(f"thunder_blender.{name}") for name in ("rig_store", "rig_measure"))
    lips = store.measure_lips(rig, store.stored(rig))
    assert len(lips.teeth)
    edges = measure.vertices(built.teeth)[built.edges]
    lower = measure.vertices(built.mesh)[built.lower]
    near = np.linalg.norm(lower[:, None] - edges[None], axis=2).min() / built.scale
    assert abs(lips.to_teeth(lips.rest[None])[0][0] - near) < 2.0


def test_what_has_no_mouth_has_no_lips(room):
    lips = room("thunder_blender.rig_lips")
    rng = np.random.default_rng(1)
    points = rng.random((400, 3))
    assert lips.find(points, points) is None
    assert lips.find(points, points - (0, 0, 0.1)) is None


def test_a_spoken_bone_rig_learns_from_poses(room, cast):
    built, rig = cast("bones")
    kept = room("thunder_blender.rig_store").stored(rig)
    sources = {link.source for link in kept.links}
    assert {"jawOpen", "mouthClose", "mouthPucker"} <= sources
    first, open_, _, last = gaps(room, built, rig)
    assert max(first, last) < 0.3
    assert open_ > 5
