# SPDX-License-Identifier: GPL-3.0-or-later
"""The lip measures of model_runtime.lips on tensors, for gradients: same points, same mm."""

from __future__ import annotations

import torch
from torch import Tensor

from .lips import COLUMNS, PATCH_STEPS, PATCH_WIDTHS, LipProbe, Points


class TorchLips:
    """A LipProbe whose apertures, tooth gaps and jaw openings have gradients."""

    def __init__(self, probe: LipProbe) -> None:
        self._upper, self._lower = _Moved(probe.upper), _Moved(probe.lower)
        self._patch, self._edge = _Moved(probe.patch), _Moved(probe.incisors)
        teeth = _Moved(probe.lower_teeth)
        self._jaw = -teeth.basis[..., 1].mean(1)

    def column_apertures(self, units: Tensor) -> Tensor:
        """Gaps (..., COLUMNS) of unit weights (..., 52), middle to corner; negative: pressing."""
        shape = (*units.shape[:-1], 2, COLUMNS, -1)
        upper = self._upper.heights(units).reshape(shape).amin(-1)
        lower = self._lower.heights(units).reshape(shape).amax(-1)
        return (upper - lower).mean(-2)

    def jaw_opening(self, units: Tensor) -> Tensor:
        """How far the lower incisors have dropped (...)."""
        return units @ self._jaw

    def tooth_gap(self, units: Tensor) -> Tensor:
        """Distance (n,) of the upper incisors' edges to the lower lip, for units (n, 52).

        Not signed, unlike LipProbe.labiodental_gap: a tooth in the lip is pulled out again.
        """
        patch = self._patch.at(units).reshape(len(units), -1, len(PATCH_WIDTHS), 3)
        share = torch.arange(PATCH_STEPS).div(PATCH_STEPS)[:, None, None]
        rows = patch[:, :-1, None] * (1 - share) + patch[:, 1:, None] * share
        surface = torch.cat((rows.flatten(1, 2), patch[:, -1:]), 1).flatten(1, 2)
        away = self._edge.at(units)[:, :, None] - surface[:, None]
        return away.square().sum(-1).amin(-1).add(1e-8).sqrt().mean(-1)


class _Moved:
    """Points that move linearly with the units, in mm."""

    def __init__(self, points: Points) -> None:
        self.rest = torch.from_numpy(points.rest.copy())
        self.basis = torch.from_numpy(points.basis.copy())

    def at(self, units: Tensor) -> Tensor:
        """(n, K, 3)."""
        return self.rest + (units @ self.basis.flatten(1)).reshape(len(units), -1, 3)

    def heights(self, units: Tensor) -> Tensor:
        """(..., K) of y."""
        return self.rest[:, 1] + units @ self.basis[..., 1]
