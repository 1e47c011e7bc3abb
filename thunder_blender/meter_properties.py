# SPDX-License-Identifier: GPL-3.0-or-later
"""What the user chooses of the meter: where it is drawn, what counts as weak, Live."""

from __future__ import annotations

from typing import Any

import bpy

from . import meter_draw, meter_record, meter_watch

EDITORS = {  # property: label
    "in_timeline": "Timeline",
    "in_dope_sheet": "Dope Sheet",
    "in_graph_editor": "Graph Editor",
    "in_nla": "NLA",
    "in_sequencer": "Sequencer",
}


def _redraw(_owner: Any, _context: bpy.types.Context) -> None:
    meter_draw.redraw()


def _live_changed(owner: Any, _context: bpy.types.Context) -> None:
    if owner.live:
        meter_watch.soon()


def _switch(label: str) -> Any:
    return bpy.props.BoolProperty(
        name="Lip-Sync Meter",
        description=f"Draw the lip-sync meter over the {label}",
        default=True,
        options=set(),
        update=_redraw,
    )


class ThunderMeterProperties(bpy.types.PropertyGroup):
    """The meter's choices, kept with a scene."""

    live: bpy.props.BoolProperty(
        name="Live",
        description="Measure again what was changed, a moment after each edit",
        default=False,
        options=set(),
        update=_live_changed,
    )
    threshold: bpy.props.FloatProperty(
        name="Weak Below",
        description="Spans whose value is below this are marked, and are where Jump goes",
        default=meter_record.WEAK,
        min=0.05,
        max=0.95,
        step=5,
        options=set(),
        update=_redraw,
    )
    in_timeline: _switch(EDITORS["in_timeline"])
    in_dope_sheet: _switch(EDITORS["in_dope_sheet"])
    in_graph_editor: _switch(EDITORS["in_graph_editor"])
    in_nla: _switch(EDITORS["in_nla"])
    in_sequencer: _switch(EDITORS["in_sequencer"])


class ThunderMeterStatus(bpy.types.PropertyGroup):
    """What the panels show of a running measurement; never saved."""

    running: bpy.props.BoolProperty(options={"HIDDEN", "SKIP_SAVE"})
    stage: bpy.props.StringProperty(options={"HIDDEN", "SKIP_SAVE"})
    fraction: bpy.props.FloatProperty(options={"HIDDEN", "SKIP_SAVE"})
    error: bpy.props.StringProperty(options={"HIDDEN", "SKIP_SAVE"})


CLASSES = (ThunderMeterProperties, ThunderMeterStatus)


def register() -> None:
    for each in CLASSES:
        bpy.utils.register_class(each)
    bpy.types.Scene.thunder_meter = bpy.props.PointerProperty(type=ThunderMeterProperties)
    bpy.types.WindowManager.thunder_meter = bpy.props.PointerProperty(type=ThunderMeterStatus)


def unregister() -> None:
    del bpy.types.WindowManager.thunder_meter
    del bpy.types.Scene.thunder_meter
    for each in reversed(CLASSES):
        bpy.utils.unregister_class(each)
