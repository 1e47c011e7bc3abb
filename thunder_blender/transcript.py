# SPDX-License-Identifier: GPL-3.0-or-later
"""What a take knows of its line's transcript: when each word is said, or why it was left unused."""

from __future__ import annotations

import json
from typing import Any

import bpy

from . import request, takes
from .take_marks import PROVENANCE

UNUSED = '"used": false'  # how the provenance's JSON says it; spares reading it while drawing
HEARD = '"recognised": '  # and what stands before the words that were heard


def alignment_of(action: bpy.types.Action) -> dict[str, Any]:
    """`used`, `score`, `note`, `words` and `phones` of a take; empty without a transcript.

    Seconds count from where the take's sound starts (docs/transcript.md).
    """
    try:
        found = json.loads(action.get(PROVENANCE, "{}")).get("alignment", {})
    except (TypeError, ValueError, AttributeError):  # changed by hand
        return {}
    return found if isinstance(found, dict) else {}


def heard_words(context: bpy.types.Context) -> str:
    """What was recognised in the current line by the take that plays for it; empty where a
    transcript told its words, or nothing did. Cheap enough for drawing."""
    action = _playing(context)
    _, found, rest = str(action.get(PROVENANCE, "") if action else "").partition(HEARD)
    try:
        words = json.JSONDecoder().raw_decode(rest)[0] if found else ""
    except ValueError:  # changed by hand
        return ""
    return words.strip() if isinstance(words, str) else ""


def _playing(context: bpy.types.Context) -> bpy.types.Action | None:
    """The take that plays for the current line."""
    rig, line_id = request.current_rig(context), request.current_line_id(context)
    return takes.chosen_take(rig, line_id) if rig and line_id else None


def unused_reason(context: bpy.types.Context) -> str:
    """Why the take that plays for the current line left its transcript unused; empty when not."""
    action = _playing(context)
    if action is None or UNUSED not in str(action.get(PROVENANCE, "")):
        return ""
    return str(alignment_of(action).get("note", ""))
