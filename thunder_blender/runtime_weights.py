# SPDX-License-Identifier: GPL-3.0-or-later
"""A folder with models of one's own: what it holds, told from the files' headers, without torch.

The worker reads them whole and checks their sums; here a header of some kilobytes is enough to say
that a file is missing, cut short or of another make, and which face the models speak.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..model_runtime.contract import WeightsError
from ..model_runtime.flame_edition import KNOWN

ENDING = ".safetensors"
NEEDED = ("encoder", "denoiser")
OTHERS = ("m2s_supervisor", "m2s_judge", "speech_units", "meter")  # the bundled ones will do
HEARD, JUDGING = "speech_units", ("m2s_judge", "meter")
BUNDLED = Path(__file__).resolve().parents[1] / "model_runtime" / "weights"
CHECKSUMS = "sha256.json"
MOST_HEADER = 1 << 24  # bytes; ours have some thousands
UNITS, FLAME = "units", "flame"  # kinds of motion that models speak
NEXT = "Choose the folder that training.bundle has written, or leave Weights Folder empty."

State = tuple[tuple[str, int, int], ...]  # name, size and time of each file


@dataclass(frozen=True)
class Speaks:
    """What a denoiser gives: weights of units, or the parameters of one FLAME."""

    kind: str = UNITS
    channels: int = 0
    face: str = ""  # sha256 of the FLAME file
    expressions: int = 0  # of a FLAME


@dataclass(frozen=True)
class Weights:
    """A folder that can be used. What it lacks of `OTHERS` is taken from the bundled models."""

    folder: Path
    held: tuple[str, ...]  # names of the models in it
    speaks: Speaks
    own_ears: bool  # its encoder is another one than the bundled
    state: State

    def told(self) -> list[str]:
        """What the folder holds, a sentence a line."""
        encoder = "Encoder: its own" if self.own_ears else "Encoder: the same as the bundled"
        others = [name for name in OTHERS if name in self.held and name not in self._idle()]
        rest = ", ".join(others) if others else "the bundled ones"
        lines = [f"Denoiser: {spoken(self.speaks)}", encoder, f"Meter, Repair and Hear: {rest}"]
        if self.speaks.kind == FLAME:
            lines.insert(1, "Its takes go onto the rig that Import FLAME makes of that file")
        if idle := self._idle():
            lines.append(f"Without {HEARD} here, the meter does not use {' and '.join(idle)}")
        if self.own_ears and HEARD not in self.held:
            lines.append("The meter, and with it Best of N, listens with the bundled encoder")
        elif self.own_ears and not set(JUDGING) <= set(self.held):
            lines.append(
                "The bundled meter was made for other speech units: with these its figures, and "
                "with them Repair and Best of N, are not to be trusted"
            )
        return lines

    def _idle(self) -> tuple[str, ...]:
        """Files that the meter leaves alone: it is of this folder only with the folder's units."""
        return () if HEARD in self.held else tuple(name for name in JUDGING if name in self.held)


def look(folder: Path) -> Weights:
    """What a folder holds. Raises WeightsError, with the next step, where it cannot be used."""
    names = (*NEEDED, *OTHERS)
    paths = {name: folder / f"{name}{ENDING}" for name in names}
    missing = [paths[name].name for name in NEEDED if not paths[name].is_file()]
    if missing:
        what = "no folder" if not folder.is_dir() else f"no {' and no '.join(missing)}"
        where = f"at '{folder}'" if not folder.is_dir() else f"in '{folder}'"
        raise WeightsError(f"There is {what} {where}. {NEXT}")
    held = tuple(name for name in names if paths[name].is_file())
    headers = {name: _header(paths[name], ours=name in NEEDED) for name in held}
    config = headers["encoder"]["config"]
    if {"width", "kernel"} - set(config) or "mean" in config:
        raise WeightsError(f"'{paths['encoder']}' is the encoder of another version. {NEXT}")
    return Weights(
        folder,
        held,
        _speaks(paths["denoiser"], headers["denoiser"]),
        _own_ears(folder),
        state_of(folder),
    )


def state_of(folder: Path) -> State:
    """Changes when a file of the folder does. Raises WeightsError when it cannot be read."""
    try:
        found = sorted(path for path in folder.iterdir() if path.suffix == ENDING)
        stats = [(path.name, path.stat()) for path in found]
    except OSError as error:
        raise WeightsError(f"'{folder}' cannot be read: {error.strerror}. {NEXT}") from error
    return tuple((name, stat.st_size, stat.st_mtime_ns) for name, stat in stats)


def spoken(speaks: Speaks) -> str:
    """In the user's words: units, or which FLAME's parameters."""
    if speaks.kind == UNITS:
        return f"{speaks.channels} channels of units and neck, for every rig"
    return f"Exp1 to Exp{speaks.expressions}, jaw and neck of {flame_name(speaks.face)}"


def flame_name(face: str) -> str:
    """A FLAME file by its sha256, with its edition where that is known."""
    known = next((name for start, name in KNOWN.items() if face.startswith(start)), "a FLAME file")
    return f"{known} (sha256 {face[:8]}...)" if face else "an unnamed FLAME file"


def _header(path: Path, ours: bool) -> Mapping[str, Any]:
    """Header of a safetensors file; of `ours` the configuration and extra values in it.

    Raises WeightsError, also where the file is shorter or longer than its header says.
    """
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            header = json.loads(file.read(length)) if length < MOST_HEADER else None
        told = header.pop("__metadata__", {})
        end = 8 + length + max(int(tensor["data_offsets"][1]) for tensor in header.values())
        values = {name: json.loads(told[name]) for name in ("config", "extra") if ours}
        size = path.stat().st_size
    except OSError as error:
        raise WeightsError(f"'{path}' cannot be read: {error.strerror}. {NEXT}") from error
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError) as error:
        raise WeightsError(f"'{path}' is no model of THUNDER. {NEXT}") from error
    if size != end:
        raise WeightsError(
            f"'{path}' has {size} bytes and should have {end}: it is cut short or damaged. "
            "Copy it again."
        )
    return values


def _speaks(path: Path, header: Mapping[str, Any]) -> Speaks:
    """The motion space that a denoiser's header tells. Raises WeightsError."""
    try:
        channels = len(header["config"]["mean"])
        space = header["extra"].get("motion_space")
        if space is None:
            return Speaks(UNITS, channels)
        names, kind, face = list(space["channels"]), str(space["kind"]), str(space["face"])
        count = sum(str(name).startswith("Exp") for name in names)
        if kind not in (UNITS, FLAME) or len(names) != channels or (kind == FLAME and not count):
            raise ValueError(kind)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise WeightsError(f"'{path}' is the denoiser of another version. {NEXT}") from error
    return Speaks(kind, channels, face if kind == FLAME else "", count)


def _own_ears(folder: Path) -> bool:
    """Whether the folder's encoder is known to be another one than the bundled."""
    ours, theirs = _sum(BUNDLED, "encoder"), _sum(folder, "encoder")
    if theirs:
        return theirs != ours
    sizes = [(place / f"encoder{ENDING}").stat().st_size for place in (BUNDLED, folder)]
    return sizes[0] != sizes[1]


def _sum(folder: Path, name: str) -> str:
    """The sha256 that the folder's list tells; empty where it tells none."""
    try:
        told = json.loads((folder / CHECKSUMS).read_text(encoding="utf-8"))
        return str(told.get(f"{name}{ENDING}", ""))
    except (OSError, ValueError, AttributeError):
        return ""
