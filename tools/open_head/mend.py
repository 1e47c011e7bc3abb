# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes the seated head out of the last overlaps, in poses of whole takes and between the steps.

`seat` leaves overlaps of up to 0.15 mm and looks at quarters of units; at tenths and in takes there
were more. Here the lower arch sinks until the arches slide past each other, people's incisors come
to the lip of f and v, and what is still pressed in the poses of pressed.json is eased out; lashes
stand off the cheeks and eyes are as large as the lids allow. It starts from vertices rounded as the
file rounds them, and again moves neither skin nor a unit.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from model_runtime.face import FaceModel, FloatArray, identity_vertices

from .collisions import TOLERANCE, CollisionMeter
from .ease import Care, Contact, Easer, contact, shortened
from .pack import STEP, steady
from .poses import BITES, ROLL, ROLLED, TENTHS, frame, pressed_poses, tongue_poses, unit_poses
from .seat import tongue_placed
from .settle import smaller_eyes
from .source import Array

FINE = Care(free=0.03e-3, left=-0.01e-3, tongue=True, between=True, sweeps=(6, 6))
MOST, STEP_MOST = 0.5e-3, 0.15e-3  # metres that anything gives way here, and to one pose at once
SINK = np.arange(0, 11) * 0.05e-3  # metres that the lower arch sinks, tried
LEFT = 0.02e-3  # metres of overlap of arches, lids and lashes that are left
CLEAR = 0.02  # mm of the tongue's overlap that costs nothing
TONGUE_STEPS = (16, 23)
FAR = (-0.1, 0.96)  # mm that people's labiodental gap stays within; 1.0 is a contact
TOUCH, TOUCH_STEP = 0.25e-3, 0.15e-3  # metres from tooth to lip at f and v, aim and step
AHEAD = np.arange(0, 9) * 0.05e-3  # metres that a person's lashes come forward, tried


def stored(face: FaceModel, template: Array, basis: Array) -> FaceModel:
    """The face with template (V,3) and identity basis (I,V,3), rounded as its file rounds them."""
    return replace(
        face,
        template=steady(template, 7),
        identity_basis=_counted(basis),
        expression_basis=_counted(face.expression_basis.astype(float)),
    )


def _counted(basis: Array) -> FloatArray:
    return np.asarray(np.round(np.round(basis, 9) / STEP) * STEP, np.float32)


@dataclass(frozen=True)
class Touch(Contact):
    """A contact that also keeps the incisors within `reach` metres of the lip at f and v."""

    meter: CollisionMeter
    moves: tuple[Array, ...]
    reach: float

    def holds(self, points: Array) -> bool:
        """Whether gap and reach of resting vertices (V,3) are within the bounds."""
        return super().holds(points) and self.far(points)[0] <= self.reach

    def far(self, points: Array) -> tuple[float, Array]:
        """Metres from the incisors to the lip in the worst pose, and the way there (3,)."""
        ways = [self.meter.to_lower_lip(points + move) for move in self.moves]
        way = max(ways, key=lambda found: float(np.linalg.norm(found)))
        return float(np.linalg.norm(way)), way


class Mender(Easer):
    """Eases people's arches and tongues, and of the average all but the upper arch."""

    def eased(self, rest: Array, contact: Contact | None = None) -> Array:
        """Rest vertices (V,3) that clear the poses as far as contact, bite and MOST allow."""
        out = rest
        for sweeps in self.care.sweeps:
            busy = self.moves
            for _ in range(sweeps):
                moved = []
                for move in busy:
                    push = self._both_sides(self._push(out, move))
                    tried = self.stepped(rest, out, push, contact) if push.any() else out
                    if tried is not out:
                        moved.append(move)
                        out = tried
                busy = moved
        return out

    def stepped(
        self, rest: Array, out: Array, push: Array, contact: Contact | None = None
    ) -> Array:
        """Vertices (V,3) after as much of a push as contact and bite allow, or `out` itself.

        Never a part of an arch without its edge: neighbours of what must stay would be dented.
        """
        worst = max(self.care.free, self._bitten(out))
        shares = [self.below] if contact is None else [1.0, self.above, self.below]
        for share in shares:
            if not (share * push).any():
                continue
            tried = rest + shortened(out + shortened(share * push, STEP_MOST) - rest, MOST)
            if (contact is None or contact.holds(tried)) and self._bitten(tried) <= worst:
                return tried
        return out


def mend(face: FaceModel) -> tuple[Array, Array]:
    """Template (V,3) and identity basis (I,V,3) of a stored face, mended."""
    easer = Mender(face, FINE, [frame({}), *pressed_poses("mouth").values()])
    average = mended(easer, None)
    people = [mended(easer, name) for name in face.identity_names]
    return average, np.stack(people) - average


def mended(easer: Mender, identity: str | None) -> Array:
    """Rest vertices (V,3) of one person; the average's upper incisors keep their edges."""
    face = easer.meter.face
    steps = {name: pose for count in TONGUE_STEPS for name, pose in tongue_poses(count).items()}
    rest = sunk(easer, identity_vertices(face, identity).astype(float))
    if identity is None:
        eased = easer.eased(rest)
    else:
        eased = easer.eased(*touched(easer, rest, identity))
        if pressed(easer, eased):
            eased = easer.eased(rest, contact(face, identity, FAR))
            eased = rest if pressed(easer, eased) else eased
    rest = tongue_placed(easer, eased, CLEAR, steps)
    seen = np.stack([*unit_poses().values(), *pressed_poses("eyes").values()])
    return clear_lashes(easer.meter, smaller_eyes(easer.meter, rest, seen, LEFT), seen)


def sunk(easer: Easer, rest: Array) -> Array:
    """Rest vertices (V,3) with the lower arch so low that it slides past the upper one."""
    slides = [pose for name, pose in unit_poses(TENTHS).items() if name.startswith("jaw")]
    basis = easer.meter.face.expression_basis.astype(float)
    moves = [np.tensordot(pose, basis, 1) for pose in (frame({}), *slides)]
    tried = rest
    for depth in SINK:
        tried = rest.copy()
        tried[easer.lower.own, 1] -= depth
        if all(easer.meter.teeth_in_teeth(tried + move) <= 1000 * LEFT for move in moves):
            break
    return tried


def touched(easer: Easer, rest: Array, identity: str) -> tuple[Array, Touch]:
    """Rest vertices (V,3) whose upper incisors touch the lip of f and v, and what keeps them so."""
    meter, before = easer.meter, contact(easer.meter.face, identity, FAR)
    basis = meter.face.expression_basis.astype(float)
    moves = tuple(np.tensordot(frame(bite), basis, 1) for bite in BITES)
    own = Touch(before.probe, before.edge, before.least, before.most, meter, moves, np.inf)
    out, (now, way) = rest, own.far(rest)
    while now > TOUCH:
        tried = out.copy()
        shift = way * min(TOUCH_STEP, now - 0.8 * TOUCH) / now * (0.0, 1.0, 1.0)
        tried[easer.upper.own] += easer.near(rest, easer.edge) * shift
        far, way = own.far(tried)
        if far >= now:
            break
        out, now = tried, far
    return out, replace(own, reach=max(now, TOUCH) + LEFT)


def pressed(easer: Easer, rest: Array) -> bool:
    """Whether a lip that does not bite lies on upper teeth, which touching f v can be paid with."""
    basis, meter = easer.meter.face.expression_basis.astype(float), easer.meter
    free = [pose for pose in pressed_poses("mouth").values() if pose[ROLL] <= ROLLED]
    posed = (rest + np.tensordot(pose, basis, 1) for pose in free)
    deep = (meter.in_flesh(meter.upper, points).depth.max(initial=0.0) for points in posed)
    return any(1000 * depth > TOLERANCE for depth in deep)


def clear_lashes(meter: CollisionMeter, rest: Array, poses: FloatArray) -> Array:
    """Rest vertices (V,3) with lashes so far forward that cheeks raised to shut lids clear them."""
    basis = meter.face.expression_basis
    lashes = meter.face.vertex_sets["lashes"]
    moves = [np.tensordot(pose, basis, 1) for pose in poses]
    out = rest
    for ahead in AHEAD:
        out = rest.copy()
        out[lashes, 2] += ahead
        deep = (meter.lashes_in_skin(out + move).depth.max(initial=0.0) for move in moves)
        if all(depth <= LEFT for depth in deep):
            break
    return out
