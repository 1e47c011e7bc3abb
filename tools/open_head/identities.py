# SPDX-License-Identifier: GPL-3.0-or-later
"""The people the open head can be: recipes over MakeHuman's macro and detail targets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .source import Array, MakeHumanData

Shares = tuple[float, float, float]  # african, asian, caucasian


@dataclass(frozen=True)
class Recipe:
    """Shares of the macro targets and weights of detail targets ('l-' stands for both sides)."""

    male: float = 0.5
    age: tuple[tuple[str, float], ...] = (("young", 1.0),)
    race: Shares = (1 / 3, 1 / 3, 1 / 3)
    muscle: str = "averagemuscle"
    weight: str = "averageweight"
    details: tuple[tuple[str, float], ...] = ()


AVERAGE = Recipe()
_MIDDLE = (("young", 0.5), ("old", 0.5))
_YOUTH = (("young", 0.62), ("child", 0.38))

PRESETS: dict[str, Recipe] = {
    "Amara": Recipe(
        0.0, race=(1, 0, 0), details=(("head/head-oval", 0.5), ("cheek/l-cheek-bones-incr", 0.5))
    ),
    "Bruno": Recipe(
        1.0,
        _MIDDLE,
        (0, 0, 1),
        "maxmuscle",
        details=(("head/head-square", 0.7), ("chin/chin-cleft-incr", 0.5)),
    ),
    "Chen": Recipe(1.0, race=(0, 1, 0), details=(("head/head-rectangular", 0.5),)),
    "Dalia": Recipe(0.0, race=(0.25, 0.1, 0.65), details=(("nose/nose-hump-incr", 0.4),)),
    "Elif": Recipe(
        0.0, _MIDDLE, (0, 0.3, 0.7), weight="maxweight", details=(("head/head-round", 0.6),)
    ),
    "Finn": Recipe(
        0.8, _YOUTH, (0, 0, 1), details=(("ears/l-ear-wing-incr", 0.4), ("nose/nose-point-up", 0.4))
    ),
    "Grace": Recipe(0.0, (("old", 1.0),), (0.1, 0, 0.9), details=(("chin/chin-height-decr", 0.3),)),
    "Hiro": Recipe(1.0, (("old", 1.0),), (0, 1, 0), weight="minweight"),
    "Ines": Recipe(
        0.0,
        race=(0, 0.15, 0.85),
        weight="minweight",
        details=(("head/head-invertedtriangular", 0.6), ("eyes/l-eye-scale-incr", 0.3)),
    ),
    "Jamal": Recipe(1.0, race=(1, 0, 0), muscle="maxmuscle", details=(("head/head-diamond", 0.4),)),
    "Kaya": Recipe(0.0, race=(0, 0.75, 0.25), details=(("head/head-round", 0.5),)),
    "Luis": Recipe(
        1.0, race=(0.2, 0.35, 0.45), weight="maxweight", details=(("head/head-round", 0.5),)
    ),
    "Mila": Recipe(0.0, (("young", 0.3), ("child", 0.7)), (0, 0.1, 0.9)),
    "Noor": Recipe(
        0.15,
        race=(0.45, 0.25, 0.3),
        details=(("head/head-triangular", 0.4), ("nose/nose-curve-convex", 0.4)),
    ),
    "Otto": Recipe(
        1.0,
        (("old", 1.0),),
        (0, 0, 1),
        weight="maxweight",
        details=(("nose/nose-scale-horiz-incr", 0.5), ("neck/neck-double-incr", 0.5)),
    ),
    "Priya": Recipe(
        0.0, _MIDDLE, (0.3, 0.3, 0.4), details=(("mouth/mouth-scale-horiz-incr", 0.3),)
    ),
}


def body(data: MakeHumanData, recipe: Recipe) -> Array:
    """Vertices (N,3) of the whole body of one recipe, decimetres, unsealed."""
    points = data.mesh.vertices.copy()
    for sex, share in (("female", 1 - recipe.male), ("male", recipe.male)):
        for age, part in recipe.age:
            if share * part > 0:
                points += share * part * _macro(data, recipe, sex, age)
    for name, weight in recipe.details:
        for side in _both_sides(name):
            points += weight * data.target(side)
    return points


def _macro(data: MakeHumanData, recipe: Recipe, sex: str, age: str) -> Array:
    build = f"macrodetails/universal-{sex}-{age}-{recipe.muscle}-{recipe.weight}"
    total = data.target(build)
    for race, share in zip(("african", "asian", "caucasian"), recipe.race, strict=True):
        if share > 0:
            total = total + share * data.target(f"macrodetails/{race}-{sex}-{age}")
    return np.asarray(total)


def _both_sides(name: str) -> tuple[str, ...]:
    return (name, name.replace("/l-", "/r-")) if "/l-" in name else (name,)
