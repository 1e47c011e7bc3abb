# SPDX-License-Identifier: GPL-3.0-or-later
"""The mapping editor: rows, poses shown once, presets, causes, and what the mouth shows."""

from __future__ import annotations

import numpy as np
import pytest

from model_runtime.contract import UNITS
from tests.blender import foreign_rigs

bpy = pytest.importorskip("bpy", reason="needs Blender's bpy module")

from tests.blender.fake_layout import draw  # noqa: E402


@pytest.fixture
def hero(room, empty_scene):
    """An ARKit character that is in use."""
    body = foreign_rigs.quads("Hero")
    foreign_rigs.add_keys(body, foreign_rigs.arkit_names("suffix"))
    foreign_rigs.select(body)
    bpy.ops.thunder.use_character()
    return room("thunder_blender.rig").find_rig(body)


@pytest.fixture
def mapping_of(room):
    return room("thunder_blender.rig_store").stored


def place_of(rig, source: str) -> int:
    return next(n for n, row in enumerate(rig.mesh.thunder_map.rows) if row.source == source)


def values(rig) -> dict[str, float]:
    return {key.name: key.value for key in rig.keys.key_blocks[1:] if key.value}


def test_a_changed_row_changes_the_mapping(hero, mapping_of):
    row = hero.mesh.thunder_map.rows[place_of(hero, "jawOpen")]
    row.gain, row.offset, row.mute = 0.5, 0.1, True
    link = mapping_of(hero).links[place_of(hero, "jawOpen")]
    assert (link.gain, link.offset, link.mute) == (0.5, pytest.approx(0.1), True)


def test_the_test_slider_shows_one_source_alone(hero):
    hero.keys.key_blocks["jawOpen"].value = 0.3
    hero.mesh.thunder_map.rows[place_of(hero, "mouthSmileLeft")].test = 0.75
    assert values(hero) == {"mouthSmile_L": 0.75}
    bpy.ops.thunder.map_rest()
    assert not values(hero)


def test_links_are_added_mirrored_and_removed(hero, mapping_of):
    before = len(mapping_of(hero).links)
    bpy.ops.thunder.map_add(source="mouthSmileLeft", target="cheekSquint_L")
    shown = hero.mesh.thunder_map
    assert shown.active == before
    shown.rows[before].gain = 0.25
    bpy.ops.thunder.map_mirror()
    mirrored = mapping_of(hero).links[-1]
    assert (mirrored.source, mirrored.target.label, mirrored.gain) == (
        "mouthSmileRight",
        "cheekSquint_R",
        0.25,
    )
    bpy.ops.thunder.map_remove()
    assert len(mapping_of(hero).links) == before + 1
    with pytest.raises(RuntimeError, match="no shape key or control"):
        bpy.ops.thunder.map_add(source="jawOpen", target="nowhere")


def test_a_pose_shown_once_becomes_a_source(hero, mapping_of):
    hero.keys.key_blocks["jawOpen"].value = 0.6
    hero.keys.key_blocks["mouthFunnel"].value = 0.2
    bpy.ops.thunder.map_learn(source="viseme:O")
    learnt = [link for link in mapping_of(hero).links if link.source == "viseme:O"]
    gains = {link.target.label: round(link.gain, 3) for link in learnt}
    assert gains == {"jawOpen": 0.6, "mouthFunnel": 0.2}
    assert not values(hero)


def test_calibrating_makes_the_shape_look_like_the_pose(hero, room):
    poses = room("thunder_blender.rig_poses")
    hero.keys.key_blocks["jawOpen"].value = 0.9
    bpy.ops.thunder.map_calibrate(shape="aa")
    assert not values(hero)
    plan = room("thunder_blender.mapping").plan_for(hero)
    motion = np.array([[poses.SHOWN["aa"].get(unit, 0.0) for unit in UNITS]], np.float32)
    jaw = next(c for c in plan(motion, UNITS)[0] if "jawOpen" in c.data_path)
    assert jaw.values[0] == pytest.approx(0.9, abs=0.12)


def test_a_mapping_travels_as_a_file(hero, mapping_of, tmp_path):
    hero.mesh.thunder_map.rows[0].gain = 0.125
    wanted = mapping_of(hero)
    bpy.ops.thunder.map_export(filepath=str(tmp_path / "hero.json"))
    bpy.ops.thunder.map_auto()
    assert mapping_of(hero) != wanted
    bpy.ops.thunder.map_import(filepath=str(tmp_path / "hero.json"))
    assert mapping_of(hero) == wanted
    (tmp_path / "bad.json").write_text("{}")
    with pytest.raises(RuntimeError, match="is not a mapping"):
        bpy.ops.thunder.map_import(filepath=str(tmp_path / "bad.json"))


def test_presets_ship_and_can_be_saved(hero, room):
    presets = room("thunder_blender.rig_presets")
    assert {"ARKit", "Meta Visemes", "Character Creator (extended)"} <= set(presets.names())
    bpy.ops.thunder.map_save(preset="My hero / 2")
    assert presets.names()[0] == "My hero  2"
    assert "52 of 52" in presets.load(hero, "ARKit (_L _R)")
    with pytest.raises(room("thunder_blender.rig_mapping").MappingError, match="Nothing of"):
        presets.load(hero, "Meta Visemes")


def test_the_causes_of_a_mapping_are_found_and_mended(hero, room, mapping_of):
    causes = room("thunder_blender.diagnose_mapping").causes
    assert not list(causes(hero))
    hero.mesh.thunder_map.rows[place_of(hero, "jawOpen")].mute = True
    ((sentence, fix, mend),) = causes(hero)
    assert "jawOpen" in sentence
    assert fix == "Unmute Them"
    mend()
    hero.keys.key_blocks["mouthPucker"].name = "Pout"
    ((sentence, fix, mend),) = causes(hero)
    assert "mouthPucker" in sentence
    mend()
    assert not list(causes(hero))


def test_what_the_mouth_shows_is_read_off_the_mesh(hero, room):
    sampler = room("thunder_blender.rig_mouth").mouth_sampler(hero)
    wanted = {"jawOpen": 0.6, "mouthPucker": 0.3, "mouthSmile_L": 0.8}
    for name, value in wanted.items():
        hero.keys.key_blocks[name].value = value
    hero.mesh.location = (0.2, 0.1, -0.4)
    bpy.context.view_layer.update()
    found = sampler()
    for unit, value in {"jawOpen": 0.6, "mouthPucker": 0.3, "mouthSmileLeft": 0.8}.items():
        assert found[UNITS.index(unit)] == pytest.approx(value, abs=0.06)
    sculpted = hero.mesh.shape_key_add(name="My own", from_mix=False)
    for key in hero.keys.key_blocks[1:-1]:
        key.value = 0.0
    jaw = hero.keys.key_blocks["jawOpen"].data
    for point, like in zip(sculpted.data, jaw, strict=True):
        point.co = like.co
    sculpted.value = 0.5
    bpy.context.view_layer.update()
    assert sampler()[UNITS.index("jawOpen")] == pytest.approx(0.5, abs=0.06)


def test_the_panel_draws(hero, room):
    panels = room("panels.mapping")
    drawn = draw(panels.Mapping, bpy.context)
    assert drawn is not None
