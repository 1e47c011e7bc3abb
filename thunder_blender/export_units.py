# SPDX-License-Identifier: GPL-3.0-or-later
"""From a rig's keys and bones back to units and the neck, or to a FLAME's parameters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count, takewhile

import bpy
import numpy as np
import numpy.typing as npt

from ..model_runtime.contract import CHANNELS, NECK, UNITS, FloatArray
from ..model_runtime.flame_back import bounded
from ..model_runtime.motion_files import FlameCurves
from . import flame_motion, flame_residuals, flame_rig, head, rig_mouth, rig_neck, rig_store
from .export_sample import Address, Sampled
from .import_flame_motion import translator
from .rig import NECK_BONE, Rig, RigError
from .rig_mapping import Mapping, Target

JAW = "jaw"
ENOUGH = 10  # units that a mapping must move for units to be read off its rig
RIDGE = 1e-6  # decides between units that move the same


@dataclass(frozen=True)
class MappedBack:
    """The way back from a mapped rig's targets: values = weights @ gains + offsets."""

    units: tuple[str, ...]
    places: tuple[Address, ...]
    gains: npt.NDArray[np.float64]  # (units, places)
    offsets: npt.NDArray[np.float64]  # (places,)

    def weights(self, sampled: Sampled) -> FloatArray:
        """Unit weights (T, 52): the least squares in [0, 1]."""
        rest = np.zeros(sampled.frames, np.float32)
        values = np.stack([sampled.values.get(place, rest) for place in self.places], axis=1)
        rows = (values - self.offsets) @ self.gains.T
        gram = self.gains @ self.gains.T
        gram += RIDGE * np.trace(gram) / len(gram) * np.eye(len(gram))
        found = np.zeros((sampled.frames, len(UNITS)), np.float32)
        found[:, [UNITS.index(unit) for unit in self.units]] = bounded(gram, rows)
        return found


def tells_units(rig: Rig) -> bool:
    """Whether the rig's keys and controls say which units they are; a set of visemes does not."""
    if flame_rig.is_flame(rig) or not rig_store.is_mapped(rig):
        return True
    links = rig_store.stored(rig).active()
    return len({link.source for link in links if link.source in UNITS}) >= ENOUGH


def reader(rig: Rig) -> Callable[[], FloatArray] | None:
    """What reads the mouth's units off the mesh of a rig that does not tell them otherwise.

    Raises RigError where nothing moves its mouth.
    """
    return None if tells_units(rig) else rig_mouth.mouth_sampler(rig)


def mapped_back(rig: Rig) -> MappedBack:
    """Read a mapped rig. Raises RigError where its targets do not tell the units, as visemes."""
    mapping = rig_store.stored(rig)
    links = [link for link in mapping.active() if link.source in UNITS]
    units = tuple(dict.fromkeys(link.source for link in links))
    if len(units) < ENOUGH:
        raise RigError(
            f"'{rig.mesh.name}' has visemes and not the 52 units, so its keys do not tell what the "
            "units were. Export the rig in place of the take: the mouth is then read off the mesh."
        )
    addresses = _addresses(rig, mapping)
    gains = np.zeros((len(units), len(addresses)))
    offsets = np.zeros(len(addresses))
    for link in links:
        for column, (target, _) in enumerate(addresses):
            if target == link.target:
                gains[units.index(link.source), column] += link.gain
                offsets[column] += link.offset
    offsets += [target.rest for target, _ in addresses]
    used = np.abs(gains).max(0) > 0
    places = tuple(place for (_, place), keep in zip(addresses, used, strict=True) if keep)
    return MappedBack(units, places, gains[:, used], offsets[used])


def further(rig: Rig) -> tuple[Address, ...]:
    """Channels beside the shape keys and bones of the mesh that `units` wants to see."""
    if flame_rig.is_flame(rig) or not rig_store.is_mapped(rig) or not tells_units(rig):
        return ()
    own = {f'key_blocks["{bpy.utils.escape_identifier(key.name)}"].value' for key in _keys(rig)}
    return tuple(
        place for place in mapped_back(rig).places if not (place[0] == 0 and place[1] in own)
    )


def units(rig: Rig, sampled: Sampled) -> FloatArray:
    """Motion of CHANNELS (T, 55): what of units and neck the rig shows. Raises RigError."""
    if sampled.seen is not None:
        weights = sampled.seen
    elif flame_rig.is_flame(rig):
        weights = _flame_units(rig, sampled)
    elif rig_store.is_mapped(rig):
        weights = mapped_back(rig).weights(sampled)
    else:
        weights = np.stack([sampled.key(unit) for unit in UNITS], axis=1)
    return np.concatenate([weights, neck(rig, sampled)], axis=1).astype(np.float32)


def neck(rig: Rig, sampled: Sampled) -> FloatArray:
    """The neck's turn (T, 3) about the face's axes, axis-angle in radians."""
    if not flame_rig.is_flame(rig) and rig_store.is_mapped(rig):
        found = rig_neck.find(rig)
        if found is None:
            return np.zeros((sampled.frames, len(NECK)), np.float32)
        return np.asarray(sampled.turn(found.bone) @ found.axes, np.float32)
    return sampled.turn(NECK_BONE)


def flame(rig: Rig, sampled: Sampled) -> FlameCurves:
    """A FLAME's parameters: read off a FLAME rig as they are; for any other rig by way of the one
    FLAME in the file. Raises RigError where there is none."""
    if flame_rig.is_flame(rig):
        return FlameCurves(
            _expressions(rig, sampled), sampled.turn(JAW), sampled.turn(NECK_BONE), identity(rig)
        )
    by = translator(rig, f"'{rig.mesh.name}' is no FLAME, and FLAME parameters are asked for")
    motion = units(rig, sampled)
    found = flame_motion.channels_to_flame(by, motion, CHANNELS)
    return FlameCurves(found.expression, found.jaw, motion[:, len(UNITS) :], identity(by))


def identity(rig: Rig) -> FloatArray:
    """Values of the identity keys Shape1, Shape2 and so on: (n,)."""
    blocks = rig.keys.key_blocks
    return np.array([blocks[name].value for name in _numbered(rig, "Shape")], np.float32)


def _numbered(rig: Rig, start: str) -> list[str]:
    """Names of the keys called `start` and 1, 2, 3 as far as they go."""
    present = set(rig.keys.key_blocks.keys())
    names = (f"{start}{index}" for index in count(1))
    return list(takewhile(present.__contains__, names))


def _expressions(rig: Rig, sampled: Sampled) -> FloatArray:
    """Exp1 and so on: (T, n)."""
    names = _numbered(rig, "Exp")
    if not names:
        raise RigError(f"'{rig.mesh.name}' has lost its expression keys. Import the FLAME again.")
    return np.stack([sampled.key(name) for name in names], axis=1)


def _flame_units(rig: Rig, sampled: Sampled) -> FloatArray:
    """The way back from expressions and jaw; what the rig has keys or bones of its own for is read
    off those."""
    weights = flame_motion.flame_to_units(rig, _expressions(rig, sampled), sampled.turn(JAW))
    weights = np.array(weights, np.float32)
    for unit in flame_residuals.present(rig):
        weights[:, UNITS.index(unit)] = sampled.key(flame_residuals.key(unit))
    degrees = head.bundled_face().gaze_degrees
    for bone, (side, outwards) in flame_motion.EYES.items():
        pitch, yaw = np.degrees(sampled.turn(bone)[:, :2]).T
        for direction, angle in (
            ("Down", pitch),
            ("Up", -pitch),
            ("Out", outwards * yaw),
            ("In", -outwards * yaw),
        ):
            unit = f"eyeLook{direction}{side}"
            weights[:, UNITS.index(unit)] = np.clip(angle / degrees[unit], 0.0, 1.0)
    return weights


def _addresses(rig: Rig, mapping: Mapping) -> list[tuple[Target, Address]]:
    """One place of the rig for each target of the mapping that is there."""
    return [
        (target, (parts[0], target.path, target.index))
        for target, parts in rig_store.places(rig, mapping).items()
        if parts
    ]


def _keys(rig: Rig) -> list[bpy.types.ShapeKey]:
    return list(rig.keys.key_blocks)
