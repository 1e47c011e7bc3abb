# SPDX-License-Identifier: GPL-3.0-or-later
"""How long writing keys takes, and how long Blender's thread is busy with a take in one go.

python tools/bench_keys.py --zip EXTENSION.zip      (where the bpy module is installed)

Prints the time of 52 curves of 1500 keys each, then for lines of 10, 60 and 600 s at 24 frames a
second, on the open head and on a FLAME of made-up shapes: the longest that Blender's thread worked
or waited in one go (`longest_ms`) while the take was fitted in its thread and written in steps,
the same in processor time of that thread (`longest_cpu_ms`), what writing all at once takes
(`at_once_ms`) and how long all took in steps (`seconds`).
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
RATE = 24.0  # frames a second
LINES = (10.0, 60.0, 600.0)  # seconds


def measure(room: Callable[[str], ModuleType], rig: Any) -> float:
    """Milliseconds to write and assign a curve of KEYS keys for every unit of `rig`.

    The best of REPEATS: what else the machine does only ever adds to it.
    """
    return min(_once(room, rig) for _ in range(REPEATS))


def _once(room: Callable[[str], ModuleType], rig: Any) -> float:
    import bpy

    compat, keys = room("thunder_blender.compat"), room("thunder_blender.keys")
    mapping = room("thunder_blender.mapping")
    units = room("model_runtime.contract").UNITS
    motion = np.random.default_rng(0).random((KEYS, len(units)), np.float32)
    action = bpy.data.actions.new("bench")
    start = time.perf_counter()
    part = compat.new_part(action, "KEY", rig.keys.name)
    keys.write_curves(part, mapping.curves_for(rig, motion, units)[0], 1)
    compat.assign_part(rig.keys, part)
    milliseconds = 1000 * (time.perf_counter() - start)
    bpy.data.actions.remove(action)
    return milliseconds


class Clock:
    """The longest of many calls, by the clock and by what this thread itself computed."""

    def __init__(self) -> None:
        self.wall = self.cpu = 0.0

    def __call__(self, work: Callable[[], Any]) -> Any:
        wall, cpu = time.perf_counter(), time.thread_time()
        result = work()
        self.wall = max(self.wall, time.perf_counter() - wall)
        self.cpu = max(self.cpu, time.thread_time() - cpu)
        return result


def take_of(room: Callable[[str], ModuleType], seconds: float) -> Any:
    """Slow waves on all channels."""
    contract, fake = room("model_runtime.contract"), room("thunder_blender.engine_fake")
    motion = fake.fake_motion(1, seconds)
    return contract.Take(motion, contract.CHANNELS, float(contract.MOTION_FPS), {"seed": 1})


def line_of(room: Callable[[str], ModuleType], seconds: float) -> Any:
    lines = room("thunder_blender.lines")
    return lines.Line("bench", f"bench-{seconds:g}", Path(), 0.0, seconds, 1.0, 1.0, RATE)


def in_steps(room: Callable[[str], ModuleType], rig: Any, seconds: float) -> dict[str, float]:
    """A take as `jobs` brings it onto a rig, a tick at a time."""
    import bpy

    fit_take, steps = room("thunder_blender.fit_take"), room("thunder_blender.steps")
    takes, take, line = (
        room("thunder_blender.takes"),
        take_of(room, seconds),
        line_of(room, seconds),
    )
    clock, start, ticks = Clock(), time.perf_counter(), 0
    fitting = clock(lambda: fit_take.start_fitting(rig, take, RATE))
    while not clock(lambda: fitting.ready):
        clock(lambda: sum(range(1000)))  # Python of Blender's own, which the thread must let in
        time.sleep(0.005)
    fitted = time.perf_counter() - start

    def apply() -> Any:
        action = yield from takes.add_take_steps(rig, line, fitting.result())
        takes.choose_take(rig, action)
        return action

    work = steps.Stepped(apply())
    while not clock(work.go_on):
        ticks += 1
        time.sleep(0.005)
    whole = time.perf_counter() - start
    takes.restore_mine(rig)
    bpy.data.actions.remove(work.result)
    return {
        "longest_ms": round(1000 * clock.wall, 1),
        "longest_cpu_ms": round(1000 * clock.cpu, 1),
        "fit_seconds": round(fitted, 2),
        "ticks": ticks,
        "seconds": round(whole, 2),
    }


def at_once(room: Callable[[str], ModuleType], rig: Any, seconds: float) -> float:
    """Milliseconds of the blocking door for the same take."""
    import bpy

    takes, take, line = (
        room("thunder_blender.takes"),
        take_of(room, seconds),
        line_of(room, seconds),
    )
    start = time.perf_counter()
    action = takes.add_take(rig, line, take)
    takes.choose_take(rig, action)
    milliseconds = 1000 * (time.perf_counter() - start)
    takes.restore_mine(rig)
    bpy.data.actions.remove(action)
    return round(milliseconds, 1)


def make_flame(room: Callable[[str], ModuleType], folder: Path) -> Any:
    """A FLAME rig of made-up shapes, through the importer."""
    import bpy

    from tools import make_test_flame

    path, importer = folder / "flame.pkl", room("thunder_blender.flame_import")
    make_test_flame.write_2020(path, make_test_flame.stand_in())
    return importer.import_flame(bpy.context.collection, importer.FlameImport(path)).rig


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
        for name, each in (("head", rig), ("FLAME", make_flame(room, Path(resources)))):
            for seconds in LINES:
                best = min((in_steps(room, each, seconds) for _ in range(3)), key=by_longest)
                all_ms = at_once(room, each, seconds)
                report(stage="take", rig=name, line_s=seconds, **best, at_once_ms=all_ms)


def by_longest(figures: dict[str, float]) -> float:
    return figures["longest_ms"]


if __name__ == "__main__":
    main()
