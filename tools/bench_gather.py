# SPDX-License-Identifier: GPL-3.0-or-later
"""How long reading the mouth of the open head takes, which Measure does in Blender's own thread.

python tools/bench_gather.py --zip EXTENSION.zip      (where the bpy module is installed)

Prints milliseconds a frame, and those of the longest single step, by the clock and by processor
time: as it is (only the mouth's vertices are evaluated), with a modifier that needs the whole mesh,
and, to compare, frame_set in the artist's own scene.
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

RATE, SECONDS = 25.0, 10.0

Clock = Callable[[], float]


def bench(room: Callable[[str], ModuleType]) -> dict[str, dict[str, float]]:
    """Milliseconds by case."""
    import bpy

    head = room("thunder_blender.head")
    rig = head.create_head(bpy.context.scene.collection, head.HeadParams())
    animate(rig)
    found = {"own scene, for comparison": own_scene(rig)}
    found["mouth only"] = gathered(room, rig)
    rig.mesh.modifiers.new("Smooth", "SMOOTH")
    found["whole mesh"] = gathered(room, rig)
    return found


def animate(rig: Any) -> None:
    """Every unit moves all the time."""
    for number, block in enumerate(rig.keys.key_blocks[1:]):
        for frame in range(1, int(RATE * SECONDS) + 2, 10):
            block.value = 0.2 + 0.1 * ((frame + number) % 3)
            block.keyframe_insert("value", frame=frame)


def gathered(room: Callable[[str], ModuleType], rig: Any) -> dict[str, float]:
    """What gathering a line costs."""
    fields = {"strip_name": "x", "line_id": "x", "path": None, "start": 0.0, "speed": 1.0}
    fields |= {"duration": SECONDS, "first_frame": 1.0, "rate": RATE}
    line = room("thunder_blender.lines").Line(**fields)
    steps = room("thunder_blender.meter_mesh").gather_steps(rig, line)
    clocks: tuple[Clock, Clock] = time.perf_counter, time.process_time
    costs = []
    while True:
        before = [clock() for clock in clocks]
        try:
            next(steps)
        except StopIteration:
            break
        costs.append([1000 * (clock() - was) for clock, was in zip(clocks, before, strict=True)])
    frames = costs[-int(RATE * SECONDS) :]
    wall, cpu = [sum(cost[n] for cost in frames) / len(frames) for n in (0, 1)]
    longest = [max(cost[n] for cost in costs) for n in (0, 1)]
    return named(wall, cpu) | {"longest_ms": longest[0], "longest_cpu_ms": longest[1]}


def own_scene(rig: Any) -> dict[str, float]:
    """The plain way: the artist's scene goes through its frames."""
    import bpy

    wall, cpu, count = time.perf_counter(), time.process_time(), int(RATE * SECONDS)
    for frame in range(1, count + 1):
        bpy.context.scene.frame_set(frame)
        rig.mesh.evaluated_get(bpy.context.evaluated_depsgraph_get())
    each = 1000 / count
    return named((time.perf_counter() - wall) * each, (time.process_time() - cpu) * each)


def named(wall: float, cpu: float) -> dict[str, float]:
    return {"frame_ms": wall, "frame_cpu_ms": cpu}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--zip", type=Path, required=True)
    archive = parser.parse_args().zip.resolve()
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    from tools import demo_scene

    with tempfile.TemporaryDirectory() as folder:
        room = demo_scene.install_extension(archive, Path(folder))
        import bpy

        bpy.ops.wm.read_homefile(use_empty=True)
        for case, costs in bench(room).items():
            told = ", ".join(f"{name} {value:.2f}" for name, value in costs.items())
            sys.stdout.write(f"{case}: {told}\n")
        sys.stdout.flush()
        bpy.ops.preferences.addon_disable(module=demo_scene.PACKAGE)


if __name__ == "__main__":
    main()
