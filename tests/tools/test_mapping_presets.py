# SPDX-License-Identifier: GPL-3.0-or-later
"""The mapping presets that ship are those that the known names give, and can be read."""

from __future__ import annotations

import pytest

from tests.as_extension import room
from tools import build_mapping_presets

TEXTS = build_mapping_presets.texts()


@pytest.mark.parametrize("name", TEXTS)
def test_presets_are_up_to_date(name):
    path = build_mapping_presets.FOLDER / name
    assert path.read_text(encoding="utf-8") == TEXTS[name], "run tools/build_mapping_presets.py"
    mapping = room("thunder_blender.rig_mapping").from_json(TEXTS[name], name)
    assert mapping.active()


def test_nothing_else_ships_beside_them():
    assert {path.name for path in build_mapping_presets.FOLDER.iterdir()} == set(TEXTS)
