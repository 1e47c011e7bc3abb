# SPDX-License-Identifier: GPL-3.0-or-later
"""Words that are drawn: sentences, which labels do not wrap by themselves, and values to read."""

from __future__ import annotations

import textwrap

import bpy

LETTER = 6.3  # pixels that a letter of the default font takes on average, at scale 1
MARGIN = 56  # pixels for the panel's borders and an icon, at scale 1
NARROWEST = 16  # letters
LABELS = 0.4  # share of the width that property split gives to labels


def draw_sentence(
    layout: bpy.types.UILayout,
    context: bpy.types.Context,
    sentence: str,
    icon: str = "NONE",
    indent: int = 0,
) -> bpy.types.UILayout:
    """A sentence over as many lines as the region's width needs; returns their column.

    `indent` is how many letters fewer than in a whole panel there is room for.
    """
    return draw_lines(layout, lines_of(sentence, letters(context) - indent), icon)


def draw_lines(
    layout: bpy.types.UILayout, lines: list[str], icon: str = "NONE"
) -> bpy.types.UILayout:
    """Lines close together, the icon before the first; returns their column."""
    column = layout.column(align=True)
    column.scale_y = 0.85
    for number, text in enumerate(lines):
        indented = "BLANK1" if icon != "NONE" else "NONE"
        column.label(text=text, icon=indented if number else icon)
    return column


def lines_of(sentence: str, room: int) -> list[str]:
    return textwrap.wrap(full_stop(sentence), max(NARROWEST, room))


def full_stop(sentence: str) -> str:
    return sentence if sentence.endswith((".", "!", "?")) else f"{sentence}."


def letters(context: bpy.types.Context) -> int:
    """How many letters fit into a line of the region."""
    return int((width(context) - MARGIN) / LETTER)


def width(context: bpy.types.Context) -> float:
    """Width of the region in pixels of scale 1."""
    scale = context.preferences.system.ui_scale
    return context.region.width / scale if context.region else 240.0


def draw_value(layout: bpy.types.UILayout, label: str, value: str) -> None:
    """A value that is only read, aligned with the properties around it."""
    split = layout.split(factor=LABELS)
    left = split.row()
    left.alignment = "RIGHT"
    left.label(text=label)
    split.label(text=value)
