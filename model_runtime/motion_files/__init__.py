# SPDX-License-Identifier: GPL-3.0-or-later
"""Motion files of other tools and our own, a format a module: standard library and numpy only.

`read_motion` tells them apart; Blender, the command line and the training share them.
"""

from __future__ import annotations

from .motion import Curves, FlameCurves, MotionError, MotionFile
from .reading import ENDINGS, read_motion

__all__ = ["ENDINGS", "Curves", "FlameCurves", "MotionError", "MotionFile", "read_motion"]
