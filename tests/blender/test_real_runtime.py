# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole way once, with real torch: an archive is packed, installed, tested and removed."""

from __future__ import annotations

import sys

import bpy
import pytest

from tools import build_runtime
from tools.environments import SetupError

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
PLATFORM = "linux-cpu"

pytestmark = pytest.mark.skipif(
    bpy.app.version[:2] != (4, 5) or not sys.platform.startswith("linux"),
    reason="a gigabyte is installed: once, in Blender 4.5 on Linux",
)


@pytest.fixture
def archive(tmp_path):
    try:
        return build_runtime.build(PLATFORM, [PYTHON], tmp_path)
    except SetupError as error:
        pytest.skip(f"the wheels cannot be had here: {error}")


@pytest.mark.timeout(840)
def test_a_packed_runtime_performs(room, archive):
    engine = room("thunder_blender.engine")
    watch = room("thunder_blender.runtime_watch")
    assert bpy.ops.thunder.install_runtime(archive=str(archive)) == {"FINISHED"}
    assert bpy.ops.thunder.test_runtime() == {"FINISHED"}
    report = watch.last_report()
    assert report.device == "cpu" and report.torch.startswith("2.")
    assert report.seconds_per_second > 0 and report.memory_mb > 100
    engine.shut_down()
    assert "torch" not in sys.modules
    assert bpy.ops.thunder.remove_runtime() == {"FINISHED"}
