# SPDX-License-Identifier: GPL-3.0-or-later
"""The artist's own Action: set aside where it would hide the takes, and given back as it was.

An active Action with blend type Replace hides every NLA strip on the channels it animates. Where
those are channels of a take, it is taken off and, so that it still plays between the lines, held
on an NLA track under the takes. An Action on other channels, or one that adds or combines, hides
nothing and stays. Under everything lies a Rest track with the values that the channels had when
nothing animated them: Blender 5.0 would put every shape key to 1 there.
"""

from __future__ import annotations

import json
from typing import Any

import bpy
import numpy as np

from . import compat, keys, nla
from .rig import Rig
from .take_marks import is_take

MINE = "thunder_mine"  # on the animated data-block: the artist's own Action, set aside
LATER = "thunder_mine_later_"  # and those that he made since, with a number each
STATE = "thunder_mine_state"  # how it was assigned, as JSON
REST = "thunder_rest"  # on the Action of the Rest track: the identifier of its rig
REST_NAME = "Rest"
MINE_NAME = "Mine"  # of the tracks that play them between the lines
FOREVER = 100_000  # frames; for Actions that go on beyond their keys
ASSIGNMENT = ("action_blend_type", "action_influence", "action_extrapolation")


def is_rest(action: bpy.types.Action) -> bool:
    return REST in action


def hides(datablock: bpy.types.ID, part: compat.ActionPart) -> bool:
    """Whether the data-block's active Action hides `part` where that plays in the NLA."""
    current = compat.assigned_part(datablock)
    if current is None or datablock.animation_data.use_tweak_mode:
        return False
    data = datablock.animation_data
    if data.action_blend_type != "REPLACE" or data.action_influence <= 0:
        return False
    return bool(compat.channels(current) & compat.channels(part))


def set_aside(datablock: bpy.types.ID, part: compat.ActionPart) -> None:
    """Take the active Action off where it hides `part`; a take is no Action of the artist's."""
    if not hides(datablock, part):
        return
    current = compat.assigned_part(datablock)
    if current and not is_take(current.action):
        _remember(datablock, current)
        _play_between_lines(datablock, current)
    compat.assign_part(datablock, None)


def restore(rig: Rig) -> list[str]:
    """Give the rig back the Actions set aside, take Rest off; names of the Actions."""
    return [name for block in rig.blocks for name in _restore(block)]


def is_set_aside(rig: Rig) -> bool:
    """Whether the rig has an Action of the artist's set aside."""
    return any(block.get(MINE) for block in rig.blocks)


def made_since(rig: Rig) -> list[str]:
    """Names of Actions set aside after the first: keyed while takes played, hiding them too."""
    return [action.name for block in rig.blocks for action in _later(block)]


def ensure_rest(datablock: bpy.types.ID, part: compat.ActionPart, rig: Rig) -> None:
    """Hold the channels of `part` at their present values under everything else.

    Channels that one of the artist's NLA tracks animates are left to that.
    """
    rest = next(nla.strips(datablock, is_rest), None)
    channels = compat.channels(part) - _own_channels(datablock)
    kind = datablock.id_type
    if rest is None:
        if channels:
            _add_rest(datablock, channels, rig)
        return
    if held := compat.find_part(rest[1].action, kind):
        _write_rest(held, datablock, channels - compat.channels(held))


def _remember(datablock: bpy.types.ID, mine: compat.ActionPart) -> None:
    """The first Action set aside is the one to bring back; later ones stay in the file."""
    fake_user = mine.action.use_fake_user
    mine.action.use_fake_user = True
    if datablock.get(MINE):
        known = [datablock[MINE], *_later(datablock)]
        if mine.action not in known:
            datablock[f"{LATER}{len(known)}"] = mine.action
        return
    data = datablock.animation_data
    state = {name: getattr(data, name) for name in ASSIGNMENT}
    state["slot"] = compat.assigned_slot_identifier(datablock)
    state["fake_user"] = fake_user
    datablock[STATE] = json.dumps(state)
    datablock[MINE] = mine.action


def _later(datablock: bpy.types.ID) -> list[bpy.types.Action]:
    names = sorted(name for name in list(datablock.keys()) if name.startswith(LATER))
    return [datablock[name] for name in names if datablock[name]]


def _restore(datablock: bpy.types.ID) -> list[str]:
    mine = datablock.get(MINE)
    _remove_rest(datablock)
    _remove_mine_tracks(datablock)
    if mine is not None:
        _assign_as_it_was(datablock, mine, json.loads(datablock.get(STATE, "{}")))
    for name in list(datablock.keys()):
        if name in (MINE, STATE) or name.startswith(LATER):
            del datablock[name]
    return [mine.name] if mine is not None else []


def _remove_mine_tracks(datablock: bpy.types.ID) -> None:
    """Only those that `_play_between_lines` made: the artist may play the Action elsewhere too."""
    data = datablock.animation_data
    aside = [datablock.get(MINE), *_later(datablock)]
    for track in list(data.nla_tracks) if data else []:
        if track.name.startswith(MINE_NAME) and any(s.action in aside for s in track.strips):
            data.nla_tracks.remove(track)


def _assign_as_it_was(datablock: bpy.types.ID, mine: Any, state: dict[str, Any]) -> None:
    compat.assign_part(datablock, compat.part_by_identifier(mine, state.get("slot", "")))
    for name in ASSIGNMENT:
        if name in state:
            setattr(datablock.animation_data, name, state[name])
    mine.use_fake_user = state.get("fake_user", mine.use_fake_user)


def _play_between_lines(datablock: bpy.types.ID, mine: compat.ActionPart) -> None:
    playing = any(True for _ in nla.strips(datablock, lambda action: action == mine.action))
    if playing or not has_place_under_takes(datablock):
        return
    strip = nla.add_above(datablock, mine, MINE_NAME, _track_under_takes(datablock))
    first, last = mine.action.frame_range
    if compat.goes_on(mine):
        first, last = -FOREVER, FOREVER
    nla.hold(strip, first, max(last, first + 1))


def _add_rest(datablock: bpy.types.ID, channels: set[compat.Channel], rig: Rig) -> None:
    if not has_place_under_takes(datablock):
        return
    action = bpy.data.actions.new(f"{datablock.name} {REST_NAME}")
    action[REST] = rig.identifier
    part = compat.new_part(action, datablock.id_type, datablock.name)
    _write_rest(part, datablock, channels)
    strip = nla.add_above(datablock, part, REST_NAME, _track_under_takes(datablock))
    nla.hold(strip, 1, 2)


def _lowest_take(datablock: bpy.types.ID) -> int | None:
    """Place of the lowest track with a take."""
    data = datablock.animation_data
    for place, track in enumerate(data.nla_tracks if data else ()):
        if any(is_take(strip.action) for strip in track.strips):
            return place
    return None


def has_place_under_takes(datablock: bpy.types.ID) -> bool:
    """Blender makes tracks above others only, so under a take at the bottom there is no place."""
    return _lowest_take(datablock) != 0


def _track_under_takes(datablock: bpy.types.ID) -> Any:
    """The track right under the lowest take; None where no take plays yet."""
    lowest = _lowest_take(datablock)
    return datablock.animation_data.nla_tracks[lowest - 1] if lowest else None


def _write_rest(
    part: compat.ActionPart, datablock: bpy.types.ID, channels: set[compat.Channel]
) -> None:
    animated = compat.channels(compat.assigned_part(datablock))
    curves = []
    for path, index in sorted(channels):
        value = 0.0 if (path, index) in animated else _value(datablock, path, index)
        curves.append(keys.Curve(path, index, REST_NAME, np.array([value], np.float32)))
    if curves:
        keys.write_curves(part, curves, 1)


def _remove_rest(datablock: bpy.types.ID) -> None:
    """Take Rest off and leave the channels at its values, as they were before the takes."""
    for _, strip in list(nla.strips(datablock, is_rest)):
        action = strip.action
        held = compat.find_part(action, datablock.id_type)
        values = [
            (curve.data_path, curve.array_index, curve.evaluate(1))
            for curve in (compat.fcurves(held) if held else ())
        ]
        nla.remove(datablock, lambda item, rest=action: item == rest)
        for path, index, value in values:
            _set_value(datablock, path, index, value)
        if not action.users:
            bpy.data.actions.remove(action)


def _own_channels(datablock: bpy.types.ID) -> set[compat.Channel]:
    own = nla.strips(datablock, lambda action: not (is_take(action) or is_rest(action)))
    channels: set[compat.Channel] = set()
    for _, strip in own:
        channels |= compat.channels(compat.strip_part(strip))
    return channels


def _value(datablock: bpy.types.ID, path: str, index: int) -> float:
    value = datablock.path_resolve(path)
    return float(value[index] if hasattr(value, "__len__") else value)


def _set_value(datablock: bpy.types.ID, path: str, index: int, value: float) -> None:
    if path.endswith('"]'):  # a custom property
        owner, _, name = path[:-2].rpartition('["')
        holder = datablock.path_resolve(owner) if owner else datablock
        name = name.replace('\\"', '"')
        holder[name] = type(holder[name])(value)
        return
    owner, _, name = path.rpartition(".")
    target = datablock.path_resolve(owner) if owner else datablock
    if hasattr(getattr(target, name), "__len__"):
        getattr(target, name)[index] = value
    else:
        setattr(target, name, value)
