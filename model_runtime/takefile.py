# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes on disk: npz and json for programs; csv (see `livelink`) for Live Link Face readers.

npz: `weights` float32 [frames, channels], `channels` unicode [channels], `fps` float64, `seed`
int64, `provenance` a JSON text. json: Audio2Face's layout, `exportFps`, `numPoses`, `numFrames`,
`facsNames` [poses], `weightMat` [frames][poses], with the neck beside it in `neckNames` and
`neckRotations` [frames][3] (axis-angle, radians), and `provenance`.
The same take gives the same bytes, and a file is written whole or not at all.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from scipy.interpolate import PchipInterpolator

from .contract import NECK, FloatArray, OutputError, RequestError, Take
from .files import check_writable, write_atomic
from .livelink import csv_text, take_from_csv

ZIP_TIME = (1980, 1, 1, 0, 0, 0)  # fixed, so that the same take gives the same bytes
FPS_RANGE = (1.0, 1000.0)
LIVE_LINK_FPS = 60.0  # the rate Live Link Face records at


def check_output(path: Path, fps: float | None = None) -> None:
    """Refuse, before the work starts, what `write_take` would refuse after it.

    Raises OutputError for a file that cannot be written, RequestError for an unusable rate.
    """
    _pick(path, _WRITERS, OutputError)
    if fps is not None:
        _check_rate(fps)
    check_writable(path)


def write_take(take: Take, path: Path, fps: float | None = None) -> None:
    """Write a take as .npz, .csv or .json, by the name's ending, at `fps` frames a second.

    Without `fps`, npz and json keep the take's own rate and csv has Live Link Face's 60.
    Raises OutputError when the file cannot be written, RequestError for an unusable rate.
    """
    encode = _pick(path, _WRITERS, OutputError)
    if fps is None:
        fps = LIVE_LINK_FPS if path.suffix.lower() == ".csv" else take.fps
    write_atomic(path, encode(at_rate(take, fps)))


def read_take(path: Path) -> Take:
    """Read a take that `write_take` wrote, or a csv that Live Link Face recorded.

    Nothing in the file is executed. Raises RequestError when it is missing or damaged.
    """
    decode = _pick(path, _READERS, RequestError)
    try:
        return _checked(decode(path.read_bytes()))
    except OSError as error:
        reason = (error.strerror or "the system refused it").lower()
        raise RequestError(f"The take '{path}' cannot be read: {reason}.") from error
    except (ValueError, KeyError, TypeError, IndexError, EOFError, zipfile.BadZipFile) as error:
        raise RequestError(
            f"'{path}' is not a take that can be read ({error}). Generate it again."
        ) from error


def at_rate(take: Take, fps: float) -> Take:
    """The take at another frame rate, both starting at the same moment.

    Monotone cubic interpolation (Fritsch and Carlson 1980): a held closure stays held, and no
    value leaves the range of its two neighbours, so units stay inside 0..1.
    """
    _check_rate(fps)
    if fps == take.fps or len(take.weights) < 2:
        return Take(take.weights, take.channels, fps, take.provenance)
    seconds = np.arange(len(take.weights)) / take.fps
    wanted = np.arange(int(seconds[-1] * fps + 1e-6) + 1) / fps
    weights = PchipInterpolator(seconds, take.weights)(np.minimum(wanted, seconds[-1]))
    return Take(weights.astype(np.float32), take.channels, fps, take.provenance)


def _check_rate(fps: float) -> None:
    low, high = FPS_RANGE
    if not low <= fps <= high:
        raise RequestError(f"{fps:g} frames a second is out of range. Use {low:g} to {high:g}.")


def _npz_bytes(take: Take) -> bytes:
    arrays: dict[str, Any] = {
        "weights": np.asarray(take.weights, np.float32),
        "channels": np.array(take.channels),
        "fps": np.float64(take.fps),
        "seed": np.int64(take.provenance.get("seed", 0)),
        "provenance": np.array(_json_text(take.provenance)),
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, array in arrays.items():
            entry = zipfile.ZipInfo(f"{name}.npy", ZIP_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            member = io.BytesIO()
            np.lib.format.write_array(member, np.asanyarray(array), allow_pickle=False)
            archive.writestr(entry, member.getvalue())
    return out.getvalue()


def _npz_take(data: bytes) -> Take:
    with np.load(io.BytesIO(data), allow_pickle=False) as file:
        if not isinstance(file, np.lib.npyio.NpzFile):
            raise ValueError("no npz file")
        return Take(
            np.asarray(file["weights"], np.float32),
            tuple(str(name) for name in file["channels"]),
            float(file["fps"]),
            json.loads(str(file["provenance"])),
        )


def _json_bytes(take: Take) -> bytes:
    faces = [index for index, name in enumerate(take.channels) if name not in NECK]
    necks = [index for index, name in enumerate(take.channels) if name in NECK]
    document = {
        "exportFps": take.fps,
        "numPoses": len(faces),
        "numFrames": len(take.weights),
        "facsNames": [take.channels[index] for index in faces],
        "weightMat": _rounded(take.weights[:, faces]),
        "neckNames": [take.channels[index] for index in necks],
        "neckRotations": _rounded(take.weights[:, necks]),
        "provenance": take.provenance,
    }
    return (_json_text(document) + "\n").encode()


def _json_take(data: bytes) -> Take:
    document = json.loads(data)
    names = (*document["facsNames"], *document.get("neckNames", ()))
    face = np.asarray(document["weightMat"], np.float32)
    neck = np.asarray(document.get("neckRotations", np.zeros((len(face), 0))), np.float32)
    return Take(
        np.concatenate([face, neck], axis=1),
        tuple(str(name) for name in names),
        float(document["exportFps"]),
        dict(document.get("provenance", {})),
    )


def _checked(take: Take) -> Take:
    if take.weights.ndim != 2 or take.weights.shape[1] != len(take.channels):
        raise ValueError(f"{take.weights.shape} weights for {len(take.channels)} channels")
    if not np.isfinite(take.weights).all():
        raise ValueError("some weights are not numbers")
    if not FPS_RANGE[0] <= take.fps <= FPS_RANGE[1]:
        raise ValueError(f"{take.fps} frames a second")
    return take


def _rounded(values: FloatArray) -> list[list[float]]:
    """Seven decimals, as many as a float32 near 1 has."""
    rows: list[list[float]] = np.round(values.astype(np.float64), 7).tolist()
    return rows


def _json_text(document: dict[str, Any]) -> str:
    return json.dumps(document, sort_keys=True, ensure_ascii=False, allow_nan=False)


def _pick(path: Path, table: dict[str, Any], error: type[Exception]) -> Callable[[Any], Any]:
    try:
        choice: Callable[[Any], Any] = table[path.suffix.lower()]
    except KeyError:
        raise error(
            f"'{path}' does not end in {', '.join(table)}. Name the file with one of these."
        ) from None
    return choice


def _csv_bytes(take: Take) -> bytes:
    return csv_text(take).encode()


def _csv_take(data: bytes) -> Take:
    return take_from_csv(data.decode("utf-8-sig"))


_WRITERS = {".npz": _npz_bytes, ".csv": _csv_bytes, ".json": _json_bytes}
_READERS = {".npz": _npz_take, ".csv": _csv_take, ".json": _json_take}
