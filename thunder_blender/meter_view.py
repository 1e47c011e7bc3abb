# SPDX-License-Identifier: GPL-3.0-or-later
"""Which part of the timeline an editor shows, and what of it is made at once. No bpy."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

Made = TypeVar("Made")


@dataclass(frozen=True)
class View:
    """What a region shows."""

    left: float  # scene frame at its left edge
    pixels: float  # of a frame
    width: int  # pixels

    def at(self, frame: float) -> float:
        """The pixel of a scene frame."""
        return (frame - self.left) * self.pixels

    def stretch(self) -> tuple[float, float]:
        """The scene frames that are made ready at once: all that is seen, and so much to the right
        that a scroll or a little zoom seldom needs others."""
        length = 2.0 ** math.ceil(math.log2(max(self.width, 1) / self.pixels))
        first = math.floor(self.left / length) * length
        return first, first + 2.0 * length


class Kept(Generic[Made]):
    """What was made last, by key; `alive` keeps what a key's ids name from being given anew."""

    def __init__(self, most: int, leave: Callable[[Made], object] = lambda made: None) -> None:
        self._most, self._leave = most, leave
        self._made: OrderedDict[Hashable, tuple[Made, Any]] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], Made], alive: Any = None) -> Made:
        """What was made for this key; made now where there is none."""
        if key not in self._made:
            self._made[key] = make(), alive
            while len(self._made) > self._most:
                self._leave(self._made.popitem(last=False)[1][0])
        self._made.move_to_end(key)
        return self._made[key][0]

    def clear(self) -> None:
        for made, _ in self._made.values():
            self._leave(made)
        self._made.clear()
