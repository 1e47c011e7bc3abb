# SPDX-License-Identifier: GPL-3.0-or-later
"""Every difference between Blender 4.2 and 5.2 that the other modules would trip over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import bpy

Channel = tuple[str, int]  # data path and index of a curve

SLOTTED = bpy.app.version >= (4, 4, 0)  # one Action can animate several data-blocks


@dataclass(frozen=True)
class ActionPart:
    """The share of an Action that animates one kind of data-block; no slot before 4.4."""

    action: bpy.types.Action
    slot: Any = None


def new_part(action: bpy.types.Action, id_type: str, slot_name: str) -> ActionPart:
    """Make room in `action` for curves of data-blocks of `id_type` ('KEY', 'OBJECT')."""
    if not SLOTTED:
        action.id_root = id_type
        return ActionPart(action)
    return ActionPart(action, action.slots.new(id_type=id_type, name=slot_name))


def part_curves(part: ActionPart) -> Any:
    """What owns `fcurves` and `groups` of this part: a channelbag, or the Action before 4.4."""
    if not SLOTTED:
        return part.action
    layer = part.action.layers[0] if part.action.layers else part.action.layers.new("Layer")
    strip = layer.strips[0] if layer.strips else layer.strips.new(type="KEYFRAME")
    return strip.channelbag(part.slot, ensure=True)


def find_part(action: bpy.types.Action, id_type: str) -> ActionPart | None:
    """The part of `action` for data-blocks of `id_type`; the first one where there are many."""
    if not SLOTTED:
        return ActionPart(action) if action.id_root == id_type else None
    slot = next((slot for slot in action.slots if slot.target_id_type == id_type), None)
    return ActionPart(action, slot) if slot else None


def assign_part(datablock: bpy.types.ID, part: ActionPart | None) -> None:
    """Let `part` animate `datablock`; None takes its Action away.

    The slot is always named: Blender picks one itself only where the names happen to match.
    """
    if part is None:
        if datablock.animation_data:
            datablock.animation_data.action = None
        return
    data = datablock.animation_data or datablock.animation_data_create()
    data.action = part.action
    if SLOTTED:
        data.action_slot = part.slot


def assigned_action(datablock: bpy.types.ID) -> bpy.types.Action | None:
    return datablock.animation_data.action if datablock.animation_data else None


def assigned_slot_identifier(datablock: bpy.types.ID) -> str:
    """Identifier of the slot in use; empty before 4.4 and where there is none."""
    data = datablock.animation_data
    return data.action_slot.identifier if SLOTTED and data and data.action_slot else ""


def part_by_identifier(action: bpy.types.Action, identifier: str) -> ActionPart:
    """The part whose slot has this identifier (see `assigned_slot_identifier`)."""
    if not SLOTTED:
        return ActionPart(action)
    return ActionPart(action, next((s for s in action.slots if s.identifier == identifier), None))


def assigned_part(datablock: bpy.types.ID) -> ActionPart | None:
    """The Action (and slot) that animates the data-block directly."""
    action = assigned_action(datablock)
    if action is None:
        return None
    return ActionPart(action, datablock.animation_data.action_slot if SLOTTED else None)


def strip_part(strip: Any) -> ActionPart:
    """The Action (and slot) that an NLA strip plays."""
    return ActionPart(strip.action, strip.action_slot if SLOTTED else None)


def fcurves(part: ActionPart | None) -> list[Any]:
    """The curves of a part; none where it has no slot or no layer."""
    if part is None:
        return []
    if not SLOTTED:
        return list(part.action.fcurves)
    if part.slot is None or not part.action.layers or not part.action.layers[0].strips:
        return []
    bag = part.action.layers[0].strips[0].channelbag(part.slot)
    return list(bag.fcurves) if bag else []


def action_curves(action: bpy.types.Action) -> list[Any]:
    """All curves of an Action, whatever they animate."""
    if not SLOTTED:
        return list(action.fcurves)
    return [curve for slot in action.slots for curve in fcurves(ActionPart(action, slot))]


def channels(part: ActionPart | None) -> set[Channel]:
    """The (data path, index) pairs that a part animates."""
    return {(curve.data_path, curve.array_index) for curve in fcurves(part)}


def goes_on(part: ActionPart) -> bool:
    """Whether a part still moves before its first or after its last key."""
    return any(c.extrapolation == "LINEAR" or len(c.modifiers) for c in fcurves(part))


def sequencer_scene(context: bpy.types.Context) -> bpy.types.Scene:
    """The scene whose strips the sequencer shows; from 5.0 it need not be the active."""
    scene: Any = getattr(context, "sequencer_scene", None) or context.scene
    return scene


def show_in_sequencer(context: bpy.types.Context, scene: bpy.types.Scene) -> None:
    """Let sequencers without a scene show this one; before 5.0 they always show the active."""
    workspace: Any = context.workspace
    if workspace and getattr(workspace, "sequencer_scene", scene) is None:
        workspace.sequencer_scene = scene


def sequences(scene: bpy.types.Scene) -> Any:
    """The scene's strips: `strips` from 4.4, `sequences` before."""
    editor = scene.sequence_editor or scene.sequence_editor_create()
    return editor.strips if hasattr(editor, "strips") else editor.sequences


def all_sequences(scene: bpy.types.Scene) -> list[Any]:
    """The scene's strips and those inside meta strips; makes nothing where there is none."""
    editor = scene.sequence_editor
    if editor is None:
        return []
    return list(editor.strips_all if hasattr(editor, "strips_all") else editor.sequences_all)


def strip_range(strip: Any) -> tuple[int, int]:
    """First frame of a strip and the frame after its last one."""
    if hasattr(strip, "left_handle"):
        return int(strip.left_handle), int(strip.right_handle)
    return int(strip.frame_final_start), int(strip.frame_final_end)


def strip_content(strip: Any) -> tuple[float, float]:
    """Scene frame where a strip's untrimmed content begins, and how many frames it lasts there."""
    if hasattr(strip, "content_start"):
        return float(strip.content_start), float(strip.content_duration)
    return float(strip.frame_start), float(strip.frame_duration)


RETIMED_TO_LAST_FRAME = bpy.app.version < (5, 0, 0)  # the last retiming key is on it, not after it


def retiming_frames(strip: Any) -> list[float]:
    """Scene frames of a strip's retiming keys; empty where its speed was never changed."""
    return [float(key.timeline_frame) for key in getattr(strip, "retiming_keys", ())]


def node_tree(owner: Any) -> Any:
    """The nodes of a material or world; from 5.0 they are always in use."""
    if bpy.app.version < (5, 0, 0):
        owner.use_nodes = True
    return owner.node_tree


def eevee_id() -> str:
    return "BLENDER_EEVEE" if bpy.app.version >= (5, 0, 0) else "BLENDER_EEVEE_NEXT"


def set_movie_output(scene: bpy.types.Scene) -> None:
    """Render to a movie file; from 5.0 the media type comes before the file format."""
    image = scene.render.image_settings
    if hasattr(image, "media_type"):
        image.media_type = "VIDEO"
    image.file_format = "FFMPEG"


def set_still_output(scene: bpy.types.Scene) -> None:
    """Render to PNG files."""
    image = scene.render.image_settings
    if hasattr(image, "media_type"):
        image.media_type = "IMAGE"
    image.file_format = "PNG"
