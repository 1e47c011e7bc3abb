# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists of lines: csv, json, or a folder of sounds, read and checked whole before any work.

Columns (all but `audio` may be left out): id, audio, character (or rig), seed (or seeds),
intensity, emotion, articulation, smoothing, transcript, start_frame, fps, scene, outputs. Relative
paths count from the list's own folder.
"""

from __future__ import annotations

import csv
import io
import json
import math
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from .batch_names import LONGEST_ID, file_stem, seen
from .contract import (
    ARTICULATION_RANGE,
    LONGEST_TRANSCRIPT,
    SMOOTHING_RANGE,
    RequestError,
    Settings,
    ThunderError,
)
from .settings_text import emotion_of, intensity_of, number_of, seed_of

SOUNDS = (".wav", ".flac", ".ogg", ".mp3", ".aiff", ".aif", ".m4a", ".aac", ".mp4", ".mov")
METERS = ("meter", "meter.csv")
CURVES = ("npz", "csv", "json", *METERS)  # the engine makes them alone
SCENES = ("blend", "takes", "gltf", "abc", "usd", "mp4")  # these need Blender
OUTPUTS = (*CURVES, *SCENES)
FPS_RANGE = (1.0, 240.0)
START_RANGE = (-1_000_000, 1_000_000)
MOST_SEEDS = 64
LARGEST = 256 << 20  # bytes of a list
ALIASES = {
    "rig": "character",
    "seeds": "seed",
    "start": "start_frame",
    "start frame": "start_frame",
    "template": "scene",
    "template scene": "scene",
    "output": "outputs",
    "output kinds": "outputs",
    "text": "transcript",
    "file": "audio",
    "sound": "audio",
}
COLUMNS = (
    "id",
    "audio",
    "character",
    "seed",
    "intensity",
    "emotion",
    "articulation",
    "smoothing",
    "transcript",
    "start_frame",
    "fps",
    "scene",
    "outputs",
)
Row = tuple[str, dict[str, str]]  # where it stands, and what it says


@dataclass(frozen=True)
class BatchLine:
    """One line of the list."""

    line_id: str
    audio: Path
    settings: tuple[Settings, ...]  # one a seed
    where: str  # "lines.csv:14"
    character: str = ""
    transcript: str = ""
    start_frame: int = 1
    fps: float | None = None
    scene: Path | None = None
    outputs: tuple[str, ...] = ("npz",)

    @property
    def stem(self) -> str:
        return file_stem(self.line_id)


@dataclass(frozen=True)
class Defaults:
    """What a line is that says nothing about it."""

    seeds: tuple[int, ...] = (0,)
    outputs: tuple[str, ...] = ("npz",)
    fps: float | None = None
    scene: Path | None = None


@dataclass(frozen=True)
class Lines:
    """A list as it was read: the good lines and, with its place, a sentence for each bad one."""

    lines: tuple[BatchLine, ...]
    problems: tuple[tuple[str, str], ...] = field(default=())  # (line id or "", "place: sentence")


class ListError(ThunderError):
    """The list cannot be read at all."""


def read_lines(path: Path, defaults: Defaults | None = None) -> Lines:
    """Read a list. Raises ListError when there is none; bad rows are in `problems`."""
    given = defaults or Defaults()
    base = path if path.is_dir() else path.parent
    lines: list[BatchLine] = []
    problems: list[tuple[str, str]] = []
    for where, row in _rows(path):
        line, wrong = _line(where, row, base.resolve(), given)
        problems += [(row.get("id", "")[:LONGEST_ID], f"{where}: {sentence}") for sentence in wrong]
        if line is not None:
            lines.append(line)
    kept, doubles = _without_doubles(lines)
    if not kept and not problems and not doubles:
        raise ListError(f"'{path}' lists no lines. Give a csv, a json or a folder of sounds.")
    return Lines(tuple(kept), (*problems, *doubles))


def _rows(path: Path) -> Iterable[Row]:
    if path.is_dir():
        return list(_folder_rows(path))
    try:
        if path.stat().st_size > LARGEST:
            raise ListError(f"The list '{path}' is larger than {LARGEST >> 20} MB. Divide it.")
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ListError(f"The list '{path}' is no UTF-8 text. Save it as such.") from error
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        raise ListError(f"The list '{path}' cannot be read: {reason}.") from error
    if path.suffix.lower() == ".json" or text.lstrip()[:1] in ("[", "{"):
        return list(_json_rows(path, text))
    return list(_csv_rows(path, text))


def _csv_rows(path: Path, text: str) -> Iterator[Row]:
    csv.field_size_limit(LARGEST)
    head = text.partition("\n")[0]
    mark = max(",;\t", key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True)
    try:
        names = [_column(path, name) for name in next(reader, [])]
        _check_names(path, names)
        before = reader.line_num
        for cells in reader:
            where, before = f"{path.name}:{before + 1}", reader.line_num
            row = dict(zip(names, (cell.strip() for cell in cells), strict=False))
            if len(cells) > len(names) and any(cell.strip() for cell in cells[len(names) :]):
                row[""] = f"there are {len(cells)} cells for {len(names)} columns"
            if any(row.values()):
                yield where, row
    except csv.Error as error:
        raise ListError(f"{path.name}:{reader.line_num}: this is no csv ({error}).") from error


def _column(path: Path, name: str) -> str:
    plain = name.strip().lower().replace("-", "_")
    plain = ALIASES.get(plain, ALIASES.get(plain.replace("_", " "), plain))
    if plain not in COLUMNS:
        known = ", ".join(COLUMNS)
        raise ListError(f"{path.name}:1: the column '{name[:60]}' is not known. Use {known}.")
    return plain


def _check_names(path: Path, names: list[str]) -> None:
    twice = {name for name in names if names.count(name) > 1}
    if twice or "audio" not in names:
        what = f"'{sorted(twice)[0]}' stands twice" if twice else "there is no column 'audio'"
        raise ListError(f"{path.name}:1: {what}. The first line names the columns.")


def _json_rows(path: Path, text: str) -> Iterator[Row]:
    """Objects of the list, each with the line of the file it begins on."""
    decoder = json.JSONDecoder()
    place = _list_start(path, text)
    blank = re.compile(r"[\s,]*")
    while True:
        place = blank.match(text, place).end()  # type: ignore[union-attr]
        if text[place : place + 1] == "]":
            return
        where = f"{path.name}:{text.count(chr(10), 0, place) + 1}"
        try:
            entry, place = decoder.raw_decode(text, place)
        except (ValueError, RecursionError) as error:
            raise ListError(f"{where}: this is no json ({str(error)[:80]}).") from error
        yield where, _json_row(path, entry)


def _list_start(path: Path, text: str) -> int:
    found = re.match(r'\s*(\{\s*"lines"\s*:\s*)?\[', text)
    if not found:
        raise ListError(f'{path.name}:1: a json list begins with [ or with {{"lines": [.')
    return found.end()


def _json_row(path: Path, entry: Any) -> dict[str, str]:
    if not isinstance(entry, dict):
        return {"": 'an entry must be an object such as {"audio": "line.wav"}'}
    row: dict[str, str] = {}
    for name, value in entry.items():
        try:
            column = _column(path, str(name))
        except ListError as error:
            return {"": str(error).partition(": ")[2]}
        if isinstance(value, list):
            value = ",".join(str(item) for item in value)
        row[column] = "" if value is None else str(value)
    return row


def _folder_rows(folder: Path) -> Iterator[Row]:
    """A row for each sound in a folder and below it; `line.txt` is what is said in `line.wav`."""
    for place, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = Path(place, name)
            if path.suffix.lower() in SOUNDS and not name.startswith("."):
                inside = path.relative_to(folder)
                row = {"id": "_".join(inside.with_suffix("").parts), "audio": str(inside)}
                words = path.with_suffix(".txt")
                if words.is_file():
                    row["transcript"] = f"@{words.relative_to(folder)}"
                yield str(inside), row


def _line(
    where: str, row: Mapping[str, str], base: Path, given: Defaults
) -> tuple[BatchLine | None, list[str]]:
    """The line of a row, or all that is wrong with it."""
    wrong = [row[""]] if row.get("") else []
    if wrong and len(row) == 1:
        return None, wrong

    def told(read: Any, *values: Any) -> Any:
        try:
            return read(*values)
        except ThunderError as error:
            wrong.append(str(error))
            return None

    audio = told(_audio, row.get("audio", ""), base)
    name = told(_line_id, row.get("id", ""), row.get("audio", ""))
    settings = told(_settings, row, given.seeds)
    transcript = told(_transcript, row.get("transcript", ""), base)
    start = told(_start, row.get("start_frame", ""))
    fps = told(_fps, row.get("fps", "")) if row.get("fps") else given.fps
    scene = told(_path, "scene", row["scene"], base) if row.get("scene") else given.scene
    outputs = told(outputs_of, row["outputs"]) if row.get("outputs") else given.outputs
    if wrong:
        return None, wrong
    character = row.get("character", "")
    return (
        BatchLine(name, audio, settings, where, character, transcript, start, fps, scene, outputs),
        [],
    )


def _line_id(text: str, audio: str) -> str:
    name = text or Path(audio.replace("\\", "/")).stem
    if not name or len(name) > LONGEST_ID or not name.isprintable():
        raise RequestError(
            f"the id '{ascii(name[:40])[1:-1]}' is empty, longer than {LONGEST_ID} letters or "
            "holds letters that cannot be printed."
        )
    return name


def _audio(text: str, base: Path) -> Path:
    if not text:
        raise RequestError("the column 'audio' is empty. Name the line's sound.")
    return _path("audio", text, base)


def _path(what: str, text: str, base: Path) -> Path:
    if "\0" in text or len(text) > 4096:
        raise RequestError(f"'{what}' is no path.")
    try:
        return base / Path(text)
    except (OSError, ValueError, RuntimeError) as error:
        raise RequestError(f"'{what}' is no path ({error}).") from error


def _settings(row: Mapping[str, str], seeds: tuple[int, ...]) -> tuple[Settings, ...]:
    own = seeds_of(row["seed"]) if row.get("seed") else seeds
    first = Settings(
        own[0],
        intensity_of(row.get("intensity") or "1"),
        emotion_of(row.get("emotion") or "auto"),
        number_of("Articulation", row.get("articulation") or "1", ARTICULATION_RANGE),
        number_of("Smoothing", row.get("smoothing") or "0", SMOOTHING_RANGE),
    )
    return tuple(replace(first, seed=seed) for seed in own)


def seeds_of(text: str) -> tuple[int, ...]:
    """'7' or '7,8,9' or '7-10'. Raises RequestError."""
    seeds: list[int] = []
    for part in re.split(r"[,\s]+", text.strip()):
        first, dash, last = part.partition("-")
        if dash and first:
            low, high = seed_of(first), seed_of(last)
            seeds += range(low, min(high, low + MOST_SEEDS) + 1)
        else:
            seeds.append(seed_of(part))
        if len(seeds) > MOST_SEEDS:
            raise RequestError(f"There are more than {MOST_SEEDS} seeds. Give fewer.")
    if not seeds or len(set(seeds)) != len(seeds):
        raise RequestError(f"The seeds '{text[:60]}' name none, or one twice.")
    return tuple(seeds)


def outputs_of(text: str) -> tuple[str, ...]:
    """'npz' or 'npz,blend,mp4'. Raises RequestError."""
    kinds = [part.lower().lstrip(".") for part in re.split(r"[,;|+\s]+", text.strip()) if part]
    other = [kind for kind in kinds if kind not in OUTPUTS]
    if other or not kinds:
        raise RequestError(
            f"The output '{(other or [text])[0][:40]}' is not known. Use {', '.join(OUTPUTS)}."
        )
    return tuple(dict.fromkeys(kinds))


def _transcript(text: str, base: Path) -> str:
    if text.startswith("@"):
        path = _path("transcript", text[1:], base)
        try:
            text = path.read_text(encoding="utf-8-sig")
        except (OSError, ValueError) as error:
            raise RequestError(f"The transcript '{path}' cannot be read ({error}).") from error
    if len(text) > LONGEST_TRANSCRIPT:
        raise RequestError(f"The transcript is longer than {LONGEST_TRANSCRIPT} letters.")
    return text


def _start(text: str) -> int:
    low, high = START_RANGE
    value = number_of("Start frame", text or "1", START_RANGE)
    if not low <= value <= high or value != int(value):
        raise RequestError(f"Start frame '{text}' is no whole number from {low} to {high}.")
    return int(value)


def _fps(text: str) -> float:
    low, high = FPS_RANGE
    value = number_of("Frames a second", text, FPS_RANGE)
    if not math.isfinite(value) or not low <= value <= high:
        raise RequestError(f"{text} frames a second is out of range. Use {low:g} to {high:g}.")
    return value


def _without_doubles(
    lines: list[BatchLine],
) -> tuple[list[BatchLine], list[tuple[str, str]]]:
    """Lines whose id is another's, or differs from it in case alone, are left out and named."""
    first: dict[str, BatchLine] = {}
    problems = []
    for line in lines:
        other = first.setdefault(seen(line.stem), line)
        if other is not line:
            problems.append(
                (
                    line.line_id,
                    f"{line.where}: the id '{line.line_id}' is that of {other.where} "
                    f"('{other.line_id}'). Give each line its own.",
                )
            )
    return list(first.values()), problems
