# SPDX-License-Identifier: GPL-3.0-or-later
"""What EMOTE writes beside its video: a pickle of `expression` (T,50), `jaw_pose` (T,3),
`global_pose` (T,3) and `shape`, 25 frames a second.

The pickle is read by the reader of FLAME files, which runs nothing and refuses by name whatever
is not an array of numbers.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ..flame_pickle import FlameError, array, items, read_pickle
from .flame_npz import person_of
from .motion import FlameCurves, MotionError, MotionFile
from .npz import rows

TITLE = "EMOTE pkl"
FPS = 25.0
NAMES = {
    "expression": ("expression", "exp", "expression_params", "expcode"),
    "jaw": ("jaw_pose", "jaw", "jaw_params"),
    "head": ("global_pose", "global_orient", "pose_params"),
    "shape": ("shape", "shape_params", "shapecode"),
}


def decode(data: bytes, fps: float | None = None) -> MotionFile:
    """Raises MotionError with half a sentence."""
    try:
        held = items(read_pickle(data))
        found = {part: _found(held, names) for part, names in NAMES.items()}
    except (FlameError, ValueError, RecursionError) as error:
        raise MotionError(str(error)) from error
    given = {part: values for part, values in found.items() if values is not None}
    for part in ("expression", "jaw"):
        if part not in given:
            some = ", ".join(sorted(held)[:5])
            raise MotionError(f"it has no '{NAMES[part][0]}' (it has {some})")
    expression, jaw = rows(given, "expression"), rows(given, "jaw", 3)
    head = rows(given, "head", 3) if "head" in given else None
    motion = FlameCurves(expression, jaw[:, :3], head, person_of(given.get("shape")))
    return MotionFile(motion, fps or FPS, TITLE)


def _found(held: dict[str, Any], names: tuple[str, ...]) -> npt.NDArray[Any] | None:
    name = next((name for name in names if name in held), None)
    return None if name is None else np.asarray(array(held[name]))
