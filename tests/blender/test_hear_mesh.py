# SPDX-License-Identifier: GPL-3.0-or-later
"""Hear the Mesh in Blender: its strip, muted and packed, replaced, undone; what can go wrong."""

from __future__ import annotations

import os
import time
from pathlib import Path
from types import SimpleNamespace

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
    shown = Path(bpy.path.abspath(strip.sound.filepath))
    assert bpy.app.version >= (5, 0, 0) or shown.read_bytes() == strip.sound.packed_file.data
    assert room("thunder_blender.request").current_strip(bpy.context).name == line.name


def test_pressed_again_it_replaces_its_strip_and_stays_audible(room, asked, line) -> None:
    bpy.ops.thunder.hear_mesh()
    heard(room)[0].mute = False
    sounds = len(bpy.data.sounds)
    bpy.ops.thunder.hear_mesh()
    (strip,) = heard(room)
    assert not strip.mute and len(bpy.data.sounds) == sounds


def test_what_a_face_says_is_no_line(room, asked, line, rig) -> None:
    bpy.ops.thunder.hear_mesh()
    (said,) = heard(room)
    lines, requests = room("thunder_blender.lines"), room("thunder_blender.request")
    scene = bpy.context.scene
    scene.sequence_editor.active_strip = None
    assert requests.sound_strip_names(bpy.context) == [line.name]
    assert requests.current_strip(bpy.context).name == line.name, "the scene has one line only"
    assert lines.find_strip(scene, said.name) is None
    scene.sequence_editor.active_strip = said
    assert "what a face says" in requests.strip_reason(bpy.context)
    assert "what a face says" in requests.active_strip_reason(bpy.context)
    with pytest.raises(RuntimeError, match="no line"):
        bpy.ops.thunder.generate(seed=1)
    with pytest.raises(RuntimeError, match=r"(?i)no(t| such| line)"):
        bpy.ops.thunder.generate(strip=said.name, seed=1)
    assert not lines.line_id(said) and not room("thunder_blender.takes").list_takes(rig)


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
    hearing = room("thunder_blender.steps").finish(module.hearing_steps(bpy.context))
    answer = engine.get_engine().wait(engine.get_engine().submit(hearing.question))
    room("thunder_blender.compat").sequences(bpy.context.scene).remove(line)
    with pytest.raises(room("model_runtime.contract").ThunderError, match="was deleted meanwhile"):
        hearing.land(answer)


def test_why_it_is_greyed_out(room, rig) -> None:
    assert "sound strip" in room("thunder_blender.heard_mesh").disabled_reason(bpy.context)
    assert not bpy.ops.thunder.hear_mesh.poll()


class Watched:
    """The operator as Blender's window manager runs it, without a window."""

    def __init__(self, room, idname: str) -> None:
        module = room(f"operators.{idname}")
        cls = getattr(module, f"THUNDER_OT_{idname}")
        self.reports: list[str] = []
        made = type("Watched", (cls.__mro__[1],), {"ask": cls.ask, "bl_label": cls.bl_label})
        self.operator = made()
        self.operator.take = ""
        self.operator.report = lambda _kind, text: self.reports.append(text)
        timers = SimpleNamespace(
            event_timer_add=lambda *_, **__: "timer",
            event_timer_remove=lambda _timer: None,
            modal_handler_add=lambda _operator: True,
            windows=[],
        )
        window = SimpleNamespace(modal_operators=[])
        here = bpy.context
        self.context = SimpleNamespace(
            window_manager=timers, window=window, workspace=None, scene=here.scene
        )
        self.context.object = here.object
        self.context.view_layer = here.view_layer

    def run(self, room, events: list[str]) -> set[str]:
        """Begin as `invoke` does, then hand in events until it ends."""
        steps = room("thunder_blender.steps")
        operator = self.operator
        operator.gathering = steps.Stepped(operator.ask(self.context))
        operator.job, operator.landing, operator.timer = None, None, "timer"
        for kind in [*events, *["TIMER"] * 400]:
            event = SimpleNamespace(type=kind, value="PRESS")
            result = operator.modal(self.context, event)
            if result & {"FINISHED", "CANCELLED"}:
                return result
        raise AssertionError("it never ended")


def test_at_the_window_it_is_gathered_in_steps_and_lands(room, asked, line) -> None:
    watched = Watched(room, "hear_mesh")
    assert "FINISHED" in watched.run(room, [])
    assert len(heard(room)) == 1 and "is on channel" in watched.reports[-1]


def test_esc_stops_it_while_it_reads_and_while_the_engine_works(room, asked, line) -> None:
    early, late = Watched(room, "hear_mesh"), Watched(room, "hear_mesh")
    assert "CANCELLED" in early.run(room, ["ESC"])
    assert not asked
    use_fake_engine(room, seconds_per_line=30.0)
    assert "CANCELLED" in late.run(room, [*["TIMER"] * 300, "ESC"])
    assert late.reports == ["Cancelled: Hear the Mesh"] and not heard(room)


def test_copies_that_nobody_uses_go_and_come_back(room, asked, line, tmp_path) -> None:
    copies = room("thunder_blender.sound_copies")
    bpy.ops.thunder.hear_mesh()
    path = copies.copy_of(heard(room)[0].sound)
    other = path.with_name("other.wav")
    other.write_bytes(b"used today")
    copies.sweep(time.time())
    assert path.is_file()
    os.utime(path, (0, 0))
    copies.sweep(time.time())
    assert not path.exists() and other.is_file()
    saved = str(tmp_path / "shot.blend")
    bpy.ops.wm.save_as_mainfile(filepath=saved)
    bpy.ops.wm.open_mainfile(filepath=saved)
    (strip,) = heard(room)
    shown = Path(bpy.path.abspath(strip.sound.filepath))
    assert bpy.app.version >= (5, 0, 0) or shown.is_file(), "else the strip is red"
    os.utime(copies.copy_of(strip.sound), (1e9, 1e9))
    assert copies.copy_of(strip.sound).stat().st_mtime > 1.7e9, "used again"
