# SPDX-License-Identifier: GPL-3.0-or-later
"""The motion that is measured: brought to 50 fps, its lips in mm, what the judge hears in it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple, cast

import numpy as np
import numpy.typing as npt
import torch

from .contract import MOTION_FPS, FaceMotion, FloatArray, RequestError
from .face import FaceModel
from .features import MEL_BANDS, MELS_PER_MOTION_FRAME
from .lips import LipProbe, lip_probe
from .mesh_to_speech import MeshToSpeech, region_vertices

CORE = 100  # frames that one window of the judge decides
CONTEXT = 50  # frames it sees on either side: 4 s in all, as it was trained on
BATCH = 32  # windows at once
REACH = 0.5  # m; an offset beyond it is no mouth
Rows = tuple[int, int]  # first frame, and the first behind the last


class Mouth(NamedTuple):
    """Measures of the lips in mm, a value a frame."""

    aperture: FloatArray
    labiodental: FloatArray  # lower lip to upper incisors
    width: FloatArray


class Judged(NamedTuple):
    """What the judge hears in a motion."""

    units: FloatArray  # (frames, units) probabilities
    mel: FloatArray  # (frames, 2 * bands) normalised log-mel


def at_motion_rate(motion: FaceMotion, frames: int, face: FaceModel) -> FloatArray:
    """Weights (frames, 52) or offsets (frames, V, 3) at 50 fps, the last pose held to the end.

    Catmull-Rom splines, so that a frame hangs on four keys and not on the line. Raises
    RequestError when there is no motion, or it is not the open head's mouth region.
    """
    values = motion.weights if motion.offsets is None else motion.offsets
    assert values is not None
    _check(values, motion.offsets is not None, len(region_vertices(face, "mouth2s")))
    place = np.minimum(np.arange(frames) * motion.fps / MOTION_FPS, len(values) - 1.0)
    first = np.floor(place + 1e-6).astype(np.int64)
    t = np.maximum(place - first, 0.0).astype(np.float32)
    if not t.any():
        return np.asarray(values[first], np.float32)
    taps = np.stack(
        (
            -0.5 * t + t**2 - 0.5 * t**3,
            1.0 - 2.5 * t**2 + 1.5 * t**3,
            0.5 * t + 2.0 * t**2 - 1.5 * t**3,
            -0.5 * t**2 + 0.5 * t**3,
        )
    )
    shape = (-1,) + (1,) * (values.ndim - 1)
    rows = (np.clip(first + tap - 1, 0, len(values) - 1) for tap in range(4))
    parts = (taps[tap].reshape(shape) * values[row] for tap, row in enumerate(rows))
    return np.asarray(sum(parts), np.float32)


def _check(values: FloatArray, measured: bool, vertices: int) -> None:
    if not len(values) or (measured and values.shape[1] != vertices):
        raise RequestError("The face's motion cannot be read. Measure it again.")
    if not np.isfinite(values).all() or (measured and np.abs(values).max() > REACH):
        raise RequestError(
            "The face's motion holds values that no face can have. Look at its keys and drivers."
        )


class _OffsetBasis:
    """A basis in which every coordinate of a measured vertex is a unit of its own, by 1 m."""

    def __init__(self, region: npt.NDArray[np.int32], vertices: int) -> None:
        self.place = np.full(vertices, -1)
        self.place[region] = np.arange(len(region))
        self.units = 3 * len(region)

    def __getitem__(self, key: tuple[slice, npt.NDArray[np.int32]]) -> FloatArray:
        place = self.place[key[1]]
        basis = np.zeros((self.units, len(place), 3), np.float32)
        column = np.flatnonzero(place >= 0)  # teeth stay at rest
        for axis in range(3):
            basis[3 * place[column] + axis, column, axis] = 1.0
        return basis


def measured_probe(face: FaceModel) -> LipProbe:
    """The lip probe for measured offsets (T, 3 V) of the mouth region, in m, in place of weights.

    Whatever moved the lips counts: a sculpted key, a bone, a lattice.
    """
    basis = _OffsetBasis(region_vertices(face, "mouth2s"), len(face.template))
    return lip_probe(replace(face, expression_basis=cast(Any, basis)))


def mouth_of(probe: LipProbe, motion: FloatArray) -> Mouth:
    """Lips of a motion (T, ...) as the probe takes it, offsets flattened."""
    flat = motion.reshape(len(motion), -1)
    return Mouth(probe.aperture(flat), probe.labiodental_gap(flat), probe.width(flat))


def touching(mouth: Mouth, keyed: Mouth, fps: float, first: int) -> Mouth:
    """Lips at 50 fps that also touch where they do in the frames as they were keyed.

    keyed: every frame at `fps`, from `first` on. A closure of one frame at 24 fps may lie between
    two at 50, where it would look half open.
    """
    place = np.round((first + np.arange(len(keyed.aperture))) * MOTION_FPS / fps).astype(np.int64)
    inside = place < len(mouth.aperture)
    aperture, teeth = mouth.aperture.copy(), mouth.labiodental.copy()
    np.minimum.at(aperture, place[inside], keyed.aperture[inside])
    np.minimum.at(teeth, place[inside], keyed.labiodental[inside])
    return Mouth(aperture, teeth, mouth.width)


@torch.inference_mode()
def judged(judge: MeshToSpeech, motion: FloatArray, voice: FloatArray, rows: Rows) -> Judged:
    """What the judge hears in the frames `rows` of a motion (T, 52) or (T, V, 3) at 50 fps.

    In windows on a fixed grid, each seeing CONTEXT frames about its CORE: what is heard in a frame
    is the same whichever span is asked for. Frames outside `rows` may be left at 0.
    """
    frames, device = len(motion), next(judge.parameters()).device
    starts = range(rows[0] // CORE * CORE, rows[1], CORE)
    units = np.zeros((frames, judge.config.units), np.float32)
    mel = np.zeros((frames, MELS_PER_MOTION_FRAME * MEL_BANDS), np.float32)
    inner = slice(CONTEXT, CONTEXT + CORE)
    for chunk in (starts[i : i + BATCH] for i in range(0, len(starts), BATCH)):
        place = np.array(chunk)[:, None] + np.arange(-CONTEXT, CORE + CONTEXT)
        keep = torch.from_numpy((place >= 0) & (place < frames)).to(device)
        seen = torch.from_numpy(motion[np.clip(place, 0, frames - 1)]).to(device)
        speaker = torch.from_numpy(voice).to(device).expand(len(place), -1)
        hear = judge.forward if motion.ndim == 2 else judge.forward_vertices
        said = hear(seen, keep, speaker)
        heard = said.unit_logits.softmax(-1).float().cpu().numpy()
        sound = said.mel.float().cpu().numpy().reshape(len(place), CORE + 2 * CONTEXT, -1)
        for row, start in enumerate(chunk):
            stop = min(start + CORE, frames)
            units[start:stop] = heard[row, inner][: stop - start]
            mel[start:stop] = sound[row, inner][: stop - start]
    return Judged(units, mel)
