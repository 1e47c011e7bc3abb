# SPDX-License-Identifier: GPL-3.0-or-later
"""How long Blender's window serves nobody, and what of that is the extension's own doing."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

import bpy

OWN = "bl_ext.user_default.thunder_blender"
SAMPLE = 0.005  # seconds between two looks at the clock


# Blender reads from a function's code how many arguments it takes, so *arguments will not do.
TAKING: dict[int, Callable[[Callable[..., Any]], Callable[..., Any]]] = {
    2: lambda call: lambda a, b: call(a, b),
    3: lambda call: lambda a, b, c: call(a, b, c),
    4: lambda call: lambda a, b, c, d: call(a, b, c, d),
    8: lambda call: lambda a, b, c, d, e, f, g, h: call(a, b, c, d, e, f, g, h),
}


class Stopwatch:
    """Samples the event loop every 5 ms; a gap is time in which no event could be served."""

    def __init__(self) -> None:
        self.gaps: list[float] = []
        self.draws = 0
        self._handle: Any = None
        self._last = 0.0
        self._timer = self._tick  # a bound method is a new object each time; timers want the same

    def start(self) -> None:
        self._last = time.perf_counter()
        self.gaps.clear()
        self.draws = 0
        self._handle = bpy.types.SpaceView3D.draw_handler_add(
            self._drawn, (), "WINDOW", "POST_PIXEL"
        )
        bpy.app.timers.register(self._timer, persistent=True)

    def stop(self) -> dict[str, float]:
        """In milliseconds the longest gap and the 99th percentile; how many were sampled, and how
        often the 3D viewport was drawn meanwhile."""
        bpy.types.SpaceView3D.draw_handler_remove(self._handle, "WINDOW")
        bpy.app.timers.unregister(self._timer)
        gaps = sorted(1000 * gap for gap in self.gaps) or [0.0]
        return {
            "longest_ms": round(gaps[-1], 1),
            "p99_ms": round(gaps[int(0.99 * (len(gaps) - 1))], 1),
            "samples": len(gaps),
            "viewport_draws": self.draws,
        }

    def _drawn(self) -> None:
        self.draws += 1

    def _tick(self) -> float:
        now = time.perf_counter()
        self.gaps.append(now - self._last)
        self._last = now
        return SAMPLE


class OwnTime:
    """The longest call of each of the extension's draw and operator functions, and once
    `hear_the_rest` was called of its timers and handlers.

    Beside the time by the clock stands what the thread itself computed: on a busy machine the rest
    is time in which it waited for its turn.
    """

    def __init__(self) -> None:
        self.longest: dict[str, tuple[float, float]] = {}
        self._timers: dict[Callable[..., Any], Callable[..., Any]] = {}
        for kind in (bpy.types.Panel, bpy.types.UIList, bpy.types.Menu, bpy.types.Operator):
            for cls in _descendants(kind):
                if cls.__name__.startswith("THUNDER_"):
                    self._watch_class(cls)
        jobs = sys.modules.get(f"{OWN}.thunder_blender.jobs")
        if jobs is not None:
            self._watch(jobs, "begin", "jobs.begin")

    def take(self) -> dict[str, tuple[float, float]]:
        """Milliseconds (clock, computed) since the last question, longest first, over 1 ms."""
        told = sorted(self.longest.items(), key=lambda item: -item[1][1])
        self.longest = {}
        return {
            name: (round(1000 * clock, 1), round(1000 * computed, 1))
            for name, (clock, computed) in told
            if clock > 0.001
        }

    def hear_the_rest(self) -> None:
        """Watch handlers, and the timers that are started from now on, until `restore`."""
        for name in dir(bpy.app.handlers):
            listed = getattr(bpy.app.handlers, name)
            for place, function in enumerate(listed if isinstance(listed, list) else ()):
                if OWN in getattr(function, "__module__", ""):
                    listed[place] = bpy.app.handlers.persistent(self._handler(function))
        timers = bpy.app.timers
        self._plain = timers.register, timers.unregister, timers.is_registered
        timers.register = self._register
        timers.unregister = lambda function: self._plain[1](self._timed_of(function))
        timers.is_registered = lambda function: self._plain[2](self._timed_of(function))

    def restore(self) -> None:
        """Handlers and timers are the extension's own again."""
        for name in dir(bpy.app.handlers):
            listed = getattr(bpy.app.handlers, name)
            for place, function in enumerate(listed if isinstance(listed, list) else ()):
                listed[place] = getattr(function, "thunder_plain", function)
        timers = bpy.app.timers
        timers.register, timers.unregister, timers.is_registered = self._plain

    def _handler(self, function: Callable[..., Any]) -> Callable[..., Any]:
        timed = self._timed(function, f"{function.__module__.rpartition('.')[2]} handler")
        two = TAKING[2](timed)
        two.thunder_plain = function  # type: ignore[attr-defined]
        return two

    def _register(self, function: Callable[..., Any], **how: Any) -> None:
        if OWN in getattr(function, "__module__", "") and function not in self._timers:
            name = f"{function.__module__.rpartition('.')[2]}.{function.__name__}"
            timed = self._timed(function, name)
            self._timers[function] = lambda: timed()
        self._plain[0](self._timed_of(function), **how)

    def _timed_of(self, function: Callable[..., Any]) -> Callable[..., Any]:
        return self._timers.get(function, function)

    def _watch_class(self, cls: Any) -> None:
        for name in ("draw", "draw_item", "filter_items", "modal", "invoke", "execute"):
            if hasattr(cls, name):
                self._watch(cls, name, f"{cls.__name__}.{name}")

    def _watch(self, owner: Any, name: str, label: str) -> None:
        function: Callable[..., Any] = getattr(owner, name)
        count = function.__code__.co_argcount
        if count in TAKING:
            setattr(owner, name, TAKING[count](self._timed(function, label)))

    def _timed(self, function: Callable[..., Any], label: str) -> Callable[..., Any]:
        def timed(*arguments: Any) -> Any:
            start, computed = time.perf_counter(), time.thread_time()
            try:
                return function(*arguments)
            finally:
                spent = time.perf_counter() - start, time.thread_time() - computed
                before = self.longest.get(label, (0.0, 0.0))
                self.longest[label] = max(spent[0], before[0]), max(spent[1], before[1])

        return timed


def _descendants(cls: Any) -> list[Any]:
    found = []
    for child in cls.__subclasses__():
        found += [child, *_descendants(child)]
    return found
