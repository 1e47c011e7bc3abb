# SPDX-License-Identifier: GPL-3.0-or-later
"""A mouth that is early or late for a while is moved in time before it is mended."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from .contract import FloatArray
from .repair_limits import MOUTH
from .repair_loss import RepairLoss

SHIFTS = tuple(shift for shift in range(-5, 6) if shift)  # frames; positive makes it later
STEEPEST = 0.8  # frames of shift a frame, at the borders, so that time never runs backwards
GAIN = 0.12  # share by which the loss of speech must fall; an open closure alone gains 0.04


def warped(motion: FloatArray, span: range, free: FloatArray, shift: int) -> FloatArray:
    """The span (len(span), 52) of a motion (frames, 52) with its mouth `shift` frames later.

    Between the span's ends, which stay, time is bent within the span; weights where `free`
    (len(span), 52) is 0 stay too.
    """
    count = len(span)
    place = np.arange(count)
    reach = np.minimum(place + 1, count - place) * STEEPEST
    reach = np.minimum(reach, abs(shift)).astype(np.float32)
    source = np.clip(span.start + place - np.sign(shift) * reach, 0, len(motion) - 1)
    first = np.minimum(source.astype(np.int64), len(motion) - 2)
    share = (source - first).astype(np.float32)[:, None]
    moved = motion[first] * (1 - share) + motion[first + 1] * share
    result = motion[span.start : span.stop].copy()
    mouth = np.zeros_like(result, bool)
    mouth[:, MOUTH] = True
    chosen = mouth & (free > 0)
    result[chosen] = moved[chosen]
    return result


@torch.no_grad()
def best_start(loss: RepairLoss, motion: FloatArray, span: range, free: FloatArray) -> Tensor:
    """Where the gradient steps start (len(span), 52): as it is, or shifted in time if that says
    the words clearly better."""
    here = motion[span.start : span.stop]
    starts = [here, *(warped(motion, span, free, shift) for shift in _possible(span))]
    choices = torch.from_numpy(np.stack(starts))
    found = loss.speech(loss.placed(choices))
    best = int(found.argmin())
    return choices[best if found[best] < (1 - GAIN) * found[0] else 0]


def _possible(span: range) -> list[int]:
    """Shifts that the span is long enough for."""
    return [shift for shift in SHIFTS if 2 * abs(shift) / STEEPEST < 0.8 * len(span)]
