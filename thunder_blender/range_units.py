# SPDX-License-Identifier: GPL-3.0-or-later
"""A take of a rig that is not the open head as units, read back from the take's own curves.

A mapped character: the mixture of its sources that comes nearest to the targets' values, each
between 0 and 1; visemes count as the poses they stand for. A FLAME: its way back. Then the
character's own lips decide: near a contact the units are moved, as little as possible, until the
open head's lips are as far apart as the character's are, the mirror of `rig_contacts.keep`.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..model_runtime.contract import UNITS, FloatArray
from ..model_runtime.flame_back import bounded
from . import (
    export_units,
    flame_mapping,
    flame_motion,
    flame_residuals,
    flame_rig,
    head,
    meter_lips,
    rig_contacts,
    rig_flame,
    rig_store,
    rig_visemes,
)
from .export_sample import Address, Sampled
from .rig import Rig
from .rig_contacts import HeadContacts, RigLips
from .rig_mapping import Mapping, Target
from .rig_names import EXPRESSION, VISEME

Array = npt.NDArray[np.float64]

RIDGE = 1e-3  # decides between sources that move the same


def motion_of(rig: Rig, sampled: Sampled) -> FloatArray:
    """Motion of CHANNELS (T, 55) that the curves of a FLAME or a mapped rig say.

    Raises RigError where the rig has lost what it takes.
    """
    units = _flame(rig, sampled) if flame_rig.is_flame(rig) else _mapped(rig, sampled)
    turn = export_units.neck(rig, sampled)
    return np.concatenate([units, turn], axis=1).astype(np.float32)


def _flame(rig: Rig, sampled: Sampled) -> FloatArray:
    units = export_units.units(rig, sampled)[:, : len(UNITS)]
    calibration = flame_mapping.stored(rig.mesh)
    if not len(calibration.lips):
        return units
    names = [f"Exp{n + 1}" for n in range(calibration.expression.shape[1])]
    expression = np.stack([sampled.key(name) for name in names], axis=1)
    present = flame_residuals.present(rig)
    residual = (
        np.stack([sampled.key(flame_residuals.key(u)) for u in present], 1) if present else None
    )
    lips = flame_motion.lips_of(rig, calibration)
    gap = lips.gap(expression, sampled.turn(flame_motion.JAW), residual)
    return meter_lips.met(
        units, meter_lips.of_gaps(np.asarray(gap / float(calibration.scale[0]), float))
    )


def _mapped(rig: Rig, sampled: Sampled) -> FloatArray:
    mapping = rig_store.stored(rig)
    if mapping.kind in rig_flame.MADE and rig_flame.is_solved(rig):
        return _foreign(rig, mapping, sampled)
    places = _addresses(rig, mapping)
    units = sources_back(mapping, places, sampled)
    lips = rig_store.lips(rig, mapping) if mapping.contacts else None
    if lips is None:
        return units
    columns = [_values(target, places, sampled) - target.rest for target in lips.targets]
    return meter_lips.met(units, _contacts(lips, np.stack(columns, axis=1).astype(float)))


def sources_back(mapping: Mapping, places: dict[Target, Address], sampled: Sampled) -> FloatArray:
    """Unit weights (T, 52) whose sources bring the targets nearest to what they are."""
    links = [link for link in mapping.active() if _pose(link.source) is not None]
    sources = tuple(dict.fromkeys(link.source for link in links))
    targets = [target for target in dict.fromkeys(k.target for k in links) if target in places]
    gains, offsets = np.zeros((len(sources), len(targets))), np.zeros(len(targets))
    for link in links:
        if link.target in places:
            column = targets.index(link.target)
            gains[sources.index(link.source), column] += link.gain
            offsets[column] += link.offset
    if not gains.size or not np.abs(gains).max() > 0:
        return np.zeros((sampled.frames, len(UNITS)), np.float32)
    size = np.maximum(np.abs(gains).max(0), 1e-9)  # a control may go to 10 where a key goes to 1
    values = np.stack([_values(target, places, sampled) - target.rest for target in targets], 1)
    gains, values = gains / size, (values - offsets) / size
    gram = gains @ gains.T
    gram += RIDGE * np.trace(gram) / len(gram) * np.eye(len(gram))
    poses = np.stack([np.asarray(_pose(source)) for source in sources])
    found = bounded(gram, values @ gains.T) @ poses
    return np.asarray(found.clip(0.0, 1.0), np.float32)


def _pose(source: str) -> FloatArray | None:
    """What a source is in units (52,); None for those that are no mixture of units."""
    if source in UNITS:
        return np.eye(len(UNITS), dtype=np.float32)[UNITS.index(source)]
    name = source.removeprefix(VISEME)
    known = source.startswith(VISEME) and name in rig_visemes.POSES
    return rig_visemes.pose(name) if known else None


def _foreign(rig: Rig, mapping: Mapping, sampled: Sampled) -> FloatArray:
    """A FLAME of another add-on: its coefficients by their links, its jaw in the bone's axes."""
    found, flame = flame_mapping.stored(rig.mesh), rig_flame.read(rig)
    places = _addresses(rig, mapping)
    expression = np.zeros((sampled.frames, found.expression.shape[1]), np.float32)
    for link in mapping.active():
        number = link.source.removeprefix(EXPRESSION)
        if link.source.startswith(EXPRESSION) and link.gain and int(number) < expression.shape[1]:
            value = _values(link.target, places, sampled) - link.target.rest - link.offset
            expression[:, int(number)] = value / link.gain
    turns = {joint: sampled.turn(turn.bone) @ turn.axes for joint, turn in flame.turns}
    still = np.zeros((sampled.frames, 3), np.float32)
    jaw = np.asarray(turns.get("jaw", still), np.float32)
    units = np.array(found.back.units(expression, jaw), np.float32)
    _look(units, {bone: turns.get(bone, still) for bone in flame_motion.EYES})
    lips = flame.solver.lips
    if lips is None:
        return units
    gap = np.asarray(lips.gap(expression, jaw) / float(found.scale[0]), float)
    return meter_lips.met(units, meter_lips.of_gaps(gap))


def _look(units: FloatArray, turns: dict[str, npt.NDArray[np.floating]]) -> None:
    """Set the eyes' units from the turns (T, 3) of their bones, in place."""
    degrees = head.bundled_face().gaze_degrees
    for bone, (side, outwards) in flame_motion.EYES.items():
        pitch, yaw = np.degrees(turns[bone][:, :2]).T
        angles = {"Down": pitch, "Up": -pitch, "Out": outwards * yaw, "In": -outwards * yaw}
        for way, angle in angles.items():
            unit = f"eyeLook{way}{side}"
            units[:, UNITS.index(unit)] = np.clip(angle / degrees[unit], 0.0, 1.0)


def _addresses(rig: Rig, mapping: Mapping) -> dict[Target, Address]:
    """One place of the rig for each target that is there."""
    found = rig_store.places(rig, mapping)
    return {
        target: (parts[0], target.path, target.index) for target, parts in found.items() if parts
    }


def _values(target: Target, places: dict[Target, Address], sampled: Sampled) -> FloatArray:
    rest = np.full(sampled.frames, target.rest, np.float32)
    return sampled.values.get(places[target], rest) if target in places else rest


def _contacts(lips: RigLips, values: Array) -> HeadContacts:
    """What the character's lips do at these values (T,J) away from rest."""
    starts = [slice(a, a + rig_contacts.FRAMES) for a in range(0, len(values), rig_contacts.FRAMES)]
    gaps, teeth = [], []
    for part in starts:
        points = lips.points(values[part])
        each = [
            lips.gap(n, points)[0] if len(up) and len(low) else np.full(len(points), meter_lips.FAR)
            for n, (up, low) in enumerate(lips.columns)
        ]
        gaps.append(np.stack(each, axis=1))
        teeth.append(
            lips.to_teeth(points)[0] if len(lips.teeth) else np.full(len(points), meter_lips.FAR)
        )
    sides = np.concatenate(gaps)
    return HeadContacts(sides[:, meter_lips.MIDDLE], sides, np.concatenate(teeth))
