# SPDX-License-Identifier: GPL-3.0-or-later
"""What a take knows of its line's transcript: when each word is said, or why it was left unused."""

from __future__ import annotations

import json
from typing import Any

import bpy

from . import request, takes
from .take_marks import PROVENANCE

UNUSED = '"used": false'  # how the provenance's JSON says it; spares reading it while drawing


def alignment_of(action: bpy.types.Action) -> dict[str, Any]:
    """`used`, `score`, `note`, `words` and `phones` of a take; empty without a transcript.

    Seconds count from where the take's sound starts (docs/transcript.md).
    """
    try:
        found = json.loads(action.get(PROVENANCE, "{}")).get("alignment", {})
    except (TypeError, ValueError, AttributeError):  # changed by hand
        return {}
    return found if isinstance(found, dict) else {}


def unused_reason(context: bpy.types.Context) -> str:
    """Why the take that plays for the current line left its transcript unused; empty when not."""
    rig, line_id = request.current_rig(context), request.current_line_id(context)
    action = takes.chosen_take(rig, line_id) if rig and line_id else None
    if action is None or UNUSED not in str(action.get(PROVENANCE, "")):
        return ""
    return str(alignment_of(action).get("note", ""))
