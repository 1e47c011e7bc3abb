# SPDX-License-Identifier: GPL-3.0-or-later
"""The pictures of README and docs/artists.md.

    python -m tools.doc_pictures [--from SCREENSHOTS] [--sheet demo/demo_sheet.png]

The sidebar is cut out of what `dev.py test` photographs in real Blender (without --from: the newest
at scale 1), the faces are the contact sheet of `dev.py demo`. Needs Pillow.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
SHOTS = ROOT / "build" / "screenshots"
STATES = ("idle", "running", "done", "error")
SIDEBAR = (1315, 80, 1600, 830)  # in pixels of a 1600 x 1000 window
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
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "pictures")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    sidebars(options.folder or newest()).save(options.out / "sidebar.png", optimize=True)
    faces(options.sheet).save(options.out / "demo.jpg", quality=82, optimize=True)
    for path in sorted(options.out.iterdir()):
        print(f"{path}: {path.stat().st_size / 1024:.0f} kB")


if __name__ == "__main__":
    main()
