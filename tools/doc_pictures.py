# SPDX-License-Identifier: GPL-3.0-or-later
"""The pictures of README and docs/artists.md.

    python -m tools.doc_pictures [--from SCREENSHOTS] [--sheet demo/demo_sheet.png]

The sidebar is cut out of what `dev.py test` photographs in real Blender (without --from: the newest
at scale 1), the faces are the contact sheet of `dev.py demo`. Needs Pillow. For docs/rigs.md and
docs/studios.md:

    python -m tools.doc_pictures --panels [--from SCREENSHOTS]
"""

from __future__ import annotations

import argparse
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
SHOTS = ROOT / "build" / "screenshots"
STATES = ("idle", "running", "done", "error")
SIDEBAR = (1315, 80, 1600, 830)  # in pixels of a 1600 x 1000 window
PANELS = {  # picture: screenshots and boxes in pixels of a 1400 x 1440 window
    "mapping": (
        ("mapping-tested-1x", (500, 210, 900, 930)),
        ("mapping-tested-1x", (1110, 110, 1400, 810)),
    ),
    "batch": (("batch-1x", (1110, 80, 1375, 610)), ("batch-jumped-1x", (1110, 80, 1375, 610))),
}
GAP = 12
COLOURS = 64
PAGE = 640  # pixels


def sidebars(folder: Path) -> Image.Image:
    """The sidebar in each of STATES, side by side."""
    parts = [Image.open(folder / f"{state}.png").convert("RGB").crop(SIDEBAR) for state in STATES]
    width = sum(part.width for part in parts) + GAP * (len(parts) - 1)
    sheet = Image.new("RGB", (width, parts[0].height), (48, 48, 48))
    for place, part in enumerate(parts):
        sheet.paste(part, (place * (part.width + GAP), 0))
    return sheet.quantize(COLOURS, dither=Image.Dither.NONE)


def panels(folder: Path, name: str) -> Image.Image:
    """The parts of one of PANELS side by side, as high as the last one."""
    height = PANELS[name][-1][1][3] - PANELS[name][-1][1][1]
    parts = []
    for picture, box in PANELS[name]:
        part = Image.open(folder / f"{picture}.png").convert("RGB").crop(box)
        size = part.width * height // part.height, height
        parts.append(part.resize(size, Image.Resampling.LANCZOS))
    width = sum(part.width for part in parts) + GAP * (len(parts) - 1)
    sheet, x = Image.new("RGB", (width, height), (48, 48, 48)), 0
    for part in parts:
        sheet.paste(part, (x, 0))
        x += part.width + GAP
    return sheet.quantize(COLOURS, dither=Image.Dither.NONE)


def faces(sheet: Path) -> Image.Image:
    """The contact sheet in the size of a page."""
    image = Image.open(sheet).convert("RGB")
    return image.resize((PAGE, PAGE * image.height // image.width), Image.Resampling.LANCZOS)


def newest(picture: str = "1x/done.png") -> Path:
    """The folder of the last screenshots that has this picture."""
    found = sorted(SHOTS.glob(f"*/{picture}"), key=lambda path: path.stat().st_mtime)
    if not found:
        raise SystemExit("error: There are no screenshots yet. Run 'python3 dev.py test' first.")
    return found[-1].parent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--from", dest="folder", type=Path, help="folder of the screenshots")
    parser.add_argument("--sheet", type=Path, default=ROOT / "demo" / "demo_sheet.png")
    parser.add_argument("--panels", action="store_true", help="only Mapping and Batch")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "pictures")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    if options.panels:
        folder = options.folder or newest("panels/mapping-1x.png")
        for name in PANELS:
            panels(folder, name).save(options.out / f"{name}.png", optimize=True)
        return
    sidebars(options.folder or newest()).save(options.out / "sidebar.png", optimize=True)
    faces(options.sheet).save(options.out / "demo.jpg", quality=82, optimize=True)
    for path in sorted(options.out.iterdir()):
        print(f"{path}: {path.stat().st_size / 1024:.0f} kB")


if __name__ == "__main__":
    main()
