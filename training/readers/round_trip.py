# SPDX-License-Identifier: GPL-3.0-or-later
"""What a data format costs: our own lessons written into it and read back, and contacts found anew.

`python -m training.readers.round_trip --lessons DIR --pack DIR [--flame FILE] [--out JSON]`
"""

from __future__ import annotations

import argparse
import json
import pickle
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import soundfile
from scipy.ndimage import gaussian_filter1d

from model_runtime.contacts import Interval, decide, runs
from model_runtime.contract import CHANNELS, MOTION_FPS, UNITS, FloatArray, Take
from model_runtime.engine import word_model
from model_runtime.features import SAMPLE_RATE
from model_runtime.hearing import Heard, hear_mel
from model_runtime.motion_files.live_link import csv_text
from model_runtime.phones import BILABIAL, LABIODENTAL
from training.calibrate import event_score
from training.metrics.contacts import CLOSED, TOOTH_CONTACT
from training.pack import Item, Pack
from training.prepare import Tools, open_tools
from training.targets import Lessons, in_pack

from . import READERS, FlameCurves, Recording
from .contacts import SeenContacts, contacts_of
from .flame_units import parameters_of
from .timing import at_motion_rate, resampled
from .to_units import Faces, open_faces, to_channels

BLUR = 2.0  # motion frames: what tracking and smoothing a video does to a closure


class Clip(NamedTuple):
    item: Item
    motion: FloatArray  # (frames, channels)
    heard: Heard


def through_csv(motion: FloatArray, folder: Path, faces: Faces) -> FloatArray:
    """As Live Link Face records it: 60 frames a second, seven digits."""
    taken = Take(resampled(motion, MOTION_FPS, 60.0), CHANNELS, 60.0)
    (folder / "line.csv").write_text(csv_text(taken))
    _silence(folder / "line.wav", motion)
    return _read("arkit", folder, faces)


def through_vertices(motion: FloatArray, folder: Path, faces: Faces) -> FloatArray:
    """As VOCASET's users store it: vertices of the open head, 30 frames a second."""
    units = resampled(motion, MOTION_FPS, 30.0)[:, : len(UNITS)]
    template = faces.head.template
    points = template + np.tensordot(units, faces.head.expression_basis, 1)
    (folder / "vertices_npy").mkdir()
    (folder / "wav").mkdir()
    np.save(folder / "vertices_npy" / "s_1.npy", points.reshape(len(units), -1))
    (folder / "templates.pkl").write_bytes(pickle.dumps({"s": template}, protocol=2))
    _silence(folder / "wav" / "s_1.wav", motion)
    return _read("vocaset", folder, faces)


def through_flame(motion: FloatArray, folder: Path, faces: Faces) -> FloatArray:
    """As FLAME's expressions (50) and jaw at 25 frames a second."""
    assert faces.flame is not None and faces.flame_basis is not None
    units = resampled(motion, MOTION_FPS, 25.0)[:, : len(UNITS)]
    expression, jaw = parameters_of(faces.flame_basis, faces.flame.face, units, 50)
    recording = Recording("line", "s", folder / "line.wav", 25.0, FlameCurves(expression, jaw))
    return at_motion_rate(to_channels(recording, faces), 25.0)


def blurred(motion: FloatArray, folder: Path, faces: Faces) -> FloatArray:
    """Not a format: what a tracked video leaves of short closures."""
    return np.asarray(gaussian_filter1d(motion, BLUR, axis=0), np.float32)


Through = Callable[[FloatArray, Path, Faces], FloatArray]
ROUTES: dict[str, Through] = {
    "arkit csv, 60 fps": through_csv,
    "open head vertices, 30 fps": through_vertices,
    "FLAME exp 50 + jaw, 25 fps": through_flame,
    "blurred by 40 ms": blurred,
}


def _read(name: str, folder: Path, faces: Faces) -> FloatArray:
    (recording,) = READERS[name].read(folder)
    return at_motion_rate(to_channels(recording, faces), recording.fps)


def _silence(path: Path, motion: FloatArray) -> None:
    soundfile.write(path, np.zeros(len(motion) * SAMPLE_RATE // MOTION_FPS), SAMPLE_RATE)


def choose(lessons: Lessons, pack: Pack, tools: Tools, count: int) -> list[Clip]:
    """About `count` development clips as recorded, spread over the sources."""
    pairs = zip(lessons.items, in_pack(lessons.items, pack), strict=True)
    dev = [(one, item) for one, item in pairs if item.split == "dev" and item.copy == 0]
    spread = dev[:: max(1, len(dev) // count)][:count]
    return [
        Clip(
            item,
            lessons.rows("motion", one, 0, one.frames),
            hear_mel(
                tools.encoder,
                pack.mel(item),
                tools.sampling.calibration,
                word_model(tools.sampling),
            ),
        )
        for one, item in spread
    ]


def errors(clips: Sequence[Clip], routed: Sequence[FloatArray], tools: Tools) -> dict[str, float]:
    """What the way through a format did to the motion of the clips."""
    pairs = list(zip(clips, routed, strict=True))
    before = np.concatenate([clip.motion[: len(after)] for clip, after in pairs])
    after = np.concatenate(routed)
    gap, was = tools.probe.aperture(after), tools.probe.aperture(before)
    lips = tools.faces.head.vertex_sets["lips"]
    basis = 1000 * tools.faces.head.expression_basis[:, lips].reshape(len(UNITS), -1)
    moved = ((after - before)[:, : len(UNITS)] @ basis).reshape(len(gap), -1, 3)
    shut = was <= CLOSED
    return {
        "unit_rms": _rms((after - before)[:, : len(UNITS)]),
        "lips_rms_mm": _rms(np.linalg.norm(moved, axis=-1)),
        "aperture_rms_mm": _rms(gap - was),
        "shut_frames_kept": float((gap[shut] <= CLOSED).mean()),
        "open_frames_shut": float((gap[~shut] <= CLOSED).mean()),
    }


def _rms(values: FloatArray) -> float:
    return float(np.sqrt(np.mean(np.square(values, dtype=np.float64))))


def _begun(heard: Heard, frames: int) -> Heard:
    return Heard(heard.phones[:frames], heard.contacts[:frames], heard.loudness[:frames])


def contact_figures(
    clips: Sequence[Clip], routed: Sequence[FloatArray], tools: Tools
) -> dict[str, dict[str, float]]:
    """Contacts by the encoder alone, by the lips alone, and where both agree, against phones."""
    point, seen = tools.sampling.point, SeenContacts()
    ways: dict[str, Callable[[Clip, FloatArray], FloatArray]] = {
        "heard": lambda clip, motion: decide(clip.heard.contacts[: len(motion)], point),
        "seen": lambda clip, motion: _seen(motion, tools),
        "agreed": lambda clip, motion: contacts_of(
            _begun(clip.heard, len(motion)), motion, tools.probe, point, seen
        ),
    }
    table = {}
    for name, way in ways.items():
        gates = [way(clip, motion) for clip, motion in zip(clips, routed, strict=True)]
        row: dict[str, float] = {}
        for column, kind, group in ((0, "pbm", BILABIAL), (1, "fv", LABIODENTAL)):
            events = [(c.item, _events(g[:, column])) for c, g in zip(clips, gates, strict=True)]
            score = event_score(events, group)
            row |= {f"{kind}_recall": score.recall, f"{kind}_precision": score.precision}
            row[f"{kind}_kept"] = _kept([e for _, e in events], routed, tools, column)
        table[name] = row
    return table


def _events(gate: FloatArray) -> list[Interval]:
    return [(first / MOTION_FPS, last / MOTION_FPS) for first, last in runs(gate > 0.5)]


def _seen(motion: FloatArray, tools: Tools) -> FloatArray:
    shut = tools.probe.aperture(motion) <= SeenContacts().closed_mm
    bitten = tools.probe.labiodental_gap(motion) <= SeenContacts().tooth_mm
    return np.stack([shut, bitten & ~shut], axis=1).astype(np.float32)


def _kept(
    events: Sequence[Sequence[Interval]], routed: Sequence[FloatArray], tools: Tools, column: int
) -> float:
    """Share of the gates in which the lips of the motion do touch at some frame."""
    kept = []
    for spans, motion in zip(events, routed, strict=True):
        gap = tools.probe.labiodental_gap(motion) if column else tools.probe.aperture(motion)
        level = TOOTH_CONTACT if column else CLOSED
        for start, end in spans:
            rows = slice(int(start * MOTION_FPS), int(end * MOTION_FPS) + 1)
            kept.append(bool((gap[rows] <= level).any()))
    return float(np.mean(kept)) if kept else float("nan")


def measure(clips: Sequence[Clip], tools: Tools) -> dict[str, Any]:
    """All figures, by format; "as made" is the motion itself."""
    results: dict[str, Any] = {
        "as made": {"contacts": contact_figures(clips, [clip.motion for clip in clips], tools)}
    }
    for name, way in ROUTES.items():
        if way is through_flame and tools.faces.flame is None:
            continue
        routed = []
        for clip in clips:
            with tempfile.TemporaryDirectory() as folder:
                routed.append(way(clip.motion, Path(folder), tools.faces)[: len(clip.motion)])
        results[name] = {
            "errors": errors(clips, routed, tools),
            "contacts": contact_figures(clips, routed, tools),
        }
    return results


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lessons", type=Path, required=True)
    parser.add_argument("--pack", type=Path, required=True)
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--flame", type=Path)
    parser.add_argument("--mapping", type=Path)
    parser.add_argument("--count", type=int, default=40, help="clips")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    tools = open_tools(options.weights, open_faces(options.flame, options.mapping))
    clips = choose(Lessons(options.lessons), Pack(options.pack), tools, options.count)
    results = measure(clips, tools)
    for name, parts in results.items():
        print(name, {key: round(value, 4) for key, value in parts.get("errors", {}).items()})
        for way, row in parts["contacts"].items():
            print(f"  {way:8s}", {key: round(value, 3) for key, value in row.items()})
    if options.out:
        frames = sum(len(clip.motion) for clip in clips)
        values = {"clips": len(clips), "minutes": frames / MOTION_FPS / 60, "formats": results}
        options.out.write_text(json.dumps(values, indent=1) + "\n")


if __name__ == "__main__":
    main()
