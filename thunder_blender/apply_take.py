# SPDX-License-Identifier: GPL-3.0-or-later
"""A finished take goes onto its rig, wherever rig and strip are by now.

Between order and take the artist went on working: strips move, heads are deleted, files change.
So rig, scene and strip are looked up anew, by identifier before name.
"""

from __future__ import annotations

import dataclasses
import secrets

import bpy

from ..model_runtime.contract import Take
from . import lines, steps, takes
from .lines import Line, LineError
from .request import Order, rig_meshes
from .rig import Rig, RigError, find_rig

SEEDS = 1_000_000  # rolled seeds stay short enough to be said and typed


def apply_take(order: Order, take: Take) -> str:
    """Add the take to its rig, let it play, and return the sentence to report.

    Raises RigError when the rig is gone; the same seed gives the same take again.
    """
    return steps.finish(apply_steps(order, take))


def apply_steps(order: Order, take: Take) -> steps.Steps[str]:
    """`apply_take` in short steps: the take is written first and appears in the last one.

    Stopped early, it leaves nothing behind.
    """
    line, kept = current_line(order)
    action = yield from takes.add_take_steps(ordered_rig(order), line, take, order.name or None)
    rig = ordered_rig(order)  # time has passed
    if order.choose or takes.chosen_take(rig, line.line_id) is None:
        takes.choose_take(rig, action)
    rig.mesh.thunder.take = action
    if order.rolls_seed:
        rig.mesh.thunder.seed = roll_seed(used_seeds(rig, line.line_id))
    if kept:
        return f"{action.name}: {take.seconds:.1f} s performed by {rig.mesh.name}"
    return (
        f"The strip '{line.strip_name}' was deleted meanwhile; its take is kept as {action.name} "
        f"on {rig.mesh.name}, where the strip was"
    )


def ordered_rig(order: Order) -> Rig:
    """The rig of an order as it is now. Raises RigError."""
    found = [mesh for mesh in rig_meshes(bpy.data.objects) if Rig(mesh).identifier == order.rig_id]
    found.sort(key=lambda mesh: mesh.name != order.rig_name)  # a copied head has the same identity
    rig = find_rig(found[0]) if found else None
    if rig is None:
        raise RigError(
            f"The head '{order.rig_name}' was deleted while it performed, so its take has nowhere "
            f"to go. Undo the deletion and generate again: seed {order.settings.seed} gives the "
            "same take."
        )
    return rig


def current_line(order: Order) -> tuple[Line, bool]:
    """The line of an order where its strip is now, and whether the strip still exists."""
    scene = bpy.data.scenes.get(order.scene)
    strip = scene and lines.find_strip(scene, order.line.line_id)
    if strip is None:
        return order.line, False
    try:
        now = lines.line_of_strip(scene, strip)
    except LineError:
        return order.line, True
    frame = now.frame_of(order.line.start)
    changes = {"strip_name": now.strip_name, "rate": now.rate, "speed": now.speed}
    return dataclasses.replace(order.line, first_frame=frame, **changes), True


def variant_orders(order: Order, count: int | None = None) -> list[Order]:
    """`order` as several, with a new seed each. The first one plays only if nothing does yet."""
    rig = ordered_rig(order)
    used = used_seeds(rig)
    orders = []
    for _ in range(count or rig.mesh.thunder.variants):
        seed = roll_seed(used)
        used.add(seed)
        settings = dataclasses.replace(order.settings, seed=seed)
        orders.append(dataclasses.replace(order, settings=settings, choose=False, rolls_seed=False))
    return orders


def used_seeds(rig: Rig, line_id: str | None = None) -> set[int]:
    """Seeds that the rig's takes have, those of one line or all."""
    seeds = (action.get(takes.SEED) for action in takes.list_takes(rig, line_id))
    return {seed for seed in seeds if seed is not None}


def roll_seed(used: set[int]) -> int:
    """A seed that is not among those `used`."""
    while (seed := secrets.randbelow(SEEDS)) in used:
        pass
    return seed
