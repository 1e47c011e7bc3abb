# SPDX-License-Identifier: GPL-3.0-or-later
"""A face model becomes a head in the scene: mesh, shape keys, bones, materials."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from functools import lru_cache

import bpy

from ..model_runtime.contract import RequestError
from ..model_runtime.face import FaceModel, identity_vertices, load_face
from . import head_bones, head_correctives, head_materials, head_mesh, rig

AVERAGE = "average"  # the identity that is the template itself


@dataclass(frozen=True)
class HeadParams:
    """All that decides what a new head is like."""

    identity: str = AVERAGE
    name: str = "Head"
    location: tuple[float, float, float] = (0.0, 0.0, 0.0)  # of the armature, in metres


@lru_cache(maxsize=1)
def bundled_face() -> FaceModel:
    """The open head. Raises WeightsError when its file is missing or damaged."""
    return load_face()


def identity_names() -> tuple[str, ...]:
    """Identities to choose from, the average one first."""
    names = tuple(str(name) for name in bundled_face().identity_names)
    return (AVERAGE, *(name for name in names if name != AVERAGE))


def create_head(
    collection: bpy.types.Collection, params: HeadParams, face: FaceModel | None = None
) -> rig.Rig:
    """Build a head in `collection`. Raises RequestError when the identity is not known."""
    face = face or bundled_face()
    known = (AVERAGE, *face.identity_names)
    if params.identity not in known:
        raise RequestError(
            f"There is no identity '{params.identity}'. Choose one of: {', '.join(known)}."
        )
    chosen = None if params.identity == AVERAGE else params.identity
    vertices = identity_vertices(face, chosen)
    mesh = head_mesh.build_mesh(params.name, face, vertices)
    head_materials.assign_materials(mesh, face, params.identity)
    body = bpy.data.objects.new(params.name, mesh)
    collection.objects.link(body)
    head_mesh.add_units(body, face, vertices)
    armature = head_bones.build_armature(f"{params.name} Rig", face, vertices, collection)
    armature.location = params.location
    head_bones.bind(body, armature, face)
    head_correctives.add_correctives(body, armature, face)
    _mark(body, face)
    return rig.Rig(body, armature)


def _mark(body: bpy.types.Object, face: FaceModel) -> None:
    body[rig.MARK] = uuid.uuid4().hex
    if middle := head_mesh.lip_middle(face):
        body[rig.UPPER_LIP], body[rig.LOWER_LIP] = middle
