# SPDX-License-Identifier: GPL-3.0-or-later
"""Enabling and disabling in every order leaves nothing behind: no class, handler or engine."""

from __future__ import annotations

import pytest

bpy = pytest.importorskip("bpy", reason="needs Blender's bpy module")

import addon_utils  # noqa: E402 - only there once bpy is

from tests.blender.conftest import PACKAGE  # noqa: E402
from tests.blender.lines_fixture import add_strip, use_fake_engine  # noqa: E402


def classes() -> set[str]:
    """The classes that any extension of ours has registered."""
    named = {name for name in dir(bpy.types) if name.startswith("THUNDER_")}
    operators = {f"thunder.{name}" for name in dir(bpy.ops.thunder)}
    return named | operators


def handlers() -> list[object]:
    every = (getattr(bpy.app.handlers, name) for name in dir(bpy.app.handlers))
    return [
        function
        for listed in every
        if isinstance(listed, list)
        for function in listed
        if PACKAGE in getattr(function, "__module__", "")
    ]


def menu_entries() -> list[object]:
    menus = ("SEQUENCER_MT_strip", "VIEW3D_MT_object_animation", "VIEW3D_MT_mesh_add")
    found = (getattr(getattr(bpy.types, menu).draw, "_draw_funcs", []) for menu in menus)
    return [entry for entries in found for entry in entries if PACKAGE in entry.__module__]


def properties() -> set[str]:
    kinds = (bpy.types.Scene, bpy.types.Object, bpy.types.WindowManager, bpy.types.Action)
    return {
        f"{kind.__name__}.{name}"
        for kind in kinds
        for name in map(str, kind.bl_rna.properties.keys())
        if name.startswith("thunder")
    }


def everything() -> tuple:
    return classes(), len(handlers()), len(menu_entries()), properties()


def test_disabling_leaves_nothing_and_enabling_brings_all_back(room) -> None:
    before = everything()
    assert before[0] and before[1] and before[2] == 5
    for _ in range(3):
        addon_utils.disable(PACKAGE)
        assert everything() == (set(), 0, 0, set())
        addon_utils.enable(PACKAGE, default_set=True)
        assert everything() == before


def test_enabling_twice_and_reloading_doubles_nothing(room) -> None:
    before = everything()
    addon_utils.enable(PACKAGE, default_set=True)
    assert everything() == before
    bpy.ops.script.reload()
    assert everything() == before


def test_a_new_file_and_undo_double_nothing(room) -> None:
    before = everything()
    bpy.ops.wm.read_homefile(use_empty=True)
    bpy.ops.ed.undo_push(message="a")
    bpy.ops.ed.undo_push(message="b")
    bpy.ops.ed.undo()
    assert everything() == before


def test_disabling_while_a_take_is_generated(room, rig, tmp_path) -> None:
    engine = use_fake_engine(room, seconds_per_line=60.0)
    add_strip(room, tmp_path / "hello.wav", 1)
    jobs, request = room("thunder_blender.jobs"), room("thunder_blender.request")

    class Timers:
        def event_timer_add(self, *_arguments, **_options):
            return None

    class Context:
        window_manager, window = Timers(), None

    jobs.begin(Context(), [request.order_from_context(bpy.context)])
    assert jobs.running()
    addon_utils.disable(PACKAGE)
    assert everything() == (set(), 0, 0, set())
    assert not jobs.running()
    assert engine.status == "Off"
    addon_utils.enable(PACKAGE, default_set=True)
    assert not bpy.context.window_manager.thunder.running
    assert bpy.data.objects["Head"].thunder.seed == 1, "the artist's settings are still there"


def test_our_presets_are_found_only_while_enabled(room) -> None:
    folder = "thunder/performance"
    assert bpy.utils.preset_paths(folder)
    addon_utils.disable(PACKAGE)
    assert not bpy.utils.preset_paths(folder)
    addon_utils.enable(PACKAGE, default_set=True)
    assert bpy.utils.preset_find("Stage", folder)
