# SPDX-License-Identifier: GPL-3.0-or-later
"""The strip's colours as people see them who lack one kind of cone, and on Blender's themes.

Simulated after Machado, Oliveira and Fernandes (2009), severity 1, on linear light; distances are
CIE 1976 in Lab (D65), contrasts WCAG's.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from tests.as_extension import room

picture = room("thunder_blender.meter_picture")

SEEN_BY = {
    "all three cones": ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}
TO_XYZ = np.array(
    ((0.4124564, 0.3575761, 0.1804375), (0.2126729, 0.7151522, 0.0721750),
     (0.0193339, 0.1191920, 0.9503041))
)  # fmt: skip
WHITE = np.array((0.95047, 1.0, 1.08883))
TOLD = 15.0  # Lab; 2.3 is just noticed side by side, 10 at a glance
PLAIN = 40.0  # weak against good
THEMES = {  # backgrounds of Blender's own themes: dope sheet, graph editor, NLA, sequencer
    "dark": (0.188, 0.114, 0.188, 0.098),
    "light": (0.42, 0.42, 0.65, 0.20),
}


def linear(colour):
    values = np.asarray(colour, float)[..., :3]
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def lab(colour, matrix):
    light = np.clip(linear(colour) @ np.array(matrix).T, 0.0, 1.0) @ TO_XYZ.T / WHITE
    cubed = np.where(light > 216 / 24389, np.cbrt(light), (24389 / 27 * light + 16) / 116)
    return np.array((116 * cubed[1] - 16, 500 * (cubed[0] - cubed[1]), 200 * (cubed[1] - cubed[2])))


def contrast(one, other) -> float:
    low, high = sorted(float(linear(c) @ (0.2126, 0.7152, 0.0722)) for c in (one, other))
    return (high + 0.05) / (low + 0.05)


def apart(one, other, matrix) -> float:
    return float(np.linalg.norm(lab(one, matrix) - lab(other, matrix)))


def signs() -> dict[str, np.ndarray]:
    """What lies side by side in a strip."""
    weak, middling, good = picture.colour(np.array((0.0, 0.5, 1.0)))
    named = {"silent": picture.SILENT, "mark": picture.MARK, "track": picture.TRACK}
    found = {"weak": weak, "middling": middling, "good": good, **named}
    return {name: np.asarray(colour, float) for name, colour in found.items()}


@pytest.mark.parametrize("eyes", SEEN_BY)
def test_all_signs_of_the_strip_are_told_apart(eyes) -> None:
    matrix = SEEN_BY[eyes]
    for (one, first), (other, second) in combinations(signs().items(), 2):
        assert apart(first, second, matrix) > TOLD, f"{one} and {other}"
    assert apart(signs()["weak"], signs()["good"], matrix) > PLAIN


@pytest.mark.parametrize("eyes", SEEN_BY)
def test_weaker_is_lighter_all_the_way_for_everybody(eyes) -> None:
    ramp = picture.colour(np.linspace(0.0, 1.0, 21))
    lightness = [lab(colour, SEEN_BY[eyes])[0] for colour in ramp]
    assert (np.diff(lightness) < -0.5).all()


@pytest.mark.parametrize("eyes", SEEN_BY)
def test_stale_stripes_are_told_from_fresh_columns_and_from_each_other(eyes) -> None:
    matrix = SEEN_BY[eyes]
    light, dark = (np.array(picture.STALE[:3]) * part for part in (1.0, 0.5))
    assert apart(light, dark, matrix) > TOLD
    for value in (0.0, 0.5, 1.0):
        fresh = picture.colour(np.array(value))[:3]
        stripes = [0.25 * fresh + 0.75 * grey for grey in (light, dark)]
        assert apart(*stripes, matrix) > TOLD
        assert max(apart(fresh, stripe, matrix) for stripe in stripes) > TOLD


def test_the_strip_brings_its_own_ground_and_has_edges_on_every_theme() -> None:
    named = signs()
    for name in ("weak", "middling", "good", "mark"):
        assert contrast(named[name], picture.TRACK) > 3.0, name
    for theme, grounds in THEMES.items():
        for grey in grounds:
            ground = (grey, grey, grey)
            edge = max(contrast(each, ground) for each in (picture.EDGE, picture.TRACK))
            assert edge > 3.0, (theme, grey)


def test_red_against_green_would_not_pass() -> None:
    """The check can fail: what meters are usually drawn in."""
    assert apart((0.85, 0.2, 0.15), (0.45, 0.55, 0.15), SEEN_BY["deuteranopia"]) < PLAIN
