# SPDX-License-Identifier: GPL-3.0-or-later
"""Acts on a real Blender as a person at its window would: pointer, clicks, eyes on the screen.

Runs inside Blender. A flow is a generator that yields the seconds to wait; Blender draws and works
on between its steps. Nothing is clicked at a guessed place: the pointer is moved over the region
until Blender itself says which button lies under it.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import time
import traceback
import warnings
from collections.abc import Callable, Generator, Iterator, Sequence
from pathlib import Path
from typing import Any

import bpy

Flow = Generator[float, None, Any]
STEP, LOOPS = 0.015, 4  # times that Blender gets to notice where the pointer is, however slow
PRESS = 0.35  # a button needs the press and the release some redraws apart
RELEASE = 0.05
ROW = 13  # pixels between two looks, at scale 1; a button is 20 high
TABS = 24  # pixels that the tabs take of the region's width
NOTHING_MORE = 140  # pixels without a button: the panels have ended


class StageError(AssertionError):
    """What a person would have expected to see and did not."""


class Stage:
    """The first window of this Blender, what was asked of the script and what it found out."""

    def __init__(self) -> None:
        self.folder = Path(os.environ["THUNDER_GUI"])
        self.options: dict[str, Any] = json.loads((self.folder / "options.json").read_text("utf-8"))
        self.results: dict[str, Any] = {"blender": bpy.app.version_string, "warnings": [], "at": {}}
        self.context_area, self.context_region = "VIEW_3D", "UI"
        self._began = time.monotonic()
        self._deadline = self._began + float(self.options.get("limit", 240))
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
        """The region whose buttons are looked at, in most areas the sidebar."""
        regions = self.area().regions
        return next(region for region in regions if region.type == self.context_region)

    def over(self, region: Any = None) -> Any:
        """The context of a region of the current area, as operators get it from a click."""
        area = self.area()
        region = region or next(item for item in area.regions if item.type == "WINDOW")
        return bpy.context.temp_override(window=self.window, area=area, region=region)

    def picture(self, name: str) -> Path:
        """The screen as it is now, as <name>.png, for the host to judge and people to see."""
        path = self.folder / f"{name}.png"
        self.results["at"][name] = round(time.monotonic() - self._began, 1)
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
        if hasattr(self.area().spaces.active, "show_region_ui"):
            self.area().spaces.active.show_region_ui = True
        yield 0.5

    def open_tab(self, name: str = "THUNDER") -> Flow:
        """Click down the column of tabs until this one is open."""
        region = self.sidebar()
        x = region.x + region.width - int(10 * self._pixel())
        for y in range(region.y + region.height - 20, region.y + 20, -int(28 * self._pixel())):
            if region.active_panel_category == name:
                return
            yield from self.press(x, y)
        raise StageError(f"no click opened the tab {name}: {region.active_panel_category}")

    def buttons(
        self,
        *,
        stop: str = "",
        across: Sequence[float] = (0.5,),
        top: int = 0,
        deep: float = NOTHING_MORE,
    ) -> Flow:
        """What lies where in the sidebar: {command or data path: (x, y)}, from the top down.

        Looks at the shares `across` of the width of the panels, from the height `top` (0: the
        region's upper end) down to a button whose command starts with `stop`, or until `deep`
        pixels held no button.
        """
        region, pixel = self.sidebar(), self._pixel()
        width = region.width - int(TABS * pixel)
        found: dict[str, tuple[int, int]] = {}
        last = y = top or region.y + region.height - 8
        yield from self.what_is_at(region.x - 40, y)  # off the buttons, for none to be taken twice
        while y > region.y + 8 and last - y < deep * pixel:
            for share in across:
                x = region.x + int(width * share)
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
        for _ in range(LOOPS):
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

    def find(self, start: str, **where: Any) -> Flow:
        """The place of the first button whose command starts so. Raises StageError."""
        seen = yield from self.buttons(stop=start, deep=math.inf, **where)
        for name, place in seen.items():
            if name.startswith(start):
                return place
        raise StageError(f"there is no button {start}; seen: {sorted(seen)}")

    def click_button(self, start: str, **where: Any) -> Flow:
        """Find the button, make sure of it and click it; gives its place."""
        x, y = yield from self.find(start, **where)
        yield from self.click_again(start, x, y)
        return x, y

    def click_again(self, start: str, x: int, y: int) -> Flow:
        """Click a button where it was before. Raises StageError when another one is there now."""
        name = yield from self.what_is_at(x, y)
        if not name.startswith(start):
            yield 0.5
            name = yield from self.what_is_at(x, y - 1)
        if not name.startswith(start):
            raise StageError(f"{start} was at {x}, {y}, now there is '{name}'")
        yield from self.press(x, y)

    def unfold(self, under: str, reveals: str) -> Flow:
        """Open the closed panel whose title is somewhere under one button and hides another."""
        _, y = yield from self.find(under, across=(0.6,))
        region, pixel = self.sidebar(), self._pixel()
        for down in range(24, 150, 12):
            title = y - int(down * pixel)
            yield from self.press(region.x + int(60 * pixel), title)
            below = yield from self.buttons(stop=reveals, top=title - int(20 * pixel))
            if any(name.startswith(reveals) for name in below):
                return
        raise StageError(f"no panel under {under} holds {reveals}")

    def press(self, x: int, y: int) -> Flow:
        """Click like a hand: move, press, release."""
        self._send("MOUSEMOVE", "NOTHING", x, y)
        yield PRESS
        self._send("LEFTMOUSE", "PRESS", x, y)
        yield PRESS
        self._send("LEFTMOUSE", "RELEASE", x, y)
        self.released = time.perf_counter()
        yield RELEASE

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
        yield 2.5

    def settle(self, area: Any) -> Flow:
        """Draw an area until its panels have glided to their places."""
        for _ in range(3):
            for region in area.regions:
                region.tag_redraw()
            yield 0.4

    released = 0.0  # perf_counter() of the last click
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


def _place(flow: Any) -> str:
    lines: Iterator[str] = iter(())
    while flow is not None and getattr(flow, "gi_frame", None):
        frame = flow.gi_frame
        lines = iter((*lines, f"  {frame.f_code.co_name}, line {frame.f_lineno}"))
        flow = flow.gi_yieldfrom
    return "\n".join(lines)
