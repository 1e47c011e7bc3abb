# SPDX-License-Identifier: GPL-3.0-or-later
"""Transcripts that are heard: asked of the engine, or taken over from a take that heard them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import bpy

from ..model_runtime.contract import Answer, Recognised, RecogniseRequest, Sound
from . import compat, lines, request, transcript
from .lines import Line, LineError
from .readiness import engine_reason

TRANSCRIBED = "thunder_transcribed"  # custom property of a strip: what was heard and written there
NOTHING_HEARD = "No take that plays for '{}' has recognised words; generate one, or use Transcribe"
TYPED = "'{}' has a transcript; empty it first"


@dataclass(frozen=True)
class Transcribing:
    """One line whose words are wanted. It names data-blocks, so that it stays true through undo."""

    scene: str
    line: Line
    question: RecogniseRequest

    def land(self, answer: Answer) -> str:
        """Write the words into the line's transcript, and say so. Raises LineError."""
        assert isinstance(answer, Recognised), "a RecogniseRequest is answered with Recognised"
        name, scene = self.line.strip_name, bpy.data.scenes.get(self.scene)
        strip = scene and lines.find_strip(scene, self.line.line_id)
        if not strip:
            raise LineError(
                f"The strip '{name}' was deleted meanwhile. Undo that, and transcribe again."
            )
        if strip.thunder_transcript.strip() != self.line.transcript:
            raise LineError(
                f"The transcript of '{name}' was changed meanwhile, so it stays as it is. "
                "Transcribe again."
            )
        if not answer.text:
            return answer.sentence
        write(strip, answer.text)
        return f"{answer.sentence} in {strip.name}. Correct what was misheard, and generate again"


def transcribing(context: bpy.types.Context, name: str = "", replace: bool = False) -> Transcribing:
    """What to ask of a line's sound: the strip that is named, else the current one.

    Raises LineError where there is none, and where a transcript was typed that may not go.
    """
    scene, strip = compat.sequencer_scene(context), _strip(context, name)
    line = lines.line_of_strip(scene, strip)
    if is_typed(strip) and not replace:
        raise LineError(
            f"The strip '{strip.name}' has a transcript already. Empty it first, or call with "
            "replace=True."
        )
    question = RecogniseRequest(Sound(line.path, line.start, line.duration))
    return Transcribing(scene.name, line, question)


def asks_first(context: bpy.types.Context, name: str) -> bool:
    """Whether a transcript would be lost that somebody typed."""
    scene = compat.sequencer_scene(context)
    strip = lines.find_strip(scene, name) if name else request.current_strip(context)
    return strip is not None and strip.type == "SOUND" and is_typed(strip)


def is_typed(strip: Any) -> bool:
    """Whether a strip's transcript is more than what was heard."""
    return strip.thunder_transcript.strip() not in ("", str(strip.get(TRANSCRIBED, "")).strip())


def write(strip: Any, text: str) -> None:
    """Make what was heard the strip's transcript."""
    strip.thunder_transcript = strip[TRANSCRIBED] = text


def disabled_reason(context: bpy.types.Context, from_panel: bool) -> str:
    """Why nothing can be transcribed; cheap enough for drawing. Scripts may still name a strip."""
    there = request.has_sound_strips(context)
    reason = request.strip_reason(context) if from_panel else "" if there else request.NO_STRIP
    return reason or engine_reason()


def use_heard(context: bpy.types.Context) -> str:
    """Make what the playing take heard the line's transcript. Raises LineError."""
    if reason := unheard_reason(context):
        raise LineError(f"{reason}.")
    strip = request.current_strip(context)
    write(strip, transcript.heard_words(context))
    return f"The transcript of {strip.name} is what was heard; correct it, and generate again"


def unheard_reason(context: bpy.types.Context) -> str:
    """Why no heard words can be taken over; empty when they can."""
    if reason := request.strip_reason(context):
        return reason
    strip = request.current_strip(context)
    if strip.thunder_transcript.strip():
        return TYPED.format(strip.name)
    return "" if transcript.heard_words(context) else NOTHING_HEARD.format(strip.name)


def _strip(context: bpy.types.Context, name: str) -> Any:
    if not name:
        if reason := request.strip_reason(context):
            raise LineError(f"{reason}.")
        return request.current_strip(context)
    strip = lines.find_strip(compat.sequencer_scene(context), name)
    if strip is None:
        raise LineError(f"{request.NO_SUCH_STRIP.format(name)}.")
    return strip


def heard_tooltip(context: bpy.types.Context, about: str) -> str:
    """What the button does, and all the words that it would write."""
    words = transcript.heard_words(context)
    return f"{about}.\n\n{words}" if words else about
