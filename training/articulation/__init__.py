# SPDX-License-Identifier: GPL-3.0-or-later
"""The articulation model that makes the training targets: phones and loudness to motion."""

from .emotions import rest_weights
from .gates import contact_curves
from .loudness import loudness_curve
from .model import articulate
from .settings import ArticulationSettings, Segment, Style, sample_style

__all__ = [
    "ArticulationSettings",
    "Segment",
    "Style",
    "articulate",
    "contact_curves",
    "loudness_curve",
    "rest_weights",
    "sample_style",
]
