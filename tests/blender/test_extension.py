# SPDX-License-Identifier: GPL-3.0-or-later
"""The zip installs, enables, disables and enables again."""

from __future__ import annotations

import pytest

bpy = pytest.importorskip("bpy", reason="needs Blender's bpy module")

PACKAGE = "bl_ext.user_default.thunder_blender"
OPERATORS = ("create_head", "load_take", "switch_take", "restore_mine")


def test_the_zip_installs_and_enables(room) -> None:
    assert PACKAGE in bpy.context.preferences.addons
    assert room("thunder_blender").EXTENSION == PACKAGE
    for name in OPERATORS:
        assert getattr(bpy.ops.thunder, name).get_rna_type().description


def test_disabling_leaves_nothing_behind_and_enabling_works_again(room) -> None:
    import addon_utils

    addon_utils.disable(PACKAGE)
    assert not hasattr(bpy.types.Scene, "thunder")
    assert not hasattr(bpy.types, "THUNDER_PT_line_view3d")
    addon_utils.enable(PACKAGE, default_set=True)
    assert bpy.context.scene.thunder.identity


def test_every_property_says_what_it_is(room) -> None:
    for name in OPERATORS:
        rna = getattr(bpy.ops.thunder, name).get_rna_type()
        shown = [p for p in rna.properties if not p.is_hidden and p.identifier != "rna_type"]
        assert all(p.name and p.description for p in shown), name


def test_no_torch_in_blender(room) -> None:
    import sys

    assert "torch" not in sys.modules
