# SPDX-License-Identifier: GPL-3.0-or-later
"""Generate, spoil a closure, repair: the same frame three times, side by side.

    python -m tools.repair_sequence FOLDER [--blender PYTHON] [--line examples/line.flac]

The engine runs here; PYTHON is an interpreter with bpy, which renders. Needs Matplotlib. FOLDER
gets sequence.png (the three faces, and the lips' opening over time) and sequence.json (figures).
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from model_runtime.contract import (
    MOTION_FPS,
    UNITS,
    FaceMotion,
    FloatArray,
    GenerateRequest,
    MeasureRequest,
    Meter,
    Repaired,
    RepairRequest,
    Settings,
    Sound,
)
from model_runtime.face import load_face
from model_runtime.lips import lip_probe
from model_runtime.repair_verdict import standing
from model_runtime.worker_tasks import Tasks
from training.corpus.alignment import Segment
from training.repair_errors import Planted, opened_closures

ROOT = Path(__file__).resolve().parent.parent
LINE = ROOT / "examples" / "line.flac"
STATES = ("generated", "spoilt", "repaired")
SIZE, SAMPLES = 360, 24


def perform(line: Path, seed: int) -> tuple[dict[str, FloatArray], Planted, dict[str, Any]]:
    """The three motions of a line, what was planted, and the figures."""
    tasks, sound = Tasks("cpu", None, time.time()), Sound(line)
    told = lambda _progress: True  # noqa: E731
    take = tasks.generate(GenerateRequest(line, Settings(seed=seed)), told).weights
    phones = json.loads(line.with_suffix(".phones.json").read_text())
    segments = tuple(Segment(*part) for part in _rows(phones))
    planted = opened_closures(take, segments, lip_probe(load_face()), 3)[1]
    start = time.perf_counter()
    mended = tasks.answer(RepairRequest(sound, planted.motion, planted.span), told)
    assert isinstance(mended, Repaired)
    motions = dict(zip(STATES, (take, planted.motion, mended.weights), strict=True))
    figures: dict[str, Any] = {"sentence": mended.sentence, "changed": mended.changed}
    figures["seconds"] = round(time.perf_counter() - start, 2)
    for name, motion in motions.items():
        face = FaceMotion(float(MOTION_FPS), np.ascontiguousarray(motion[:, : len(UNITS)]))
        meter = tasks.answer(MeasureRequest(sound, face, planted.span), told)
        assert isinstance(meter, Meter)
        score = standing(meter, {}, range(*_frames(planted.span))).score
        figures[name] = {"meter": round(score, 3), "advice": _advice(meter)}
    return motions, planted, figures


def _rows(phones: Any) -> list[tuple[str, float, float]]:
    return [(str(row[0]), float(row[1]), float(row[2])) for row in phones["segments"]]


def _advice(meter: Meter) -> list[str]:
    return [item.sentence for item in meter.advice]


def _frames(span: tuple[float, float]) -> tuple[int, int]:
    first, last = (round(second * MOTION_FPS) for second in span)
    return first, last


def tightest(planted: Planted, motion: FloatArray) -> int:
    """The frame in the middle of the closure, as it was generated."""
    first, last = _frames(planted.phone)
    return first + int(lip_probe(load_face()).aperture(motion[first : last + 1]).argmin())


def render(folder: Path, motions: dict[str, FloatArray], frame: int, blender: str) -> None:
    """NAME.png of each motion's pose on a frame."""
    shots = [
        {
            "name": name,
            "view": "mouth3",
            "weights": dict(zip(UNITS, motion[frame].tolist(), strict=False)),
        }
        for name, motion in motions.items()
    ]
    spec = folder / "shots.json"
    spec.write_text(json.dumps({"size": SIZE, "samples": SAMPLES, "shots": shots}))
    command = [blender, str(ROOT / "tools" / "render_head.py"), str(spec), str(folder)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    spec.unlink()


def join(
    folder: Path, motions: dict[str, FloatArray], planted: Planted, frame: int, figures: Any
) -> Path:
    """The faces side by side over the curves of the lips' opening."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    probe = lip_probe(load_face())
    figure = plt.figure(figsize=(11, 6.2))
    grid = figure.add_gridspec(2, 3, height_ratios=(2.4, 1))
    curve = figure.add_subplot(grid[1, :])
    first, last = _frames(planted.span)
    frames = np.arange(max(0, first - 15), min(len(motions["spoilt"]), last + 15))
    for column, (name, motion) in enumerate(motions.items()):
        opening = probe.aperture(motion)
        face = figure.add_subplot(grid[0, column])
        face.imshow(plt.imread(folder / f"{name}.png"))
        apart, score = max(float(opening[frame]), 0.0), figures[name]["meter"]
        face.set_title(f"{name}: lips {apart:.1f} mm apart, meter {score:.2f}", fontsize=10)
        face.axis("off")
        curve.plot(frames, opening[frames], label=name, linestyle=("-", "--", "-")[column])
    curve.axvspan(first, last, alpha=0.1, color="k")
    curve.axvline(frame, color="k", linewidth=0.7)
    curve.set(xlabel="frame (50 a second)", ylabel="mm between the lips")
    curve.legend(loc="upper right", fontsize=9)
    figure.tight_layout()
    path = folder / "sequence.png"
    figure.savefig(path, dpi=80)
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--blender", default=sys.executable, help="a Python with bpy")
    parser.add_argument("--line", type=Path, default=LINE, help="with its .phones.json beside it")
    parser.add_argument("--seed", type=int, default=3)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    motions, planted, figures = perform(options.line, options.seed)
    frame = tightest(planted, motions["generated"])
    figures |= {"frame": frame, "span": planted.span}
    (options.folder / "sequence.json").write_text(json.dumps(figures, indent=1) + "\n")
    render(options.folder, motions, frame, options.blender)
    print(json.dumps(figures, indent=1))
    print(join(options.folder, motions, planted, frame, figures))


if __name__ == "__main__":
    main()
