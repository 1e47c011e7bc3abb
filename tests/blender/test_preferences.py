# SPDX-License-Identifier: GPL-3.0-or-later
"""The preferences start the engine, and Free the GPU ends it."""

from __future__ import annotations

import sys
from pathlib import Path

import bpy
import pytest

from tests.blender.fake_layout import FakeLayout
from tests.wheels import lock_of, make_wheels

PACKAGE = "bl_ext.user_default.thunder_blender"


@pytest.fixture
def own(room):
    preferences = bpy.context.preferences.addons[PACKAGE].preferences
    yield preferences
    for name in ("device", "python", "idle_minutes", "recognise_words"):
        preferences.property_unset(name)


def test_a_launch_follows_the_preferences(room, own):
    own.python, own.device, own.idle_minutes = sys.executable, "CPU", 2.0
    launch = room("thunder_blender.preferences").launch()
    assert launch.python == Path(sys.executable)
    assert (launch.device, launch.idle_seconds) == ("cpu", 120.0)
    assert (launch.worker_root / "model_runtime" / "contract.py").is_file()
    assert launch.recognises
    own.recognise_words = False
    assert not room("thunder_blender.preferences").launch().recognises


def test_without_a_python_the_engine_says_where_to_click(room, own, monkeypatch):
    monkeypatch.delenv("THUNDER_PYTHON", raising=False)
    monkeypatch.setattr(room("thunder_blender.runtime"), "own_torch", lambda wait=True: "")
    error = room("model_runtime.contract").EngineError
    with pytest.raises(error, match="Press Install Runtime"):
        room("thunder_blender.preferences").launch()


def test_free_the_gpu(room):
    engine = room("thunder_blender.engine")
    fake = room("thunder_blender.engine_fake").FakeEngine()
    engine.set_engine(fake)
    assert not bpy.ops.thunder.free_gpu.poll()
    fake.test()
    assert bpy.ops.thunder.free_gpu() == {"FINISHED"}
    assert not fake.running
    engine.set_engine(None)


def test_another_device_frees_the_running_engine(room, own):
    engine = room("thunder_blender.engine")
    fake = room("thunder_blender.engine_fake").FakeEngine()
    engine.set_engine(fake)
    fake.test()
    own.device = "CPU"
    assert not fake.running
    engine.set_engine(None)


@pytest.fixture
def wheels(room, tmp_path, monkeypatch):
    """A folder of tiny wheels with their checksums, for this Blender's Python."""
    lock = room("thunder_blender.runtime_lock")
    monkeypatch.setattr(lock, "GIGABYTES", dict.fromkeys(lock.GIGABYTES, 0.0))
    folder = make_wheels(tmp_path / "wheels")
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    (folder / "lock.txt").write_text(lock_of(folder, python))
    return folder


def test_install_and_remove_runtime(room, own, wheels):
    preferences = room("thunder_blender.preferences")
    assert bpy.ops.thunder.install_runtime(archive=str(wheels)) == {"FINISHED"}
    assert preferences.launch().python.is_relative_to(preferences.runtime_folder())
    assert "torch 9.9" in room("thunder_blender.runtime_watch").said()[0]
    assert bpy.ops.thunder.remove_runtime() == {"FINISHED"}
    assert not room("thunder_blender.runtime_actions").has_runtime()
    assert not bpy.ops.thunder.remove_runtime.poll()


def test_offline_the_package_index_is_not_asked(room):
    assert not bpy.app.online_access
    with pytest.raises(RuntimeError, match="not allowed to go online"):
        bpy.ops.thunder.install_runtime()


def test_what_is_not_there_cannot_be_installed(room):
    with pytest.raises(RuntimeError, match="no runtime archive and no folder at"):
        bpy.ops.thunder.install_runtime(archive="/nowhere/runtime.zip")


@pytest.fixture
def fake(room):
    engine = room("thunder_blender.engine")
    fake = room("thunder_blender.engine_fake").FakeEngine()
    engine.set_engine(fake)
    yield fake
    engine.set_engine(None)


def test_test_runtime_tells_device_speed_and_memory(room, own, fake):
    own.python = sys.executable
    assert bpy.ops.thunder.test_runtime() == {"FINISHED"}
    sentence, failed = room("thunder_blender.runtime_watch").said()
    assert not failed
    assert "Fake processor (cpu): 10.0 times as fast as the line, 100 MB" in sentence


def test_a_timer_watches_and_one_thing_is_done_at_a_time(room, own, fake):
    own.python = sys.executable
    watch = room("thunder_blender.runtime_watch")
    fake.seconds_per_line = 0.3
    watch.start(watch.EngineTest(), watch.describe)
    assert watch.busy() and not bpy.ops.thunder.test_runtime.poll()
    while watch._tick() is not None:
        assert watch.said() == ("", False)
    assert watch.busy() is None and "Fake processor" in watch.said()[0]


def test_cancel_is_no_failure(room, fake):
    watch = room("thunder_blender.runtime_watch")
    fake.seconds_per_line = 60.0
    watch.start(watch.EngineTest(), watch.describe)
    assert bpy.ops.thunder.cancel_runtime() == {"FINISHED"}
    assert watch._tick() is None
    assert watch.busy() is None and not watch.said()[1]


def test_a_failure_is_kept_for_the_page(room, fake):
    watch = room("thunder_blender.runtime_watch")
    fake.fail_with = room("model_runtime.contract").EngineError("The GPU is on fire.")
    watch.start(watch.EngineTest(), watch.describe)
    watch._tick()
    assert watch.said() == ("The GPU is on fire.", True)


def test_nothing_goes_on_after_the_extension_was_disabled(room, fake):
    watch = room("thunder_blender.runtime_watch")
    fake.seconds_per_line = 60.0
    watch.start(watch.EngineTest(), watch.describe)
    watch.unregister()
    assert watch.busy() is None
    assert not bpy.app.timers.is_registered(watch._tick)


def test_the_panels_know_of_a_new_or_removed_runtime_at_once(room, own, wheels, monkeypatch):
    monkeypatch.delenv("THUNDER_PYTHON", raising=False)
    monkeypatch.setattr(room("thunder_blender.runtime"), "own_torch", lambda wait=True: "")
    readiness = room("thunder_blender.readiness")
    monkeypatch.setattr(readiness, "FRESH", 3600.0)  # what was found stays true for an hour
    readiness.forget()
    assert "Press Install Runtime" in readiness.engine_reason()
    bpy.ops.thunder.install_runtime(archive=str(wheels))
    assert readiness.engine_reason() == ""
    bpy.ops.thunder.remove_runtime()
    assert "Press Install Runtime" in readiness.engine_reason()
    readiness.forget()


def shown(room, own) -> str:
    """What the preferences' part about models says."""
    layout = FakeLayout()
    room("thunder_blender.preferences_draw").draw_weights(layout, bpy.context, own)
    return layout.text()


def test_a_weights_folder_is_checked_and_told(room, own, fake, tmp_path):
    own.python = sys.executable
    preferences, readiness = room("thunder_blender.preferences"), room("thunder_blender.readiness")
    weights = room("thunder_blender.runtime_weights")
    assert preferences.launch().weights is None
    fake.test()
    own.weights = str(tmp_path)
    assert not fake.running, "other models want a fresh process"
    room("thunder_blender.engine").set_engine(None)
    with pytest.raises(room("model_runtime.contract").WeightsError, match="no encoder"):
        preferences.launch()
    assert "no encoder.safetensors" in readiness.engine_reason()
    assert "no encoder.safetensors" in shown(room, own)
    own.weights = str(weights.BUNDLED)
    launch = preferences.launch()
    assert launch.weights == weights.BUNDLED and launch.weights_state
    assert readiness.engine_reason() == ""
    assert "55 channels of units" in shown(room, own)
    own.weights = ""


@pytest.mark.parametrize(("target", "told"), [("windows-cuda", True), ("linux-cpu", False)])
def test_what_was_not_tried_is_offered_and_said(room, own, monkeypatch, target, told):
    actions = room("thunder_blender.runtime_actions")
    monkeypatch.setattr(actions, "wanted_target", lambda: target)
    monkeypatch.setattr(room("thunder_blender.runtime_watch")._State, "said", "")
    monkeypatch.setattr(actions, "online_reason", lambda: "")
    layout = FakeLayout()
    room("thunder_blender.preferences_draw").draw_buttons(layout, bpy.context, False)
    assert f"For {target}: takes about" in layout.text()
    assert ("Not tried by us" in layout.text()) is told
    assert room("thunder_blender.runtime_lock").lock_for(target).pythons[0] == "3.11"
