# SPDX-License-Identifier: GPL-3.0-or-later
"""A face model becomes a head in the scene: mesh, shape keys, bones, materials."""

from __future__ import annotations

import time
import uuid
import zipfile
from dataclasses import dataclass
from functools import lru_cache

import bpy
import numpy as np

from ..model_runtime.contract import RequestError
from ..model_runtime.face import OPEN_HEAD, FaceModel, identity_vertices, load_face
from . import head_bones, head_correctives, head_materials, head_mesh, rig
from .building import Made
from .in_thread import InThread
from .steps import PAUSE, Steps, finish

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
    try:
        with np.load(OPEN_HEAD, allow_pickle=False) as archive:  # all of it takes 25 ms
            names = tuple(str(name) for name in archive["identity_names"])
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):
        names = tuple(str(name) for name in bundled_face().identity_names)  # says what is wrong
    return (AVERAGE, *(name for name in names if name != AVERAGE))


def create_head(
    collection: bpy.types.Collection, params: HeadParams, face: FaceModel | None = None
) -> rig.Rig:
    """Build a head in `collection`. Raises RequestError when the identity is not known."""
    return finish(create_head_steps(collection, params, face))


def create_head_steps(
    collection: bpy.types.Collection, params: HeadParams, face: FaceModel | None = None
) -> Steps[rig.Rig]:
    """The same in steps; the head is seen once it is whole, and stopped early it leaves nothing."""
    made, face = Made(), face or (yield from _loaded_face())
    try:
        return (yield from _create(collection, params, face, made))
    except BaseException:
        made.discard()
        raise


def _loaded_face() -> Steps[FaceModel]:
    """The open head, which takes long the first time."""
    loading = InThread(bundled_face, "THUNDER face")
    while not loading.ready:
        time.sleep(0.001)  # for who asks at once again
        yield PAUSE
    return loading.result()


def _create(
    collection: bpy.types.Collection, params: HeadParams, face: FaceModel, made: Made
) -> Steps[rig.Rig]:
    known = (AVERAGE, *face.identity_names)
    if params.identity not in known:
        raise RequestError(
            f"There is no identity '{params.identity}'. Choose one of: {', '.join(known)}."
        )
    chosen = None if params.identity == AVERAGE else params.identity
    vertices = identity_vertices(face, chosen)
    heads = face.joint_regressor @ vertices
    armature = made.note(head_bones.build_armature(f"{params.name} Rig", face, heads, collection))
    made.note(armature.data)
    armature.location = params.location
    yield PAUSE
    mesh = made.note(head_mesh.build_mesh(params.name, face, vertices))
    yield PAUSE
    yield from head_materials.assign_materials(mesh, face, params.identity)
    yield PAUSE
    body = made.note(bpy.data.objects.new(params.name, mesh))
    yield from head_mesh.add_units(body, face, vertices)
    yield from head_bones.bind(body, armature, face)
    yield from head_correctives.add_correctives(body, armature, face)
    _mark(body, face)
    collection.objects.link(body)
    return rig.Rig(body, armature)


def _mark(body: bpy.types.Object, face: FaceModel) -> None:
    body[rig.MARK] = uuid.uuid4().hex
    if middle := head_mesh.lip_middle(face):
        body[rig.UPPER_LIP], body[rig.LOWER_LIP] = middle
