# SPDX-License-Identifier: GPL-3.0-or-later
"""The eight emotions as action units of FACS, put into the head's units, and their course in time.

Recipes: Ekman & Friesen, Facial Action Coding System (1978) and its EMFACS prototypes: happy 6+12,
sad 1+4+15(+17), angry 4+5+7+23(+9), surprised 1+2+5+26, afraid 1+2+4+5+20+26, disgusted
9+10+15(+16), contempt R12+R14. Values are weights at intensity 1.
"""

from __future__ import annotations

import numpy as np

from model_runtime.contract import CHANNELS, EMOTIONS, FloatArray, RequestError
from model_runtime.phones import CONTACTS

from .curves import columns, noise, saturate, smooth
from .seal import seal
from .settings import Style

Recipe = dict[str, float]

UPPER: dict[str, Recipe] = {  # brows, lids, cheeks, nose
    "neutral": {},
    "happy": {
        "cheekSquintBoth": 0.58,
        "eyeSquintBoth": 0.24,
        "browOuterUpBoth": 0.10,
        "browInnerUp": 0.06,
    },
    "sad": {"browInnerUp": 0.64, "browDownBoth": 0.22, "eyeSquintBoth": 0.24},
    "angry": {
        "browDownBoth": 0.66,
        "eyeSquintBoth": 0.40,
        "eyeWideBoth": 0.14,
        "noseSneerBoth": 0.28,
        "cheekSquintBoth": 0.10,
    },
    "surprised": {"browInnerUp": 0.62, "browOuterUpBoth": 0.62, "eyeWideBoth": 0.56},
    "afraid": {
        "browInnerUp": 0.66,
        "browOuterUpBoth": 0.30,
        "browDownBoth": 0.22,
        "eyeWideBoth": 0.58,
        "eyeSquintBoth": 0.10,
    },
    "disgusted": {
        "noseSneerBoth": 0.62,
        "browDownBoth": 0.40,
        "cheekSquintBoth": 0.38,
        "eyeSquintBoth": 0.34,
    },
    "contempt": {"eyeSquintBoth": 0.26, "browDownRight": 0.18, "browOuterUpLeft": 0.36},
}
MOUTH: dict[str, Recipe] = {  # what the emotion does to the mouth, lips still together
    "neutral": {},
    "happy": {"mouthSmileBoth": 0.66, "mouthDimpleBoth": 0.10},
    "sad": {"mouthFrownBoth": 0.58, "mouthShrugLower": 0.12},
    "angry": {"mouthPressBoth": 0.18, "mouthFrownBoth": 0.20, "jawForward": 0.12},
    "surprised": {},
    "afraid": {"mouthStretchBoth": 0.46, "mouthFrownBoth": 0.06},
    "disgusted": {"mouthFrownBoth": 0.32, "mouthUpperUpBoth": 0.26, "mouthShrugLower": 0.10},
    "contempt": {"mouthSmileLeft": 0.34, "mouthDimpleLeft": 0.48},
}
PARTING: dict[str, Recipe] = {  # emotions that part the lips at rest, AU 25+26
    "surprised": {"jawOpen": 0.13},
    "afraid": {"jawOpen": 0.06, "mouthLowerDownBoth": 0.10},
}
LEAN: dict[str, tuple[float, float, float]] = {  # neck pitch, yaw, roll, rad at intensity 1
    "happy": (-0.010, 0.0, 0.012),
    "sad": (0.040, 0.0, 0.018),
    "angry": (0.026, 0.0, 0.0),
    "surprised": (-0.024, 0.0, 0.0),
    "afraid": (-0.022, 0.0, 0.0),
    "disgusted": (-0.016, 0.018, 0.0),
    "contempt": (-0.026, 0.014, 0.016),
}
CALM, SPEAKING = 0.70, 0.30  # share of an expression that is always there, and that phrases add
STRESSED, WANDER = 0.30, 0.12  # what an accent adds to it, how far it drifts by itself
MOUTH_ONSET = 0.6  # s in which the mouth follows phrases
SPOKEN_FOR = 0.7  # share of the parting that speech takes over
UNDER_SPEECH = 0.6  # share of the mouth's part that is left while the lips speak


def vector(recipe: Recipe) -> FloatArray:
    """(55,) weights of a recipe in contract.CHANNELS order."""
    weights = np.zeros(len(CHANNELS), np.float32)
    for name, value in recipe.items():
        weights[columns(name)] += value
    return weights


def upper_recipe(emotion: str, style: Style) -> FloatArray:
    """(55,) upper face of an emotion as this performer does it (weights at intensity 1)."""
    recipe = UPPER[emotion]
    gains = np.resize(style.flavour, len(recipe))
    return vector({k: v * float(g) for (k, v), g in zip(recipe.items(), gains, strict=True)})


def mouth_recipe(emotion: str) -> FloatArray:
    """(55,) mouth of an emotion (weights at intensity 1), the same for all performers."""
    return vector(MOUTH[emotion])


def parting_recipe(emotion: str) -> FloatArray:
    """(55,) what parts the lips of an emotion at rest (weights at intensity 1), mostly zero."""
    return vector(PARTING.get(emotion, {}))


def rest_weights(emotion: str, intensity: float = 1.0) -> FloatArray:
    """(55,) pose in which a face of this emotion waits: no blink, level gaze, head upright.

    Raises RequestError on an unknown emotion.
    """
    if emotion not in EMOTIONS:
        raise RequestError(f"Emotion '{emotion}' is not known. Choose one of: {EMOTIONS}.")
    quiet = np.zeros((3, len(CONTACTS)), np.float32)
    quiet[:, CONTACTS.index("silence")] = 1.0
    level = intensity * CALM
    mouth = seal(np.tile(level * mouth_recipe(emotion), (3, 1)), quiet)[1]
    pose = mouth + level * (upper_recipe(emotion, Style(side=0.0)) + parting_recipe(emotion))
    return saturate(pose).astype(np.float32)


def upper_course(
    rng: np.random.Generator,
    held: FloatArray,
    speaking: FloatArray,
    stressed: FloatArray,
    style: Style,
) -> FloatArray:
    """(T,) how far the upper face's expression is on: fuller in phrases and on accents.

    `held` (T,) is the intensity with its on- and offsets: changes take style.onset s (Schmidt, Cohn
    & Tian 2003: smile onsets of 0.3-0.7 s). `speaking` and `stressed` (T,) 0..1. Proportional to
    the intensity, so that motion grows with it.
    """
    phrase = smooth(speaking, 1.2 * style.onset)
    wander = WANDER * noise(rng, len(held), (0.08, 0.6))
    return held * np.maximum(CALM + SPEAKING * phrase + STRESSED * stressed + wander, 0.2)


def mouth_course(held: FloatArray, speaking: FloatArray) -> FloatArray:
    """(T,) how far the mouth's expression is on: whole at rest, reduced under speech, no chance."""
    phrase = smooth(speaking, MOUTH_ONSET)
    lively = CALM + SPEAKING * phrase
    return held * lively * (1.0 - (1.0 - UNDER_SPEECH) * speaking)
