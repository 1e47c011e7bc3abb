# SPDX-License-Identifier: GPL-3.0-or-later
"""The same line and seed by several models, side by side: a video with sound, and a contact sheet.

    python -m tools.compare_video FOLDER --line LINE.wav --phones LINE.json
        --weights "without=runs/w0/weights" --weights "with=runs/w1/weights" [--blender PYTHON]

The first column is the articulation model on the phones (JSON: [phone, start, end] in seconds), the
others are weights folders as the engine reads them. The engine runs here; PYTHON is an interpreter
with bpy, which renders. Needs Matplotlib and PyAV. FOLDER gets compare.mp4, sheet.png (the p b m at
which the last two columns differ most) and compare.json (figures); --still leaves out the video.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from model_runtime.audio import read_audio
from model_runtime.contract import EMOTIONS, MOTION_FPS, UNITS, FloatArray, RequestError, Settings
from model_runtime.face import load_face
from model_runtime.features import SAMPLE_RATE
from model_runtime.lips import lip_probe
from model_runtime.phones import BILABIAL, SILENCE
from tools.compare_picture import Page, Pixels, page, sheet
from training.commands import exit_code
from training.corpus.alignment import Segment
from training.metrics.bench import target_motion
from training.metrics.curves import mouth_curves
from training.metrics.figures import contact_counts
from training.metrics.take import read_alignment

ROOT = Path(__file__).resolve().parent.parent
TARGET = "articulation model"
STRIDE = 2  # motion frames a video frame: 25 a second
NEAR = 0.04  # s around a phone in which its closure counts
SHOWN = 6  # events on the contact sheet
Motions = Mapping[str, FloatArray]


def perform(
    samples: FloatArray, segments: Sequence[Segment], arms: Mapping[str, Path], settings: Settings
) -> dict[str, FloatArray]:
    """Motion (T, 55) of the articulation model and of each arm's engine. Raises WeightsError."""
    import torch

    from model_runtime.engine import Engine

    target = target_motion(segments, samples, settings.emotion, settings.intensity)
    motions = {TARGET: target}
    for label, folder in arms.items():
        engine = Engine.load(folder, torch.device("cpu"))
        motions[label] = engine.generate(samples, settings).weights
    return motions


def closures(apertures: Motions, segments: Sequence[Segment]) -> list[dict[str, Any]]:
    """Each p b m: the frame in which the first system's lips are nearest, every system's aperture
    in that frame (`mm`) and its least within NEAR of the phone (`least_mm`)."""
    rows = []
    frames = min(len(curve) for curve in apertures.values())
    for segment in (s for s in segments if s.phone in BILABIAL):
        first = max(int((segment.start - NEAR) * MOTION_FPS), 0)
        window = slice(first, min(int((segment.end + NEAR) * MOTION_FPS) + 1, frames))
        leader = next(iter(apertures.values()))[window]
        if not len(leader):
            continue
        frame = first + int(leader.argmin())
        shown = {name: round(float(curve[frame]), 2) for name, curve in apertures.items()}
        least = {name: round(float(curve[window].min()), 2) for name, curve in apertures.items()}
        rows.append({"phone": segment.phone, "frame": frame, "mm": shown, "least_mm": least})
    return rows


def most_different(rows: Sequence[dict[str, Any]], count: int) -> list[dict[str, Any]]:
    """The events at which the last two systems differ most, in order of time."""
    one, other = list(rows[0]["mm"])[-2:] if rows else ("", "")
    ranked = sorted(rows, key=lambda row: -abs(row["mm"][one] - row["mm"][other]))
    return sorted(ranked[:count], key=lambda row: row["frame"])


def figures_of(motions: Motions, segments: Sequence[Segment]) -> dict[str, Any]:
    """Contact figures of each system, and how far each arm's lips are from the first's."""
    probe = lip_probe(load_face())
    curves = {name: mouth_curves(probe, motion) for name, motion in motions.items()}
    lead = next(iter(curves.values())).aperture
    figures: dict[str, Any] = {}
    for name, found in curves.items():
        counts = contact_counts(found, segments)
        row = {key: ratio.value for key, ratio in counts.items()}
        away = min(len(lead), len(found.aperture))
        row["aperture_off_mm"] = float(np.abs(found.aperture[:away] - lead[:away]).mean())
        figures[name] = {key: None if v is None else round(v, 3) for key, v in row.items()}
    return figures


def render(
    folder: Path, motions: Motions, frames: Iterable[int], look: argparse.Namespace
) -> dict[tuple[str, int], Pixels]:
    """(system, frame) -> picture of that pose, by Blender in a process of its own."""
    from matplotlib import pyplot as plt

    names = {name: f"s{place}" for place, name in enumerate(motions)}
    wanted = [(name, frame) for name in motions for frame in frames]
    shots = [
        {
            "name": f"{names[name]}_{frame}",
            "view": look.view,
            "weights": dict(zip(UNITS, motions[name][frame].tolist(), strict=False)),
        }
        for name, frame in wanted
    ]
    spec = folder / "shots.json"
    told = {"size": look.size, "samples": look.samples, "levels": look.levels, "shots": shots}
    spec.write_text(json.dumps(told))
    command = [look.blender, str(ROOT / "tools" / "render_head.py"), str(spec), str(folder)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return {
        (name, frame): _bytes(plt.imread(folder / f"{names[name]}_{frame}.png"))
        for name, frame in wanted
    }


def _bytes(picture: FloatArray) -> Pixels:
    return np.round(255 * picture[..., :3]).astype(np.uint8)


def phone_at(segments: Sequence[Segment], time: float) -> str:
    """The phone that is said at `time`, silence outside."""
    said = [s.phone for s in segments if s.start <= time < s.end]
    return said[0] if said else SILENCE


def pages(
    base: Page,
    faces: Mapping[tuple[str, int], Pixels],
    names: Sequence[str],
    frames: Sequence[int],
    segments: Sequence[Segment],
) -> Iterator[Pixels]:
    """The video's frames."""
    for frame in frames:
        time = frame / MOTION_FPS
        row = [faces[name, frame] for name in names]
        yield base.frame(row, time, phone_at(segments, time))


def write_movie(path: Path, frames: Iterable[Pixels], samples: FloatArray, fps: int) -> None:
    """H.264 video with the sound (n,) at 16 kHz as AAC."""
    import av

    with av.open(str(path), "w") as box:
        film = box.add_stream("libx264", rate=fps, options={"crf": "20"})
        track = box.add_stream("aac", rate=SAMPLE_RATE, layout="mono")
        for number, image in enumerate(frames):
            if number == 0:
                film.height, film.width = image.shape[:2]
                film.pix_fmt = "yuv420p"
            box.mux(film.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        box.mux(film.encode())
        whole = np.ascontiguousarray(samples[None], np.float32)
        sound = av.AudioFrame.from_ndarray(whole, format="fltp", layout="mono")
        sound.sample_rate = SAMPLE_RATE
        box.mux(track.encode(sound))
        box.mux(track.encode())


def make(options: argparse.Namespace) -> dict[str, Any]:
    """Everything; the figures. Raises ThunderError."""
    segments, samples = read_alignment(options.phones), read_audio(options.line).samples
    settings = Settings(seed=options.seed, emotion=options.emotion, intensity=options.intensity)
    motions = perform(samples, segments, dict(options.weights), settings)
    apertures = apertures_of(motions)
    events = closures(apertures, segments)
    with tempfile.TemporaryDirectory() as folder:
        draw_sheet(options.folder / "sheet.png", Path(folder), motions, events, options)
        if not options.still:
            frames = shown_frames(min(map(len, motions.values())), options.span)
            span = (frames[0] / MOTION_FPS, (frames[-1] + STRIDE) / MOTION_FPS)
            faces = render(Path(folder), motions, frames, options)
            base = page(apertures, samples, segments, options.caption, options.size, span)
            film = pages(base, faces, list(motions), frames, segments)
            heard = samples[slice(*(round(time * SAMPLE_RATE) for time in span))]
            write_movie(options.folder / "compare.mp4", film, heard, MOTION_FPS // STRIDE)
    return {"systems": figures_of(motions, segments), "p_b_m": events}


def apertures_of(motions: Motions) -> dict[str, FloatArray]:
    """How far each system's lips are apart, (T,) in mm."""
    probe = lip_probe(load_face())
    return {name: probe.aperture(motion) for name, motion in motions.items()}


def shown_frames(count: int, span: tuple[float, float] | None) -> range:
    """The motion frames of the video: those within `span` (s) of `count`.

    Raises RequestError when there are none.
    """
    first, last = (0, count) if span is None else (round(time * MOTION_FPS) for time in span)
    frames = range(max(first, 0), min(last, count), STRIDE)
    if not frames:
        raise RequestError(f"--span: the line has nothing there; it ends at {count / MOTION_FPS} s")
    return frames


def draw_sheet(
    path: Path,
    work: Path,
    motions: Motions,
    events: Sequence[dict[str, Any]],
    options: argparse.Namespace,
) -> None:
    """The p b m at which the last two systems differ most."""
    shown = most_different(events, SHOWN)
    if not shown:
        return
    faces = render(work, motions, [row["frame"] for row in shown], options)
    tiles = {name: [faces[name, row["frame"]] for row in shown] for name in motions}
    notes = {name: [f"{row['mm'][name]:.1f} mm" for row in shown] for name in motions}
    heads = [f"{row['phone']} at {row['frame'] / MOTION_FPS:.2f} s" for row in shown]
    sheet(path, tiles, notes, heads)


def named_folder(text: str) -> tuple[str, Path]:
    """'label=folder' -> both; the folder's own name where there is no label."""
    label, found, folder = text.rpartition("=")
    return (label if found else Path(text).name, Path(folder))


def parser() -> argparse.ArgumentParser:
    """The command line."""
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("folder", type=Path)
    p.add_argument("--line", type=Path, required=True, help="sound file")
    p.add_argument("--phones", type=Path, required=True, help="its alignment, JSON")
    p.add_argument("--weights", type=named_folder, action="append", required=True)
    p.add_argument("--blender", default=sys.executable, help="a Python with bpy")
    p.add_argument("--caption", default="", help="what is said")
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--emotion", choices=EMOTIONS, default="neutral")
    p.add_argument("--intensity", type=float, default=1.0)
    p.add_argument("--view", default="mouth", help="a view of tools/render_head.py")
    p.add_argument("--size", type=int, default=240, help="pixels of a face")
    p.add_argument("--samples", type=int, default=4)
    p.add_argument("--levels", type=int, default=1, help="of subdivision; 0 is quicker")
    p.add_argument("--span", type=float, nargs=2, metavar="S", help="seconds that the video shows")
    p.add_argument("--still", action="store_true", help="the contact sheet and figures only")
    return p


def compare(options: argparse.Namespace) -> None:
    """Make everything, write and print the figures. Raises ThunderError."""
    options.folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(make(options), indent=1)
    (options.folder / "compare.json").write_text(text + "\n")
    print(text)


if __name__ == "__main__":
    sys.exit(exit_code(lambda: compare(parser().parse_args())))
