# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes, or what a rig shows, become motion files of other tools. A file is whole or not there."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from ..model_runtime.contract import CHANNELS, OutputError, Take
from ..model_runtime.files import check_writable, write_atomic
from ..model_runtime.motion_files import FlameCurves, arkit_csv, audio2face, live_link, take_npz
from ..model_runtime.motion_files.flame_npz import flame_bytes
from . import export_sample, export_units, keys, take_marks
from .export_sample import Sampled
from .resample import resample
from .rig import Rig, RigError
from .steps import Steps

UNSAFE = re.compile(r'[\\/:*?"<>|\x00-\x1f]')  # in names of files, on one system or another
FLAME_NPZ = "FLAME_NPZ"


@dataclass(frozen=True)
class Format:
    """How one kind of file is called and written."""

    title: str
    ending: str
    encode: Callable[[Take], bytes] | None = None  # None: of FLAME parameters


FORMATS = {
    "LIVE_LINK": Format(live_link.TITLE, ".csv", lambda take: live_link.csv_text(take).encode()),
    "ARKIT_CSV": Format(arkit_csv.TITLE, ".csv", lambda take: arkit_csv.csv_text(take).encode()),
    "AUDIO2FACE": Format(audio2face.TITLE, ".json", lambda t: audio2face.json_text(t).encode()),
    FLAME_NPZ: Format("FLAME npz", ".npz"),
    "TAKE_NPZ": Format(take_npz.TITLE, ".npz", take_npz.take_bytes),
}


@dataclass(frozen=True)
class MotionExport:
    """What the artist asked for."""

    path: Path  # of the file; of a folder with one file a take where there are several
    format: str
    rate: float | None = None  # frames a second; None: the take's own, or the scene's
    overwrite: bool = False


def export_takes(
    rig: Rig, actions: list[bpy.types.Action], scene: bpy.types.Scene, wanted: MotionExport
) -> str:
    """Write the takes as they are in their Actions, whatever plays; the sentence to report.

    Nothing is written where one of them cannot be. Raises RigError or OutputError.
    """
    single = len(actions) == 1 and not wanted.path.is_dir()
    paths = [wanted.path] if single else [_named(wanted, action.name) for action in actions]
    check_targets(paths, wanted.overwrite)
    encoded = []
    for action in actions:
        sampled = export_sample.of_take(rig, action, scene)
        made_by = _provenance(action)
        encoded.append(encode(rig, sampled, wanted, made_by))
    for path, data in zip(paths, encoded, strict=True):
        write_atomic(path, data)
    names = ", ".join(action.name for action in actions[:3])
    more = f" and {len(actions) - 3} more" if len(actions) > 3 else ""
    return f"Exported {names}{more} to {wanted.path}"


def export_rig(
    rig: Rig,
    scene: bpy.types.Scene,
    frames: range,
    wanted: MotionExport,
) -> Steps[str]:
    """Write what the rig shows on these frames, hand edits included; the sentence to report.

    In steps. Raises RigError or OutputError.
    """
    check_targets([wanted.path], wanted.overwrite)
    further, look = export_units.further(rig), export_units.reader(rig)
    sampled = yield from export_sample.of_rig(rig, scene, frames, further, look)
    made_by = {"sampled": {"rig": rig.mesh.name, "frames": [frames[0], frames[-1]]}}
    write_atomic(wanted.path, encode(rig, sampled, wanted, made_by))
    return (
        f"Exported what {rig.mesh.name} shows on frames {frames[0]} to {frames[-1]} to "
        f"{wanted.path}"
    )


def encode(rig: Rig, sampled: Sampled, wanted: MotionExport, made_by: dict[str, Any]) -> bytes:
    """The bytes of the file. Raises RigError where the rig does not tell what the format holds."""
    if not all(np.isfinite(values).all() for values in sampled.values.values()):
        raise RigError(
            f"A channel of '{rig.mesh.name}' is not a number on some frame. Look for a driver or a "
            "key that has gone wrong."
        )
    chosen = FORMATS[wanted.format]
    rate = wanted.rate or sampled.rate
    if chosen.encode is None:
        return flame_bytes(_flame_at(export_units.flame(rig, sampled), sampled.rate, rate), rate)
    motion = export_units.units(rig, sampled)
    opening = keys.lip_opening(rig, CHANNELS)
    moved = resample(motion, sampled.rate, rate, opening)
    if len(moved) != len(motion) or rate != sampled.rate:
        moved = keys.in_range(moved, CHANNELS)
    return chosen.encode(Take(moved, CHANNELS, rate, made_by))


def check_targets(paths: list[Path], overwrite: bool) -> None:
    """Raises OutputError where a file is there already, or cannot be written."""
    there = [path for path in paths if path.exists()]
    if there and not overwrite:
        raise OutputError(
            f"'{there[0]}' is there already. Choose another name, or allow to overwrite it."
        )
    twice = [path for path in paths if paths.count(path) > 1]
    if twice:
        raise OutputError(f"Two takes would both be written to '{twice[0]}'. Rename one of them.")
    for path in paths:
        check_writable(path)


def file_name(name: str, ending: str) -> str:
    """The name of a take as the name of a file."""
    return f"{UNSAFE.sub('_', name).strip(' .') or 'take'}{ending}"


def _named(wanted: MotionExport, name: str) -> Path:
    folder = wanted.path if wanted.path.is_dir() else wanted.path.parent
    return folder / file_name(name, FORMATS[wanted.format].ending)


def _flame_at(motion: FlameCurves, fps: float, rate: float) -> FlameCurves:
    head = np.zeros_like(motion.jaw) if motion.head is None else motion.head
    count = motion.expression.shape[1]
    joined = np.concatenate([motion.expression, motion.jaw, head], axis=1)
    moved = resample(joined.astype(np.float32), fps, rate)
    parts = moved[:, :count], moved[:, count : count + 3], moved[:, count + 3 :]
    return FlameCurves(*parts, motion.shape)


def _provenance(action: bpy.types.Action) -> dict[str, Any]:
    """What made the take; nothing where the artist has changed that beyond reading."""
    try:
        found = json.loads(action.get(take_marks.PROVENANCE, "{}"))
    except (TypeError, ValueError):
        return {"take": action.name}
    return {**found, "take": action.name} if isinstance(found, dict) else {"take": action.name}
