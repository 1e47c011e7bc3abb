# SPDX-License-Identifier: GPL-3.0-or-later
"""How the meter's streams count together, and from when on it tells a lag: both by dev lines."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from model_runtime.contract import FloatArray
from model_runtime.meter_config import STREAMS, MeterConfig
from model_runtime.meter_evidence import Compared, lag_features, together
from training.meter_data import Pair

log = logging.getLogger(__name__)
FALSE_LAGS = 0.1  # share of wrong lines for which a lag is told
WRONG = ("shuffled", "warped", "other words", "still")  # motions that no shift mends
STRETCH = 60  # frames of a line that count as one look
RIGHT_WITHIN = 2  # frames
SHRINK = 1e-3


def fit_mix(
    config: MeterConfig, pairs: Sequence[Pair], compared: Sequence[Compared]
) -> MeterConfig:
    """Weights of the streams by which a stretch's own shift is told from its other shifts.

    Conditional logit over shifts (McFadden 1974): the streams' means over a stretch, weighed and
    added, should be greatest without shift. Weights are positive and in nats of that choice.
    """
    looks = [
        look
        for pair, found in zip(pairs, compared, strict=True)
        if pair.kind == "truth"
        for look in _looks(found, pair.heard.spoken)
    ]
    curves = np.stack(looks).astype(np.float64)  # (looks, streams, shifts)
    middle, reach = config.shifts, np.abs(np.arange(curves.shape[2]) - config.shifts)
    curves = curves[:, :, (reach == 0) | (reach >= config.apart)]
    own = int((reach[:middle] >= config.apart).sum())

    def loss(logs: FloatArray) -> float:
        mixed = np.tensordot(curves, np.exp(logs), (1, 0))
        top = mixed.max(1, keepdims=True)
        total = top[:, 0] + np.log(np.exp(mixed - top).sum(1))
        return float((total - mixed[:, own]).mean()) + SHRINK * float((logs**2).sum())

    found = minimize(loss, np.zeros(len(STREAMS)), method="Nelder-Mead")
    mix = tuple(float(value) for value in np.exp(found.x))
    log.info("weights of %s: %s", STREAMS, np.round(mix, 2))
    return replace(config, mix=mix)


def _looks(compared: Compared, spoken: npt.NDArray[np.bool_]) -> list[FloatArray]:
    """Means of the streams over stretches of a line, shift by shift: (streams, shifts) each."""
    rows = np.flatnonzero(spoken)
    parts = [rows[i : i + STRETCH] for i in range(0, len(rows), STRETCH)]
    return [
        np.stack([stream[part].mean(0) for stream in compared])
        for part in parts
        if len(part) >= STRETCH // 2
    ]


def fit_lags(
    config: MeterConfig, pairs: Sequence[Pair], compared: Sequence[Compared]
) -> MeterConfig:
    """Logistic regression on what a lag stands out by, and the value that few wrong lines reach."""
    right, wrong = [], []
    for pair, found in zip(pairs, compared, strict=True):
        if pair.kind not in (*WRONG, "truth") or not pair.heard.spoken.any():
            continue
        curve = together(found, config)[pair.heard.spoken].mean(0)
        row = lag_features(curve, int(pair.heard.spoken.sum()))
        if pair.kind in WRONG:
            wrong.append(row)
        elif abs(int(curve.argmax()) - config.shifts) <= RIGHT_WITHIN:
            right.append(row)
    weights = _logistic(np.array(right), np.array(wrong))
    least = float(np.quantile(np.array(wrong) @ weights, 1.0 - FALSE_LAGS))
    told = float(np.mean(np.array(right) @ weights >= least))
    log.info("a lag is told for %.3f of %d lines whose peak is right", told, len(right))
    return replace(config, lag_weights=tuple(weights.tolist()), lag_least=least)


def _logistic(right: FloatArray, wrong: FloatArray) -> FloatArray:
    """Weights that tell rows of the one from rows of the other, as many of each."""
    scale = np.concatenate((right, wrong)).std(0) + 1e-6

    def loss(values: FloatArray) -> float:
        a, b = ((rows / scale) @ values[1:] + values[0] for rows in (right, wrong))
        fit = np.logaddexp(0.0, -a).mean() + np.logaddexp(0.0, b).mean()
        return float(fit) + SHRINK * float((values[1:] ** 2).sum())

    found = minimize(loss, np.zeros(1 + right.shape[1]), method="BFGS")
    return np.asarray(found.x[1:] / scale, np.float64)
