# SPDX-License-Identifier: GPL-3.0-or-later
"""Hear the Mesh in Blender: its strip, muted and packed, replaced, undone; what can go wrong."""

from __future__ import annotations

import numpy as np
import pytest

from tests.blender.lines_fixture import add_strip, put_engine_away, use_fake_engine
from tests.blender.take_helpers import ramp

bpy = pytest.importorskip("bpy", reason="needs Blender's bpy module")


@pytest.fixture
def asked(room):
    """The questions that came; the face hums as long as its line is."""
    contract = room("model_runtime.contract")
    questions = []

    def hum(question):
        questions.append(question)
        seconds = question.motion.frames / question.motion.fps
        samples = 0.3 * np.sin(np.arange(int(16000 * seconds)) / 5)
        return contract.HeardMesh(samples.astype(np.float32), 16000)

    use_fake_engine(room, answers={contract.HearRequest: hum})
    yield questions
    put_engine_away(room)


@pytest.fixture
def line(room, rig, empty_scene, tmp_path):
    """A sound strip of two seconds at frame 10 on channel 3."""
    empty_scene.render.fps = 25
    strip = add_strip(room, tmp_path / "hello.wav", 10, channel=3)
    bpy.context.view_layer.objects.active = rig.mesh
    return strip


def heard(room) -> list:
    compat = room("thunder_blender.compat")
    return [s for s in compat.all_sequences(bpy.context.scene) if s.get("thunder_heard")]


def test_a_muted_packed_strip_lies_under_the_line(room, asked, line, tmp_path) -> None:
    line.channel = 3
    assert bpy.ops.thunder.hear_mesh() == {"FINISHED"}
    (strip,) = heard(room)
    compat = room("thunder_blender.compat")
    assert compat.strip_range(strip) == compat.strip_range(line)
    assert strip.channel == line.channel - 1 and strip.mute and not line.mute
    assert strip.sound.packed_file is not None and strip.sound.packed_file.size > 60000
    assert [path.name for path in tmp_path.iterdir()] == ["hello.wav"]  # no surprise files
    assert room("thunder_blender.request").current_strip(bpy.context).name == line.name


def test_pressed_again_it_replaces_its_strip_and_stays_audible(room, asked, line) -> None:
    bpy.ops.thunder.hear_mesh()
    heard(room)[0].mute = False
    sounds = len(bpy.data.sounds)
    bpy.ops.thunder.hear_mesh()
    (strip,) = heard(room)
    assert not strip.mute and len(bpy.data.sounds) == sounds


def test_a_take_is_heard_by_its_own_curves(room, asked, line, rig) -> None:
    lines, takes = room("thunder_blender.lines"), room("thunder_blender.takes")
    here = lines.line_of_strip(bpy.context.scene, line)
    action = takes.add_take(rig, here, ramp(room, seconds=2.0, offset=0.2))
    bpy.ops.thunder.hear_mesh(take=action.name)
    motion = asked[0].motion
    assert motion.fps == 50.0 and motion.weights.shape == (100, 52)
    jaw = room("model_runtime.contract").UNITS.index("jawOpen")
    assert motion.weights[50, jaw] == pytest.approx(0.3, abs=0.01)
    with pytest.raises(RuntimeError, match="has no take 'nobody'"):
        bpy.ops.thunder.hear_mesh(take="nobody")


def test_undo_takes_it_back(room, asked, line) -> None:
    bpy.ops.ed.undo_push(message="before")
    bpy.ops.thunder.hear_mesh()
    bpy.ops.ed.undo_push(message="Hear the Mesh")
    bpy.ops.ed.undo()
    assert not heard(room)


def test_a_line_that_is_deleted_meanwhile_is_told(room, asked, line) -> None:
    module, engine = room("thunder_blender.heard_mesh"), room("thunder_blender.engine")
    hearing = module.hearing(bpy.context)
    answer = engine.get_engine().wait(engine.get_engine().submit(hearing.question))
    room("thunder_blender.compat").sequences(bpy.context.scene).remove(line)
    with pytest.raises(room("model_runtime.contract").ThunderError, match="was deleted meanwhile"):
        hearing.land(answer)


def test_why_it_is_greyed_out(room, rig) -> None:
    assert "sound strip" in room("thunder_blender.heard_mesh").disabled_reason(bpy.context)
    assert not bpy.ops.thunder.hear_mesh.poll()
