# SPDX-License-Identifier: GPL-3.0-or-later
"""What an item of a batch is, what decides whether it is done, and the files it becomes."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from .batch_journal import Record, State, is_there
from .batch_lines import CURVES, METERS, BatchLine
from .batch_names import shard_of
from .contract import Settings, WeightsError
from .files import sha256_of
from .meter_files import HEARD, meter_file, meter_folder

FORMAT = 1  # of takes: a higher number makes every line anew
MODELS = ("encoder", "denoiser")
RECOGNISER = "recogniser"  # decides the takes of lines without a transcript
JUDGES = ("meter", "m2s_judge")
MEASURERS = ("encoder", HEARD, *JUDGES)
BUNDLED = Path(__file__).parent / "weights"


@dataclass(frozen=True)
class Choosing:
    """How many seeds are tried for a take, and which one is kept: the one with the best score."""

    best_of: int = 1
    min_score: float = 0.0  # below it up to `rerolls` more seeds are tried
    rerolls: int = 4

    @property
    def plain(self) -> bool:
        return self.best_of == 1 and self.min_score <= 0.0

    @property
    def most(self) -> int:
        return self.best_of + (self.rerolls if self.min_score > 0.0 else 0)


@dataclass(frozen=True)
class Item:
    """One take to be made: a line with one seed, or with the seeds to choose from."""

    line: BatchLine
    settings: Settings
    choosing: Choosing
    meter: str = ""  # digest of the models that measure it

    @property
    def name(self) -> str:
        """Unique within the batch; files are named by it."""
        best = "" if self.choosing.plain else f".best{self.choosing.most}"
        return f"{self.line.stem}.s{self.settings.seed}{best}"

    def path(self, kind: str) -> Path:
        """Of an output, relative to the folder of results."""
        return Path("takes", f"{self.name}.{'meter.json' if kind == 'meter' else kind}")

    def seeds(self) -> list[int]:
        """All that may be tried, in their order."""
        return [self.settings.seed + step for step in range(self.choosing.most)]


def items_of(
    lines: Sequence[BatchLine],
    choosing: Choosing,
    shard: tuple[int, int] = (1, 1),
    meter: str = "",
) -> list[Item]:
    """The items of a shard (number, of how many); `meter` is `meter_digest`'s."""
    return [
        Item(line, settings, choosing, meter)
        for line in lines
        if shard_of(line.line_id, shard[1]) == shard[0]
        for settings in line.settings
    ]


def model_hashes(
    weights: Path | None, choosing: Choosing, *, recognises: bool = True
) -> dict[str, str]:
    """sha256 of the files that decide a take: where there is a choice, the meter's too, and the
    recogniser's where words are recognised.

    Raises WeightsError.
    """
    folder = weights or BUNDLED
    try:
        found = {name: sha256_of(folder / f"{name}.safetensors") for name in MODELS}
        further = [] if choosing.plain else _judges(weights)
        further += [meter_file(RECOGNISER, folder, BUNDLED)] if recognises else []
        return found | {path.stem: sha256_of(path) for path in further if path.is_file()}
    except OSError as error:
        raise WeightsError(
            f"The model files in {folder} cannot be read ({error.strerror}). "
            "Reinstall the extension, or name another folder."
        ) from error


def meter_digest(weights: Path | None) -> str:
    """What decides a meter beside the take: its models; '' where one of them is missing."""
    folder = meter_folder(weights, BUNDLED)
    paths = [meter_file(name, folder, BUNDLED) for name in MEASURERS]
    try:
        return digest([sha256_of(path) for path in paths])
    except OSError:
        return ""


def _judges(weights: Path | None) -> list[Path]:
    """The files by whose meter a seed is chosen; units of one's own decide what the judge hears."""
    folder = meter_folder(weights, BUNDLED)
    names = JUDGES if folder == BUNDLED else (HEARD, *JUDGES)
    return [meter_file(name, folder, BUNDLED) for name in names]


def take_key(item: Item, audio_sha256: str, models: dict[str, str]) -> str:
    """What decides an item's motion, as one hash: sound, settings, models and how to choose.

    A line with a transcript is not made anew for the words that another would be performed by.
    """
    settings = item.settings
    told = bool(item.line.transcript.strip())
    models = {name: value for name, value in models.items() if not told or name != RECOGNISER}
    return digest(
        {
            "format": FORMAT,
            "audio": audio_sha256,
            "models": models,
            "seed": settings.seed,
            "intensity": settings.intensity,
            "emotion": settings.emotion,
            "articulation": settings.articulation,
            "smoothing": settings.smoothing,
            "transcript": item.line.transcript,
            **({} if item.choosing.plain else {"choosing": vars(item.choosing)}),
        }
    )


def output_key(kind: str, take: str, item: Item) -> str:
    """What decides an output of an item, beside its motion the rate and, for a meter, the meter."""
    line = item.line
    if kind == "npz":
        return take
    known = {"take": take, "kind": kind, "fps": line.fps}
    if kind in METERS:
        known |= {"meter": item.meter, "start": line.start_frame, "id": line.line_id}
    return digest(known)


def nearest_frame(start: int, second: float, fps: float) -> int:
    """The frame of a moment of a line that starts at `start`; half a frame belongs to the next.

    A thousandth of a frame is forgiven, for Blender's properties are of single precision.
    """
    return math.floor(start + second * fps + 0.501)


def digest(values: Any) -> str:
    text = json.dumps(values, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def curve_kinds(item: Item) -> tuple[str, ...]:
    """The curves that are written for an item: npz always, for all else is made of it."""
    return ("npz", *(kind for kind in CURVES if kind in item.line.outputs and kind != "npz"))


def missing_kinds(item: Item, take: str, state: State, out: Path) -> list[str]:
    """The curves that are not there as they should be."""
    return [
        kind
        for kind in curve_kinds(item)
        if not is_there(state.output(kind, output_key(kind, take, item)), out)
    ]


def with_seed(settings: Settings, seed: int) -> Settings:
    return replace(settings, seed=seed)


def stamp(path: Path) -> Record:
    """Size and time of a sound, which tell that its known hash still holds. Raises OSError."""
    stat = path.stat()
    return {"bytes": stat.st_size, "mtime": stat.st_mtime_ns}
