# SPDX-License-Identifier: GPL-3.0-or-later
"""How far a character's lips are apart decides over the units that are read off it (numpy only).

The same units open another rig's lips by another amount. So near a contact the units are moved, as
little as possible, until the open head's lips are as far apart as the character's are: the mirror
of `rig_contacts.keep`.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from ..model_runtime.contract import UNITS, FloatArray
from . import head, keys, rig_contacts
from .rig_contacts import HeadContacts, RigLips
from .rig_mapping import key_target

Array = npt.NDArray[np.float64]
Columns = tuple[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]], ...]  # upper and lower points

FAR = 1e3  # mm: no contact
SIDES = ((1, 4), (1, 2), (0, 0), (0, 2), (0, 4))  # of the lip rings: which side, how far along
MIDDLE = 2  # of the columns


def met(units: FloatArray, wanted: HeadContacts) -> FloatArray:
    """Units (T,52), moved near contacts until the open head's lips are as far apart as `wanted`."""
    lips, count = head_lips(), len(UNITS)
    bounds, found = (np.zeros(count), np.ones(count)), units.copy()
    for at in range(0, len(units), rig_contacts.FRAMES):
        part = slice(at, at + rig_contacts.FRAMES)
        here = HeadContacts(wanted.gap[part], wanted.side_gaps[part], wanted.teeth[part])
        found[part] = rig_contacts.solve(lips, units[part].astype(float), bounds, here)
    return keys.in_range(found.astype(np.float32), UNITS)


def of_gaps(gaps: Array) -> HeadContacts:
    """Contacts whose gaps are known, mm: (T,5) of each column, or (T,) of the whole mouth."""
    sides = np.repeat(gaps[:, None], len(SIDES), 1) if gaps.ndim == 1 else gaps
    return HeadContacts(sides[:, MIDDLE], sides, np.full(len(sides), FAR))


def column_gaps(heights: Array, columns: Columns) -> Array:
    """Gap in each column, (5,), of points whose heights (K,) are in mm; FAR where one is empty."""
    return np.array(
        [
            heights[up].min() - heights[low].max() if len(up) and len(low) else FAR
            for up, low in columns
        ]
    )


@lru_cache(maxsize=1)
def head_lips() -> RigLips:
    """The open head's own lips as a rig's whose targets are the units."""
    face, rings_used = head.bundled_face(), rig_contacts.CONTACT_RINGS
    rings = face.vertex_sets["lip_rings"].astype(np.int64)
    edges = face.vertex_sets["incisal_upper"].astype(np.int64)
    edges = edges[np.abs(face.template[edges, 0]) < 0.005]
    pairs = [
        (rings[side, rings_used, -1 - step], rings[side, rings_used, step]) for side, step in SIDES
    ]
    used = np.unique(np.concatenate([*(part for pair in pairs for part in pair), edges]))
    return RigLips(
        tuple(key_target(unit) for unit in UNITS),
        1000 * face.template[used].astype(float),
        1000 * face.expression_basis[:, used].astype(float),
        tuple((np.searchsorted(used, up), np.searchsorted(used, low)) for up, low in pairs),
        np.searchsorted(used, edges),
    )
