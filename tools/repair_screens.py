# SPDX-License-Identifier: GPL-3.0-or-later
"""The window's pictures of a repair as a film and as a sheet for docs/repair.md.

    python -m tools.repair_screens FOLDER [--from SCREENSHOTS] [--sheet docs/pictures/mending.png]

The pictures are what `dev.py test` photographs in real Blender (tests/test_real_mending.py; without
--from: the newest). FOLDER gets sequence.mp4. Needs Pillow and PyAV.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
from PIL import Image, ImageDraw, ImageFont

from tools.doc_pictures import newest

ROOT = Path(__file__).resolve().parent.parent
STEPS = {  # picture: what is seen
    "00-generating": "Generate",
    "01-generated": "Generated and measured: the lips meet on the p of Pam",
    "02-picked": "Edit Take; the jaw's keys over the p are picked",
    "03-moving": "They are moved up by hand",
    "04-spoilt": "The lips stay open; the meter's strip is stale there",
    "05-flagged": "Measured again: flagged in yellow; Shift Alt Up jumps there",
    "06-repaired": "Repair: the lips meet, the meter is blue, all else is as it was",
    "07-undone": "Ctrl Z brings the spoilt keys back",
}
SHEET = ("01-generated", "04-spoilt", "05-flagged", "06-repaired")
CURVES = (222, 70, 822, 832)  # in pixels of an 1800 x 1300 window: the Graph Editor
FACE = (1060, 400, 1500, 840)
CELL, CAPTION, GAP = 280, 22, 8
COLOURS = 160
SIGNS = ((255, 209, 46), (115, 94, 21), (242, 115, 26), (33, 102, 199))  # of the meter's strip
SWATCH = 48  # pixels of each, so that the palette has them although the strip is small
FPS, SECONDS = 10, 1.8  # a picture's time in the film


def film(folder: Path, path: Path) -> None:
    """The pictures one after the other, each with its caption."""
    with av.open(str(path), "w") as file:
        stream = file.add_stream("libx264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = 1800, 1340, "yuv420p"
        for number, picture in enumerate(shown(folder)):
            frame = av.VideoFrame.from_image(picture)
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))


def shown(folder: Path) -> Iterator[Image.Image]:
    for name, told in STEPS.items():
        page = Image.new("RGB", (1800, 1340), (24, 24, 24))
        page.paste(Image.open(folder / f"{name}.png").convert("RGB"), (0, 40))
        ImageDraw.Draw(page).text((16, 8), told, "white", ImageFont.load_default(22))
        for _ in range(int(FPS * SECONDS)):
            yield page


def sheet(folder: Path) -> Image.Image:
    """For each step of SHEET the curve with the meter, and the face."""
    wide = CELL * (CURVES[2] - CURVES[0]) // (CURVES[3] - CURVES[1])
    row = CELL + CAPTION + GAP
    cells = (wide + GAP + CELL, row)
    page = Image.new("RGB", (2 * cells[0] + GAP, 2 * row), (255, 255, 255))
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(15)
    for place, name in enumerate(SHEET):
        picture = Image.open(folder / f"{name}.png").convert("RGB")
        x, y = (place % 2) * (cells[0] + GAP), (place // 2) * row
        draw.text((x + 2, y + 1), STEPS[name], "black", font)
        for box, left, width in ((CURVES, x, wide), (FACE, x + wide + GAP // 2, CELL)):
            part = picture.crop(box).resize((width, CELL), Image.Resampling.LANCZOS)
            page.paste(part, (left, y + CAPTION))
    return page.quantize(palette=_palette(page), dither=Image.Dither.NONE)


def _palette(page: Image.Image) -> Image.Image:
    """The page's colours, those of the strip among them."""
    signs = page.copy()
    for place, colour in enumerate(SIGNS):
        signs.paste(colour, (place * SWATCH, 0, (place + 1) * SWATCH, SWATCH))
    return signs.quantize(COLOURS, kmeans=2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--from", dest="screens", type=Path, help="folder of the screenshots")
    parser.add_argument("--sheet", type=Path, default=ROOT / "docs" / "pictures" / "mending.png")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    screens = options.screens or newest("mending/06-repaired.png")
    film(screens, options.folder / "sequence.mp4")
    sheet(screens).save(options.sheet, optimize=True)
    for path in (options.folder / "sequence.mp4", options.sheet):
        print(f"{path}: {path.stat().st_size / 1024:.0f} kB")


if __name__ == "__main__":
    main()
