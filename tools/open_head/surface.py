# SPDX-License-Identifier: GPL-3.0-or-later
"""Quads, materials and UVs of the head, part by part."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from .assemble import Layout, Person, Selection, stack
from .eyes import Eyeball
from .source import Array, Ints, MakeHumanData
from .teeth import Dentition
from .uvmap import SOCKETS_FROM, STRIP, lay_out_skin

EYE_EDGE = np.radians(75.0)  # angle from the pupil at the rim of the eye texture
MATERIALS = ("skin", "eyes", "teeth", "gums", "tongue", "lashes")


@dataclass(frozen=True)
class Surface:
    """Quads (F,4), UVs (U,2), UV corners (F,4) and material (F,) of the whole head."""

    quads: Ints
    uv: Array
    quad_uv: Ints
    material: Ints

    @staticmethod
    def joined(parts: list[Surface]) -> Surface:
        offsets = np.cumsum([0, *(len(part.uv) for part in parts)])
        return Surface(
            np.concatenate([part.quads for part in parts]),
            np.concatenate([part.uv for part in parts]),
            np.concatenate([p.quad_uv + o for p, o in zip(parts, offsets[:-1], strict=True)]),
            np.concatenate([part.material for part in parts]),
        )


def build_surface(data: MakeHumanData, chosen: Selection, who: Person, spans: Layout) -> Surface:
    """Surface of every part in the head's vertex order."""
    skin = _taken(data, "body", chosen.skin, spans.span("skin"), "skin")
    tongue = _taken(data, "helper-tongue", chosen.tongue, spans.span("tongue"), "tongue")
    parts = [
        replace(skin, uv=lay_out_skin(skin.uv, skin.quad_uv, _at_uv(skin, stack(who, chosen)))),
        replace(tongue, uv=_boxed(tongue.uv)),
        *_dentition(who.upper, spans.span("upper")[0]),
        *_dentition(who.lower, spans.span("lower")[0]),
        _eyeball(who.eyes[0], spans.span("left_eye")[0]),
        _eyeball(who.eyes[1], spans.span("right_eye")[0]),
        _lashes(who, spans.span("lashes")[0]),
    ]
    return Surface.joined(parts)


def border_vertices(quads: Ints) -> Ints:
    """Vertices on the open edge of a surface."""
    edges = np.sort(np.stack([quads, np.roll(quads, -1, axis=1)], -1).reshape(-1, 2), axis=1)
    kinds, counts = np.unique(edges, axis=0, return_counts=True)
    return np.unique(kinds[counts == 1])


def socket_vertices(surface: Surface) -> Ints:
    """Vertices inside the eye sockets, behind the edges of the lids."""
    own = surface.material == MATERIALS.index("skin")
    corners, vertices = surface.quad_uv[own].ravel(), surface.quads[own].ravel()
    strip = (surface.uv[corners, 1] < STRIP) & (surface.uv[corners, 0] > SOCKETS_FROM)
    return np.setdiff1d(vertices[strip], vertices[~strip])


def _taken(data: MakeHumanData, group: str, kept: Ints, place: Ints, material: str) -> Surface:
    """The quads of a MakeHuman group whose vertices are all kept, with their UVs."""
    mesh = data.mesh
    index = np.full(len(mesh.vertices), -1)
    index[kept] = place
    inside = (index[mesh.quads] >= 0).all(1) & (mesh.groups == group)
    used, corners = np.unique(mesh.quad_uv[inside], return_inverse=True)
    quads = index[mesh.quads[inside]]
    return Surface(quads, mesh.uv[used], corners.reshape(quads.shape), _filled(quads, material))


def _dentition(arch: Dentition, start: int) -> list[Surface]:
    tooth = arch.is_tooth[arch.quads].all(1)
    parts = []
    for mask, material in ((tooth, "teeth"), (~tooth, "gums")):
        quads = arch.quads[mask]
        used, corners = np.unique(quads, return_inverse=True)
        marks = arch.coordinates[used]
        parts.append(
            Surface(quads + start, marks, corners.reshape(quads.shape), _filled(quads, material))
        )
    return parts


def _eyeball(eye: Eyeball, start: int) -> Surface:
    """Azimuthal UVs: the pupil in the middle, everything past EYE_EDGE on the rim."""
    polar = np.arccos(np.clip(eye.directions[:, 2], -1, 1))
    flat = eye.directions[:, :2]
    length = np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-9)
    reach = np.minimum(polar / EYE_EDGE, 1.0)[:, None]
    uv = 0.5 + 0.495 * reach * flat / length
    return Surface(eye.quads + start, uv, eye.quads, _filled(eye.quads, "eyes"))


def _lashes(who: Person, start: int) -> Surface:
    quads = who.lashes.quads
    corners = np.broadcast_to(np.arange(4), quads.shape)
    uv = np.array([[0.4, 0.4], [0.6, 0.4], [0.6, 0.6], [0.4, 0.6]])
    return Surface(quads + start, uv, corners, _filled(quads, "lashes"))


def _at_uv(part: Surface, vertices: Array) -> Array:
    """Position (U,3) of each UV of a part."""
    vertex = np.zeros(len(part.uv), int)
    vertex[part.quad_uv.ravel()] = part.quads.ravel()
    return np.asarray(vertices[vertex])


def _boxed(uv: Array) -> Array:
    """UVs stretched to the whole image."""
    low, high = uv.min(0), uv.max(0)
    return np.asarray(0.01 + 0.98 * (uv - low) / (high - low))


def _filled(quads: Ints, material: str) -> Ints:
    return np.full(len(quads), MATERIALS.index(material))
