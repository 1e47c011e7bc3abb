# SPDX-License-Identifier: GPL-3.0-or-later
"""Which FLAME a file is: by its sha256 where that is known, else by what its expressions do."""

from __future__ import annotations

import numpy as np

from .face import FaceModel
from .flame import Flame

KNOWN = {  # sha256, or how it begins where no more is known
    "e75a0990728ba038c7da2a420ae4396f7ddd7781366c13026066c5b24f127623": "FLAME 2023 Open",
    "efcd14cc": "FLAME 2020",
}
OPEN = "FLAME 2023 Open"
OF_THE_JAW = 0.9  # least skin weight of the chin's vertices
TELLING = (2.0, 0.4)  # degrees, and share of the chin's motion, from which the jaw is in there
NO_JAW = (
    "Its expressions open the jaw themselves, as those of flame2023_no_jaw do: the jaw bone and "
    "motion made for other FLAMEs will open the mouth twice. Import flame2023.pkl instead"
)
LICENCE = "FLAME 2023 Open: CC BY 4.0, name its makers where you publish it"


def edition(flame: Flame) -> str:
    """The name of a known file; empty for any other."""
    return next((name for start, name in KNOWN.items() if flame.sha256.startswith(start)), "")


def remarks(flame: Flame) -> tuple[str, ...]:
    """What the artist should know of this file, a sentence each without its full stop."""
    found = [LICENCE] if edition(flame) == OPEN else []
    return (*found, NO_JAW) if holds_jaw(flame.face) else tuple(found)


def holds_jaw(face: FaceModel) -> bool:
    """Whether the expressions open the jaw, which FLAME's other files leave to the bone."""
    degrees, share = jaw_in_expressions(face)
    return degrees > TELLING[0] and share > TELLING[1]


def jaw_in_expressions(face: FaceModel) -> tuple[float, float]:
    """How far a typical expression turns the chin about the jaw's joint in degrees, and which
    share of all that the expressions do to the chin this is."""
    jaw = face.joint("jaw")
    chin = np.flatnonzero(face.skin_weights[:, jaw] > OF_THE_JAW)
    if not len(chin):
        return 0.0, 0.0
    lever = face.template[chin].astype(float) - face.joint_regressor[jaw] @ face.template
    way = np.cross(np.array([1.0, 0.0, 0.0]), lever)
    moves = face.expression_basis[:, chin].astype(float)
    size, whole = float((way**2).sum()), float((moves**2).sum())
    turns = np.tensordot(moves, way, axes=((1, 2), (0, 1))) / max(size, 1e-12)
    turned = float(turns @ turns)
    return float(np.degrees(np.sqrt(turned))), turned * size / max(whole, 1e-20)
