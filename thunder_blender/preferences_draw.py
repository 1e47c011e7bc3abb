# SPDX-License-Identifier: GPL-3.0-or-later
"""What the extension's preferences show. Drawing only."""

from __future__ import annotations

import textwrap

import bpy

from ..model_runtime.contract import Progress, ThunderError
from . import (
    engine,
    preferences,
    runtime,
    runtime_actions,
    runtime_devices,
    runtime_lock,
    runtime_watch,
)
from .text import LABELS, draw_lines, draw_value

LETTER = 5.9  # pixels that a letter takes on average, at scale 1
MARGIN = 80  # pixels for borders and an icon, at scale 1


def draw(
    layout: bpy.types.UILayout,
    context: bpy.types.Context,
    own: preferences.ThunderPreferences,
) -> None:
    """The whole page: device, runtime, models, engine."""
    layout.use_property_split = True
    layout.use_property_decorate = False
    draw_device(layout.column(), context, own)
    layout.separator()
    draw_runtime(layout.column(), context, own)
    layout.separator()
    draw_weights(layout.column(), context, own)
    layout.separator()
    draw_engine(layout.column(), own)


def draw_device(
    layout: bpy.types.UILayout,
    context: bpy.types.Context,
    own: preferences.ThunderPreferences,
) -> None:
    """The device, and what was found on this machine."""
    layout.prop(own, "device")
    for item in runtime_devices.detect():
        label = runtime_devices.LABELS[item.device]
        note(layout, context, f"Found {label}: {item.name} ({item.evidence})")
    if report := runtime_watch.last_report():
        note(layout, context, f"Tested: {report.device_name} ({report.device})", "CHECKMARK")
    if own.device != runtime_devices.AUTO and not runtime_devices.detected(own.device):
        label = runtime_devices.LABELS[own.device]
        note(layout, context, f"No sign of {label} on this machine", "ERROR")


def draw_runtime(
    layout: bpy.types.UILayout,
    context: bpy.types.Context,
    own: preferences.ThunderPreferences,
) -> None:
    """The Python of the engine: the installed runtime or another interpreter."""
    installed = runtime.read_installed(preferences.runtime_folder())
    if installed:
        torch = installed.packages.get("torch", "unknown")
        draw_value(layout, "Runtime", f"{installed.target}, torch {torch}")
        if installed.target != (wanted := runtime_actions.wanted_target()):
            note(layout, context, f"For this device there is also {wanted}", "INFO")
    else:
        draw_value(layout, "Runtime", "Not installed")
    if work := runtime_watch.busy():
        draw_progress(layout, work.progress)
    else:
        draw_buttons(layout, context, installed is not None)
    if not installed:
        layout.prop(own, "python")
    draw_in_use(layout, context)
    draw_addresses(layout, own)


def draw_buttons(layout: bpy.types.UILayout, context: bpy.types.Context, installed: bool) -> None:
    """Install, remove, test; what cannot be done now is greyed out with its reason below."""
    reason = runtime_actions.online_reason()
    row = indented(layout).row(align=True)
    online = row.row(align=True)
    online.enabled = not reason
    label = "Install Again" if installed else "Install Runtime"
    online.operator("thunder.install_runtime", text=label, icon="IMPORT")
    row.operator("thunder.install_runtime_from", text="From File", icon="FILE_FOLDER")
    row.operator("thunder.remove_runtime", text="", icon="TRASH")
    if not reason and not installed:
        target = runtime_actions.wanted_target()
        size = runtime_lock.gigabytes(target)
        note(layout, context, f"For {target}: takes about {size:.1f} GB on the disk")
        if target not in runtime_lock.TRIED:
            note(layout, context, runtime_lock.UNTRIED, "INFO")
    if reason:
        note(layout, context, reason, "INFO")
    if not bpy.app.online_access:
        opened = indented(layout).operator(
            "thunder.open_preferences", text="Network Preferences", icon="PREFERENCES"
        )
        opened.section = "SYSTEM"
    indented(layout).operator("thunder.test_runtime", icon="PLAY")
    draw_outcome(layout, context)


def draw_progress(layout: bpy.types.UILayout, progress: Progress) -> None:
    """How far the installation or the test is, and Cancel."""
    column = indented(layout).column(align=True)
    text = f"{progress.stage} {progress.fraction:.0%}"
    column.progress(factor=progress.fraction, type="BAR", text=text)
    column.operator("thunder.cancel_runtime", icon="X")


def draw_outcome(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """What came of the last button."""
    sentence, failed = runtime_watch.said()
    if sentence:
        note(layout, context, sentence, "ERROR" if failed else "CHECKMARK")


def draw_in_use(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """Which interpreter would run the engine now, or why there is none."""
    try:
        found = preferences.find_python(wait=False)
    except ThunderError as error:
        note(layout, context, str(error), "ERROR")
    else:
        path = "" if found.source == runtime.INSTALLED else f", {found.python}"
        note(layout, context, f"In use: {found.source}{path}")


def draw_weights(
    layout: bpy.types.UILayout,
    context: bpy.types.Context,
    own: preferences.ThunderPreferences,
) -> None:
    """The folder of other models, and what it holds or what is wrong with it."""
    layout.prop(own, "weights")
    try:
        weights = preferences.chosen_weights()
    except ThunderError as error:
        note(layout, context, str(error), "ERROR")
        return
    for line in weights.told() if weights else ("The bundled models",):
        note(layout, context, line)


def draw_addresses(layout: bpy.types.UILayout, own: preferences.ThunderPreferences) -> None:
    layout.prop(own, "index")
    layout.prop(own, "torch_index")


def draw_engine(layout: bpy.types.UILayout, own: preferences.ThunderPreferences) -> None:
    """How the engine listens, when its process ends, and ending it now."""
    layout.prop(own, "recognise_words")
    layout.prop(own, "idle_minutes")
    current = engine.current_engine()
    draw_value(layout, "Engine", current.status if current else "Off")
    indented(layout).operator("thunder.free_gpu", icon="CANCEL")


def indented(layout: bpy.types.UILayout) -> bpy.types.UILayout:
    """Where the values of the properties stand."""
    split = layout.split(factor=LABELS)
    split.label(text="")
    return split


def note(
    layout: bpy.types.UILayout, context: bpy.types.Context, text: str, icon: str = "NONE"
) -> None:
    """A sentence under a property, over as many lines as it needs."""
    draw_lines(indented(layout), textwrap.wrap(text, letters(context)), icon)


def letters(context: bpy.types.Context) -> int:
    """How many letters fit beside the labels."""
    scale = context.preferences.system.ui_scale
    width = context.region.width / scale if context.region else 600.0
    return max(24, int((width * (1.0 - LABELS) - MARGIN) / LETTER))
