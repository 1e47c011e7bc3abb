# SPDX-License-Identifier: GPL-3.0-or-later
"""The meter over the timeline, drawn by Blender's draw handlers in five editors.

What the strips and words are made of stays on the GPU; scrolling, and zooming within a power of
two, change no more than a matrix of the strips (`meter_strips`, `meter_words`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import blf
import bpy
import gpu
from gpu_extras.batch import batch_for_shader

from . import meter_hover, meter_places, meter_strips, meter_words
from .meter_places import Place
from .meter_view import View
from .meter_words import FONT, INK, LETTERS, PAPER

SPACES = {  # area type: the class with the draw handlers
    "DOPESHEET_EDITOR": "SpaceDopeSheetEditor",
    "GRAPH_EDITOR": "SpaceGraphEditor",
    "NLA_EDITOR": "SpaceNLA",
    "SEQUENCE_EDITOR": "SpaceSequenceEditor",
}
RULER = 23.0  # pixels at scale 1 that Blender's ruler takes at the top
MARKERS = 24.0  # that markers take at the bottom
SCROLLBAR = 14.0  # that the scroll bar takes there
BAR = 22.0  # height of the strip, pixels at scale 1
WORDS = 15.0  # height of the words under it
LOW = 9.0  # height of the strip where the region is low: under the ruler, over the keys
BARS_EDGE = 12.0  # upper edge of the scroll bar, which Blender draws over the strip
NUMBERS = 17.0  # pixels that the ruler needs down to the lower edge of its numbers
SHORTEST = 30.0  # a region lower than this has no room
LEAST = 6.0  # height of a strip that can be read
PAD = 4.0


@dataclass(frozen=True)
class Box:
    """Where in a region the strips go: pixels."""

    bottom: float
    top: float
    words: float  # bottom of the words; as `bottom` where there is no room for them


class _Drawn:
    handlers: list[tuple[Any, Any]] = []


def box_of(height: float, scale: float, markers: bool) -> Box:
    """Where the strip fits in a region of this height; `markers`: the scene has some."""
    free = height - RULER * scale
    if free < (SCROLLBAR + BAR + WORDS) * scale:
        return _low_box(height, scale)
    words = (SCROLLBAR + (MARKERS if markers else 0.0)) * scale
    if words + (WORDS + BAR) * scale > free:
        words = SCROLLBAR * scale
    bottom = words + WORDS * scale
    return Box(bottom, bottom + BAR * scale, words)


def _low_box(height: float, scale: float) -> Box:
    """Without words: under the ruler's numbers and, where that leaves enough, over the scroll bar.

    5.2's Timeline at 2x is the lowest (32); its scroll bar is a thin one that lets the strip show.
    """
    numbers = height - NUMBERS * scale
    bottom = max(height - (RULER + LOW) * scale, BARS_EDGE * scale)
    if numbers - bottom < LEAST * scale:
        bottom = numbers - LOW * scale
    return Box(bottom, min(bottom + LOW * scale, numbers), bottom)


def draw() -> None:
    """What Blender calls for each redraw of a region of SPACES."""
    context = bpy.context
    if not shown_here(context):
        return
    places = meter_places.places(context)
    if not places:
        return
    region, scale = context.region, context.preferences.system.ui_scale
    box = box_of(region.height, scale, bool(context.scene.timeline_markers))
    left, _ = region.view2d.region_to_view(0, 0)
    right, _ = region.view2d.region_to_view(region.width, 0)
    view = View(left, region.width / (right - left), region.width)
    gpu.state.blend_set("ALPHA")
    try:
        if box.words < box.bottom:  # first, since a picture waits for what was drawn before it
            meter_words.draw(places, view, (box.words, box.bottom - box.words), scale)
        meter_strips.draw(places, view, box.bottom, box.top - box.bottom)
        _draw_hover(context, places, left, view.pixels, box, scale)
    finally:
        gpu.state.blend_set("NONE")


def shown_here(context: bpy.types.Context) -> bool:
    """Whether the meter is switched on in this editor, and the editor has time across."""
    space: Any = context.space_data
    if space is None or space.type not in SPACES or context.region.width < 2:
        return False
    if context.region.height < SHORTEST * context.preferences.system.ui_scale:
        return False
    if space.type == "GRAPH_EDITOR" and space.mode == "DRIVERS":
        return False
    return bool(getattr(context.scene.thunder_meter, setting_of(space)))


def setting_of(space: Any) -> str:
    """The property that switches the meter on in an editor."""
    if space.type == "DOPESHEET_EDITOR" and space.mode == "TIMELINE":
        return "in_timeline"
    return {
        "DOPESHEET_EDITOR": "in_dope_sheet",
        "GRAPH_EDITOR": "in_graph_editor",
        "NLA_EDITOR": "in_nla",
        "SEQUENCE_EDITOR": "in_sequencer",
    }[str(space.type)]


def _draw_hover(
    context: Any, places: list[Place], left: float, pixels: float, box: Box, scale: float
) -> None:
    """The value and the advice of the frame under the pointer, in a box beside it."""
    pointer = meter_hover.pointer(context.region)
    if pointer is None or not box.words - 2 <= pointer[1] <= box.top + 2:
        return
    text = meter_hover.text_at(places, left + pointer[0] / pixels)
    if not text:
        return
    blf.size(FONT, LETTERS * scale)
    width, height = blf.dimensions(FONT, text)[0] + 2 * PAD * scale, 18 * scale
    region = context.region
    x = min(max(2.0, pointer[0] + 8 * scale), max(2.0, region.width - width - 2))
    y = box.top + 3 * scale
    if y + height > region.height:
        y = max(0.0, (region.height - height) / 2)
    _rectangle(x, y, width, height)
    blf.color(FONT, *INK)
    blf.position(FONT, x + PAD * scale, y + 5 * scale, 0)
    blf.draw(FONT, text)


def _rectangle(x: float, y: float, width: float, height: float) -> None:
    shader = gpu.shader.from_builtin("UNIFORM_COLOR")
    corners = ((x, y), (x + width, y), (x + width, y + height), (x, y + height))
    shader.uniform_float("color", PAPER)
    batch_for_shader(shader, "TRI_FAN", {"pos": corners}).draw(shader)


def redraw(area_types: set[str] | None = None) -> None:
    """Have the editors with a strip drawn again."""
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type in (area_types or SPACES):
                for region in area.regions:
                    if region.type == "WINDOW":
                        region.tag_redraw()


def forget() -> None:
    """Free what is on the GPU."""
    meter_strips.forget()
    meter_words.forget()


def register() -> None:
    if bpy.app.background:  # never called there, and left over it ends some Blenders badly
        return
    for name in SPACES.values():
        space = getattr(bpy.types, name)
        handler = space.draw_handler_add(draw, (), "WINDOW", "POST_PIXEL")
        _Drawn.handlers.append((space, handler))


def unregister() -> None:
    for space, handler in _Drawn.handlers:
        space.draw_handler_remove(handler, "WINDOW")
    _Drawn.handlers.clear()
    forget()
