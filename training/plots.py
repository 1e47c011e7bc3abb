# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures of a line: what lips and jaw do over the spectrogram, phone by phone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np

from model_runtime.contract import MOTION_FPS, FloatArray, OutputError
from model_runtime.features import log_mel
from model_runtime.phones import BILABIAL, LABIODENTAL, SILENCE

from .metrics.contacts import CLOSED, FRICATIVE_APERTURE, TOOTH_CONTACT
from .metrics.curves import MouthCurves

mpl.use("Agg")
from matplotlib import pyplot as plt

if TYPE_CHECKING:
    from .corpus.alignment import Segment
    from .corpus.store import Clip

COLOURS = {"model": "tab:blue", "ceiling": "tab:green", "told": "tab:purple"}
SHADES = {"bilabial": "tab:red", "labiodental": "tab:orange", "silence": "0.6"}
WIDEST = 5.0  # s in one picture
ROWS: tuple[tuple[str, str], ...] = (
    ("aperture", "lip aperture, mm"),
    ("labiodental_gap", "lip to teeth, mm"),
    ("jaw", "jaw, mm"),
)


def plot_clip(
    folder: Path, clip: Clip, samples: FloatArray, curves: Mapping[str, MouthCurves]
) -> Path:
    """Draw the first seconds of a clip for each system's curves; returns the PNG's path.

    Shaded: p b m red, f v orange, silence grey; dotted: what counts as contact.
    """
    figure, axes = plt.subplots(
        1 + len(ROWS), 1, figsize=(20, 11), sharex=True, height_ratios=[2, 3, 2, 2]
    )
    _spectrogram(axes[0], samples, clip.segments)
    for axis, (name, label) in zip(axes[1:], ROWS, strict=True):
        _curves(axis, name, curves)
        _shades(axis, clip.segments)
        axis.set_ylabel(label)
    axes[1].axhline(CLOSED, color="tab:red", ls=":")
    axes[2].axhline(TOOTH_CONTACT, color="tab:orange", ls=":")
    axes[1].axhline(FRICATIVE_APERTURE[1], color="tab:orange", ls=":")
    axes[1].legend(loc="upper right")
    axes[-1].set_xlim(0, min(clip.seconds, WIDEST))
    axes[-1].set_xlabel("s")
    figure.suptitle(f"{clip.id} ({clip.source}): {clip.transcript[:120]}", y=0.97)
    return save(figure, folder / f"{clip.source}-{_plain(clip.id)}.png")


def _curves(axis: Any, name: str, curves: Mapping[str, MouthCurves]) -> None:
    for system, found in curves.items():
        values = getattr(found, name)
        times = np.arange(len(values)) / MOTION_FPS
        axis.plot(times, values, ".-", ms=3, lw=1, color=COLOURS.get(system), label=system)


def _shades(axis: Any, segments: Sequence[Segment]) -> None:
    for segment in segments:
        if segment.phone in BILABIAL:
            axis.axvspan(segment.start, segment.end, color=SHADES["bilabial"], alpha=0.2, lw=0)
        elif segment.phone in LABIODENTAL:
            axis.axvspan(segment.start, segment.end, color=SHADES["labiodental"], alpha=0.25, lw=0)
        elif segment.phone == SILENCE:
            axis.axvspan(segment.start, segment.end, color=SHADES["silence"], alpha=0.2, lw=0)


def _spectrogram(axis: Any, samples: FloatArray, segments: Sequence[Segment]) -> None:
    mel = log_mel(samples).T
    extent = (0.0, mel.shape[1] / (2 * MOTION_FPS), 0.0, float(mel.shape[0]))
    axis.imshow(mel, origin="lower", aspect="auto", extent=extent, cmap="magma")
    axis.set_ylabel("mel band")
    for segment in segments:
        if segment.end > WIDEST:
            break
        axis.axvline(segment.start, color="w", lw=0.5)
        middle = (segment.start + segment.end) / 2
        axis.text(middle, mel.shape[0], segment.phone, ha="center", va="bottom", fontsize=9)


def save(figure: Any, path: Path) -> Path:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, dpi=80, bbox_inches="tight")
    except OSError as error:
        raise OutputError(f"The picture {path} cannot be written. Choose another place.") from error
    finally:
        plt.close(figure)
    return path


def _plain(name: str) -> str:
    return "".join(c if c.isalnum() or c in "-_" else "_" for c in name)
