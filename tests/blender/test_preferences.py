# SPDX-License-Identifier: GPL-3.0-or-later
"""The preferences start the engine, and Free the GPU ends it."""

from __future__ import annotations

import sys
from pathlib import Path

import bpy
import pytest

PACKAGE = "bl_ext.user_default.thunder_blender"


@pytest.fixture
def own(room):
    preferences = bpy.context.preferences.addons[PACKAGE].preferences
    yield preferences
    for name in ("device", "python", "idle_minutes"):
        preferences.property_unset(name)


def test_a_launch_follows_the_preferences(room, own):
    own.python, own.device, own.idle_minutes = sys.executable, "CPU", 2.0
    launch = room("thunder_blender.preferences").launch()
    assert launch.python == Path(sys.executable)
    assert (launch.device, launch.idle_seconds) == ("cpu", 120.0)
    assert (launch.worker_root / "model_runtime" / "contract.py").is_file()


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
