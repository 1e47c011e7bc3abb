# SPDX-License-Identifier: GPL-3.0-or-later
"""The pictures of tools.compare_video: faces over the lips' curves, and a contact sheet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import fill
from typing import Any

import matplotlib as mpl
import numpy as np
import numpy.typing as npt

from model_runtime.contract import MOTION_FPS, FloatArray
from model_runtime.features import log_mel
from model_runtime.phones import BILABIAL, LABIODENTAL, SILENCE
from training.corpus.alignment import Segment
from training.metrics.contacts import CLOSED

mpl.use("Agg")
from matplotlib import pyplot as plt

Pixels = npt.NDArray[np.uint8]  # (height, width, 3)
COLOURS = ("tab:green", "tab:orange", "tab:blue", "tab:purple")
LAMPS = {"bilabial": (214, 39, 40), "labiodental": (255, 152, 0), "silence": (120, 120, 120)}
GAP, HEAD, LAMP, WAVES, FOOT, LEFT = 12, 64, 8, 300, 54, 56  # pixels
DPI = 100


@dataclass(frozen=True)
class Page:
    """What stays the same in every frame of the video, and where the rest goes, in pixels."""

    base: Pixels
    size: int  # of a face
    columns: tuple[int, int]  # pixels between which the time runs
    span: tuple[float, float]  # s

    def frame(self, faces: Sequence[Pixels], time: float, phone: str) -> Pixels:
        """The page at `time` (s): faces side by side, a lamp for what is said, the cursor."""
        image = self.base.copy()
        for column, face in enumerate(faces):
            left = face_left(column, self.size)
            image[HEAD : HEAD + self.size, left : left + self.size] = face
            lamp = HEAD + self.size + 2
            image[lamp : lamp + LAMP, left : left + self.size] = lamp_colour(phone)
        (left, right), (start, end) = self.columns, self.span
        place = round(left + (right - left) * min((time - start) / (end - start), 1.0))
        image[HEAD + self.size + LAMP + GAP : -FOOT, place : place + 2] = (20, 20, 20)
        return image


def face_left(column: int, size: int) -> int:
    """The first pixel column of a face."""
    return GAP + column * (size + GAP)


def lamp_colour(phone: str) -> tuple[int, int, int]:
    """Red for p b m, orange for f v, grey for silence, white for the rest."""
    groups = {"bilabial": BILABIAL, "labiodental": LABIODENTAL, "silence": {SILENCE}}
    found = [LAMPS[name] for name, group in groups.items() if phone in group]
    return found[0] if found else (255, 255, 255)


def page(
    curves: Mapping[str, FloatArray],
    samples: FloatArray,
    segments: Sequence[Segment],
    caption: str,
    size: int,
    span: tuple[float, float],
) -> Page:
    """Draw the page of some systems' lip apertures (T,) in mm under the sound (n,) at 16 kHz.

    `span` is the stretch that is shown, in seconds.
    """
    width = GAP + len(curves) * (size + GAP)
    height = HEAD + size + LAMP + GAP + WAVES + FOOT
    width, height = width + width % 2, height + height % 2  # as H.264 needs them
    figure = plt.figure(figsize=(width / DPI, height / DPI), dpi=DPI)
    figure.text(0.5, 1 - 6 / height, fill(caption, width // 6), ha="center", va="top", fontsize=8)
    for column, label in enumerate(curves):
        middle = (face_left(column, size) + size / 2) / width
        bottom = 1 - (HEAD - 4) / height
        colour = COLOURS[column]
        figure.text(middle, bottom, label, ha="center", va="bottom", fontsize=9, color=colour)
    heights = ((FOOT + WAVES * 0.66, WAVES * 0.34 - 6), (FOOT, WAVES * 0.66))
    boxes = [
        (LEFT / width, low / height, (width - LEFT - GAP) / width, tall / height)
        for low, tall in heights
    ]
    _spectrogram(figure.add_axes(boxes[0]), samples, span, segments)
    _curves(figure.add_axes(boxes[1]), curves, segments, span)
    figure.canvas.draw()
    base = np.asarray(figure.canvas.buffer_rgba())[..., :3].copy()
    plt.close(figure)
    return Page(base, size, (LEFT, width - GAP), span)


def _spectrogram(
    axis: Any, samples: FloatArray, span: tuple[float, float], segments: Sequence[Segment]
) -> None:
    mel = log_mel(samples).T
    extent = (0.0, mel.shape[1] / (2 * MOTION_FPS), 0.0, float(mel.shape[0]))
    axis.imshow(mel, origin="lower", aspect="auto", extent=extent, cmap="magma")
    axis.set(xlim=span, xticks=[], yticks=[])
    axis.set_ylabel("sound", fontsize=8)
    for segment in segments:
        if segment.phone in BILABIAL | LABIODENTAL:
            middle = (segment.start + segment.end) / 2
            axis.text(middle, 68, segment.phone, color="w", ha="center", fontsize=7, clip_on=True)


def _curves(
    axis: Any,
    curves: Mapping[str, FloatArray],
    segments: Sequence[Segment],
    span: tuple[float, float],
) -> None:
    for colour, (label, curve) in zip(COLOURS, curves.items(), strict=False):
        axis.plot(np.arange(len(curve)) / MOTION_FPS, curve, lw=1, color=colour, label=label)
    for segment in segments:
        red, green, blue = lamp_colour(segment.phone)
        shade = (red / 255, green / 255, blue / 255)
        axis.axvspan(segment.start, segment.end, color=shade, alpha=0.2, lw=0)
    axis.axhline(CLOSED, color="k", ls=":", lw=0.8)
    axis.set_xlim(span)
    axis.tick_params(labelsize=7)
    axis.set_ylabel("lip aperture, mm", fontsize=8)
    axis.set_xlabel("s   (red p b m, orange f v, grey silence; dotted: closed)", fontsize=8)


def sheet(
    path: Path,
    tiles: Mapping[str, Sequence[Pixels]],
    notes: Mapping[str, Sequence[str]],
    heads: Sequence[str],
    colours: int = 64,
) -> None:
    """A row of tiles a system, a column an event; `notes` under each tile, `heads` over columns."""
    figure, axes = plt.subplots(
        len(tiles), len(heads), figsize=(1.45 * len(heads) + 0.3, 1.62 * len(tiles)), squeeze=False
    )
    for row, (label, faces) in zip(axes, tiles.items(), strict=True):
        for axis, face, note in zip(row, faces, notes[label], strict=True):
            axis.imshow(face)
            axis.set(xticks=[], yticks=[])
            axis.set_xlabel(note, fontsize=8, labelpad=1)
        row[0].set_ylabel(label, fontsize=8)
    for axis, head in zip(axes[0], heads, strict=True):
        axis.set_title(head, fontsize=8, pad=3)
    figure.tight_layout(pad=0.3)
    figure.canvas.draw()
    _save_small(path, np.asarray(figure.canvas.buffer_rgba())[..., :3], colours)
    plt.close(figure)


def _save_small(path: Path, pixels: Pixels, colours: int) -> None:
    from PIL import Image

    image = Image.fromarray(np.ascontiguousarray(pixels))
    image.quantize(colours, dither=Image.Dither.NONE).save(path, optimize=True)
