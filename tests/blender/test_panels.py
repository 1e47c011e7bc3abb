# SPDX-License-Identifier: GPL-3.0-or-later
"""The panels draw in each state, with properties, operators and icons that exist."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

bpy = pytest.importorskip("bpy", reason="needs Blender's bpy module")

from tests.blender.fake_layout import FakeLayout, draw  # noqa: E402
from tests.blender.lines_fixture import add_strip, put_engine_away, use_fake_engine  # noqa: E402

EDITORS = ("view3d", "sequencer")
PANELS = ("line", "character", "create", "performance", "advanced", "generate", "takes")


@pytest.fixture
def engine(room):
    yield use_fake_engine(room)
    put_engine_away(room)


@pytest.fixture
def hello(room, tmp_path):
    return add_strip(room, tmp_path / "hello.wav", 10)


@pytest.fixture
def context():
    """A region of the default width, which there is none of in the background."""
    return Context(220)


class Context:
    def __init__(self, width: int) -> None:
        self.region = SimpleNamespace(width=width)
        self.preferences = SimpleNamespace(system=SimpleNamespace(ui_scale=1.0))

    def __getattr__(self, name: str):
        return getattr(bpy.context, name)


def panel(name: str, editor: str = "view3d") -> type:
    return getattr(bpy.types, f"THUNDER_PT_{name}_{editor}")


def drawn(name: str, context) -> FakeLayout:
    return draw(panel(name), context)


@pytest.mark.parametrize("editor", EDITORS)
def test_every_panel_is_in_both_sidebars_under_one_tab(room, editor) -> None:
    space = {"view3d": "VIEW_3D", "sequencer": "SEQUENCE_EDITOR"}[editor]
    for name in PANELS:
        found = panel(name, editor)
        assert (found.bl_space_type, found.bl_region_type) == (space, "UI")
        assert found.bl_category == "THUNDER"
        assert found.__doc__ and found.bl_label


@pytest.mark.parametrize("editor", EDITORS)
def test_every_panel_draws_from_nothing_to_takes(room, face, engine, tmp_path, context, editor):
    def all_of_them() -> None:
        for name in PANELS:
            draw(panel(name, editor), context)

    all_of_them()
    head = room("thunder_blender.head")
    head.create_head(bpy.context.scene.collection, head.HeadParams(), face)
    all_of_them()
    add_strip(room, tmp_path / "hello.wav", 10)
    all_of_them()
    bpy.ops.thunder.generate(seed=3)
    all_of_them()


def test_an_empty_scene_offers_the_two_first_steps(room, context) -> None:
    assert drawn("line", context).names("operator") == ["thunder.load_line"]
    assert drawn("character", context).names("operator")[0] == "thunder.create_head"
    assert "Select a head, or make one with Create Head." in drawn("generate", context).text()
    assert not drawn("performance", context).drawn
    assert not drawn("takes", context).drawn


def test_what_is_in_use_is_shown(rig, hello, context) -> None:
    line = drawn("line", context)
    assert "2.00 s" in line.text()
    assert "thunder_transcript" in line.names("prop")
    assert "Active Head" in drawn("character", context).text()
    shown = drawn("performance", context)
    assert {"seed", "lock_seed", "intensity", "emotion"} <= set(shown.names("prop"))
    assert "thunder.roll_seed" in shown.names("operator")
    assert {"articulation", "smoothing"} <= set(drawn("advanced", context).names("prop"))


def test_a_transcript_that_was_left_unused_is_told(rig, hello, engine, room, context) -> None:
    bpy.ops.thunder.generate(seed=3)
    request, takes = room("thunder_blender.request"), room("thunder_blender.takes")
    assert "does not fit" not in drawn("line", context).text()
    (action,) = takes.list_takes(rig)
    found = {"used": False, "note": "The transcript does not fit the sound.", "words": []}
    action["thunder_provenance"] = json.dumps({"alignment": found}, sort_keys=True)
    assert request.current_line_id(bpy.context)
    assert "does not fit" in drawn("line", context).text()
    assert room("thunder_blender.transcript").alignment_of(action) == found
    action["thunder_provenance"] = "[]"
    assert room("thunder_blender.transcript").alignment_of(action) == {}


def test_a_missing_engine_leads_to_the_preferences(rig, hello, room, monkeypatch, context) -> None:
    error = room("model_runtime.contract").EngineError("No Python. Press Install Runtime.")

    def none(**_options):
        raise error

    monkeypatch.setattr(room("thunder_blender.preferences"), "find_python", none)
    room("thunder_blender.readiness").forget()
    shown = drawn("generate", context)
    assert "Install Runtime" in shown.text()
    assert "thunder.open_preferences" in shown.names("operator")
    room("thunder_blender.readiness").forget()


def test_a_running_job_shows_progress_and_cancel(engine, rig, hello, room, context) -> None:
    engine.seconds_per_line, now = 10.0, [0.0]
    engine._clock = lambda: now[0]
    jobs, request = room("thunder_blender.jobs"), room("thunder_blender.request")
    timers = SimpleNamespace(event_timer_add=lambda *_, **__: None)
    order = request.order_from_context(bpy.context)
    jobs.begin(SimpleNamespace(window_manager=timers, window=None), [order, order])
    jobs.tick()
    now[0] = 4.0
    jobs.tick()
    shown = drawn("generate", context)
    assert shown.names("progress") == ["Performing 40%, 6 s left"]
    assert shown.names("operator") == ["thunder.cancel"]
    assert "hello on Head, 2 takes to come" in shown.text()
    jobs.cancel()
    assert "Cancelling 40%" in drawn("generate", context).names("progress")[0]


def test_the_last_error_stays_in_whole_and_can_be_put_away(engine, rig, hello, room, context):
    sentence = "The engine has no memory left. Close other programs and generate again."
    room("thunder_blender.jobs").status(error=sentence, needs_runtime=True)
    shown = drawn("generate", context)
    assert sentence in shown.text()
    assert max(map(len, shown.names("label"))) < 34
    assert {"thunder.dismiss_error", "thunder.open_preferences"} <= set(shown.names("operator"))
    room("thunder_blender.jobs").status(error="", needs_runtime=False)


def test_the_list_shows_the_takes_of_this_line(engine, rig, hello, room, tmp_path, context) -> None:
    bpy.ops.thunder.generate(seed=3, emotion="happy", intensity=0.5)
    takes = drawn("takes", context)
    assert takes.names("list") == ["THUNDER_UL_takes"]
    assert "Seed 3 Emotion Happy Intensity 0.50 Meter Not measured" in takes.text()
    assert {"thunder.edit_take", "thunder.bake_take", "thunder.delete_take"} <= set(
        takes.names("operator")
    )
    add_strip(room, tmp_path / "other.wav", 200, channel=2)
    assert "No takes of this line yet" in drawn("takes", context).text()


@pytest.mark.parametrize(("width", "cells"), [(220, ["-"]), (400, ["3", "Happy", "0.50", "-"])])
def test_a_row_shows_what_the_width_allows(engine, rig, hello, room, width, cells) -> None:
    bpy.ops.thunder.generate(seed=3, emotion="happy", intensity=0.5)
    (action,) = room("thunder_blender.takes").list_takes(rig)
    layout = FakeLayout()
    bpy.types.THUNDER_UL_takes.draw_item(
        None, Context(width), layout, bpy.data, action, 0, rig.mesh.thunder, "take_index"
    )
    assert layout.names("label") == cells
    assert layout.names("operator") == ["thunder.switch_take", "thunder.star_take"]


def test_the_list_shows_takes_alone_and_in_the_order_of_their_numbers(
    engine, rig, hello, room, context
) -> None:
    for seed in (10, 9, 100):
        bpy.ops.thunder.generate(seed=seed)
    bpy.data.actions.new("Walk")
    flags, places = bpy.types.THUNDER_UL_takes.filter_items(
        SimpleNamespace(bitflag_filter_item=1), context, bpy.data, "actions"
    )
    rows = sorted(zip(places, flags, bpy.data.actions.keys(), strict=True))
    assert [name for _, flag, name in rows if flag] == [
        "Head.hello.s9",
        "Head.hello.s10",
        "Head.hello.s100",
    ]


def test_a_linked_head_is_refused_before_anything_is_generated(engine, hello, room, rig, tmp_path):
    path = str(tmp_path / "library.blend")
    bpy.data.libraries.write(path, {rig.mesh, rig.armature})
    bpy.ops.wm.read_homefile(use_empty=True)
    with bpy.data.libraries.load(path, link=True) as (there, here):
        here.objects = there.objects
    for linked in here.objects:
        bpy.context.scene.collection.objects.link(linked)
    add_strip(room, tmp_path / "again.wav", 1)
    request = room("thunder_blender.request")
    assert "linked from library.blend" in request.disabled_reason(bpy.context)
    with pytest.raises(RuntimeError, match="Library Override"):
        bpy.ops.thunder.generate()
    assert not engine.requests


def test_a_take_is_renamed_in_its_list(engine, rig, hello, room) -> None:
    bpy.ops.thunder.generate(seed=3)
    (action,) = room("thunder_blender.takes").list_takes(rig)
    assert action.thunder_label == "s3"
    action.thunder_label = "tired"
    assert (action.name, action.thunder_label) == ("Head.hello.tired", "tired")
    action.thunder_label = "  "
    assert action.thunder_label == "tired"


def test_the_menus_have_us_in_them(room, context) -> None:
    shown = draw(bpy.types.THUNDER_MT_performance, context)
    assert {"thunder.generate", "thunder.variants", "thunder.load_line"} <= set(
        shown.names("operator")
    )
    menus = room("panels.menus")
    for menu, entry in menus.PLACES:
        assert entry in getattr(bpy.types, menu).draw._draw_funcs, menu


def test_presets_set_the_performance_of_the_current_rig(rig, room) -> None:
    own = rig.mesh.thunder
    path = bpy.utils.preset_find("Stage", "thunder/performance")
    bpy.ops.script.execute_preset(filepath=path, menu_idname="THUNDER_PT_performance_presets")
    assert own.intensity == pytest.approx(1.4) and own.articulation == pytest.approx(1.2)
    own.intensity, own.emotion = 0.33, "angry"
    assert bpy.ops.thunder.add_performance_preset(name="Mine") == {"FINISHED"}
    own.intensity, own.emotion = 1.0, "auto"
    path = bpy.utils.preset_find("Mine", "thunder/performance")
    bpy.ops.script.execute_preset(filepath=path, menu_idname="THUNDER_PT_performance_presets")
    assert (own.intensity, own.emotion) == (pytest.approx(0.33), "angry")
    bpy.ops.thunder.add_performance_preset(name="Mine", remove_name=True)
    assert not bpy.utils.preset_find("Mine", "thunder/performance")


def test_a_preset_without_a_rig_is_refused(room) -> None:
    with pytest.raises(RuntimeError, match="Select a head"):
        bpy.ops.thunder.add_performance_preset(name="Mine")
