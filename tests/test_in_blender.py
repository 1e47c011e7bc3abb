# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the tests of tests/blender inside each Blender that `dev.py test` has set up.

One process for each module: Blender's state does not end with a test, and a crash must not take
the other modules along.
"""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MODULES = [*sorted((ROOT / "tests" / "blender").glob("test_*.py")), ROOT / "tests/test_manifest.py"]
BLENDERS = dict(
    entry.split("=", 1)
    for entry in os.environ.get("THUNDER_BLENDERS", "").split(os.pathsep)
    if entry
)
TIME_LIMIT = 900  # seconds for one module
NO_TESTS = 5  # pytest's exit code
OWN_MODULES = r"bl_ext\.user_default\.thunder_blender"
NEEDS_SOUND = ("test_demo_scene",)  # whole modules; other tests skip themselves
WITHOUT_SOUND = ("4.2",)
# bpy.ops.script.reload() alone makes the modules of 4.2 crash and of 4.5 hang when Python ends;
# 4.2 crashes then after its exports of Alembic and USD too.
ENDS_BADLY = ("test_registration", "test_export_mesh")
PLAIN = ("-m", "pytest")
NO_ENDING = (
    "-c",
    "import os, sys, pytest; code = int(pytest.main(sys.argv[1:])); sys.stdout.flush(); "
    "sys.stderr.flush(); os._exit(code)",
)
STRICT = {  # what Blender is to remove breaks the tests now, where Blender warns of it
    "5.2": ("-o", f"filterwarnings=error::DeprecationWarning:{OWN_MODULES}"),
}


@pytest.mark.timeout(TIME_LIMIT + 60)
@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.stem)
@pytest.mark.parametrize("version", BLENDERS or ["none"])
def test_in_blender(version, module, tmp_path):
    if version not in BLENDERS:
        pytest.skip("needs Blender's bpy module: run 'python3 dev.py test'")
    if version in WITHOUT_SOUND and module.stem in NEEDS_SOUND:
        pytest.skip(f"Blender {version}'s module is built without sound")
    python = BLENDERS[version]
    start = NO_ENDING if module.stem in ENDS_BADLY else PLAIN
    command = [python, *start, "-p", "no:cacheprovider", "-q", str(module)]
    command += STRICT.get(version, ())
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        errors="replace",
        timeout=TIME_LIMIT,
    )
    said = done.stdout + done.stderr
    passed = re.search(r"(\d+) passed", done.stdout)
    assert done.returncode in (0, NO_TESTS), f"exit code {done.returncode}\n{said[-8000:]}"
    assert passed or "skipped" in said, said[-8000:]
