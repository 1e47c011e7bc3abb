# SPDX-License-Identifier: GPL-3.0-or-later
"""Sentences in the sidebar: labels do not wrap by themselves."""

from __future__ import annotations

import textwrap

import bpy

LETTER = 6.3  # pixels that a letter of the default font takes on average, at scale 1
MARGIN = 56  # pixels for the panel's borders and an icon, at scale 1
NARROWEST = 16  # letters


def draw_sentence(
    layout: bpy.types.UILayout, context: bpy.types.Context, sentence: str, icon: str = "NONE"
) -> bpy.types.UILayout:
    """A sentence over as many lines as the region's width needs; returns their column."""
    column = layout.column(align=True)
    column.scale_y = 0.85
    for number, text in enumerate(textwrap.wrap(sentence, letters(context))):
        indented = "BLANK1" if icon != "NONE" else "NONE"
        column.label(text=text, icon=indented if number else icon)
    return column


def letters(context: bpy.types.Context) -> int:
    """How many letters fit into a line of the region."""
    scale = context.preferences.system.ui_scale
    width = context.region.width if context.region else 240
    return max(NARROWEST, int((width / scale - MARGIN) / LETTER))
