# SPDX-License-Identifier: GPL-3.0-or-later
"""A batch's report in the sidebar leads to the take and the frame of each line."""

from __future__ import annotations

import json

import numpy as np
import pytest

bpy = pytest.importorskip("bpy", reason="needs Blender's bpy module")

from model_runtime.contract import CHANNELS  # noqa: E402
from tests.blender.fake_layout import draw  # noqa: E402
from tests.blender.lines_fixture import write_wave  # noqa: E402


@pytest.fixture
def report(tmp_path):
    (tmp_path / "takes").mkdir()
    write_wave(tmp_path / "a.wav", 2.0)
    weights = np.random.default_rng(0).random((100, len(CHANNELS)), np.float32) * 0.3
    arrays = {"weights": weights, "channels": np.array(CHANNELS), "fps": 50.0, "seed": 3}
    np.savez(tmp_path / "takes" / "a.s3.npz", **arrays)
    bad = {"item": "b.s3", "id": "b", "status": "failed", "score": None, "error": "No sound."}
    good = {"item": "a.s3", "id": "a", "status": "done", "score": 0.4, "worst_second": 1.02}
    good |= {"audio": str(tmp_path / "a.wav"), "start_frame": 11, "advice": "Lips stay open on p"}
    outputs = {"npz": "takes/a.s3.npz"}
    lines = [{**bad, "outputs": {}}, {**good, "outputs": outputs}]
    path = tmp_path / "report.json"
    path.write_text(json.dumps({"format": 1, "lines": lines}))
    return path


def pick(room, index):
    room("thunder_blender.batch_review").review(bpy.context).index = index


def test_a_report_is_listed_worst_first_and_says_why_a_line_failed(room, report):
    assert bpy.ops.thunder.batch_load(filepath=str(report)) == {"FINISHED"}
    own = bpy.context.window_manager.thunder_batch
    assert [row.line for row in own.rows] == ["b", "a"]
    assert own.rows[0].error == "No sound." and own.rows[1].score == pytest.approx(0.4)
    assert not bpy.ops.thunder.batch_jump.poll()


def test_a_jump_brings_the_take_once_and_goes_to_its_worst_frame(room, rig, report):
    if not bpy.app.build_options.audaspace:
        pytest.skip("this bpy is built without sound")
    bpy.context.scene.render.fps = 25
    bpy.ops.thunder.batch_load(filepath=str(report))
    pick(room, 1)
    takes = room("thunder_blender.takes")
    for _ in range(2):
        assert bpy.ops.thunder.batch_jump() == {"FINISHED"}
        assert bpy.context.scene.frame_current == 37  # half a frame belongs to the next
        assert [action.name for action in takes.list_takes(rig)] == ["a.s3"]
        assert takes.active_take(rig).name == "a.s3"
        bpy.context.scene.frame_set(1)
    assert len(room("thunder_blender.lines").sound_strips(bpy.context.scene)) == 1


def test_a_line_whose_name_is_too_long_for_blender_is_brought_once(room, rig, report):
    if not bpy.app.build_options.audaspace:
        pytest.skip("this bpy is built without sound")
    name = "\u00e9" * 70 + ".s3"  # names of data-blocks hold 63 bytes, in 5.0 and newer 255
    known = json.loads(report.read_text())
    known["lines"] = [{**known["lines"][1], "item": name + end} for end in ("", "x")]
    report.write_text(json.dumps(known))
    bpy.ops.thunder.batch_load(filepath=str(report))
    made = []
    for index in (0, 1, 0, 1):
        pick(room, index)
        assert bpy.ops.thunder.batch_jump() == {"FINISHED"}
        made.append(rig.mesh.thunder.take)
    assert made[0] == made[2] != made[1] == made[3]


def test_a_line_is_found_again_in_the_page_by_its_address(room, report):
    bpy.ops.thunder.batch_load(filepath=str(report))
    assert not bpy.ops.thunder.batch_page.poll()
    report.with_name("report.html").write_text('<tr id="a%20b.s3">')
    assert bpy.ops.thunder.batch_page.poll()
    own = room("thunder_blender.batch_review")
    row = own.selected(bpy.context)
    row.name = "a b.s3"
    address = own.page_address(bpy.context, row)
    assert address.startswith("file:///") and address.endswith("/report.html#a%20b.s3")


def test_what_is_no_report_is_told(room, tmp_path):
    path = tmp_path / "other.json"
    path.write_text('{"lines": 7}')
    with pytest.raises(RuntimeError, match=r"not a batch's report\.json"):
        bpy.ops.thunder.batch_load(filepath=str(path))


def test_the_panel_draws_empty_and_full(room, report):
    panel = bpy.types.THUNDER_PT_batch_view3d
    assert draw(panel, bpy.context)
    bpy.ops.thunder.batch_load(filepath=str(report))
    for index in (0, 1):
        pick(room, index)
        assert draw(panel, bpy.context)
