# SPDX-License-Identifier: GPL-3.0-or-later
"""The csv of Epic's Live Link Face app: 61 curves a frame, read by Unreal, Maya and Blender tools.

Column order is the app's own, checked against its recordings: ARKit's order with the left and
right of jaw and mouth swapped. Angles are radians: yaw positive to the performer's left, pitch
positive down, roll positive towards the performer's right shoulder. Readers differ in the signs
they expect; check the head once when a new reader is set up.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence

import numpy as np
from scipy.spatial.transform import Rotation

from .contract import CHANNELS, NECK, UNITS, FloatArray, Take

TIMECODE_FPS = 60  # the FF of HH:MM:SS:FF.mmm counts sixtieths, whatever the frame rate
GAZE_YAW = 0.52  # radians (30 degrees) of an eye at eyeLookIn or eyeLookOut 1
GAZE_PITCH = 0.44  # radians (25 degrees) at eyeLookUp or eyeLookDown 1
HEAD = ("HeadYaw", "HeadPitch", "HeadRoll")
EYES = tuple(f"{side}Eye{axis}" for side in ("Left", "Right") for axis in ("Yaw", "Pitch", "Roll"))
_TIMECODE = re.compile(r"(\d+):(\d+):(\d+)[:;](\d+(?:\.\d+)?)")


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


def csv_text(take: Take) -> str:
    """A take as csv, one row a frame; units the take lacks are 0, other channels are left out."""
    curves = {name: take.channel(name) for name in take.channels}
    rest = np.zeros(len(take.weights), np.float32)
    units = [curves.get(unit, rest) for unit in UNIT_ORDER]
    neck = np.stack([curves.get(name, rest) for name in NECK], axis=1)
    table = np.column_stack([*units, _head(neck), *_eyes(curves, rest)])
    lines = [",".join(("Timecode", "BlendshapeCount", *COLUMNS))]
    for frame, row in enumerate(table):
        values = ",".join(f"{value:.7f}" for value in row)
        lines.append(f"{timecode(frame / take.fps)},{len(COLUMNS)},{values}")
    return "\n".join(lines) + "\n"


def take_from_csv(text: str) -> Take:
    """A take from the app's csv or ours: the 52 units and the neck, frame rate from the timecode.

    Columns are found by name, so files with more of them (68 with emotions) are read too.
    Raises ValueError or KeyError when the columns are not there.
    """
    header, *rows = [row for row in csv.reader(io.StringIO(text)) if row]
    if not rows:
        raise ValueError("no frames")
    column = {name.strip().lower(): index for index, name in enumerate(header)}
    table = np.array([[float(cell or 0) for cell in row[1:]] for row in rows], np.float64)
    units = [table[:, column[unit.lower()] - 1] for unit in UNITS]
    head = [table[:, column[n.lower()] - 1] if n.lower() in column else 0 * units[0] for n in HEAD]
    neck = Rotation.from_euler("YXZ", np.stack(head, axis=1)).as_rotvec()
    weights = np.column_stack([*units, neck]).astype(np.float32)
    return Take(weights, CHANNELS, _rate([row[0] for row in rows]))


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
    return f"{hour:02d}:{minute:02d}:{second:02d}:{frame:02d}.{fraction:03d}"


def _head(neck: FloatArray) -> FloatArray:
    """Axis-angle (frames, 3) to yaw about y, then pitch about x, then roll about z (frames, 3)."""
    return np.asarray(Rotation.from_rotvec(neck).as_euler("YXZ"), np.float32)


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


def _rate(codes: Sequence[str]) -> float:
    """Frames a second, from the first and the last timecode; to a common rate when close to it."""
    if len(codes) < 2:
        return float(TIMECODE_FPS)
    span = _seconds(codes[-1]) - _seconds(codes[0])
    if span <= 0:
        raise ValueError("the timecode does not move on")
    rate = (len(codes) - 1) / span
    for common in (24, 24000 / 1001, 25, 30, 30000 / 1001, 48, 50, 60, 60000 / 1001, 120):
        if abs(rate - common) < 2e-4 * common:
            return float(common)
    return rate


def _seconds(code: str) -> float:
    found = _TIMECODE.fullmatch(code.strip())
    if not found:
        raise ValueError(f"'{code}' is no timecode")
    hour, minute, second, frame = (float(part) for part in found.groups())
    return hour * 3600 + minute * 60 + second + frame / TIMECODE_FPS
