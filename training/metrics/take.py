# SPDX-License-Identifier: GPL-3.0-or-later
"""Contact figures of one take against the phones of its line."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from model_runtime.contract import CHANNELS, FloatArray, RequestError, Take
from model_runtime.face import load_face
from model_runtime.lips import lip_probe
from model_runtime.phones import BILABIAL, PHONE_INDEX
from model_runtime.takefile import read_take

from ..corpus.alignment import Segment
from .contacts import CLOSED, TOLERANCE, frames_in
from .curves import MouthCurves, Probe, RestPose, mouth_curves
from .figures import contact_counts


def take_report(take_path: Path, alignment_path: Path | None) -> dict[str, Any]:
    """Figures, their event counts and each p b m of a take file. Raises RequestError."""
    if alignment_path is None:
        raise RequestError("A take is measured against its phones. Give them: --alignment FILE.")
    segments = read_alignment(alignment_path)
    return measure_take(read_take(take_path), segments, lip_probe(load_face()))


def measure_take(
    take: Take, segments: Sequence[Segment], probe: Probe, rest: RestPose | None = None
) -> dict[str, Any]:
    """{figure -> value, penetration_mm, events, bilabials} at the take's own frame rate."""
    curves = mouth_curves(probe, motion_of(take))
    counts = contact_counts(curves, segments, rest, take.fps)
    return {
        **{name: ratio.value for name, ratio in counts.items()},
        "penetration_mm": float(curves.penetration.max(initial=0.0)),
        "events": {name: int(ratio.whole) for name, ratio in counts.items()},
        "bilabials": [_closure(s, curves, take.fps) for s in segments if s.phone in BILABIAL],
    }


def read_alignment(path: Path) -> tuple[Segment, ...]:
    """Phones from JSON: [[phone, start s, end s], ...] or {"segments": [...]}; RequestError."""
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        rows = rows["segments"] if isinstance(rows, dict) else rows
        segments = tuple(Segment(str(row[0]), float(row[1]), float(row[2])) for row in rows)
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        raise RequestError(
            f"The alignment '{path}' cannot be read. It is a JSON list of [phone, start, end]."
        ) from error
    unknown = {segment.phone for segment in segments} - set(PHONE_INDEX)
    if unknown:
        raise RequestError(f"'{path}' names phones that are not known: {sorted(unknown)}.")
    return segments


def motion_of(take: Take) -> FloatArray:
    """A take's weights in the order of contract.CHANNELS: (frames, 55), absent channels 0."""
    motion = np.zeros((len(take.weights), len(CHANNELS)), np.float32)
    for column, name in enumerate(CHANNELS):
        if name in take.channels:
            motion[:, column] = take.channel(name)
    return motion


def _closure(segment: Segment, curves: MouthCurves, fps: float) -> dict[str, Any]:
    """Where the lips are nearest to each other about one p b m."""
    window = frames_in(segment.start - TOLERANCE, segment.end + TOLERANCE, len(curves), fps)
    near = curves.aperture[window]
    found: dict[str, Any] = {"phone": segment.phone, "start": segment.start, "end": segment.end}
    if len(near):
        smallest = float(near.min())
        found |= {"frame": window.start + int(near.argmin()), "aperture_mm": smallest}
        found["closed"] = smallest <= CLOSED
    return found
