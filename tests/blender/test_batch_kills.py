# SPDX-License-Identifier: GPL-3.0-or-later
"""Blender and its engine are killed inside a batch; the scenes come out as if nothing had been."""

from __future__ import annotations

import json
import sys

import pytest

bpy = pytest.importorskip("bpy", reason="needs Blender's bpy module")

from tools import campaign  # noqa: E402

if not bpy.app.build_options.audaspace:
    pytest.skip("this bpy is built without sound", allow_module_level=True)


def test_kills_of_blender_and_of_the_engine_lose_no_scene_and_change_none(tmp_path):
    found = tmp_path / "campaign.json"
    words = ["--only-blender", "--blender", sys.executable, "--lines", "3", "--quiet"]
    code = campaign.main([*words, "--blender-kills", "3", "--out", str(found)])
    figures = json.loads(found.read_text("utf-8"))
    assert code == 0, figures
    assert figures["blender_kills"] >= 2 and figures["engine_kills"] >= 1
