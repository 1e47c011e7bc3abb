# SPDX-License-Identifier: GPL-3.0-or-later
"""The words, or phones, under the meter's strips.

Drawing text costs more than all the rest, so each text is drawn once, into a sheet on the GPU. What
a redraw shows are pieces of it, in one batch that is kept while the zoom stays the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import blf
import gpu
import numpy as np
import numpy.typing as npt
from gpu_extras.batch import batch_for_shader
from mathutils import Matrix

from .meter_places import Place
from .meter_view import Kept, View

Floats = npt.NDArray[np.float64]
Texts = tuple[tuple[str, float, float], ...]

LETTERS = 11.0  # size of the words
PAPER, INK = (0.075, 0.075, 0.085, 0.94), (0.93, 0.93, 0.94, 1.0)
FONT = 0
NARROWEST = 5.0  # pixels at scale 1 in which a word could stand
ACROSS = 2048  # pixels of a sheet
MOST_SHEETS, MOST_BATCHES, MOST_TABLES = 6, 24, 256
CORNERS = np.array(((0, 0), (1, 0), (1, 1), (0, 0), (1, 1), (0, 1)), np.float64)


@dataclass(frozen=True)
class Spot:
    """Where a text lies in its sheet: pixels."""

    left: float
    bottom: float
    width: float


@dataclass(frozen=True)
class _Sheet:
    picture: Any
    spots: dict[str, Spot]
    row: int  # height


_sheets: Kept[_Sheet] = Kept(MOST_SHEETS, lambda sheet: sheet.picture.free())
_batches: Kept[tuple[Any, Any]] = Kept(MOST_BATCHES)
_tables: Kept[Floats] = Kept(MOST_TABLES)
_names: Kept[tuple[str, ...]] = Kept(MOST_SHEETS)


def draw(places: list[Place], view: View, rows: tuple[float, float], scale: float) -> None:
    """Show the words of the lines; `rows`: bottom and height."""
    told = [place for place in places if texts_of(place)]
    if not told:
        return
    sheet, stretch = _sheet(told, int(rows[1]), scale), view.stretch()
    key = id(sheet), stretch, view.pixels, tuple(_mark(place) for place in told)
    alive = sheet, [place.record for place in told]
    shader, batch = _batches.get(key, lambda: _batch(sheet, told, view, scale), alive)
    gpu.state.blend_set("ALPHA_PREMULT")
    with gpu.matrix.push_pop():
        gpu.matrix.translate((round(view.at(stretch[0])), round(rows[0])))
        shader.uniform_sampler("image", sheet.picture.texture_color)
        batch.draw(shader)
    gpu.state.blend_set("ALPHA")


def texts_of(place: Place) -> Texts:
    return place.record.meter.words or place.record.meter.phones


def spots_of(widths: dict[str, float], row: int, most: int) -> dict[str, Spot]:
    """Where texts of these widths lie in a sheet, row by row from the bottom; the first piece is
    left to the paper. Texts that are wider than it or above `most` pixels have no place."""
    found, left, bottom = {}, float(row), 0.0
    for text, width in widths.items():
        if width > ACROSS:
            continue
        if left + width > ACROSS:
            left, bottom = 0.0, bottom + row
        if bottom + row > most:
            break
        found[text] = Spot(left, bottom, width)
        left += width
    return found


def table_of(texts: Texts, spots: dict[str, Spot]) -> Floats:
    """Start, end, and left, bottom, width in the sheet, of each text that is in it: (n, 5)."""
    known = [(start, end, spots[text]) for text, start, end in texts if text in spots]
    return np.array([(a, b, s.left, s.bottom, s.width) for a, b, s in known]).reshape(-1, 5)


def roomy(
    table: Floats, per_second: float, shown: tuple[float, float], narrowest: float
) -> npt.NDArray[np.bool_]:
    """Which texts have room between their own start and end, within the seconds `shown`."""
    room = (np.minimum(table[:, 1], shown[1]) - table[:, 0]) * per_second
    wide = room >= np.maximum(table[:, 4], narrowest)
    return np.asarray((table[:, 0] >= shown[0]) & wide)


def forget() -> None:
    """Free what is on the GPU."""
    for kept in (_batches, _tables, _names, _sheets):
        kept.clear()


def _mark(place: Place) -> tuple[Any, ...]:
    return id(place.record), place.frame, place.rate, place.shown


def _sheet(places: list[Place], row: int, scale: float) -> _Sheet:
    """The sheet of all texts of the lines; the same one while they say the same."""
    said = tuple(id(place.record) for place in places)
    alive = [place.record for place in places]
    names = _names.get(said, lambda: _all_texts(places), alive)
    return _sheets.get((names, row, scale), lambda: _made(names, row, scale))


def _all_texts(places: list[Place]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for place in places for text, _, _ in texts_of(place)))


def _made(names: tuple[str, ...], row: int, scale: float) -> _Sheet:
    blf.size(FONT, LETTERS * scale)
    widths = {text: np.ceil(blf.dimensions(FONT, text)[0]) + 2 for text in names}
    spots = spots_of(widths, row, gpu.capabilities.max_texture_size_get())
    height = max((spot.bottom for spot in spots.values()), default=0.0) + row
    made: Any = gpu.types.GPUOffScreen  # the stubs know no arguments
    sheet = _Sheet(made(ACROSS, int(height)), spots, row)
    _paint(sheet, scale)
    return sheet


def _batch(sheet: _Sheet, places: list[Place], view: View, scale: float) -> tuple[Any, Any]:
    """What shows the words of a stretch: paper behind each line's, and pieces of the sheet."""
    first, last = view.stretch()
    most = (last - first) * view.pixels
    bands, pieces = [], []
    for place in places:
        per_second = view.pixels * place.rate
        start = (place.frame - first) * view.pixels  # pixel of its second 0
        band = np.clip(start + np.array(place.shown) * per_second, -1.0, most + 1.0)
        bands.append((band[0], band[1] - band[0]))
        key = id(place.record), id(sheet)
        table = _tables.get(
            key, lambda p=place: table_of(texts_of(p), sheet.spots), (place.record, sheet)
        )
        lefts = np.round(start + table[:, 0] * per_second)
        fits = roomy(table, per_second, place.shown, NARROWEST * scale)
        fits &= (lefts + table[:, 4] > 0) & (lefts < most)
        pieces.append(np.column_stack((lefts[fits], table[fits, 2:])))
    shader = gpu.shader.from_builtin("IMAGE")
    content = _content(sheet, np.array(bands), np.concatenate(pieces))
    return shader, batch_for_shader(shader, "TRIS", content)


def _content(sheet: _Sheet, bands: Floats, pieces: Floats) -> dict[str, Any]:
    """Corners in pixels, and where in the sheet they are; `bands` (b, 2) are left and width, and
    `pieces` (n, 4) left, and left, bottom, width in the sheet."""
    row, count = sheet.row, len(bands)
    edges = np.concatenate((bands, pieces[:, [0, 3]]))
    corners = np.empty((len(edges), 6, 2))
    corners[..., 0] = edges[:, :1] + edges[:, 1:] * CORNERS[:, 0]
    corners[..., 1] = CORNERS[:, 1] * row
    inside = np.full((len(edges), 6, 2), row / 2)  # the middle of the paper
    inside[count:, :, 0] = pieces[:, 1:2] + pieces[:, 3:] * CORNERS[:, 0]
    inside[count:, :, 1] = pieces[:, 2:3] + row * CORNERS[:, 1]
    inside /= (sheet.picture.width, sheet.picture.height)
    flat = (each.reshape(-1, 2).astype(np.float32) for each in (corners, inside))
    return dict(zip(("pos", "texCoord"), flat, strict=True))


def _paint(sheet: _Sheet, scale: float) -> None:
    """Light words on nothing, and a piece of paper in the first corner; colours times alpha."""
    active: Any = gpu.state.active_framebuffer_get  # of which the stubs say other things
    target = active()
    with sheet.picture.bind(), gpu.matrix.push_pop(), gpu.matrix.push_pop_projection():
        active().clear(color=(0.0, 0.0, 0.0, 0.0))
        gpu.matrix.load_matrix(Matrix.Identity(4))
        gpu.matrix.load_projection_matrix(_pixels(sheet.picture.width, sheet.picture.height))
        gpu.state.blend_set("ALPHA")
        shader = gpu.shader.from_builtin("UNIFORM_COLOR")
        shader.uniform_float("color", PAPER)
        corners: dict[str, Any] = {"pos": (CORNERS * sheet.row).astype(np.float32)}
        batch_for_shader(shader, "TRIS", corners).draw(shader)
        blf.size(FONT, LETTERS * scale)
        blf.color(FONT, *INK)
        for text, spot in sheet.spots.items():
            blf.position(FONT, spot.left + 1, spot.bottom + 4 * scale, 0)
            blf.draw(FONT, text)
    target.bind()  # after a picture's own, Blender would go on with the window's


def _pixels(width: int, height: int) -> Matrix:
    """A projection under which a unit is a pixel, from the lower left corner on."""
    return Matrix(
        (
            (2 / width, 0, 0, -1),
            (0, 2 / height, 0, -1),
            (0, 0, -1, 0),
            (0, 0, 0, 1),
        )
    )
