# SPDX-License-Identifier: GPL-3.0-or-later
"""Where on the timeline a take plays: from seconds of the file to frames of an NLA strip. No bpy.

Within the line the take plays in full. Before and after it the first and the last pose fade in and
out of what lies below, so that the face neither jumps nor stays frozen at the end of a line. The
fade lies outside the line, where nothing is heard, and ends where a neighbouring line begins.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

EASE = 0.2  # seconds of fade before and after a line
SAME_PLACE = 0.5  # frames by which the parts of a cut strip may be apart
SHORTEST = 0.1  # frames; Blender has no shorter strips


@dataclass(frozen=True)
class Recording:
    """What a take's Action knows of itself: frame `first_frame` is second `start` of the file."""

    first_frame: float
    last_frame: float  # of the last key
    rate: float  # frames of the Action for each second of the file
    start: float = 0.0
    seconds: float | None = None  # None: to the last key

    @property
    def end(self) -> float:
        """Second of the file where the take ends."""
        last = self.start + (self.last_frame - self.first_frame) / self.rate
        return last if self.seconds is None else min(last, self.start + self.seconds)

    def frame(self, second: float) -> float:
        """Frame of the Action that belongs to a second of the file."""
        return self.first_frame + (second - self.start) * self.rate


@dataclass(frozen=True)
class Heard:
    """What is heard of the file: seconds `start`..`end`, from scene frame `frame` on."""

    frame: float
    start: float
    end: float
    frames_per_second: float  # scene frames for each second of the file

    def frame_of(self, second: float) -> float:
        """Scene frame on which a second of the file is heard, were it shown."""
        return self.frame + (second - self.start) * self.frames_per_second


@dataclass(frozen=True)
class Placement:
    """An NLA strip: scene frames, frames of the Action, and the fades in scene frames."""

    frame_start: float
    frame_end: float
    action_start: float
    action_end: float
    blend_in: float = 0.0
    blend_out: float = 0.0

    @property
    def scale(self) -> float:
        return (self.frame_end - self.frame_start) / (self.action_end - self.action_start)

    @property
    def core(self) -> tuple[float, float]:
        """The scene frames where the take plays in full."""
        return self.frame_start + self.blend_in, self.frame_end - self.blend_out


def joined(heard: Heard, other: Heard) -> Heard:
    """Both as one where they are parts of one strip that was cut; else `heard` alone."""
    apart = abs(heard.frame_of(other.start) - other.frame)
    if apart > SAME_PLACE or heard.frames_per_second != other.frames_per_second:
        return heard
    start, end = min(heard.start, other.start), max(heard.end, other.end)
    return Heard(heard.frame_of(start), start, end, heard.frames_per_second)


def place(take: Recording, heard: Heard) -> Placement | None:
    """Where the take plays, without fades; None where nothing that it covers is heard."""
    start, end = max(take.start, heard.start), min(take.end, heard.end)
    scale = heard.frames_per_second / take.rate
    if end - start <= 0 or (end - start) * heard.frames_per_second < SHORTEST:
        return None
    first = heard.frame + (start - heard.start) * heard.frames_per_second
    action_start, action_end = take.frame(start), take.frame(end)
    return Placement(first, first + (action_end - action_start) * scale, action_start, action_end)


def place_as_recorded(
    take: Recording, scene_rate: float, frame: float, speed: float = 1.0
) -> Placement | None:
    """Where a take plays without a strip to follow: its start at scene frame `frame`."""
    return place(take, Heard(frame, take.start, take.end, scene_rate / speed))


def with_fades(core: Placement, scene_rate: float, spans: list[tuple[float, float]]) -> Placement:
    """Add the fades: EASE long, but not into the `spans` where lines play in full.

    The take's own span may be among them.
    """
    first, last = core.core
    before = [end for _, end in spans if end <= first]
    after = [start for start, _ in spans if start >= last]
    ease = EASE * scene_rate
    fade_in = min(ease, first - max(before, default=first - ease))
    fade_out = min(ease, min(after, default=last + ease) - last)
    return replace(
        core,
        frame_start=first - fade_in,
        frame_end=last + fade_out,
        action_start=core.action_start - fade_in / core.scale,
        action_end=core.action_end + fade_out / core.scale,
        blend_in=fade_in,
        blend_out=fade_out,
    )
