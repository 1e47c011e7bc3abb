# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines: which part of which sound file a strip lets us hear, and on which scene frames.

A line is measured in seconds of its file, so that its takes stay right when the strip is moved,
trimmed or made faster afterwards. Only the strip's own sound counts, never the scene's mixdown.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy

from ..model_runtime.contract import GenerateRequest, Settings, ThunderError
from . import compat, sound_copies
from .placement import Heard
from .sound import scene_rate

LINE = "thunder_line"  # custom property of a strip: the identifier of its line
HEARD = "thunder_heard"  # of a strip that Hear the Mesh made: which line it says, by which rig
OWNER = "thunder_line_owner"  # the strip's name when it got it, to tell a copy from the original
SPEED_SLACK = 1.5  # frames by which a strip's rounded length may differ from its sound


class LineError(ThunderError):
    """There is no such strip, or it lets no sound be heard."""


@dataclass(frozen=True)
class Line:
    """One piece of dialogue as a sound strip shows it."""

    strip_name: str
    line_id: str  # "" while the strip has none, see `line_of_strip`
    path: Path  # absolute
    start: float  # seconds of the file, where the strip begins to show it
    duration: float  # seconds of the file that the strip shows
    speed: float  # 1.0 as recorded, 2.0 twice as fast
    first_frame: float  # scene frame on which `start` is heard
    rate: float  # frames a second of the scene
    transcript: str = ""  # what is said, as far as the artist wrote it down

    def request(self, settings: Settings) -> GenerateRequest:
        """What to ask the engine for."""
        return GenerateRequest(self.path, settings, self.start, self.duration, self.transcript)

    def frame_of(self, second: float) -> float:
        """Scene frame on which a second of the file is heard."""
        return self.first_frame + (second - self.start) * self.rate / self.speed


def sound_strips(scene: bpy.types.Scene) -> list[Any]:
    """The scene's sound strips that can be lines, also those inside meta strips, in the order they
    are heard: not what Hear the Mesh made, whose words are a face's own."""
    strips = [strip for strip in compat.all_sequences(scene) if strip.type == "SOUND"]
    strips = [strip for strip in strips if not is_heard(strip)]
    return sorted(strips, key=lambda strip: (compat.strip_range(strip), strip.channel))


def is_heard(strip: Any) -> bool:
    """Whether a strip holds what a face says, as Hear the Mesh makes it."""
    return HEARD in strip


def find_strip(scene: bpy.types.Scene, line_id_or_name: str) -> Any:
    """The sound strip with this line identifier or, failing that, name; None where none has."""
    strips = sound_strips(scene)
    marked = [strip for strip in strips if line_id_or_name and line_id(strip) == line_id_or_name]
    named = [strip for strip in strips if strip.name == line_id_or_name]
    return next(iter(sorted(marked, key=is_copy) + named), None)


def line_id(strip: Any) -> str:
    """Identifier of the strip's line; empty while it has none. Never writes."""
    return str(strip.get(LINE, ""))


def line_of_strip(scene: bpy.types.Scene, strip: Any, mark: bool = True) -> Line:
    """The line of a sound strip.

    `mark` gives a strip without an identifier one, and a copy of a strip its own; leave it out
    where Blender forbids writing, as in `draw`. Raises LineError with the user's sentence.
    """
    _check_strip(strip)
    if mark:
        _ensure_id(scene, strip)
    part = heard(scene, strip)
    rate = scene_rate(scene)
    speed = rate / part.frames_per_second
    seconds = part.end - part.start
    path = sound_path(strip)
    said = strip.thunder_transcript.strip()
    return Line(
        strip.name, line_id(strip), path, part.start, seconds, speed, part.frame, rate, said
    )


def heard(scene: bpy.types.Scene, strip: Any) -> Heard:
    """Which seconds of its file a sound strip plays, and when; the file need not be there.

    Raises LineError where the strip shows no sound or plays it at several speeds.
    """
    rate = scene_rate(scene)
    speed = speed_of(strip, rate)
    offset = float(getattr(strip, "sound_offset", 0.0))
    start, end = _span(strip, rate, speed, offset)
    content, _ = compat.strip_content(strip)
    first_frame = content + offset * rate + start * rate / speed
    return Heard(first_frame, start, end, rate / speed)


def speed_of(strip: Any, rate: float) -> float:
    """How much faster than recorded the strip plays its sound.

    Blender tells the frames of the retiming keys but not the speeds between them. One speed for
    the whole strip follows from its first and last key; raises LineError where there are more.
    5.2 plays such a strip exactly so, earlier ones up to one frame late, depending on its place.
    """
    keys = compat.retiming_frames(strip)
    if len(keys) < 2:
        return 1.0
    natural = _sound_frames(strip, rate) - compat.RETIMED_TO_LAST_FRAME
    length = keys[-1] - keys[0]
    if abs(length - natural) < SPEED_SLACK:
        return 1.0
    if len(keys) > 2 or length <= 0:
        raise LineError(
            f"The strip '{strip.name}' plays its sound at several speeds. Give it one speed with "
            "Strip > Retiming > Reset and Set Speed, or cut it into one strip for each speed."
        )
    return natural / length


def sound_path(strip: Any) -> Path:
    """The file with the strip's sound; a packed sound is written out once. Raises LineError."""
    sound = strip.sound
    if sound.packed_file:
        return sound_copies.copy_of(sound)
    path = Path(bpy.path.abspath(sound.filepath, library=sound.library))
    if not path.is_file():
        raise LineError(
            f"The sound of '{strip.name}' is missing: {path}. "
            "Find it with File > External Data > Find Missing Files."
        )
    return path


def _check_strip(strip: Any) -> None:
    if strip is None:
        raise LineError("There is no such sound strip. Choose one in the Line panel.")
    if strip.type != "SOUND" or strip.sound is None:
        raise LineError(f"The strip '{strip.name}' has no sound. Choose a sound strip.")
    if is_heard(strip):
        raise LineError(
            f"The strip '{strip.name}' is what a face says (Hear the Mesh), no line. Choose the "
            "line's own strip."
        )


def _span(strip: Any, rate: float, speed: float, offset: float) -> tuple[float, float]:
    """First and last second of the file that the strip shows."""
    content, _ = compat.strip_content(strip)
    left, right = _window(strip)
    origin = content + offset * rate
    start = max(0.0, (left - origin) * speed / rate)
    end = (right - origin) * speed / rate
    if not compat.retiming_frames(strip):
        end = min(end, compat.strip_content(strip)[1] / rate)
    if end - start <= 0:
        raise LineError(f"The strip '{strip.name}' shows no sound. Lengthen or move it.")
    return start, end


def _window(strip: Any) -> tuple[int, int]:
    """First frame of what is heard of a strip and the frame after: also a meta strip trims."""
    left, right = compat.strip_range(strip)
    around = strip.parent_meta()
    if around is None:
        return left, right
    outer = _window(around)
    return max(left, outer[0]), min(right, outer[1])


def _sound_frames(strip: Any, rate: float) -> float:
    """Frames that the whole sound lasts as recorded; from Blender's own reader of it."""
    evaluated = strip.sound.evaluated_get(bpy.context.evaluated_depsgraph_get())
    factory = getattr(evaluated, "factory", None)
    if factory is None:
        raise LineError(
            f"Blender cannot read the sound of '{strip.name}', so its speed is unknown. "
            "Convert the sound to WAV or reset the strip's speed."
        )
    return float(factory.length / factory.specs[0] * rate)


def _ensure_id(scene: bpy.types.Scene, strip: Any) -> None:
    """A persistent identifier for the strip; Blender copies it with the strip, so a copy gets
    a new one."""
    mine = line_id(strip)
    twins = [s for s in sound_strips(scene) if mine and line_id(s) == mine and s != strip]
    if not mine or (twins and is_copy(strip)):
        strip[LINE] = uuid.uuid4().hex[:12]
    if is_copy(strip):
        strip[OWNER] = strip.name  # also after a rename, so that copies made later are told apart


def is_copy(strip: Any) -> bool:
    """Whether the strip's identifier was given to a strip of another name."""
    return strip.get(OWNER) != strip.name
