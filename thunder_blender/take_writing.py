# SPDX-License-Identifier: GPL-3.0-or-later
"""The Actions of a take are written curve by curve, and become a take when they are whole.

Until then they are drafts: no list shows them and no file keeps them, since nothing uses them. A
draft is found by name at each step, never held: undo may take it away or bring back an older state
of it, and then it is written anew.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
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
    curves: Curves  # of each part of the rig, by its number
    owners: tuple[tuple[int, str, str], ...]  # number, type and name of each part's data-block
    first_frame: int


@dataclass(frozen=True)
class Written:
    """A draft that is whole."""

    action: bpy.types.Action
    parts: dict[int, compat.ActionPart]  # of which Action (and slot) each part's curves are
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
    drafts = {number: first for number, _, _ in plan.owners}
    try:
        for number, kind, owner in plan.owners:
            curves = plan.curves[number] if number < len(plan.curves) else []
            if curves and number and not compat.SLOTTED:
                drafts[number] = _Draft(f"{first.name} neck")
            if curves or not number:
                drafts[number].begin(number, kind, owner, curves)
            for curve in curves:
                drafts[number].add(number, curve, plan.first_frame)
                yield GO_ON
        content = yield from take_marks.hash_steps(lambda: _curves(drafts.values()))
        yield PAUSE
        parts = {
            number: part for draft in drafts.values() for number, part in draft.parts().items()
        }
        action = first.action()
        for each in {draft.action() for draft in drafts.values()}:
            del each[DRAFT]
        return Written(action, parts, content)
    except BaseException:
        for draft in drafts.values():
            draft.discard()
        raise
    finally:
        for draft in drafts.values():
            _living.discard(draft.identifier)


def _curves(drafts: Iterable[_Draft]) -> Iterator[object]:
    for action in {draft.action() for draft in drafts}:
        yield from compat.action_curves(action)


class _Draft:
    """One Action on its way."""

    def __init__(self, name: str) -> None:
        action = bpy.data.actions.new(name)
        self.name, self.identifier = action.name, uuid.uuid4().hex
        self._written = 0
        self._slots: dict[int, str] = {}  # part of the rig: identifier of its slot
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

    def begin(self, number: int, kind: str, owner: str, curves: list[keys.Curve]) -> None:
        """Make room for a part's curves, with all their groups."""
        part = compat.new_part(self.action(), kind, owner)
        keys.add_groups(part, curves)
        self._slots[number] = part.slot.identifier if part.slot else ""

    def add(self, number: int, curve: keys.Curve, frame: int) -> None:
        """Write one of a part's curves."""
        action = self.action()
        keys.write_curve(self.parts()[number], curve, frame)
        self._written += 1
        action[DRAFT] = self._state

    def parts(self) -> dict[int, compat.ActionPart]:
        """Where the curves of each part are."""
        action = self.action()
        return {n: compat.part_by_identifier(action, name) for n, name in self._slots.items()}

    def discard(self) -> None:
        found = bpy.data.actions.get(self.name)
        if found is not None and str(found.get(DRAFT, "")).startswith(self.identifier):
            bpy.data.actions.remove(found)
