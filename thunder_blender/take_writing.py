# SPDX-License-Identifier: GPL-3.0-or-later
"""The Actions of a take are written curve by curve, and become a take when they are whole.

Until then they are drafts: no list shows them and no file keeps them, since nothing uses them. A
draft is found by name at each step, never held: undo may take it away or bring back an older state
of it, and then it is written anew.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass

import bpy

from . import compat, keys, take_marks
from .mapping import Curves
from .steps import GO_ON, PAUSE, Steps

DRAFT = "thunder_draft"  # custom property: which draft this is, and how much of it is written

_living: set[str] = set()  # identifiers of the drafts that are being written


@dataclass(frozen=True)
class Plan:
    """All that a take's Actions are made of; none of it is Blender's, which undo may free."""

    name: str
    curves: Curves  # of the shape keys and of the bones
    owners: tuple[str, str]  # names of the shape keys and of the armature
    first_frame: int


@dataclass(frozen=True)
class Written:
    """A draft that is whole."""

    action: bpy.types.Action
    neck: bpy.types.Action  # the same one from 4.4
    content: str  # hash of its keyframes


class _LostError(Exception):
    """Undo took the draft away, or put back what it was like before."""


def write(plan: Plan) -> Steps[Written]:
    """Write the plan; nothing but time passes between the last step and the draft's being whole.

    Stopped early, it leaves nothing behind.
    """
    while True:
        try:
            return (yield from _write(plan))
        except _LostError:
            continue


def sweep() -> None:
    """Remove drafts that undo has brought back and nobody writes."""
    stray = {
        action
        for action in bpy.data.actions
        if DRAFT in action and str(action[DRAFT]).split()[0] not in _living
    }
    if stray:
        bpy.data.batch_remove(stray)


def _write(plan: Plan) -> Steps[Written]:
    first = _Draft(plan.name)
    second = first if compat.SLOTTED or not plan.curves[1] else _Draft(f"{first.name} neck")
    drafts = (first, second)
    try:
        for draft, kind, owner, curves in zip(
            drafts, ("KEY", "OBJECT"), plan.owners, plan.curves, strict=True
        ):
            for curve in curves:
                draft.add(kind, owner, curves, curve, plan.first_frame)
                yield GO_ON
        content = yield from take_marks.hash_steps(lambda: _curves(drafts))
        yield PAUSE
        action, neck = first.action(), second.action()
        for each in {action, neck}:
            del each[DRAFT]
        return Written(action, neck, content)
    except BaseException:
        for draft in drafts:
            draft.discard()
        raise
    finally:
        for draft in drafts:
            _living.discard(draft.identifier)


def _curves(drafts: tuple[_Draft, _Draft]) -> Iterator[object]:
    for action in {draft.action() for draft in drafts}:
        yield from compat.action_curves(action)


class _Draft:
    """One Action on its way."""

    def __init__(self, name: str) -> None:
        action = bpy.data.actions.new(name)
        self.name, self.identifier = action.name, uuid.uuid4().hex
        self._written = 0
        _living.add(self.identifier)
        action[DRAFT] = self._state

    @property
    def _state(self) -> str:
        return f"{self.identifier} {self._written}"

    def action(self) -> bpy.types.Action:
        """The Action as it is now. Raises _LostError when it is not as it was left."""
        found = bpy.data.actions.get(self.name)
        if found is None or found.get(DRAFT) != self._state:
            raise _LostError
        return found

    def add(
        self, kind: str, owner: str, curves: list[keys.Curve], curve: keys.Curve, frame: int
    ) -> None:
        """Write one of the curves; before the first one all their groups."""
        action = self.action()
        part = compat.find_part(action, kind)
        if part is None:
            part = compat.new_part(action, kind, owner)
            keys.add_groups(part, curves)
        keys.write_curve(part, curve, frame)
        self._written += 1
        action[DRAFT] = self._state

    def discard(self) -> None:
        found = bpy.data.actions.get(self.name)
        if found is not None and str(found.get(DRAFT, "")).startswith(self.identifier):
            bpy.data.actions.remove(found)
