# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes arrays as an npz whose bytes depend on the arrays alone."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

STEP = 5e-6  # metres a count of the packed displacements
_EPOCH = (1980, 1, 1, 0, 0, 0)


def pack_basis(basis: npt.NDArray[np.float64], prefix: str) -> dict[str, npt.NDArray[np.generic]]:
    """A (K,V,3) basis as the moved vertices of each shape, 16 bits a coordinate."""
    counts = np.round(np.round(basis, 9) / STEP)
    if np.abs(counts).max(initial=0) > np.iinfo(np.int16).max:
        raise SystemExit(f"A displacement of {prefix} is too large to pack.")
    shape, vertex = np.nonzero(counts.any(axis=2))
    return {
        f"{prefix}_shape": shape.astype(np.uint8),
        f"{prefix}_vertex": vertex.astype(np.uint16),
        f"{prefix}_counts": counts[shape, vertex].astype(np.int16),
        f"{prefix}_size": np.array(basis.shape, np.int32),
        f"{prefix}_step": np.array(STEP),
    }


def steady(values: npt.NDArray[np.float64], digits: int) -> npt.NDArray[np.float32]:
    """Values rounded well above rounding errors, so that every machine packs the same bytes."""
    return (np.round(values, digits) + 0.0).astype(np.float32)


def write_npz(path: Path, arrays: Mapping[str, npt.NDArray[np.generic]]) -> None:
    """Compressed npz with fixed entry order and dates."""
    with zipfile.ZipFile(path, "w") as archive:
        for name in sorted(arrays):
            buffer = io.BytesIO()
            np.lib.format.write_array(buffer, np.asarray(arrays[name], order="C"))
            info = zipfile.ZipInfo(f"{name}.npy", _EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            archive.writestr(info, buffer.getvalue(), compresslevel=9)
