# SPDX-License-Identifier: GPL-3.0-or-later
"""The csv of Epic's Live Link Face app: 61 curves a frame, read by Unreal, Maya and Blender tools.

Column order is the app's own, checked against its recordings: ARKit's order with the left and
right of jaw and mouth swapped. Angles are radians: yaw positive to the performer's left, pitch
positive down, roll positive towards the performer's right shoulder. Readers differ in the signs
they expect; check the head once when a new reader is set up.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ..contract import CHANNELS, NECK, UNITS, FloatArray, Take
from .csv_table import Table, read_table
from .motion import Curves, MotionError, MotionFile
from .turns import from_yaw_pitch_roll, yaw_pitch_roll

Doubles = npt.NDArray[np.float64]

TITLE = "Live Link Face csv"
LEAST = 10  # units that make a table a face
TIMECODE_FPS = 60  # the FF of HH:MM:SS:FF.mmm counts sixtieths, whatever the frame rate
OTHER_BASES = (24, 25, 30, 48, 50, 60)  # in files that others write FF counts frames of their own
DAY = 24 * 3600.0
GAZE_YAW = 0.52  # radians (30 degrees) of an eye at eyeLookIn or eyeLookOut 1
GAZE_PITCH = 0.44  # radians (25 degrees) at eyeLookUp or eyeLookDown 1
HEAD = ("HeadYaw", "HeadPitch", "HeadRoll")
EYES = tuple(f"{side}Eye{axis}" for side in ("Left", "Right") for axis in ("Yaw", "Pitch", "Roll"))
RATES = (24, 24000 / 1001, 25, 30, 30000 / 1001, 48, 50, 60, 60000 / 1001, 120)
NEAR = 2e-4  # of a common rate, to count as that rate
UNEVEN = 0.75  # of a frame that a frame may lie off its place before all are put in place
_TIMECODE = re.compile(r"(\d+):(\d+):(\d+)[:;](\d+)(\.\d+)?")


def _pascal(unit: str) -> str:
    return unit[0].upper() + unit[1:]


def _app_order() -> tuple[str, ...]:
    names = list(UNITS)
    for part in ("jaw", "mouth"):
        left, right = names.index(f"{part}Left"), names.index(f"{part}Right")
        names[left], names[right] = names[right], names[left]
    return tuple(names)


UNIT_ORDER = _app_order()
COLUMNS = (*(_pascal(unit) for unit in UNIT_ORDER), *HEAD, *EYES)  # the 61 curves


def csv_text(take: Take, start: float = 0.0) -> str:
    """A take as csv, one row a frame; units the take lacks are 0, other channels are left out.

    The first row's timecode is `start` seconds.
    """
    curves = {name: take.channel(name) for name in take.channels}
    rest = np.zeros(len(take.weights), np.float32)
    units = [curves.get(unit, rest) for unit in UNIT_ORDER]
    neck = np.stack([curves.get(name, rest) for name in NECK], axis=1)
    table = np.column_stack([*units, yaw_pitch_roll(neck), *_eyes(curves, rest)])
    lines = [",".join(("Timecode", "BlendshapeCount", *COLUMNS))]
    for frame, row in enumerate(table.tolist()):
        values = ",".join(f"{value:.7f}" for value in row)
        lines.append(f"{timecode(start + frame / take.fps)},{len(COLUMNS)},{values}")
    return "\n".join(lines) + "\n"


def take_from_csv(text: str) -> Take:
    """A take from the app's csv or ours: the 52 units and the neck, frame rate from the timecode.

    Columns are found by name, so files with more of them (68 with emotions) are read too.
    Raises MotionError with half a sentence when the columns are not there.
    """
    file = from_table(read_table(text.encode()))
    curves = file.motion
    assert isinstance(curves, Curves)
    if missing := [unit for unit in UNITS if unit not in curves.names]:
        raise MotionError(f"it has no column for {', '.join(missing[:3])}")
    neck = np.zeros((file.frames, 3), np.float32) if curves.head is None else curves.head
    return Take(np.concatenate([curves.weights, neck], axis=1), CHANNELS, file.fps)


def from_table(table: Table, fps: float | None = None) -> MotionFile:
    """What a csv with a Timecode column holds; frames that were dropped are filled in.

    Other tools write such files without the tongue or with the mouth alone: the units that are
    there are read, in ARKit's order. `fps` stands in for the timecode. Raises MotionError, also
    where the jaw is not among them.
    """
    units = table.units()
    names = tuple(unit for unit in UNITS if unit in units)
    if len(names) < LEAST:
        raise MotionError(f"only {len(names)} of its columns are ARKit units such as jawOpen")
    if "jawOpen" not in units:
        raise MotionError("it has no column for jawOpen")
    weights = np.stack([units[unit] for unit in names], axis=1)
    head = table.columns(HEAD)
    seconds = seconds_of(table.first) if fps is None else np.arange(len(weights)) / fps
    rate = fps or rate_of(seconds)
    place = uniform(seconds, rate)
    turns = None if head is None else from_yaw_pitch_roll(placed(head, place))
    curves = Curves(names, placed(weights, place).astype(np.float32), turns)
    return MotionFile(curves, rate, TITLE)


def timecode(seconds: float) -> str:
    """HH:MM:SS:FF.mmm, where FF counts sixtieths of a second and mmm thousandths of one of those.

    >>> timecode(61.05)
    '00:01:01:03.000'
    """
    ticks = round(seconds * TIMECODE_FPS * 1000)
    frames, fraction = divmod(ticks, 1000)
    whole, frame = divmod(frames, TIMECODE_FPS)
    minutes, second = divmod(whole, 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour % 24:02d}:{minute:02d}:{second:02d}:{frame:02d}.{fraction:03d}"


def is_timecode(text: str) -> bool:
    return _TIMECODE.fullmatch(text.strip()) is not None


def seconds_of(codes: Sequence[str]) -> Doubles:
    """Seconds of each timecode, midnight passed over. Raises MotionError for what is none."""
    found = [_TIMECODE.fullmatch(code.strip()) for code in codes]
    if None in found:
        line = found.index(None)
        raise MotionError(f"line {line + 2} has '{codes[line][:30]}' in place of a timecode")
    parts = np.array([match.groups(default="0") for match in found if match], np.float64)
    whole = parts[:, :3] @ np.array([3600.0, 60.0, 1.0])
    frames, part = parts[:, 3], parts[:, 4]
    if len(parts) > 2 and not frames.any() and not part.any():
        raise MotionError("its timecode counts whole seconds only; set its rate")
    base = _base(whole, frames)
    seconds = whole + (part if _is_of_second(frames, part, base) else (frames + part) / base)
    days = np.concatenate([[0], np.cumsum(np.diff(seconds) < -DAY / 2)])
    return np.asarray(seconds + DAY * days)


def rate_of(seconds: Doubles) -> float:
    """Frames a second by the usual step; a common rate when close to it. Raises MotionError."""
    if len(seconds) < 2:
        return float(TIMECODE_FPS)
    steps = np.diff(seconds)
    if (steps < 0).any() or seconds[-1] <= seconds[0]:
        raise MotionError("its time does not move on")
    middle = float(np.median(steps[steps > 0]))
    counts = np.maximum(np.round(steps / middle), 0)  # frames from row to row
    rate = float(counts.sum() / (seconds[-1] - seconds[0]))
    near = min(RATES, key=lambda common: abs(rate - common))
    return float(near) if abs(rate - near) < max(NEAR * near, 0.3 / len(seconds) * near) else rate


def uniform(seconds: Doubles, rate: float) -> Doubles | None:
    """Where among the rows each frame of an even rhythm lies; None where they keep it already."""
    at = (seconds - seconds[0]) * rate
    if not len(at) or np.abs(at - np.arange(len(at))).max() < UNEVEN:
        return None
    kept = np.concatenate([[True], np.diff(at) > 1e-6])
    return np.interp(np.arange(round(float(at[-1])) + 1), at[kept], np.flatnonzero(kept))


def placed(values: Doubles, place: Doubles | None) -> Doubles:
    """Rows (T, C) taken at fractional places (N,): (N, C)."""
    if place is None:
        return values
    low = np.minimum(np.floor(place).astype(np.int64), max(len(values) - 2, 0))
    share = (place - low)[:, None]
    after = np.minimum(low + 1, len(values) - 1)
    return np.asarray(values[low] * (1 - share) + values[after] * share)


def _is_of_second(frames: Doubles, part: Doubles, base: float) -> bool:
    """Whether the digits after FF are thousandths of the second, FF and all, as some tools write
    them, and not of a frame: 04.083 is then 83 ms."""
    return bool(frames.max() > 2 and (np.abs(part * base - frames) < 1.1).all())


def _base(whole: Doubles, counted: Doubles) -> float:
    """What the FF counts: sixtieths, unless a whole second shows that it never gets so far."""
    full = (whole > whole[0]) & (whole < whole[-1])
    if not full.any():
        return TIMECODE_FPS
    highest = counted[full].max()
    frames = np.unique(counted[full])
    if highest >= TIMECODE_FPS - 3 or len(frames) < highest:  # sixtieths, some left out
        return TIMECODE_FPS
    return float(next((base for base in OTHER_BASES if highest < base), TIMECODE_FPS))


def _eyes(curves: dict[str, FloatArray], rest: FloatArray) -> list[FloatArray]:
    """Yaw, pitch and roll of the left and the right eye, from the gaze units."""

    def curve(name: str) -> FloatArray:
        return curves.get(f"eyeLook{name}", rest)

    angles = []
    for side, outward in (("Left", 1), ("Right", -1)):
        yaw = outward * GAZE_YAW * (curve(f"Out{side}") - curve(f"In{side}"))
        pitch = GAZE_PITCH * (curve(f"Down{side}") - curve(f"Up{side}"))
        angles += [yaw, pitch, rest]
    return angles
