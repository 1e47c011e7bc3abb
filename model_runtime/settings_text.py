# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings as people write them on command lines and in lists of lines."""

from __future__ import annotations

from .contract import INTENSITY_RANGE, SEED_RANGE, RequestError


def seed_of(text: str) -> int:
    """'7'. Raises RequestError."""
    try:
        return int(text)
    except ValueError:
        low, high = SEED_RANGE
        raise RequestError(
            f"Seed '{text}' is not a whole number. Use one from {low} to {high}."
        ) from None


def number_of(what: str, text: str, bounds: tuple[float, float]) -> float:
    """'0.8'; `what` and `bounds` are for the sentence. Raises RequestError."""
    try:
        return float(text)
    except ValueError:
        low, high = bounds
        message = f"{what} '{text}' is not a number. Use one from {low} to {high}."
        raise RequestError(message) from None


def emotion_of(text: str) -> str | tuple[tuple[float, str], ...]:
    """'happy', or keys as 'second:emotion,second:emotion'. Raises RequestError."""
    if ":" not in text:
        return text
    try:
        pairs = [key.split(":") for key in text.split(",")]
        return tuple((float(second), emotion.strip()) for second, emotion in pairs)
    except ValueError:
        raise RequestError(
            f"Emotion '{text}' cannot be read. Use one name, or second:emotion keys as in "
            "'0:neutral,2:happy'."
        ) from None


def intensity_of(text: str) -> float | tuple[tuple[float, float], ...]:
    """'0.8', or keys as 'second:value,second:value'. Raises RequestError."""
    low, high = INTENSITY_RANGE
    try:
        if ":" not in text:
            return float(text)
        keys = [key.split(":") for key in text.split(",")]
        return tuple((float(second), float(value)) for second, value in keys)
    except ValueError:
        raise RequestError(
            f"Intensity '{text}' is not a number from {low} to {high}. For a curve write "
            "second:value keys, as in '0:0.5,2:1.2'."
        ) from None
