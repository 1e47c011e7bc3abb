# SPDX-License-Identifier: GPL-3.0-or-later
"""The words, or phones, under the meter's strip.

Drawing text costs more than all the rest, so the words of a region are drawn once into a picture on
the GPU, which is shown until the region is scrolled or zoomed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import blf
import gpu
from gpu_extras.batch import batch_for_shader
from mathutils import Matrix

from .meter_places import Place

LETTERS = 11.0  # size of the words
PAPER, INK = (0.075, 0.075, 0.085, 0.94), (0.93, 0.93, 0.94, 1.0)
FONT = 0
NARROWEST = 5.0  # pixels at scale 1 in which a word could stand
MOST_PICTURES = 16


@dataclass(frozen=True)
class _Word:
    text: str
    x: float  # pixels of the region


_pictures: dict[tuple[Any, ...], Any] = {}  # by what they show
_square: list[tuple[Any, Any]] = []  # shader and batch that show them


def draw(
    place: Place, region: Any, x: float, per_second: float, rows: tuple[float, float], scale: float
) -> None:
    """Show the words of a line whose second 0 is at pixel `x`; `rows`: bottom and height."""
    if not (place.record.meter.words or place.record.meter.phones):
        return
    left = max(0.0, x + place.shown[0] * per_second)
    width = int(min(float(region.width), x + place.shown[1] * per_second) - left)
    if width < 1:
        return
    key = (region.as_pointer(), place.line_id)
    state = (id(place.record), place.shown, round(x), round(per_second, 2), width, scale)
    known = _pictures.get(key)
    if known is not None and known[0] == state:
        _show(known[1], left, rows[0])
        return
    active: Any = gpu.state.active_framebuffer_get  # of which the stubs say other things
    target = active()
    known = _replace(key, state, place, x - left, per_second, (width, int(rows[1])), scale)
    with target.bind():  # after a picture's own, Blender would go on with the window's
        _show(known[1], left, rows[0])


def words_in(place: Place, x: float, per_second: float, width: int, scale: float) -> list[_Word]:
    """The words that have room within `width` pixels, where second 0 is at pixel `x`."""
    blf.size(FONT, LETTERS * scale)
    found = []
    for text, start, end in place.record.meter.words or place.record.meter.phones:
        left, right = x + start * per_second, x + end * per_second
        if right < 0 or left > width or right - left < NARROWEST * scale:
            continue
        heard = place.shown[0] <= start < place.shown[1]
        if heard and right - left >= blf.dimensions(FONT, text)[0]:
            found.append(_Word(text, left))
    return found


def forget() -> None:
    """Free the pictures."""
    for _, picture, _ in _pictures.values():
        picture.free()
    _pictures.clear()
    _square.clear()


def _replace(
    key: tuple[Any, ...],
    state: tuple[Any, ...],
    place: Place,
    x: float,
    per_second: float,
    size: tuple[int, int],
    scale: float,
) -> tuple[Any, Any, Any]:
    """Draw the words anew; the picture is made anew only where its size has changed."""
    known = _pictures.pop(key, None)
    picture = known[1] if known else None
    if picture is None or (picture.width, picture.height) != size:
        if picture is not None:
            picture.free()
        made: Any = gpu.types.GPUOffScreen  # the stubs know no arguments
        picture = made(*size)
    _paint(picture, words_in(place, x, per_second, size[0], scale), scale)
    _pictures[key] = state, picture, place.record  # which keeps its id from being given anew
    while len(_pictures) > MOST_PICTURES:
        _pictures.pop(next(iter(_pictures)))[1].free()
    return _pictures[key]


def _show(picture: Any, x: float, y: float) -> None:
    """Draw a picture with its lower left corner there."""
    if not _square:
        corners = ((0, 0), (1, 0), (1, 1), (0, 1))
        shader = gpu.shader.from_builtin("IMAGE")
        content: dict[str, Any] = {"pos": corners, "texCoord": corners}
        _square.append((shader, batch_for_shader(shader, "TRI_FAN", content)))
    shader, batch = _square[0]
    with gpu.matrix.push_pop():
        gpu.matrix.translate((x, y))
        gpu.matrix.scale((picture.width, picture.height))
        shader.uniform_sampler("image", picture.texture_color)
        batch.draw(shader)


def _paint(picture: Any, words: list[_Word], scale: float) -> None:
    """Light words on a dark band."""
    with picture.bind(), gpu.matrix.push_pop(), gpu.matrix.push_pop_projection():
        current: Any = gpu.state.active_framebuffer_get  # of which the stubs say other things
        current().clear(color=PAPER)
        gpu.matrix.load_matrix(Matrix.Identity(4))
        gpu.matrix.load_projection_matrix(_pixels(picture.width, picture.height))
        gpu.state.blend_set("ALPHA")
        blf.size(FONT, LETTERS * scale)
        blf.color(FONT, *INK)
        for word in words:
            blf.position(FONT, word.x + 1, 4 * scale, 0)
            blf.draw(FONT, word.text)
    gpu.state.blend_set("ALPHA")


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
