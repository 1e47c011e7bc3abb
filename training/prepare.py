# SPDX-License-Identifier: GPL-3.0-or-later
"""Other people's speech and motion as a pack and lessons that `training.train_denoiser` reads.

`python -m training.prepare --format NAME --data DIR --out DIR`
"""

from __future__ import annotations

import argparse
import csv
import json
import logging
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from model_runtime.contract import EMOTIONS, MOTION_FPS, FloatArray
from model_runtime.denoiser import AUTO_EMOTION
from model_runtime.encoder import EncoderConfig, SpeechEncoder
from model_runtime.engine import SamplingConfig, sampling_config, word_model
from model_runtime.face import OPEN_HEAD, load_face
from model_runtime.features import MELS_PER_MOTION_FRAME, log_mel
from model_runtime.files import sha256_of
from model_runtime.hearing import Heard, hear_mel, speech_condition
from model_runtime.lips import LipProbe, lip_probe
from model_runtime.motion_space import MotionSpace, as_values, flame_space, unit_space
from model_runtime.weights import check_file, load_state, read_metadata, weights_path
from training.motion_space import SPACE_FILE
from training.readers import READERS, DataError, Recording, sound_of
from training.readers.contacts import contacts_of
from training.readers.split import assign, read_split
from training.readers.store import LESSONS, PACK, Writer
from training.readers.timing import at_motion_rate
from training.readers.to_units import Faces, open_faces, to_channels, to_parameters
from training.targets import Lessons

log = logging.getLogger(__name__)
SHORTEST = 25  # motion frames; a recording under half a second teaches nothing
APART = 0.25  # seconds that sound and motion may differ in length before it is said
MANIFEST, SPLIT, STATISTICS = "manifest.json", "split.json", "statistics.json"
SAMPLING = "sampling.json"  # the operating point that the gates were made with: for the bundle


@dataclass(frozen=True)
class Tools:
    """What hears, measures and maps."""

    encoder: SpeechEncoder
    sampling: SamplingConfig
    faces: Faces
    probe: LipProbe
    encoder_sha256: str


@dataclass(frozen=True)
class Options:
    """How data are prepared; goes into the manifest."""

    format: str
    with_head: bool = True
    fps: float | None = None  # overrides what the data say
    limit: int | None = None  # recordings
    space: str = "units"  # or flame: the data's own parameters
    expressions: int = 50  # of a FLAME space


def open_tools(weights: Path | None, faces: Faces) -> Tools:
    """The encoder with its calibration, as in the weights folder (None: the bundled one)."""
    path = weights_path("encoder", weights)
    encoder = load_state(SpeechEncoder(EncoderConfig(**read_metadata(path)[0])), path)
    extra = read_metadata(weights_path("denoiser", weights))[1]
    sampling = sampling_config(extra.get("sampling", {}))
    return Tools(encoder, sampling, faces, lip_probe(load_face()), check_file(path))


def prepare(
    data: Path,
    out: Path,
    options: Options,
    tools: Tools,
    given: Mapping[str, str] | None = None,
    labels: Mapping[str, Mapping[str, str]] | None = None,
) -> dict[str, Any]:
    """Write `out`/pack, `out`/lessons, the split, statistics and the manifest, which is returned.

    `given` is a split by speaker, `labels` are changes by recording (`read_labels`).
    Raises DataError.
    """
    space = _space(options, tools)
    writer = Writer(out, options.format, space)
    for recording in _recordings(data, options, labels or {}):
        _add(writer, recording, tools, space, options)
    if not writer.rows:
        raise DataError(f"No recording under '{data}' is long enough to learn from.")
    splits, held = assign([(row.id, row.speaker) for row in writer.rows], given)
    writer.finish(splits)
    _write_json(out / LESSONS / SPACE_FILE, as_values(space))
    speakers = {row.speaker: splits[row.id] for row in writer.rows}
    table = {"held_out": held, "speakers": speakers, "recordings": splits}
    _write_json(out / SPLIT, table if held == "recordings" else {**table, "recordings": {}})
    _write_json(out / STATISTICS, statistics(out / LESSONS))
    _write_json(out / SAMPLING, asdict(tools.sampling))
    manifest = _manifest(out, options, tools, writer, splits)
    _write_json(out / MANIFEST, manifest)
    return manifest


def _space(options: Options, tools: Tools) -> MotionSpace:
    if options.space == "units":
        return unit_space()
    if tools.faces.flame is None:
        raise DataError("A FLAME space belongs to one FLAME file. Give it: --flame FILE.")
    return flame_space(options.expressions, tools.faces.flame.sha256)


def _recordings(
    data: Path, options: Options, labels: Mapping[str, Mapping[str, str]]
) -> Iterator[Recording]:
    for recording in islice(READERS[options.format].read(data), options.limit):
        row = labels.get(recording.id, {})
        yield replace(
            recording,
            speaker=row.get("speaker") or recording.speaker,
            emotion=row.get("emotion") or recording.emotion,
            intensity=float(row["intensity"]) if row.get("intensity") else recording.intensity,
            fps=options.fps or recording.fps,
        )


def _add(
    writer: Writer, recording: Recording, tools: Tools, space: MotionSpace, options: Options
) -> None:
    motion = to_channels(recording, tools.faces, options.with_head)
    motion = unit_space().tidied(at_motion_rate(motion, recording.fps))
    mel = log_mel(sound_of(recording))
    heard_frames = len(mel) // MELS_PER_MOTION_FRAME
    frames = min(len(motion), heard_frames)
    if abs(len(motion) - heard_frames) > APART * MOTION_FPS:
        log.warning(
            "'%s': %.2f s of motion and %.2f s of sound; the shorter counts.",
            recording.id,
            len(motion) / MOTION_FPS,
            heard_frames / MOTION_FPS,
        )
    if frames < SHORTEST:
        log.warning("'%s' is too short (%d frames) and was left out.", recording.id, frames)
        return
    mel = mel[: MELS_PER_MOTION_FRAME * frames]
    heard = hear_mel(tools.encoder, mel, tools.sampling.calibration, word_model(tools.sampling))
    arrays = lesson_arrays(recording, motion[:frames], heard, tools)
    if space.kind == "flame":
        own = to_parameters(recording, options.expressions, options.with_head)
        arrays["motion"] = at_motion_rate(own, recording.fps)[:frames]
    writer.add(recording.id, recording.speaker, mel, arrays)
    log.info("'%s': %.1f s", recording.id, frames / MOTION_FPS)


def lesson_arrays(
    recording: Recording, motion: FloatArray, heard: Heard, tools: Tools
) -> dict[str, npt.NDArray[Any]]:
    """The arrays of Lessons for one recording, each (frames, width)."""
    frames = len(motion)
    felt = AUTO_EMOTION if recording.emotion is None else EMOTIONS.index(recording.emotion)
    strength = 1.0 if recording.intensity is None else recording.intensity
    return {
        "motion": motion,
        "speech": speech_condition(heard),
        "contacts": contacts_of(heard, motion, tools.probe, tools.sampling.point),
        "intensity": np.full((frames, 1), strength, np.float32),
        "emotion": np.full((frames, 1), felt, np.uint8),
    }


def statistics(folder: Path) -> dict[str, Any]:
    """Of the lessons in `folder`: hours, contacts a minute, and what each channel does."""
    lessons = Lessons(folder)
    motion = np.asarray(lessons.arrays["motion"], np.float32)
    contacts = np.asarray(lessons.arrays["contacts"], np.float32)
    minutes = len(motion) / MOTION_FPS / 60
    opened = np.diff((contacts[:, :2] > 0.5).astype(np.int8), axis=0) > 0
    low, high = np.percentile(motion, (1, 99), axis=0)
    channels = {
        name: {
            "mean": float(motion[:, index].mean()),
            "std": float(motion[:, index].std()),
            "p1": float(low[index]),
            "p99": float(high[index]),
        }
        for index, name in enumerate(lessons.space.channels)
    }
    return {
        "minutes": minutes,
        "lessons": {
            split: sum(item.split == split for item in lessons.items) for split in ("train", "dev")
        },
        "bilabial_contacts_a_minute": float(opened[:, 0].sum() / minutes),
        "labiodental_contacts_a_minute": float(opened[:, 1].sum() / minutes),
        "silent_share": float((contacts[:, 3] > 0.5).mean()),
        "channels": channels,
    }


def _manifest(
    out: Path, options: Options, tools: Tools, writer: Writer, splits: Mapping[str, str]
) -> dict[str, Any]:
    names = [out / PACK / name for name in ("mel.npy", "phones.npy", "items.jsonl")]
    names += [out / LESSONS / f"{name}.raw" for name in Lessons.ARRAYS]
    names += [out / LESSONS / name for name in ("lessons.jsonl", SPACE_FILE)]
    names += [out / SPLIT, out / STATISTICS, out / SAMPLING]
    flame = tools.faces.flame
    return {
        "options": asdict(options),
        "open_head": sha256_of(OPEN_HEAD),
        "flame": flame.sha256 if flame else None,
        "encoder": tools.encoder_sha256,
        "recordings": [
            {"id": row.id, "speaker": row.speaker, "split": splits[row.id], "frames": row.frames}
            for row in writer.rows
        ],
        "sha256": {path.relative_to(out).as_posix(): sha256_of(path) for path in names},
    }


def check(out: Path) -> None:
    """Compare every file with the manifest. Raises DataError naming the first that differs."""
    manifest = json.loads((out / MANIFEST).read_text(encoding="utf-8"))
    for name, digest in manifest["sha256"].items():
        if not (out / name).is_file() or sha256_of(out / name) != digest:
            raise DataError(f"'{out / name}' is not what was prepared. Copy or prepare it again.")


def read_labels(path: Path) -> dict[str, dict[str, str]]:
    """A csv with the column `id` and any of speaker, emotion, intensity. Raises DataError."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    if not rows or "id" not in rows[0]:
        raise DataError(f"'{path}' needs a column 'id' and a row for each recording it changes.")
    return {row["id"]: {key: value for key, value in row.items() if value} for row in rows}


def _write_json(path: Path, values: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--format", choices=sorted(READERS), required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--weights", type=Path, help="folder of the encoder (bundled ones)")
    parser.add_argument("--flame", type=Path, help="the FLAME file that the data were made with")
    parser.add_argument("--mapping", type=Path, help="what Import FLAME keeps for that file")
    parser.add_argument("--split", type=Path, help="JSON {speaker: train, dev or test}")
    parser.add_argument("--labels", type=Path, help="csv: id, speaker, emotion, intensity")
    parser.add_argument("--fps", type=float, help="where the data's own rate is wrong")
    parser.add_argument("--no-head", action="store_true", help="leave the head's turns out")
    parser.add_argument("--space", choices=("units", "flame"), default="units")
    parser.add_argument("--expressions", type=int, default=50, help="of a FLAME space")
    parser.add_argument("--limit", type=int, help="recordings, to try it out")
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    options = Options(
        given.format,
        not given.no_head,
        given.fps,
        given.limit,
        given.space,
        given.expressions,
    )
    tools = open_tools(given.weights, open_faces(given.flame, given.mapping))
    split = read_split(given.split) if given.split else None
    labels = read_labels(given.labels) if given.labels else None
    prepare(given.data, given.out, options, tools, split, labels)
    found = json.loads((given.out / STATISTICS).read_text())
    print({name: value for name, value in found.items() if name != "channels"})


if __name__ == "__main__":
    main()
