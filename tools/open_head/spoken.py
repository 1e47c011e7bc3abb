# SPDX-License-Identifier: GPL-3.0-or-later
"""Poses that the articulation model makes: every phone under every emotion.

`python -m tools.open_head.spoken` writes those of HARDEST to spoken.json, which the build uses.
"""

from __future__ import annotations

import json

import numpy as np

from model_runtime.contract import EMOTIONS, INTENSITY_RANGE, MOTION_FPS, UNITS
from model_runtime.phones import PHONES, SILENCE
from training.articulation.emotions import rest_weights
from training.articulation.model import articulate
from training.articulation.phone_targets import ALIKE
from training.articulation.settings import ArticulationSettings
from training.corpus.alignment import Segment

from .poses import SPOKEN, Weights, frame, sheet_poses, unit_poses

HARDEST = {  # phones that press something on someone, by emotion
    "neutral": ("TH", "DH", "F"),
    "happy": ("rest", "F", "L", "OW", "P", "UW", "W"),
    "sad": ("F", "P"),
    "angry": ("F",),
    "surprised": ("DH", "F", "TH"),
    "afraid": ("F", "TH"),
    "contempt": ("F", "OW", "UW", "W"),
}
HOLD, PAUSE = 0.30, 0.40  # seconds a phone is held, and silence around it


def spoken_poses(intensity: float = INTENSITY_RANGE[1]) -> dict[str, Weights]:
    """Every phone that looks different, loud, in the middle, under every emotion at `intensity`."""
    phones = [phone for phone in PHONES if phone != SILENCE and phone not in ALIKE]
    found = {}
    for emotion in EMOTIONS:
        found[f"{emotion} rest"] = rest_weights(emotion, intensity)[: len(UNITS)]
        segments, start = [Segment(SILENCE, 0.0, PAUSE)], PAUSE
        for phone in phones:
            segments.append(Segment(phone, start, start + HOLD))
            segments.append(Segment(SILENCE, start + HOLD, start + HOLD + PAUSE))
            start += HOLD + PAUSE
        loud = np.ones(round(start * MOTION_FPS), np.float32)
        settings = ArticulationSettings(emotion=emotion, intensity=intensity)
        motion = articulate(segments, loud, np.random.default_rng(0), settings)
        for segment in segments[1::2]:
            middle = round((segment.start + segment.end) / 2 * MOTION_FPS)
            found[f"{emotion} {segment.phone}"] = motion[middle, : len(UNITS)]
    return found


def all_poses() -> dict[str, Weights]:
    """Everything the head is checked in."""
    return {"neutral": frame({}), **unit_poses(), **sheet_poses(), **spoken_poses()}


def main() -> None:
    poses = spoken_poses()
    picked = [f"{emotion} {phone}" for emotion, phones in HARDEST.items() for phone in phones]
    kept = {name: _rounded(poses[name]) for name in picked}
    lines = [f"{json.dumps(name)}: {json.dumps(units)}" for name, units in kept.items()]
    SPOKEN.write_text("{\n" + ",\n".join(lines) + "\n}\n")


def _rounded(weights: Weights) -> dict[str, float]:
    """Weights by unit, to a thousandth, without those at rest."""
    pairs = zip(UNITS, weights.tolist(), strict=True)
    return {name: round(value, 3) for name, value in pairs if value >= 0.0005}


if __name__ == "__main__":
    main()
