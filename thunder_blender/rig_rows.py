# SPDX-License-Identifier: GPL-3.0-or-later
"""The mapping as rows that the editor shows: a change of a row is a change of the mapping."""

from __future__ import annotations

from typing import Any

import bpy

from . import rig, rig_mapping, rig_poses, rig_store
from .rig_mapping import Link, Mapping

SURE, LIKELY = 0.95, 0.85  # of an automatic link's confidence


class _Filling:
    now = False  # rows are being made from the mapping: their changes are not the artist's


def _edited(row: ThunderLink, _context: bpy.types.Context) -> None:
    """Take the row's numbers over into the mapping."""
    owner: Any = row.id_data
    if _Filling.now or rig_store.LINKS not in owner:
        return
    found = rig.Rig(owner, owner.find_armature())
    place = next(n for n, each in enumerate(owner.thunder_map.rows) if each == row)
    mapping = rig_store.stored(found)
    low, high = sorted((row.low, row.high))
    changes = {"gain": row.gain, "offset": row.offset, "low": low, "high": high, "mute": row.mute}
    owner[rig_store.LINKS] = rig_mapping.to_json(
        mapping.with_link(place, source=row.source, confidence=1.0, **changes)
    )


def _tested(row: ThunderLink, _context: bpy.types.Context) -> None:
    """Show the row's source alone, as far as the slider is pulled."""
    owner: Any = row.id_data
    if not _Filling.now and rig_store.LINKS in owner:
        rig_poses.show(rig.Rig(owner, owner.find_armature()), row.source, row.test)


def _contacts(owner: ThunderMap, _context: bpy.types.Context) -> None:
    from dataclasses import replace

    mesh: Any = owner.id_data
    if not _Filling.now and rig_store.LINKS in mesh:
        found = rig.Rig(mesh, mesh.find_armature())
        changed = replace(rig_store.stored(found), contacts=owner.contacts)
        mesh[rig_store.LINKS] = rig_mapping.to_json(changed)


class ThunderLink(bpy.types.PropertyGroup):
    """One link of a mapping."""

    source: bpy.props.StringProperty(
        name="Source", description="Unit or viseme that moves the target", update=_edited
    )
    target: bpy.props.StringProperty(name="Target", description="What is moved")
    gain: bpy.props.FloatProperty(
        name="Gain",
        description="How far the target goes when the source is at 1",
        default=1.0,
        step=5,
        precision=3,
        update=_edited,
    )
    offset: bpy.props.FloatProperty(
        name="Offset",
        description="What the link adds whatever its source does",
        step=1,
        precision=3,
        update=_edited,
    )
    low: bpy.props.FloatProperty(
        name="From", description="The link never gives less", default=-1e6, update=_edited
    )
    high: bpy.props.FloatProperty(
        name="To", description="The link never gives more", default=1e6, update=_edited
    )
    mute: bpy.props.BoolProperty(name="Mute", description="Leave this link out", update=_edited)
    confidence: bpy.props.FloatProperty(
        name="Confidence", description="How sure Auto Map was; 1 where you made the link"
    )
    test: bpy.props.FloatProperty(
        name="Test",
        description="Show what this source does to the character, alone",
        min=0.0,
        max=1.0,
        subtype="FACTOR",
        options={"SKIP_SAVE"},
        update=_tested,
    )


class ThunderMap(bpy.types.PropertyGroup):
    """The rows of a character's mapping. On the rig's mesh object."""

    rows: bpy.props.CollectionProperty(type=ThunderLink)
    active: bpy.props.IntProperty(name="Link", description="Link that is shown", options=set())
    contacts: bpy.props.BoolProperty(
        name="Keep Lip Contacts",
        description="Lips that close on p, b and m close on this character too, and the lower lip "
        "meets the teeth on f and v, whatever its shapes add up to",
        default=True,
        options=set(),
        update=_contacts,
    )


def refresh(mesh: bpy.types.Object, mapping: Mapping) -> None:
    """Make the rows anew from the mapping."""
    shown = mesh.thunder_map
    _Filling.now = True
    try:
        shown.rows.clear()
        shown.contacts = mapping.contacts
        for link in mapping.links:
            _fill(shown.rows.add(), link)
        shown.active = min(shown.active, max(len(mapping.links) - 1, 0))
    finally:
        _Filling.now = False


def _fill(row: ThunderLink, link: Link) -> None:
    row.name = f"{link.source} {link.target.label}"
    row.source, row.target = link.source, link.target.label
    row.gain, row.offset, row.low, row.high = link.gain, link.offset, link.low, link.high
    row.mute, row.confidence = link.mute, link.confidence


def icon_of(row: ThunderLink) -> str:
    """How sure the link is, as an icon."""
    if row.confidence >= SURE:
        return "CHECKMARK"
    return "DOT" if row.confidence >= LIKELY else "QUESTION"


register_classes, unregister_classes = bpy.utils.register_classes_factory((ThunderLink, ThunderMap))


def register() -> None:
    register_classes()
    bpy.types.Object.thunder_map = bpy.props.PointerProperty(type=ThunderMap)


def unregister() -> None:
    del bpy.types.Object.thunder_map
    unregister_classes()
