# SPDX-License-Identifier: GPL-3.0-or-later
"""How long writing keys takes: 52 curves of 1500 keys each.

python tools/bench_keys.py --zip EXTENSION.zip      (where the bpy module is installed)
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

KEYS = 1500
REPEATS = 5


def measure(room: Callable[[str], ModuleType], rig: Any) -> float:
    """Milliseconds to write and assign a curve of KEYS keys for every unit of `rig`.

    The best of REPEATS: what else the machine does only ever adds to it.
    """
    return min(_once(room, rig) for _ in range(REPEATS))


def _once(room: Callable[[str], ModuleType], rig: Any) -> float:
    import bpy

    compat, keys = room("thunder_blender.compat"), room("thunder_blender.keys")
    units = room("model_runtime.contract").UNITS
    motion = np.random.default_rng(0).random((KEYS, len(units)), np.float32)
    action = bpy.data.actions.new("bench")
    start = time.perf_counter()
    part = compat.new_part(action, "KEY", rig.keys.name)
    keys.write_curves(part, keys.unit_curves(rig, motion, units), 1)
    compat.assign_part(rig.keys, part)
    milliseconds = 1000 * (time.perf_counter() - start)
    bpy.data.actions.remove(action)
    return milliseconds


def main() -> None:
    parser = argparse.ArgumentParser(description="Time the writing of keys.")
    parser.add_argument("--zip", type=Path, required=True, help="the built extension")
    archive = parser.parse_args().zip
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    from tools import demo_scene

    report = demo_scene.Report(demo_scene.quiet_stdout())
    with tempfile.TemporaryDirectory(prefix="thunder-bench-") as resources:
        room = demo_scene.install_extension(archive, Path(resources))
        import bpy

        rig = demo_scene.make_head(room, bpy.context.scene, None)
        report(stage="keys", curves=52, keys=KEYS, keys_ms=round(measure(room, rig), 1))


if __name__ == "__main__":
    main()
