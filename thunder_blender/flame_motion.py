# SPDX-License-Identifier: GPL-3.0-or-later
"""Motion on a FLAME rig: expression keys, jaw, eyes and neck, with lips that meet when they should.

The rule of the rig's FLAME gives expressions and jaw of every frame, and then the jaw is turned,
frame by frame, by the degree or two that makes the gap between the rig's own lips what it is on
the open head. The way back gives the units of any animation of the rig.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import bpy
import numpy as np
import numpy.typing as npt

from ..model_runtime.contract import UNITS
from ..model_runtime.flame_calibration import Calibration
from . import flame_lips, flame_mapping, flame_residuals, head
from .flame_axes import to_flame
from .head_correctives import ENTRIES
from .head_mesh import key_points
from .keys import Curve, euler_from_axis_angle, neck_curves
from .rig import Rig, RigError

Floats = npt.NDArray[np.float32]
Array = npt.NDArray[np.floating]

FRAMES = 250  # that are solved at a time
JAW = "jaw"
EYES = {"left_eye": ("Left", 1.0), "right_eye": ("Right", -1.0)}  # outwards is +Y or -Y


@dataclass(frozen=True)
class FlameCurves:
    """Coefficients of each frame."""

    expression: Floats  # (T,E)
    jaw: Floats  # (T,3) axis-angle
    eyes: dict[str, Floats]  # bone: (T,3) axis-angle
    residual: Floats  # (T,R) of the residual keys


@dataclass(frozen=True)
class Solver:
    """All that the coefficients of a rig's FLAME depend on, read off the rig; no bpy."""

    mapping: Calibration
    lips: flame_lips.Lips | None
    residuals: tuple[str, ...] = ()  # units that have a residual key
    sealed: float = 0.0  # how much of the sealing expressions a face needs whose lips are apart

    def solve(self, motion: Floats, channels: Sequence[str]) -> FlameCurves:
        """Motion (T,C) as coefficients; some frames at a time, so that memory stays small."""
        weights = np.zeros((len(motion), len(UNITS)), np.float32)
        for index, name in enumerate(channels):
            if name in UNITS:
                weights[:, UNITS.index(name)] = motion[:, index]
        rule = self.mapping.rule
        pitch = rule.pitch(weights)
        extra = weights[:, [UNITS.index(name) for name in self.residuals]]
        starts = [slice(at, at + FRAMES) for at in range(0, max(len(weights), 1), FRAMES)]
        parts = [
            self._kept(weights[at], extra[at], *rule.at(weights[at], pitch[at])) for at in starts
        ]
        expression, jaw = (np.concatenate(part) for part in zip(*parts, strict=True))
        return FlameCurves(
            np.asarray(expression, np.float32),
            np.asarray(jaw, np.float32),
            _gaze(weights),
            np.asarray(extra, np.float32),
        )

    def _kept(
        self, weights: Floats, extra: Floats, expression: Array, jaw: Array
    ) -> tuple[Array, Array]:
        """The same with lips that are as far apart as the open head's."""
        if self.lips is None:
            return expression, jaw
        gap = flame_lips.head_gap(head.bundled_face(), weights, UNITS)
        wanted = float(self.mapping.scale[0]) * gap
        expression = expression + self.sealed * self.mapping.seal
        return expression, self.lips.keep(expression, jaw, wanted, extra)


def solver_of(rig: Rig) -> Solver:
    """Read the rig. Raises RigError when its mapping or a part of it is lost."""
    mapping = flame_mapping.stored(rig.mesh)
    names = {f"Exp{index + 1}" for index in range(mapping.expression.shape[1])}
    if not names <= set(rig.keys.key_blocks.keys()):
        raise RigError(f"'{rig.mesh.name}' has lost expression keys. Import the FLAME again.")
    bones = rig.armature.pose.bones if rig.armature else ()
    for bone in (JAW, *EYES):
        if bone not in bones:
            raise RigError(f"'{rig.mesh.name}' has lost its bone '{bone}'. Import the FLAME again.")
    lips = lips_of(rig, mapping) if len(mapping.lips) else None
    sealed = lips.sealing(mapping.seal, _resting(mapping)) if lips else 0.0
    return Solver(mapping, lips, flame_residuals.present(rig), sealed)


def _resting(mapping: Calibration) -> float:
    """The open head's gap at rest on a face of the FLAME's size, mm."""
    still = np.zeros((1, len(UNITS)), np.float32)
    gap = flame_lips.head_gap(head.bundled_face(), still, UNITS)
    return float(mapping.scale[0] * gap[0])


def channels_to_flame(rig: Rig, motion: Floats, channels: Sequence[str]) -> FlameCurves:
    """Motion (T,C) as coefficients of the rig's FLAME. Raises RigError when a part is lost."""
    return solver_of(rig).solve(motion, channels)


def flame_to_units(rig: Rig, expression: npt.ArrayLike, jaw: npt.ArrayLike) -> Floats:
    """The way back: unit weights (T,52) of expressions (T, at most E) and the jaw's axis-angles
    (T,3) on the rig's FLAME. Raises RigError when its mapping is lost."""
    return flame_mapping.stored(rig.mesh).back.units(expression, jaw)


def plan_for(
    rig: Rig,
) -> Callable[[Floats, tuple[str, ...]], tuple[list[Curve], list[Curve]]]:
    """Read off the rig what its curves depend on, see `mapping.plan_for`."""
    solver, has_neck = solver_of(rig), rig.neck is not None

    def plan(motion: Floats, channels: tuple[str, ...]) -> tuple[list[Curve], list[Curve]]:
        found = solver.solve(motion, channels)
        keys = [
            Curve(f'key_blocks["Exp{index}"].value', 0, "Expressions", values)
            for index, values in enumerate(found.expression.T, 1)
        ]
        keys += [
            Curve(flame_residuals.path(unit), 0, "Residuals", values)
            for unit, values in zip(solver.residuals, found.residual.T, strict=True)
        ]
        bones = [curve for name, turn in _turns(found) for curve in _rotation(name, turn)]
        return keys, bones + (neck_curves(motion, channels) if has_neck else [])

    return plan


def _turns(found: FlameCurves) -> Iterator[tuple[str, Floats]]:
    yield JAW, found.jaw
    yield from found.eyes.items()


def _rotation(bone: str, turn: Floats) -> list[Curve]:
    euler = euler_from_axis_angle(turn)
    path = f'pose.bones["{bone}"].rotation_euler'
    return [Curve(path, axis, bone, euler[:, axis]) for axis in range(3)]


def _gaze(weights: Floats) -> dict[str, Floats]:
    """Axis-angles of the eye bones from the eyeLook units."""
    degrees = head.bundled_face().gaze_degrees

    def turn(unit: str) -> Floats:
        return np.asarray(np.radians(degrees[unit]) * weights[:, UNITS.index(unit)], np.float32)

    gaze = {}
    for bone, (side, outwards) in EYES.items():
        pitch = turn(f"eyeLookDown{side}") - turn(f"eyeLookUp{side}")
        yaw = outwards * (turn(f"eyeLookOut{side}") - turn(f"eyeLookIn{side}"))
        gaze[bone] = np.stack([pitch, yaw, np.zeros_like(yaw)], axis=1)
    return gaze


def lips_of(rig: Rig, mapping: Calibration) -> flame_lips.Lips:
    """The rig's own lips: its identity, its keys, its weights."""
    vertices, columns, sides = mapping.lips.T
    blocks = rig.keys.key_blocks
    basis = _points(blocks[0], vertices)
    shapes = [block for block in blocks if block.name.startswith("Shape")]
    rest = basis + sum(block.value * (_points(block, vertices) - basis) for block in shapes)
    count = mapping.expression.shape[1]
    expressions = [_points(blocks[f"Exp{i + 1}"], vertices) - basis for i in range(count)]
    correctives = [blocks.get(f"pose {JAW} {entry}") for entry in range(ENTRIES)]
    residuals = [blocks[flame_residuals.key(unit)] for unit in flame_residuals.present(rig)]
    places = [np.flatnonzero(columns == column) for column in np.unique(columns)]
    return flame_lips.Lips(
        rest,
        np.array(expressions),
        np.array([_points(b, vertices) - basis if b else 0 * basis for b in correctives]),
        _weights(rig.mesh, vertices),
        to_flame(np.array(rig.armature.data.bones[JAW].head_local)),
        mapping.joint.astype(float),
        tuple(
            (tuple(place[sides[place] == 0]), tuple(place[sides[place] == 1])) for place in places
        ),
        np.array([_points(b, vertices) - basis for b in residuals]).reshape(-1, *basis.shape),
    )


def _points(block: bpy.types.ShapeKey, vertices: npt.NDArray[np.int32]) -> npt.NDArray[np.float64]:
    return to_flame(key_points(block)[vertices])


def _weights(body: bpy.types.Object, vertices: npt.NDArray[np.int32]) -> npt.NDArray[np.float64]:
    index = body.vertex_groups[JAW].index
    found = [
        next((g.weight for g in body.data.vertices[v].groups if g.group == index), 0.0)
        for v in vertices.tolist()
    ]
    return np.array(found)
