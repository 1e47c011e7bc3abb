# SPDX-License-Identifier: GPL-3.0-or-later
"""A share that remembers what it was counted from, so that clips pool by event and not by clip."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Ratio:
    """`part` of `whole`. An empty whole has no value: nothing was there to be right or wrong."""

    part: float = 0.0
    whole: float = 0.0

    def __add__(self, other: Ratio) -> Ratio:
        return Ratio(self.part + other.part, self.whole + other.whole)

    @property
    def value(self) -> float | None:
        return self.part / self.whole if self.whole > 0 else None
