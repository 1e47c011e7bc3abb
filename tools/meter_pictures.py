# SPDX-License-Identifier: GPL-3.0-or-later
"""The picture of the lip-sync meter in docs/artists.md.

    python -m tools.meter_pictures [--from SCREENSHOTS]

It is cut out of what `dev.py test` photographs in real Blender (without --from: the newest at scale
1). Needs Pillow.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from PIL import Image

from tools.doc_pictures import newest

ROOT = Path(__file__).resolve().parent.parent
PARTS = {  # picture: box in pixels of a 1600 x 1000 window
    "dope-sheet-dark": (206, 796, 1026, 878),
    "dope-sheet-light": (206, 796, 1026, 878),
    "stale": (206, 796, 1026, 878),
    "timeline-dark": (2, 933, 822, 976),
}
GAP = 8
COLOURS = 160


def sheet(folder: Path) -> Image.Image:
    """The parts under each other."""
    parts = [Image.open(folder / f"{n}.png").convert("RGB").crop(b) for n, b in PARTS.items()]
    height = sum(part.height for part in parts) + GAP * (len(parts) - 1)
    whole, y = Image.new("RGB", (max(part.width for part in parts), height), (128, 128, 128)), 0
    for part in parts:
        whole.paste(part, (0, y))
        y += part.height + GAP
    return whole.quantize(COLOURS, dither=Image.Dither.NONE)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--from", dest="folder", type=Path, help="folder of the screenshots")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "pictures" / "meter.png")
    options = parser.parse_args()
    sheet(options.folder or newest("meter-1x/stale.png")).save(options.out, optimize=True)
    print(f"{options.out}: {options.out.stat().st_size / 1024:.0f} kB")


if __name__ == "__main__":
    main()
