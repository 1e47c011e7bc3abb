# SPDX-License-Identifier: GPL-3.0-or-later
"""A mapping: which source moves which target of a rig, how far, and within which bounds.

Frozen data without Blender: it is kept on the rig as JSON and travels as a preset. A source is a
channel of the motion, a viseme that is computed from the channels, or a bone's own turn. A target
is a place in the rig that can hold keyframes.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping as Table
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ..model_runtime.contract import ThunderError

Floats = npt.NDArray[np.float32]

FORMAT = "thunder_blender mapping"
EDITION = 1
LONGEST = 4_000_000  # letters of a preset
MOST_LINKS = 20_000
KEYS = "keys"  # the shape keys of every mesh of the character that has a key of this name
ARMATURE = "armature"
NECK_SOURCE = "neck"  # the neck's turn as a whole
BOTTOM, TOP = -1e6, 1e6  # no bound


class MappingError(ThunderError):
    """A mapping or a preset cannot be used."""


@dataclass(frozen=True)
class Target:
    """A place that can hold keyframes: a data path and an index, on one part of the character."""

    path: str
    index: int = 0
    on: str = KEYS  # KEYS, ARMATURE, or the name of an object
    rest: float = 0.0  # its value while nothing moves it

    @property
    def label(self) -> str:
        """What the list shows."""
        quoted = self.path.split('"')
        name = quoted[1] if len(quoted) > 1 else self.path
        if self.on == KEYS:
            return name
        tail = self.path.rpartition(".")[2]
        if self.path.startswith("pose.bones") and not tail.endswith('"]'):
            return (
                f"{name} {tail} {'WXYZ'[self.index] if 'quat' in tail else 'XYZ'[self.index % 3]}"
            )
        return quoted[-2] if len(quoted) > 2 else name


def key_target(name: str) -> Target:
    """The shape key of this name."""
    return Target(f'key_blocks["{escaped(name)}"].value')


def escaped(name: str) -> str:
    """A name as it stands in a data path."""
    return name.replace("\\", "\\\\").replace('"', '\\"')


def key_name(path: str) -> str:
    """The shape key's name in a data path; empty where it points elsewhere."""
    start, end = 'key_blocks["', '"].value'
    if not (path.startswith(start) and path.endswith(end)):
        return ""
    return path[len(start) : -len(end)].replace('\\"', '"').replace("\\\\", "\\")


@dataclass(frozen=True)
class Link:
    """One source moves one target: by gain times the source, plus offset, within low and high."""

    source: str
    target: Target
    gain: float = 1.0
    offset: float = 0.0
    low: float = BOTTOM
    high: float = TOP
    mute: bool = False
    confidence: float = 1.0  # of the automatic mapping; 1 where the artist made it

    def of(self, values: Floats) -> Floats:
        """What the link adds to its target for values (T,) of its source."""
        return np.asarray((self.gain * values + self.offset).clip(self.low, self.high), np.float32)


@dataclass(frozen=True)
class Mapping:
    """All links of a rig, and what is known of it."""

    kind: str = ""
    links: tuple[Link, ...] = ()
    ranges: tuple[tuple[Target, float, float], ...] = ()  # what each target can hold
    contacts: bool = True  # lips that close on the open head close on the rig

    def active(self) -> tuple[Link, ...]:
        """The links that are not muted."""
        return tuple(link for link in self.links if not link.mute)

    def targets(self) -> tuple[Target, ...]:
        """Every target that an active link moves, once."""
        return tuple(dict.fromkeys(link.target for link in self.active()))

    def with_link(self, place: int, **changes: Any) -> Mapping:
        """The same with one link changed."""
        links = list(self.links)
        links[place] = replace(links[place], **changes)
        return replace(self, links=tuple(links))


def apply(mapping: Mapping, sources: Table[str, Floats]) -> dict[Target, Floats]:
    """Values (T,) of each target; sources that are not given count as nothing."""
    length = len(next(iter(sources.values()))) if sources else 0
    values: dict[Target, Floats] = {}
    for link in mapping.active():
        given = sources.get(link.source)
        if given is None:
            continue
        before = values.get(link.target, np.full(length, link.target.rest, np.float32))
        values[link.target] = before + link.of(given)
    bounds = {target: (low, high) for target, low, high in mapping.ranges}
    for target, (low, high) in bounds.items():
        if target in values:
            values[target] = values[target].clip(low, high)
    return values


def sources_of(mapping: Mapping) -> tuple[str, ...]:
    """Every source of an active link, once."""
    return tuple(dict.fromkeys(link.source for link in mapping.active()))


def mirrored_name(name: str) -> str:
    """The other side's name; the same where it has no side."""
    for left, right in (
        ("Left", "Right"), ("left", "right"), ("LEFT", "RIGHT"), ("_L", "_R"), ("_l", "_r"),
        (".L", ".R"), (".l", ".r"),
    ):  # fmt: skip
        for a, b in ((left, right), (right, left)):
            place = name.rfind(a)
            if place < 0:
                continue
            end = place + len(a)
            if len(left) > 2 or end == len(name) or not name[end].isalnum():
                return name[:place] + b + name[end:]
    return name


def mirror(mapping: Mapping, place: int) -> Mapping:
    """Give the other side's link the gain, offset, bounds and mute of the link at `place`.

    It is added where it is not there. Raises MappingError for a link without sides.
    """
    link = mapping.links[place]
    source = mirrored_name(link.source)
    target = replace(link.target, path=mirrored_name(link.target.path))
    if source == link.source and target == link.target:
        raise MappingError(f"'{link.source}' to '{link.target.label}' has no other side.")
    other = replace(link, source=source, target=target)
    for index, each in enumerate(mapping.links):
        if (each.source, each.target.path) == (source, target.path):
            links = (*mapping.links[:index], other, *mapping.links[index + 1 :])
            return replace(mapping, links=links)
    return replace(mapping, links=(*mapping.links, other))


def to_json(mapping: Mapping) -> str:
    """The mapping as a preset's text."""
    body = {"format": FORMAT, "edition": EDITION, **asdict(mapping)}
    return json.dumps(body, ensure_ascii=False, indent=1)


def from_json(text: str, name: str = "preset") -> Mapping:
    """A preset's text as a mapping. Raises MappingError that says what is wrong with it."""
    if len(text) > LONGEST:
        raise MappingError(f"'{name}' is too large for a mapping.")
    try:
        body = json.loads(text)
    except ValueError as error:
        raise MappingError(f"'{name}' is not a mapping: it is not JSON ({error}).") from error
    except RecursionError as error:
        raise MappingError(f"'{name}' is not a mapping: it is nested too deeply.") from error
    if not isinstance(body, dict) or body.get("format") != FORMAT:
        raise MappingError(f"'{name}' is not a mapping of THUNDER.")
    if body.get("edition") != EDITION:
        raise MappingError(f"'{name}' was made by another version of THUNDER. Map the rig again.")
    links = body.get("links", [])
    if not isinstance(links, list) or len(links) > MOST_LINKS:
        raise MappingError(f"'{name}' has no usable list of links.")
    try:
        return Mapping(
            str(body.get("kind", "")),
            tuple(_link(item) for item in links),
            tuple((_target(t), *_pair(low, high)) for t, low, high in body.get("ranges", [])),
            bool(body.get("contacts", True)),
        )
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise MappingError(f"'{name}' has a link that cannot be read: {error}.") from error


def _target(item: dict[str, Any]) -> Target:
    path, on = str(item["path"]), str(item.get("on", KEYS))
    if not path or len(path) > 1000:
        raise ValueError("a target without a path")
    return Target(path, int(item.get("index", 0)), on, _number(item.get("rest", 0.0)))


def _link(item: dict[str, Any]) -> Link:
    low, high = _pair(item.get("low", BOTTOM), item.get("high", TOP))
    return Link(
        str(item["source"]),
        _target(item["target"]),
        _number(item.get("gain", 1.0)),
        _number(item.get("offset", 0.0)),
        low,
        high,
        bool(item.get("mute", False)),
        _number(item.get("confidence", 1.0)),
    )


def _number(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError("a number that is not finite")
    return number


def _pair(low: Any, high: Any) -> tuple[float, float]:
    first, last = _number(low), _number(high)
    if first > last:
        raise ValueError(f"a range from {first:g} to {last:g}")
    return first, last


def search(mapping: Mapping, text: str) -> Sequence[int]:
    """Places of the links whose source or target has `text` in its name."""
    wanted = text.casefold()
    return [
        place
        for place, link in enumerate(mapping.links)
        if wanted in link.source.casefold() or wanted in link.target.label.casefold()
    ]
