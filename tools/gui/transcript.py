# SPDX-License-Identifier: GPL-3.0-or-later
"""The transcript in the Line panel: what was heard, taken over, transcribed; the engine is fake.

Option: `line` is a sound file.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import bpy

sys.path.insert(0, str(Path(__file__).parent))

import scene
from stage import PRESS, Flow, Stage

TRANSCRIBE, USE = "bpy.ops.thunder.transcribe(", "bpy.ops.thunder.use_heard_words("
HEARD = "Maybe Pam found five brown puppies in the warm village above. We move, we wave."
AGAIN = "Maybe Pam found five brown puppies"
SECONDS = 1.0  # that the engine takes
SOON = 60.0


def transcript(stage: Stage) -> Flow:
    scene.empty()
    put_engine()
    scene.load(stage.options["line"])
    bpy.ops.thunder.create_head()
    bpy.ops.thunder.generate("EXEC_DEFAULT", seed=7)
    told = {"transcript": "", "alignment": {"used": True, "words": [], "recognised": HEARD}}
    scene.takes()[0]["thunder_provenance"] = json.dumps(told, sort_keys=True)
    yield from stage.maximize("VIEW_3D")
    yield from stage.open_tab()
    yield from stage.settle(stage.area())
    stage.picture("heard")
    yield from stage.click_button(USE, across=(0.9, 0.87, 0.84, 0.8))
    yield from stage.until(lambda: strip().thunder_transcript == HEARD, SOON, "the words")
    yield from transcribe(stage)
    strip().thunder_transcript += " Bob"
    yield from ask(stage)


def transcribe(stage: Stage) -> Flow:
    """What was heard may go without a question."""
    x, y = yield from stage.click_button(TRANSCRIBE, across=(0.95, 0.9))
    yield from stage.until(lambda: strip().thunder_transcript == AGAIN, SOON, "to be heard again")
    yield from stage.point(x, y)
    stage.picture("transcribed")
    stage.results["button"] = [x, y]


def ask(stage: Stage) -> Flow:
    """What was typed may not; Return says that it may."""
    x, y = stage.results["button"]
    yield from stage.press(x, y)
    yield 1.0
    stage.picture("asked")
    stage.results["kept"] = strip().thunder_transcript
    yield PRESS
    yield from stage.key("RET")
    yield from stage.until(lambda: strip().thunder_transcript == AGAIN, SOON, "Replace to be said")
    bpy.context.preferences.view.ui_scale = 2.0
    strip().thunder_transcript = ""
    yield from stage.settle(stage.area())
    stage.picture("heard-2x")


def strip() -> Any:
    return scene.sequence()


def put_engine() -> None:
    """An engine that hears the same words in every sound."""
    contract = scene.room("model_runtime.contract")
    heard = contract.Recognised(AGAIN, "Recognised 6 words")
    fake = scene.room("thunder_blender.engine_fake").FakeEngine(
        seconds_per_line=SECONDS, answers={contract.RecogniseRequest: lambda _question: heard}
    )
    scene.room("thunder_blender.engine").set_engine(fake)


stage = Stage()
stage.play(transcript(stage))
