# SPDX-License-Identifier: GPL-3.0-or-later
"""The contact sheet: visemes, emotions, people, lids and close-ups, rendered and laid out."""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from .identities import PRESETS

COLUMNS = 6
LABEL = 14  # pixels
RENDERER = Path(__file__).parent.parent / "render_head.py"

Weights = dict[str, float]
POSES: dict[str, Weights] = {  # a name without Left or Right drives both sides
    "neutral": {},
    "AA": {"jawOpen": 0.5},
    "EE": {"jawOpen": 0.12, "mouthSmile": 0.5, "mouthUpperUp": 0.25, "mouthLowerDown": 0.45},
    "OO": {"jawOpen": 0.1, "mouthPucker": 0.85, "mouthFunnel": 0.25},
    "OH": {"jawOpen": 0.3, "mouthFunnel": 0.6, "mouthPucker": 0.3},
    "MBP": {"mouthPress": 0.35, "mouthRollLower": 0.15, "mouthRollUpper": 0.1},
    "FV": {"jawOpen": 0.05, "mouthRollLower": 0.6, "mouthUpperUp": 0.25},
    "L": {"jawOpen": 0.25, "tongueOut": 0.25, "mouthLowerDown": 0.2},
    "TH": {"jawOpen": 0.18, "tongueOut": 0.55, "mouthLowerDown": 0.2, "mouthUpperUp": 0.2},
    "CH": {"jawOpen": 0.07, "mouthFunnel": 0.6, "mouthUpperUp": 0.2, "mouthLowerDown": 0.2},
    "happy": {"mouthSmile": 0.85, "cheekSquint": 0.7, "eyeSquint": 0.35, "mouthUpperUp": 0.3,
              "jawOpen": 0.08},
    "sad": {"browInnerUp": 0.9, "mouthFrown": 0.7, "mouthShrugLower": 0.4, "eyeBlink": 0.2},
    "angry": {"browDown": 0.95, "eyeSquint": 0.5, "noseSneer": 0.4, "mouthPress": 0.5},
    "surprised": {"browInnerUp": 0.9, "browOuterUp": 0.9, "eyeWide": 0.8, "jawOpen": 0.4},
    "afraid": {"browInnerUp": 1.0, "browOuterUp": 0.3, "eyeWide": 0.9, "mouthStretch": 0.7,
               "jawOpen": 0.12},
    "disgusted": {"noseSneer": 1.0, "mouthUpperUp": 0.5, "browDown": 0.4, "mouthFrown": 0.3},
    "contempt": {"mouthSmileLeft": 0.5, "mouthDimpleLeft": 0.7, "eyeSquintLeft": 0.3},
    "blink": {"eyeBlink": 1.0},
}  # fmt: skip
CLOSE_UPS: dict[str, tuple[str, Weights]] = {
    "three quarter": ("three", {}),
    "side": ("side", {}),
    "eyes": ("eyes", {}),
    "gaze": ("eyes", {"eyeLookOutLeft": 0.9, "eyeLookInRight": 0.9}),
    "lips closed": ("mouth", {}),
    "lips FV": ("mouth", POSES["FV"]),
    "lips TH": ("mouth", POSES["TH"]),
    "lips smile": ("mouth3", POSES["EE"]),
}


def shots() -> list[dict[str, Any]]:
    """What the sheet shows, in reading order."""
    found: list[dict[str, Any]] = [{"name": n, "weights": w} for n, w in POSES.items()]
    for name, (view, weights) in CLOSE_UPS.items():
        found.append({"name": name, "view": view, "weights": weights})
    found += [{"name": name, "identity": name} for name in PRESETS]
    return found


def write_sheet(path: Path, bpy_python: str, size: int = 220, samples: int = 6) -> None:
    """Renders all shots with the interpreter `bpy_python`, which has bpy, and lays them out."""
    chosen = shots()
    with tempfile.TemporaryDirectory() as folder:
        spec = Path(folder) / "spec.json"
        spec.write_text(json.dumps({"size": size, "samples": samples, "shots": chosen}))
        command = [bpy_python, str(RENDERER), str(spec), folder]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        tiles = [(s["name"], Image.open(Path(folder) / f"{s['name']}.png")) for s in chosen]
        lay_out(tiles, size).save(path)


def lay_out(tiles: list[tuple[str, Image.Image]], size: int) -> Image.Image:
    """Labelled tiles in rows."""
    rows = -(-len(tiles) // COLUMNS)
    sheet = Image.new("RGB", (COLUMNS * size, rows * (size + LABEL)))
    pen = ImageDraw.Draw(sheet)
    for index, (name, tile) in enumerate(tiles):
        x, y = index % COLUMNS * size, index // COLUMNS * (size + LABEL)
        sheet.paste(tile.convert("RGB"), (x, y + LABEL))
        pen.text((x + 3, y + 1), name, fill="white")
    return sheet
