# SPDX-License-Identifier: GPL-3.0-or-later
"""Does the opening of the mouth follow the truth's curve, and when? Curves are (T,) mm."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter1d
from scipy.signal import find_peaks

from model_runtime.contract import MOTION_FPS, FloatArray

Series = npt.NDArray[np.float64]
Path = npt.NDArray[np.int_]  # (steps, 2): frame of the truth, frame of the motion
FLAT = 1e-3  # mm of standard deviation below which a curve has no shape
SMOOTHING = 2 / 30  # s, the two frames of 30 that MTM smooths over
PROMINENCE = 0.2  # mm by which an extremum stands out, so that ripples are none


def overlap(curve: FloatArray, truth: FloatArray) -> tuple[Series, Series]:
    """Both curves over the frames that both have."""
    count = min(len(curve), len(truth))
    return curve[:count].astype(np.float64), truth[:count].astype(np.float64)


def opening_difference(curve: FloatArray, truth: FloatArray) -> float:
    """MOD in mm: mean |opening - true opening|; pressed lips are an opening of 0."""
    ours, true = overlap(curve, truth)
    return float(np.abs(np.maximum(ours, 0.0) - np.maximum(true, 0.0)).mean())


def correlation(curve: FloatArray, truth: FloatArray) -> float | None:
    """Pearson's correlation; None where a curve is flat."""
    ours, true = overlap(curve, truth)
    spread = ours.std() * true.std()
    if min(ours.std(), true.std()) < FLAT:
        return None
    return float(((ours - ours.mean()) * (true - true.mean())).mean() / spread)


def concordance(curve: FloatArray, truth: FloatArray) -> float | None:
    """Lin's concordance: 1 only for the same values; 0 for a flat curve; None for a flat truth."""
    ours, true = overlap(curve, truth)
    if true.std() < FLAT:
        return None
    shared = ((ours - ours.mean()) * (true - true.mean())).mean()
    return float(2 * shared / (ours.var() + true.var() + (ours.mean() - true.mean()) ** 2))


def warped_distance(curve: FloatArray, truth: FloatArray) -> float:
    """Lip DTW in mm: cheapest sum of |difference| along a warping, over the number of frames."""
    ours, true = overlap(curve, truth)
    return float(accumulated(np.abs(true[:, None] - ours[None]))[-1, -1] / len(true))


def timing_misalignment(
    curve: FloatArray, truth: FloatArray, fps: float = MOTION_FPS
) -> tuple[float | None, float | None]:
    """(MTM in ms, share of the truth's extrema that found their like).

    Chae-Yeon et al. 2025: both curves smoothed, their slopes warped onto each other; each extremum
    of the truth looks along that path for extrema of its kind between its own neighbours, and is
    off by their mean distance. None where nothing was found.
    """
    ours, true = (
        gaussian_filter1d(c, SMOOTHING * fps, mode="nearest") for c in overlap(curve, truth)
    )
    if len(true) < 3:
        return None, None
    slopes = np.abs(np.gradient(true)[:, None] - np.gradient(ours)[None])
    path = warping_path(accumulated(slopes))
    kinds, theirs = extrema(ours), extrema(true)
    places = np.flatnonzero(theirs)
    late = [_off(path, int(place), places, theirs, kinds) for place in places]
    found = [value for value in late if value is not None]
    if not len(places):
        return None, None
    return (float(np.mean(found)) * 1000.0 / fps if found else None), len(found) / len(places)


def extrema(curve: Series) -> npt.NDArray[np.int_]:
    """(T,) 1 at maxima, -1 at minima, 0 elsewhere."""
    kinds = np.zeros(len(curve), int)
    kinds[find_peaks(curve, prominence=PROMINENCE)[0]] = 1
    kinds[find_peaks(-curve, prominence=PROMINENCE)[0]] = -1
    return kinds


def accumulated(cost: Series) -> Series:
    """Cost (N, M) summed along the cheapest monotone path to each cell (Sakoe & Chiba 1978)."""
    rows, columns = cost.shape
    total = np.full((rows + 1, columns + 1), np.inf)
    total[0, 0] = 0.0
    for diagonal in range(2, rows + columns + 1):
        i = np.arange(max(1, diagonal - columns), min(rows, diagonal - 1) + 1)
        j = diagonal - i
        before = np.minimum(np.minimum(total[i - 1, j], total[i, j - 1]), total[i - 1, j - 1])
        total[i, j] = cost[i - 1, j - 1] + before
    return total[1:, 1:]


def warping_path(total: Series) -> Path:
    """The cheapest path through an `accumulated` cost, first cell first."""
    i, j = total.shape[0] - 1, total.shape[1] - 1
    steps = [(i, j)]
    while i or j:
        options = [(i - 1, j - 1), (i - 1, j), (i, j - 1)]
        i, j = min((o for o in options if min(o) >= 0), key=lambda o: total[o])
        steps.append((i, j))
    return np.array(steps[::-1])


def _off(
    path: Path,
    place: int,
    places: npt.NDArray[np.int_],
    theirs: npt.NDArray[np.int_],
    kinds: npt.NDArray[np.int_],
) -> float | None:
    """Mean distance in frames of the extremum at `place` from its like on the path."""
    rank = int(np.searchsorted(places, place))
    low = places[rank - 1] if rank else -1
    high = places[rank + 1] if rank + 1 < len(places) else len(theirs)
    met = path[path[:, 0] == place, 1]
    like = met[(kinds[met] == theirs[place]) & (met > low) & (met < high)]
    return float(np.abs(like - place).mean()) if len(like) else None
