# SPDX-License-Identifier: GPL-3.0-or-later
"""What the user chooses in the sidebar, and what the panels show of the running job.

Choices of a scene stay with the scene; how a character performs stays with its mesh, so that each
character has its own and its intensity and emotion can be animated; the job's status stays with
the window manager and is never saved.
"""

from __future__ import annotations

import bpy

from ..model_runtime.contract import (
    ARTICULATION_RANGE,
    AUTO,
    EMOTIONS,
    INTENSITY_RANGE,
    SEED_RANGE,
    SMOOTHING_RANGE,
    WeightsError,
)
from . import compat_panels, layers, request, rig
from .head import AVERAGE, identity_names

EnumItem = tuple[str, str, str]
_items: list[EnumItem] = []  # Blender reads these strings later, so they must stay alive

EMOTION_ITEMS = (
    (AUTO, "Auto", "Leave the emotion to the model, which follows the sound", 0),
    *(
        (name, name.title(), f"Perform the line {name}", number)
        for number, name in enumerate(EMOTIONS, start=1)
    ),
)


LAYER_ITEMS = (
    (layers.WHOLE, "Whole Face", "The take moves all of the face and the head"),
    (
        layers.MOUTH,
        "Mouth Only",
        "The take has curves for the mouth alone; over other animation "
        "it brings the speech and leaves the rest",
    ),
    (
        layers.UPPER,
        "Upper Face Only",
        "The take has curves for brows and eyes alone, to be put over other animation of the mouth",
    ),
)


def _padlock(group: str, what: str) -> bpy.props.BoolProperty:
    """A group of channels that new takes of a line leave as they are in its chosen take."""
    return bpy.props.BoolProperty(
        name=f"Lock {group}",
        description=f"New takes of a line keep {what} of its chosen take, to the bit; so do "
        "Regenerate Range, Variants and Best of N",
        default=False,
        options=set(),
    )


def identity_items(_owner: object, _context: bpy.types.Context | None) -> list[EnumItem]:
    """The identities as enum items; only the average one while the head's file is missing."""
    if not _items:
        try:
            names = identity_names()
        except WeightsError:
            return [(AVERAGE, AVERAGE.title(), "The bundled head is missing")]
        _items.extend((name, name.replace("_", " ").title(), "") for name in names)
    return _items


def _is_rig(_owner: object, candidate: bpy.types.Object) -> bool:
    return rig.find_rig(candidate) is not None


def _strip_names(_owner: object, context: bpy.types.Context, typed: str) -> list[str]:
    return [
        name for name in request.sound_strip_names(context) if typed.casefold() in name.casefold()
    ]


class ThunderSceneProperties(bpy.types.PropertyGroup):
    """Choices that belong to a scene."""

    identity: bpy.props.EnumProperty(
        name="Identity",
        description="Whose face the next head gets",
        items=identity_items,
        options=set(),
    )
    rig: bpy.props.PointerProperty(
        name="Rig",
        description="Character that performs; when empty, the one of the active object",
        type=bpy.types.Object,
        poll=_is_rig,
    )
    strip: bpy.props.StringProperty(
        name="Strip",
        description="Sound strip that holds the line; when empty, the sequencer's active strip",
        search=_strip_names,
        options=set(),
    )

    def performance(self, context: bpy.types.Context) -> ThunderPerformance:
        """The settings of the current rig, for presets. Raises RigError when there is none."""
        return request.required_rig(context).mesh.thunder


def _take_index(self: ThunderPerformance) -> int:
    return bpy.data.actions.find(self.take.name) if self.take else -1


def _select_take(self: ThunderPerformance, index: int) -> None:
    self.take = bpy.data.actions[index] if 0 <= index < len(bpy.data.actions) else None


class ThunderPerformance(bpy.types.PropertyGroup):
    """How a character performs its next take. On the rig's mesh object."""

    seed: bpy.props.IntProperty(
        name="Seed",
        description="Which of the many possible performances: the same seed and settings always "
        "give the same take",
        min=SEED_RANGE[0],
        max=SEED_RANGE[1],
        default=1,
        options=set(),
    )
    lock_seed: bpy.props.BoolProperty(
        name="Lock Seed",
        description="Keep the seed after a take, to compare settings on the same performance. "
        "Unlocked, each take rolls a new seed, since the same one would give the same take again",
        default=False,
        options=set(),
    )
    intensity: bpy.props.FloatProperty(
        name="Intensity",
        description="How strong the expression is: 0 is a calm face that speaks, 1 as in life, "
        "more is exaggerated. Animate it to change within a line",
        min=INTENSITY_RANGE[0],
        max=INTENSITY_RANGE[1],
        default=1.0,
        step=5,
        precision=2,
        subtype="FACTOR",
    )
    emotion: bpy.props.EnumProperty(
        name="Emotion",
        description="How the line is felt. Animate it to change within a line",
        items=EMOTION_ITEMS,
        default=AUTO,
    )
    articulation: bpy.props.FloatProperty(
        name="Articulation",
        description="How far the mouth goes between its closures: less mumbles, more over-speaks",
        min=ARTICULATION_RANGE[0],
        max=ARTICULATION_RANGE[1],
        default=1.0,
        step=5,
        precision=2,
        subtype="FACTOR",
        options=set(),
    )
    smoothing: bpy.props.FloatProperty(
        name="Smoothing",
        description="Calms small movements; lips that close stay closed",
        min=SMOOTHING_RANGE[0],
        max=SMOOTHING_RANGE[1],
        default=0.0,
        step=5,
        precision=2,
        subtype="FACTOR",
        options=set(),
    )
    variants: bpy.props.IntProperty(
        name="Variants",
        description="How many takes to generate at once, each with a seed of its own",
        min=2,
        max=64,
        soft_max=16,
        default=4,
        options=set(),
    )
    best_keep: bpy.props.EnumProperty(
        name="Keep",
        description="Which takes Best of N keeps",
        items=(
            ("BEST", "Best", "Sketch every seed and perform the best one: the quickest"),
            ("ALL", "All", "Perform and measure every seed and keep all of the takes"),
        ),
        default="BEST",
        options=set(),
    )
    layer: bpy.props.EnumProperty(
        name="Layer",
        description="Which part of the face the next take is for",
        items=LAYER_ITEMS,
        default=layers.WHOLE,
        options=set(),
    )
    lock_mouth: _padlock("Mouth", "the jaw, lips, cheeks and tongue")
    lock_brows: _padlock("Brows", "the brows and the nose")
    lock_eyes: _padlock("Eyes", "the eyes and lids")
    lock_head: _padlock("Head", "the neck's turns")
    take: bpy.props.PointerProperty(
        name="Take",
        description="Take that is selected in the list of takes",
        type=bpy.types.Action,
    )
    take_index: bpy.props.IntProperty(
        name="Take",
        description="Place of the selected take among all Actions of the file",
        get=_take_index,
        set=_select_take,
    )


class ThunderStatus(bpy.types.PropertyGroup):
    """What the panels show of the running job, and of the last one that failed."""

    running: bpy.props.BoolProperty(name="Running", description="Whether a job runs", options=set())
    what: bpy.props.StringProperty(
        name="Line", description="Line and character that the job is for", options=set()
    )
    stage: bpy.props.StringProperty(
        name="Stage", description="What the job is doing", options=set()
    )
    fraction: bpy.props.FloatProperty(
        name="Done", description="Share that is done", subtype="FACTOR", min=0, max=1, options=set()
    )
    seconds_left: bpy.props.FloatProperty(
        name="Time Left",
        description="Estimated time until the job is done; below zero while it is not known",
        subtype="TIME_ABSOLUTE",
        unit="TIME_ABSOLUTE",
        default=-1.0,
        options=set(),
    )
    takes_left: bpy.props.IntProperty(
        name="Takes Left", description="Takes still to come", min=0, options=set()
    )
    error: bpy.props.StringProperty(
        name="Last Error",
        description="Why the last job gave no take, and what to do about it",
        options=set(),
    )
    needs_runtime: bpy.props.BoolProperty(
        name="Needs the Preferences",
        description="Whether the last error is settled in the extension's preferences",
        options=set(),
    )


register_classes, unregister_classes = bpy.utils.register_classes_factory(
    (ThunderSceneProperties, ThunderPerformance, ThunderStatus)
)


def register() -> None:
    register_classes()
    bpy.types.Scene.thunder = bpy.props.PointerProperty(type=ThunderSceneProperties)
    bpy.types.Object.thunder = bpy.props.PointerProperty(type=ThunderPerformance)
    bpy.types.WindowManager.thunder = bpy.props.PointerProperty(
        type=ThunderStatus, options={"SKIP_SAVE"}
    )
    compat_panels.sound_strip_type().thunder_transcript = bpy.props.StringProperty(
        name="Transcript",
        description="What is said in this line, in English, kept with the strip. The next take "
        "closes the lips where these words need it. Without it the English words that are "
        "recognised in the sound do that; where neither fits, the sound alone decides",
        options=set(),
    )


def unregister() -> None:
    del compat_panels.sound_strip_type().thunder_transcript
    del bpy.types.WindowManager.thunder
    del bpy.types.Object.thunder
    del bpy.types.Scene.thunder
    unregister_classes()
    _items.clear()
