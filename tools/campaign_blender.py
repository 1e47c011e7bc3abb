# SPDX-License-Identifier: GPL-3.0-or-later
"""A batch in Blender that dies where it is told to; `tools/campaign.py --blender` starts it.

    python tools/campaign_blender.py --resources DIR [--die WHERE:N] batch LINES --out DIR ...
    python tools/campaign_blender.py --resources DIR --contents DIR

Runs where the bpy module is installed. The engine's process is tests/blender/stub_batch.py, whose
takes are noise; THUNDER_STUB_KILL=FILE has it killed once, when FILE does not exist yet.
--engine has the real engine perform, in the Python that THUNDER_PYTHON names.
--contents prints, as JSON, the hash of what each .blend of a folder holds.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
STUB = ROOT / "tests" / "blender" / "stub_batch.py"
PACKAGE = "bl_ext.user_default.thunder_blender"
sys.path.insert(0, str(ROOT))

from tools import build_extension  # noqa: E402


def room(name: str) -> ModuleType:
    return importlib.import_module(f"{PACKAGE}.thunder_blender.{name}")


def start_blender(resources: Path) -> None:
    """Import bpy with the extension enabled; it is installed at the first start."""
    resources.mkdir(parents=True, exist_ok=True)
    os.environ["BLENDER_USER_RESOURCES"] = str(resources)
    import bpy

    addon_utils = importlib.import_module("addon_utils")  # only there once bpy is
    if not (resources / "extensions" / "user_default" / "thunder_blender").exists():
        archive = build_extension.build(ROOT, resources)
        bpy.ops.extensions.package_install_files(
            filepath=str(archive), repo="user_default", enable_on_install=True
        )
    elif addon_utils.enable(PACKAGE) is None:
        sys.exit("error: the extension cannot be enabled")


def use_stub() -> None:
    """Let the batch start the stub for its engine."""
    batch = room("batch")

    def start(launch: Any, arguments: Any) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "STUB_DIES_ONCE": os.environ.get("THUNDER_STUB_KILL", "")}
        line = [sys.executable, str(STUB), *map(str, arguments)]
        return subprocess.Popen(line, stdout=subprocess.PIPE, env=environment)

    batch._start = start  # type: ignore[attr-defined]
    batch.preferences.launch = lambda: None


def contents(folder: Path) -> dict[str, str]:
    """Hash by name of what each .blend below a folder holds."""
    import bpy

    found = {}
    for path in sorted(folder.rglob("*.blend")):
        bpy.ops.wm.open_mainfile(filepath=str(path), load_ui=False)
        found[path.name] = str(room("batch_scene").content_hash())
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--resources", type=Path, required=True)
    parser.add_argument("--die", default="")
    parser.add_argument("--contents", type=Path)
    parser.add_argument("--engine", action="store_true")
    options, rest = parser.parse_known_args()
    start_blender(options.resources)
    if options.contents:
        print("CONTENTS " + json.dumps(contents(options.contents)))
        return 0
    if not options.engine:
        use_stub()
    if options.die:
        from tools.campaign_deaths import Death, in_calls

        in_calls(Death(options.die))
    return int(room("batch_command").main(rest))


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)  # bpy's own ending is not what is tried here
