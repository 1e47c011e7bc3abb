# SPDX-License-Identifier: GPL-3.0-or-later
"""One line in an artist's hands: spoilt, flagged, repaired, heard, made anew in part, best of four.

The real engine and model. Options: `line` is a sound file, `closure` its seconds of a p, b or m,
`again` the seconds that Regenerate Range is shown on.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import bpy

sys.path.insert(0, str(Path(__file__).parent))

import desk
import scene
from stage import Flow, Stage, StageError

RATE, SEED, SEEDS = 25, 3, 4
OPENED = "0.13"  # typed: how much further the jaw opens
MINE = "My Brows"
MARGIN = 2  # frames beside the closure that are moved with it
MOVED, EVERYTHING = 120, 1e6  # pixels
SLOW = 180.0  # seconds for what takes 5 on a machine that has nothing else to do
GENERATE, MEASURE, REPAIR = (f"bpy.ops.thunder.{n}(" for n in ("generate", "measure", "repair"))
HEAR, RANGE, BEST = (f"bpy.ops.thunder.{n}(" for n in ("hear_mesh", "regenerate_range", "best_of"))
EDIT, BROWS = "bpy.ops.thunder.edit_take(", "thunder.lock_brows"
RIGHT, TOOLS = (0.8,), (0.95,)  # where in the panels' width a button of a pair lies


class Panel:
    """The sidebar's buttons, found once and looked for again where they are not any more."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.places: dict[str, tuple[int, int]] = {}

    def click(self, start: str, near: str = "", **where: Any) -> Flow:
        """Click a button; one that is not known yet is looked for from a known one down."""
        known = self._place(start)
        if known is not None:
            try:
                yield from self.stage.click_again(start, *known)
                return
            except StageError:
                near = start
        if near and (beside := self._place(near)):
            where["top"] = beside[1] + MOVED
        self.places |= yield from self.stage.buttons(stop=start, deep=EVERYTHING, **where)
        place = self._place(start)
        if place is None:
            raise StageError(f"there is no button {start}; seen: {sorted(self.places)}")
        yield from self.stage.click_again(start, *place)

    def _place(self, start: str) -> tuple[int, int] | None:
        return next((at for name, at in self.places.items() if name.startswith(start)), None)


def session(stage: Stage) -> Flow:
    panel = Panel(stage)
    for part in (begin, spoil, repair, hear, make_anew, best_of, escape):
        start = time.monotonic()
        yield from part(stage, panel)
        stage.results.setdefault("seconds", {})[part.__name__] = round(time.monotonic() - start, 1)
        stage.results.setdefault("mine", {})[part.__name__] = desk.digest(desk.keys_of(mine()))


def begin(stage: Stage, panel: Panel) -> Flow:
    """The line is generated and measured."""
    scene.empty()
    bpy.context.scene.render.fps = RATE
    scene.load(stage.options["line"])
    yield from desk.arrange(stage)
    with stage.over():
        bpy.ops.thunder.create_head()
    own = scene.rig().mesh.thunder
    own.seed, own.lock_seed, own.variants = SEED, True, SEEDS
    key_by_hand()
    stage.results["mine"] = {"at first": desk.digest(desk.keys_of(mine()))}
    desk.show_head(stage)
    yield from stage.open_tab()
    yield from panel.click(GENERATE)
    yield from stage.until(lambda: scene.status().running or scene.takes(), SLOW, "the start")
    stage.picture("00-generating")
    yield from stage.until(scene.takes, SLOW, "a take")
    yield from stage.until(lambda: not scene.status().running, 20, "the panels to rest")
    desk.show_line(stage)
    yield from measured(stage, panel)
    frames = range(closure(stage)[0] - 1, closure(stage)[1] + 2)
    stage.results["tight"] = min(zip(desk.aperture(frames), frames, strict=True))[1]
    bpy.context.scene.frame_set(stage.results["tight"])
    yield from rest(stage)
    stage.picture("01-generated")
    stage.results["good"] = look(stage)
    yield from unmeasured(stage)


def unmeasured(stage: Stage) -> Flow:
    """Ctrl Z takes the measurement back, and redo brings it."""
    known = take()["thunder_measured"]
    yield from stage.key("Z", ctrl=True)
    yield from stage.until(lambda: "thunder_measured" not in take(), 20, "undo of Measure")
    yield from stage.key("Z", ctrl=True, shift=True)
    yield from stage.until(lambda: take().get("thunder_measured") == known, 20, "redo of it")
    bpy.context.scene.frame_set(stage.results["tight"])  # the frame is undone as well
    yield from rest(stage)


def spoil(stage: Stage, panel: Panel) -> Flow:
    """Edit Take, box select the jaw's keys over a closure, move them up, measure again."""
    first, last = closure(stage)
    frames = first - MARGIN, last + MARGIN
    yield from panel.click(EDIT, RANGE, across=TOOLS)
    yield from stage.until(editing, 20, "the take to be open")
    yield from desk.show_curve(stage, "jawOpen", *frames)
    yield from desk.pick_keys(stage, jaw(), *frames)
    stage.results["picked"] = sorted(desk.chosen_keys(jaw()))
    stage.picture("02-picked")
    before = hash_now()
    yield from stage.key("G")
    yield from stage.key("Y")
    yield from desk.type_text(stage, OPENED)
    stage.picture("03-moving")
    yield from stage.key("RET")
    yield from stage.until(lambda: hash_now() != before, 20, "the keys to move")
    yield from rest(stage)
    stage.picture("04-spoilt")
    yield from measured(stage, panel)
    bpy.context.scene.frame_set(first - RATE // 2)
    yield from over_curves(stage)
    yield from stage.key("UP_ARROW", shift=True, alt=True)
    now = bpy.context.scene
    yield from stage.until(lambda: now.frame_current > first - RATE // 2, 20, "the jump")
    stage.results["jumped_to"] = now.frame_current
    yield from rest(stage)
    stage.picture("05-flagged")
    stage.results["spoilt"] = look(stage)


def repair(stage: Stage, panel: Panel) -> Flow:
    """Repair with the moved keys selected; Ctrl Z brings the spoilt closure back, redo mends it."""
    spoilt, keys = hash_now(), desk.keys_of(take())
    yield from panel.click(REPAIR)
    yield from stage.until(lambda: hash_now() != spoilt, SLOW, "the repair")
    yield from rest(stage)
    mended, now = hash_now(), desk.keys_of(take())
    done = json.loads(take()["thunder_provenance"])["repairs"][-1]
    span = frames_of(done["span"])
    stage.results["repair"] = done | {
        "before": desk.parts(keys, *span),
        "after": desk.parts(now, *span),
        "changed": desk.changed(keys, now),
    }
    yield from over_head(stage)
    yield from stage.key("Z", ctrl=True)
    yield from stage.until(lambda: hash_now() == spoilt, 20, "one undo to bring the spoilt one")
    yield from rest(stage)
    stage.picture("07-undone")
    yield from stage.key("Z", ctrl=True, shift=True)
    yield from stage.until(lambda: hash_now() == mended, 20, "redo to mend it again")
    yield from measured(stage, panel)
    bpy.context.scene.frame_set(stage.results["tight"])
    yield from rest(stage)
    stage.picture("06-repaired")
    stage.results["repaired"] = look(stage)


def hear(stage: Stage, panel: Panel) -> Flow:
    """A muted strip under the line; one undo takes it away."""
    before = strips()
    yield from panel.click(HEAR, REPAIR, across=RIGHT)
    yield from stage.until(lambda: len(strips()) > len(before), SLOW, "the strip")
    with desk.over(stage, "SEQUENCE_EDITOR"):
        bpy.ops.sequencer.view_all()
    yield from rest(stage)
    stage.picture("08-heard")
    stage.results["strips"] = {"before": before, "after": strips()}
    yield from over_head(stage)
    yield from stage.key("Z", ctrl=True)
    yield from stage.until(lambda: strips() == before, 20, "one undo to take the strip away")
    stage.results["sounds_left"] = [item.name for item in bpy.data.sounds if "Heard" in item.name]


def make_anew(stage: Stage, panel: Panel) -> Flow:
    """Regenerate Range on picked keys with the brows locked: a take beside, undone at once."""
    line = stage.options["again"]
    first, last = frames_of(line)
    old = take().name
    yield from panel.click(BROWS, GENERATE, across=RIGHT)
    if not scene.rig().mesh.thunder.lock_brows:
        raise StageError("the click did not close the padlock")
    yield from desk.show_curve(stage, "jawOpen", first, last)
    yield from desk.pick_keys(stage, jaw(), first, last)
    picked = desk.chosen_keys(jaw())
    stage.picture("09-range")
    keys = desk.keys_of(take())
    before = desk.parts(keys, min(picked), max(picked))
    yield from panel.click(RANGE)
    yield from stage.until(lambda: scene.chosen() != old, SLOW, "another take")
    yield from rest(stage)
    stage.picture("10-range-anew")
    new = scene.chosen()
    anew = desk.keys_of(bpy.data.actions[new])
    after = desk.parts(anew, min(picked), max(picked))
    stage.results["range"] = {
        "picked": [min(picked), max(picked)],
        "before": before,
        "after": after,
        "take": new,
        "changed": desk.changed(keys, anew),
    }
    yield from over_head(stage)
    yield from stage.key("Z", ctrl=True)
    yield from stage.until(lambda: scene.chosen() == old, 20, "undo to let the old take play")
    if new in bpy.data.actions:
        raise StageError("undo left the take that was made anew")


def best_of(stage: Stage, panel: Panel) -> Flow:
    """Four seeds compete; one take is kept, the best."""
    shown, names = listen(), {action.name for action in scene.takes()}
    yield from panel.click(BEST)
    yield from stage.until(lambda: shown, 20, "the contest to begin")
    yield from stage.until(lambda: part_done(shown), SLOW, "progress")
    stage.picture("11-best-of")
    yield from stage.until(lambda: len(scene.takes()) > len(names), SLOW, "the best take")
    yield from rest(stage)
    stage.picture("12-best-kept")
    new = [action for action in scene.takes() if action.name not in names]
    told = json.loads(new[0]["thunder_provenance"])
    stage.results["best"] = {
        "kept": [action.name for action in new],
        "plays": scene.chosen(),
        "seed": told["seed"],
        "tried": told["tried"],
        "shown": sorted(set(shown)),
    }
    name = new[0].name
    yield from over_head(stage)
    yield from stage.key("Z", ctrl=True)
    yield from stage.until(lambda: name not in bpy.data.actions, 20, "undo to take the best away")
    stage.results["best_undone"] = sorted(action.name for action in scene.takes()) == sorted(names)
    yield from stage.key("Z", ctrl=True, shift=True)
    yield from stage.until(lambda: scene.chosen() == name, 20, "redo to bring it back")


def escape(stage: Stage, panel: Panel) -> Flow:
    """Esc in the middle of it leaves nothing."""
    before = content()
    shown = listen()
    yield from panel.click(BEST)
    yield from stage.until(lambda: part_done(shown), SLOW, "progress")
    yield from over_head(stage)
    yield from stage.key("ESC")
    yield from stage.until(lambda: not contests(), 30, "Esc to end the contest")
    yield from rest(stage)
    stage.picture("13-escaped")
    stage.results["left_over"] = [item for item in content() if item not in before]
    stage.results["lost"] = [item for item in before if item not in content()]


# small things


def key_by_hand() -> None:
    """The artist's own animation of the face, which no button may touch."""
    block = scene.rig().keys.key_blocks["browInnerUp"]
    for frame, value in ((1, 0.0), (40, 0.35), (90, 0.1)):
        block.value = value
        block.keyframe_insert("value", frame=frame)
    scene.rig().keys.animation_data.action.name = MINE


def mine() -> Any:
    return bpy.data.actions[MINE]


def take() -> Any:
    """The take that plays."""
    return bpy.data.actions[scene.chosen()]


def hash_now() -> str:
    """Of the keys of the take that plays."""
    return desk.digest(desk.keys_of(take()))


def jaw() -> Any:
    return desk.curve_of(take(), "jawOpen")


def editing() -> Any:
    return scene.room("thunder_blender.take_edits").editing_take(scene.rig())


def frames_of(seconds: list[float]) -> tuple[int, int]:
    return round(1 + seconds[0] * RATE), round(1 + seconds[1] * RATE)


def closure(stage: Stage) -> tuple[int, int]:
    return frames_of(stage.options["closure"])


def measured(stage: Stage, panel: Panel) -> Flow:
    """Click Measure and wait for it."""
    status = bpy.context.window_manager.thunder_meter
    before = take().get("thunder_measured")
    yield from panel.click(MEASURE, GENERATE)
    yield from stage.until(
        lambda: take().get("thunder_measured") != before and not status.running, SLOW, "the meter"
    )


def look(stage: Stage) -> dict[str, Any]:
    """What is to be compared: the lips at the closure, the mesh elsewhere, keys, weak spans."""
    first, last = closure(stage)
    jumps = scene.room("thunder_blender.meter_jumps")
    with desk.over(stage, "GRAPH_EDITOR"):
        weak = [[s.first, s.last, s.span.sentence] for s in jumps.spans(bpy.context)]
    line_end = int(scene.takes() and take().frame_range[1])
    far = [f for f in range(1, line_end, 5) if f < first - RATE or f > last + RATE]
    return {
        "aperture": desk.aperture(range(first - 1, last + 2)),
        "mesh_far": desk.mesh_hash(far),
        "keys": desk.parts(desk.keys_of(take()), first - RATE, last + RATE),
        "weak": weak,
        "score": round(take()["thunder_meter"], 3),
    }


def strips() -> list[list[Any]]:
    """Name, channel, first frame and muting of the strips."""
    editor = bpy.context.window_manager.windows[0].scene.sequence_editor
    found = getattr(editor, "strips", None) or editor.sequences
    return sorted([s.name, s.channel, int(s.frame_final_start), s.mute] for s in found)


def listen() -> list[str]:
    """What Best of N writes into the status bar, from now on."""
    shown: list[str] = []
    cls = bpy.types.THUNDER_OT_best_of
    original = getattr(cls, "original_show", cls._show)
    cls.original_show = original

    def heard(self: Any, context: Any) -> None:
        original(self, context)
        shown.append(f"{self.job.progress.stage} {self.job.progress.fraction:.2f}")

    cls._show = heard
    return shown


def part_done(shown: list[str]) -> bool:
    return any(0.0 < float(text.rpartition(" ")[2]) < 1.0 for text in shown)


def contests() -> list[str]:
    found = bpy.context.window_manager.windows[0].modal_operators
    return [item.bl_idname for item in found if item and item.bl_idname == "THUNDER_OT_best_of"]


def content() -> list[str]:
    """Names of all data-blocks that a contest could leave, and of what plays."""
    rooms = (bpy.data.actions, bpy.data.objects, bpy.data.meshes, bpy.data.sounds, bpy.data.scenes)
    names = [f"{room.bl_rna.name} {item.name}" for room in rooms for item in room]
    return [*names, f"plays {scene.chosen()}", f"keys {hash_now()}"]


def over_head(stage: Stage) -> Flow:
    area = stage.area()
    stage._send("MOUSEMOVE", "NOTHING", area.x + area.width // 3, area.y + area.height // 2)
    yield desk.SOON


def over_curves(stage: Stage) -> Flow:
    area = stage.area("GRAPH_EDITOR")
    stage._send("MOUSEMOVE", "NOTHING", area.x + area.width // 2, area.y + area.height // 2)
    yield desk.SOON


def rest(stage: Stage) -> Flow:
    """The pointer off the buttons, everything drawn."""
    yield from over_head(stage)
    for area in stage.window.screen.areas:
        area.tag_redraw()
    yield 0.8


stage = Stage()
stage.play(session(stage))
