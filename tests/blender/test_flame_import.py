# SPDX-License-Identifier: GPL-3.0-or-later
"""Import FLAME at the window: the work is done in a thread and can be cancelled."""

from __future__ import annotations

import time
from types import SimpleNamespace

import numpy as np
import pytest

bpy = pytest.importorskip("bpy", reason="needs Blender's bpy module")

from tests.blender.fake_layout import draw  # noqa: E402

LIMIT = 600.0  # seconds for what takes 5 on a machine that has nothing else to do
QUIET = ("RUNNING_MODAL", "PASS_THROUGH")


@pytest.fixture
def task(room, monkeypatch):
    monkeypatch.setattr(room("thunder_blender.timers"), "add", lambda window, seconds: None)
    yield room("thunder_blender.flame_task")
    room("thunder_blender.flame_task").end()


class Window:
    """What the modal door needs of a window, which there is none of in the background."""

    def __init__(self, operator_class: type, path) -> None:
        self.kind, self.told, self.looks = operator_class, [], 0
        self.window = SimpleNamespace(
            screen=SimpleNamespace(is_animation_playing=False), modal_operators=[]
        )
        self.window_manager = SimpleNamespace(
            windows=[self.window],
            event_timer_add=lambda *_, **__: None,
            modal_handler_add=lambda _: None,
        )
        self.operator = SimpleNamespace(
            filepath=str(path),
            identity_file="",
            masks_file="",
            landmarks_file="",
            shape_keys=5,
            residual_keys=False,
            report=self._hear,
        )
        for name in ("_wanted", "_told", "_build", "_ended", "failed"):
            function = getattr(operator_class, name)
            setattr(self.operator, name, function.__get__(self.operator))

    def __getattr__(self, name: str):
        return getattr(bpy.context, name)

    def event(self, kind: str, value: str = "PRESS") -> set[str]:
        return self.kind.modal(self.operator, self, SimpleNamespace(type=kind, value=value))

    def until_ready(self, task) -> None:
        end = time.monotonic() + LIMIT
        while not task.current().ready:
            assert time.monotonic() < end, "the thread does not end"
            time.sleep(0.02)

    def until_built(self) -> set[str]:
        """Look on until something else comes of it than another look."""
        while (result := self.event("TIMER")) == {"PASS_THROUGH"}:
            self.looks += 1
        return result

    def _hear(self, level: set[str], text: str) -> None:
        self.told.append((*level, text))


@pytest.fixture
def door(room, task, flame_file):
    module = room("operators.import_flame")
    window = Window(module.THUNDER_OT_import_flame, flame_file)
    task.begin(window, window.operator._wanted(window))
    return window


@pytest.fixture
def nothing_kept(room):
    """No import before has left its fit."""
    for path in room("thunder_blender.flame_import").kept_folder().glob("*.npz"):
        path.unlink()


def test_the_window_lives_while_the_file_is_fitted(nothing_kept, door, task, room) -> None:
    """The thread gives way: the door is asked many times before the rig comes, in one go."""
    stages, looks = set(), 0
    end = time.monotonic() + LIMIT
    while not task.current().ready:
        assert time.monotonic() < end
        assert door.event("TIMER") == {"PASS_THROUGH"}
        assert door.event("MOUSEMOVE") == {"PASS_THROUGH"}
        assert not bpy.data.objects, "nothing is there before all is"
        stages.add(task.current().progress.stage)
        looks += 1
        time.sleep(0.005)
    assert looks > 20
    assert task.FITTING in stages
    assert door.until_built() == {"FINISHED", "PASS_THROUGH"}
    assert door.looks > 3, "in steps"
    assert task.current() is None
    assert door.told[0][0] == "INFO" and "Imported FLAME" in door.told[0][1]
    assert bpy.context.object["thunder_mapping"] == "flame"


def test_the_same_rig_comes_through_both_doors(door, task, room, flame_file) -> None:
    door.until_ready(task)
    door.until_built()
    first = bpy.context.object
    assert bpy.ops.thunder.import_flame(filepath=str(flame_file), shape_keys=5) == {"FINISHED"}
    second = bpy.context.object
    for name in ("expression", "jaw", "lips"):
        one, two = (np.array(body[f"thunder_flame_{name}"]) for body in (first, second))
        assert np.array_equal(one, two)
    assert len(first.data.shape_keys.key_blocks) == len(second.data.shape_keys.key_blocks)


def test_escape_cancels_and_leaves_nothing(door, task) -> None:
    thread = task.current()
    assert door.event("ESC") == {"CANCELLED"}
    assert task.current() is None and not bpy.data.objects
    assert door.told == [("WARNING", "The import was cancelled")]
    assert thread.cancelled


def test_the_button_cancels_too(door, task, room) -> None:
    panel = draw(bpy.types.THUNDER_PT_character_view3d, bpy.context)
    assert "thunder.cancel_flame" in panel.names("operator")
    assert panel.names("progress")
    assert not bpy.ops.thunder.import_flame.poll(), "one at a time"
    assert bpy.ops.thunder.cancel_flame() == {"FINISHED"}
    assert door.event("TIMER") == {"CANCELLED", "PASS_THROUGH"}
    assert not bpy.data.objects
    assert not bpy.ops.thunder.cancel_flame.poll()


def test_a_cancelled_thread_ends_and_keeps_nothing(room, flame_file, tmp_path, task) -> None:
    importer, contract = room("thunder_blender.flame_import"), room("model_runtime.contract")
    preparing = task.Preparing(importer.FlameImport(flame_file), tmp_path)
    preparing.cancel()
    with pytest.raises(contract.CancelledError):
        preparing.result()
    assert not list(tmp_path.iterdir())


def test_the_rig_waits_for_object_mode(door, task) -> None:
    mesh = bpy.data.objects.new("m", bpy.data.meshes.new("m"))
    bpy.context.collection.objects.link(mesh)
    bpy.context.view_layer.objects.active = mesh
    bpy.ops.object.mode_set(mode="EDIT")
    door.until_ready(task)
    assert door.event("TIMER") == {"PASS_THROUGH"}
    bpy.ops.object.mode_set(mode="OBJECT")
    assert door.until_built() == {"FINISHED", "PASS_THROUGH"}


def test_a_file_that_is_no_flame_ends_in_its_sentence(room, task, tmp_path) -> None:
    path = tmp_path / "f.pkl"
    path.write_bytes(b"not a pickle at all" * 100)
    door = Window(room("operators.import_flame").THUNDER_OT_import_flame, path)
    task.begin(door, door.operator._wanted(door))
    door.until_ready(task)
    assert door.event("TIMER") == {"CANCELLED", "PASS_THROUGH"}
    assert door.told[0][0] == "ERROR" and "is not a FLAME model" in door.told[0][1]


def test_another_file_or_the_extensions_end_ends_it(door, task) -> None:
    door.kind.cancel(door.operator, door)
    assert task.current() is None


def test_the_panel_offers_the_joints_of_flame_rigs_only(room, door, task, face) -> None:
    name = "thunder.update_flame_joints"
    panel = bpy.types.THUNDER_PT_character_view3d
    head = room("thunder_blender.head")
    other = head.create_head(bpy.context.collection, head.HeadParams(), face)
    bpy.context.view_layer.objects.active = other.mesh
    assert name not in draw(panel, bpy.context).names("operator")
    door.until_ready(task)
    door.until_built()
    assert name in draw(panel, bpy.context).names("operator")
    bpy.context.scene.thunder.rig = bpy.context.object
    bpy.context.view_layer.objects.active = other.mesh
    assert bpy.ops.thunder.update_flame_joints() == {"FINISHED"}, "that of the picked rig"
