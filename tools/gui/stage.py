# SPDX-License-Identifier: GPL-3.0-or-later
"""Acts on a real Blender as a person at its window would: pointer, clicks, eyes on the screen.

Runs inside Blender. A flow is a generator that yields the seconds to wait; Blender draws and works
on between its steps. Nothing is clicked at a guessed place: the pointer is moved over the region
until Blender itself says which button lies under it.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
import traceback
import warnings
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import bpy

Flow = Generator[float, None, Any]
STEP = 0.06  # seconds for Blender to notice where the pointer is
PRESS = 0.35  # a button needs the press and the release some redraws apart
ROW = 13  # pixels between two looks, at scale 1; a button is 20 high
NOTHING_MORE = 260  # pixels without a button: the panels have ended
OWN = "bl_ext.user_default.thunder_blender"


class StageError(AssertionError):
    """What a person would have expected to see and did not."""


class Stage:
    """The first window of this Blender, what was asked of the script and what it found out."""

    def __init__(self) -> None:
        self.folder = Path(os.environ["THUNDER_GUI"])
        self.options: dict[str, Any] = json.loads((self.folder / "options.json").read_text("utf-8"))
        self.results: dict[str, Any] = {"blender": bpy.app.version_string, "warnings": []}
        self.context_area = "VIEW_3D"
        self._deadline = time.monotonic() + float(self.options.get("limit", 240))
        preferences = bpy.context.preferences
        preferences.view.show_splash = False
        preferences.view.ui_scale = float(self.options["scale"])
        preferences.use_preferences_save = False
        warnings.simplefilter("always", DeprecationWarning)
        warnings.showwarning = self._heard

    def play(self, flow: Flow) -> None:
        """Run the flow to its end, then write the results and quit."""

        def step() -> float | None:
            try:
                if time.monotonic() > self._deadline:
                    raise StageError("the flow took too long; it was at:\n" + _place(flow))
                return next(flow)
            except StopIteration:
                self.results["finished"] = True
            except BaseException:  # noqa: BLE001 - the host reads it; Blender must end
                self.results["error"] = traceback.format_exc()
                self.picture("failed")
            self._leave()
            return None

        bpy.app.timers.register(step, first_interval=2.0, persistent=True)

    # what there is to see

    @property
    def window(self) -> Any:
        return bpy.context.window_manager.windows[0]

    def area(self, kind: str | None = None) -> Any:
        """The largest area of this kind."""
        kind = kind or self.context_area
        found = [area for area in self.window.screen.areas if area.type == kind]
        if not found:
            raise StageError(f"there is no {kind} on the screen")
        return max(found, key=lambda area: area.width * area.height)

    def sidebar(self) -> Any:
        return next(region for region in self.area().regions if region.type == "UI")

    def over(self, region: Any = None) -> Any:
        """The context of a region of the current area, as operators get it from a click."""
        area = self.area()
        region = region or next(item for item in area.regions if item.type == "WINDOW")
        return bpy.context.temp_override(window=self.window, area=area, region=region)

    def picture(self, name: str) -> Path:
        """The screen as it is now, as <name>.png, for the host to judge and people to see."""
        path = self.folder / f"{name}.png"
        subprocess.run(["import", "-window", "root", str(path)], check=True, timeout=60)
        return path

    # steps of flows

    def until(self, done: Callable[[], Any], seconds: float, what: str) -> Flow:
        """Wait for `done` to be true and give what it gave."""
        end = time.monotonic() + seconds
        while not (found := done()):
            if time.monotonic() > end:
                raise StageError(f"waited {seconds:g} s for {what}")
            yield 0.05
        return found

    def maximize(self, kind: str) -> Flow:
        """Let one area, with its sidebar open, fill the window."""
        self.context_area = kind
        if not any(area.type == kind for area in self.window.screen.areas):
            max(self.window.screen.areas, key=lambda area: area.width * area.height).type = kind
            yield 0.3
        if not self.window.screen.show_fullscreen:
            with self.over():
                bpy.ops.screen.screen_full_area()
            yield 0.5
        self.area().spaces.active.show_region_ui = True
        yield 0.5

    def open_tab(self, name: str = "THUNDER") -> Flow:
        """Click down the column of tabs until this one is open."""
        region = self.sidebar()
        x = region.x + region.width - int(10 * self._pixel())
        for y in range(region.y + region.height - 20, region.y + 20, -int(25 * self._pixel())):
            if region.active_panel_category == name:
                return
            yield from self.press(x, y)
        raise StageError(f"no click opened the tab {name}: {region.active_panel_category}")

    def buttons(self, columns: int = 1, stop: str = "") -> Flow:
        """What lies where in the sidebar: {command or data path: (x, y)}, from the top down.

        Ends at a button whose command starts with `stop`, or under the last panel.
        """
        region = self.sidebar()
        width, pixel = region.width - int(24 * self._pixel()), self._pixel()
        found: dict[str, tuple[int, int]] = {}
        last = y = region.y + region.height - 8
        while y > region.y + 8 and last - y < NOTHING_MORE * pixel:
            for column in range(columns):
                x = region.x + int(width * (2 * column + 1) / (2 * columns))
                name = yield from self.what_is_at(x, y)
                if name:
                    last = y
                    found.setdefault(name, (x, y))
                if stop and name.startswith(stop):
                    return found
            y -= int(ROW * pixel)
        return found

    def what_is_at(self, x: int, y: int) -> Flow:
        """The Python command or data path of the button under (x, y), '' where there is none."""
        self._send("MOUSEMOVE", "NOTHING", x, y)
        yield STEP
        manager = bpy.context.window_manager
        for copy in (bpy.ops.ui.copy_python_command_button, bpy.ops.ui.copy_data_path_button):
            manager.clipboard = ""
            with self.over(self.sidebar()):
                try:
                    copy()
                except RuntimeError:
                    continue
            if manager.clipboard:
                return manager.clipboard
        return ""

    def find(self, start: str, columns: int = 1) -> Flow:
        """The place of the first button whose command starts so. Raises StageError."""
        seen = yield from self.buttons(columns, stop=start)
        for name, place in seen.items():
            if name.startswith(start):
                return place
        raise StageError(f"there is no button {start}; seen: {sorted(seen)}")

    def click_button(self, start: str, columns: int = 1) -> Flow:
        """Find the button, make sure of it and click it; gives its place."""
        x, y = yield from self.find(start, columns)
        name = yield from self.what_is_at(x, y)
        if not name.startswith(start):
            raise StageError(f"{start} was at {x}, {y}, now there is '{name}'")
        yield from self.press(x, y)
        return x, y

    def press(self, x: int, y: int) -> Flow:
        """Click like a hand: move, press, release."""
        self._send("MOUSEMOVE", "NOTHING", x, y)
        yield PRESS
        self._send("LEFTMOUSE", "PRESS", x, y)
        yield PRESS
        self._send("LEFTMOUSE", "RELEASE", x, y)
        yield PRESS

    def key(self, name: str, **held: bool) -> Flow:
        """Press and release a key where the pointer is."""
        for value in ("PRESS", "RELEASE"):
            self.window.event_simulate(type=name, value=value, x=self._at[0], y=self._at[1], **held)
            yield PRESS

    def point(self, x: int, y: int) -> Flow:
        """Rest the pointer there for long enough that the tooltip comes."""
        for away in (12, 2, 0):
            self._send("MOUSEMOVE", "NOTHING", x + away, y)
            yield 0.3
        yield 1.5

    _at = (0, 0)

    def _send(self, kind: str, value: str, x: int, y: int) -> None:
        self._at = (int(x), int(y))
        self.window.event_simulate(type=kind, value=value, x=int(x), y=int(y))

    def _pixel(self) -> float:
        return float(bpy.context.preferences.system.ui_scale)

    def _heard(self, message: Any, category: Any, filename: str, *_rest: Any) -> None:
        if "thunder_blender" in str(filename) and issubclass(category, DeprecationWarning):
            self.results["warnings"].append(f"{filename}: {message}")

    def _leave(self) -> None:
        text = json.dumps(self.results, indent=1, default=str)
        (self.folder / "results.json").write_text(text, "utf-8")
        with bpy.context.temp_override(window=self.window):
            bpy.ops.wm.quit_blender()


class Stopwatch:
    """The longest time for which Blender's event loop served nobody, sampled every 5 ms."""

    def __init__(self) -> None:
        self.gaps: list[float] = []
        self._last = 0.0

    def start(self) -> None:
        self._last = time.perf_counter()
        self.gaps.clear()
        bpy.app.timers.register(self._tick, persistent=True)

    def stop(self) -> dict[str, float]:
        """In milliseconds: the longest gap, the 99th percentile, and how many were sampled."""
        bpy.app.timers.unregister(self._tick)
        gaps = sorted(1000 * gap for gap in self.gaps) or [0.0]
        return {
            "longest_ms": round(gaps[-1], 1),
            "p99_ms": round(gaps[int(0.99 * (len(gaps) - 1))], 1),
            "samples": len(gaps),
        }

    def _tick(self) -> float:
        now = time.perf_counter()
        self.gaps.append(now - self._last)
        self._last = now
        return 0.005


def _place(flow: Any) -> str:
    lines: Iterator[str] = iter(())
    while flow is not None and getattr(flow, "gi_frame", None):
        frame = flow.gi_frame
        lines = iter((*lines, f"  {frame.f_code.co_name}, line {frame.f_lineno}"))
        flow = flow.gi_yieldfrom
    return "\n".join(lines)
