# SPDX-License-Identifier: GPL-3.0-or-later
"""Small data sets written exactly as their owners write them, for the readers to read."""

from __future__ import annotations

import io
import json
import pickle
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile

from model_runtime.contract import CHANNELS, UNITS, Take
from model_runtime.face import load_face
from model_runtime.motion_files.live_link import csv_text

RATE = 16_000


def voice(seconds: float, seed: int = 0, rate: int = RATE) -> np.ndarray:
    """Something that rises and falls like syllables: (n,) float32."""
    rng = np.random.default_rng(seed)
    time = np.arange(round(seconds * rate)) / rate
    loud = 0.5 - 0.5 * np.cos(2 * np.pi * 3.0 * time)
    buzz = np.sign(np.sin(2 * np.pi * (110 + 7 * seed) * time)) + 0.3 * rng.standard_normal(
        len(time)
    )
    return (0.1 * loud * buzz).astype(np.float32)


def talk(seconds: float, fps: float, seed: int = 0) -> np.ndarray:
    """A mouth that opens and shuts three times a second, and blinks: (frames, 52)."""
    time = np.arange(int(seconds * fps)) / fps
    units = np.zeros((len(time), len(UNITS)), np.float32)
    units[:, UNITS.index("jawOpen")] = 0.25 - 0.25 * np.cos(2 * np.pi * 3.0 * time)
    units[:, UNITS.index("mouthSmileLeft")] = units[:, UNITS.index("mouthSmileRight")] = 0.2
    for side in ("Left", "Right"):
        units[:, UNITS.index(f"eyeBlink{side}")] = np.exp(-(((time % 2) - 0.7) ** 2) / 0.005)
    return units


def write_sound(path: Path, seconds: float, seed: int = 0, rate: int = RATE) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, voice(seconds, seed, rate), rate, subtype="PCM_16")


def arkit(
    folder: Path,
    speakers: Sequence[str] = ("ada", "ben", "cleo"),
    lines: int = 2,
    seconds: float = 2.0,
) -> None:
    """Live Link Face at 60 frames a second, 48 kHz sound."""
    for seed, speaker in enumerate(speakers):
        (folder / speaker).mkdir(parents=True)
        for line in range(lines):
            units = talk(seconds, 60.0, seed)
            neck = np.zeros((len(units), 3), np.float32)
            neck[:, 1] = 0.3 + 0.05 * np.sin(np.arange(len(units)) / 20)
            take = Take(np.concatenate([units, neck], 1), CHANNELS, 60.0)
            (folder / speaker / f"line{line}.csv").write_text(csv_text(take))
            write_sound(folder / speaker / f"line{line}.wav", seconds, seed, 48_000)


def vocaset_stored(folder: Path, mesh: np.ndarray, moves: np.ndarray, seconds: float = 2.0) -> dict:
    """vertices_npy, wav and templates.pkl (protocol 2, as Python 2 wrote it): {name: units}."""
    (folder / "vertices_npy").mkdir(parents=True)
    told = {}
    templates = {}
    for seed, speaker in enumerate(("FaceTalk_170725_00137_TA", "FaceTalk_170728_03272_TA")):
        templates[speaker] = (mesh + 0.001 * seed).astype(np.float64)
        for line in (1, 2):
            name = f"{speaker}_sentence{line:02d}"
            units = talk(seconds, 30.0, seed)
            points = templates[speaker] + np.tensordot(units, moves, 1)
            np.save(folder / "vertices_npy" / f"{name}.npy", points.reshape(len(units), -1))
            write_sound(folder / "wav" / f"{name}.wav", seconds, seed, 22_000)
            told[name] = units
    (folder / "templates.pkl").write_bytes(pickle.dumps(templates, protocol=2))
    return told


def vocaset_published(folder: Path, mesh: np.ndarray, moves: np.ndarray) -> dict:
    """data_verts.npy and the three pickles of the published VOCASET: {name: units}."""
    folder.mkdir(parents=True)
    rows, sounds, index, told = [], {}, {}, {}
    for seed, speaker in enumerate(("FaceTalk_170725_00137_TA", "FaceTalk_170728_03272_TA")):
        units = talk(1.0, 60.0, seed)
        first = sum(len(part) for part in rows)
        rows.append((mesh + np.tensordot(units, moves, 1)).astype(np.float32))
        index[speaker] = {"sentence01": {i: first + i for i in range(len(units))}, "sentence02": {}}
        pcm = (voice(1.0, seed, 22_000) * 32767).astype(np.int16)
        sounds[speaker] = {"sentence01": {"audio": pcm, "sample_rate": np.int64(22_000)}}
        told[f"{speaker}_sentence01"] = units
    np.save(folder / "data_verts.npy", np.concatenate(rows))
    for name, values in (
        ("templates.pkl", dict.fromkeys(index, mesh)),
        ("raw_audio_fixed.pkl", sounds),
        ("subj_seq_to_idx.pkl", index),
    ):
        (folder / name).write_bytes(pickle.dumps(values, protocol=2))
    return told


def diffposetalk(folder: Path, clips: dict[str, tuple[np.ndarray, np.ndarray]], lmdb) -> None:
    """{PERSON/NNN: (exp (T,50), pose (T,6))} in segments of 100 frames, values pickled."""
    folder.mkdir(parents=True)

    def packed(value: dict) -> bytes:
        return pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)

    with lmdb.open(str(folder), map_size=1 << 27) as store, store.begin(write=True) as rows:
        rows.put(b"metadata", packed({"seg_len": 100}))
        for seed, (key, (exp, pose)) in enumerate(clips.items()):
            rows.put(f"{key}/metadata".encode(), packed({"n_frames": len(exp)}))
            sound = voice(len(exp) / 25, seed)
            shape = np.zeros((len(exp), 100), np.float32)
            for index, first in enumerate(range(0, len(exp), 100)):
                part = slice(first, min(first + 100, len(exp)))
                flac = io.BytesIO()
                soundfile.write(
                    flac, sound[640 * part.start : 640 * part.stop], RATE, "PCM_16", format="FLAC"
                )
                coef = {"shape": shape[part], "exp": exp[part], "pose": pose[part]}
                value = {"audio": flac.getvalue(), "coef": coef}
                rows.put(f"{key}/{index:03d}".encode(), packed(value))
    (folder / "keys.txt").write_text("\n".join(clips))


def inferno(folder: Path, clips: dict[str, tuple[np.ndarray, np.ndarray]], h5py) -> None:
    """{M003/front/angry/level_2/001: (exp (T,n), jaw (T,3))} and MEAD's sound, 25 fps."""
    for seed, (key, (exp, jaw)) in enumerate(clips.items()):
        place = folder / "processed/reconstructions/EMICA-MEAD_flame2020" / key
        place.mkdir(parents=True)
        with h5py.File(place / "shape_pose_cam.hdf5", "w") as file:
            parts = {
                "shape": np.zeros((len(exp), 300)),
                "exp": exp,
                "jaw": jaw,
                "global_pose": np.full((len(exp), 3), 0.1),
                "cam": np.zeros((len(exp), 3)),
            }
            for name, values in parts.items():
                file.create_dataset(name, data=values[None].astype(np.float32))
        speaker, _, emotion, level, sentence = key.split("/")
        write_sound(
            folder / "processed/audio" / speaker / "audio" / emotion / level / f"{sentence}.wav",
            len(exp) / 25,
            seed,
        )


def beat(folder: Path, names: Sequence[str], seconds: float = 2.0) -> None:
    """BEAT v1: 51 curves (no tongueOut) in alphabetic order at 60 fps."""
    curves = sorted(name for name in UNITS if name != "tongueOut")
    for seed, name in enumerate(names):
        units = talk(seconds, 60.0, seed)
        frames = [
            {
                "weights": [float(row[UNITS.index(curve)]) for curve in curves],
                "time": index / 60.0,
                "rotation": [],
            }
            for index, row in enumerate(units)
        ]
        path = folder / name.split("_")[0] / f"{name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"names": curves, "frames": frames}))
        write_sound(path.with_suffix(".wav"), seconds, seed)


def beat2(folder: Path, clips: dict[str, tuple[np.ndarray, np.ndarray]]) -> None:
    """BEAT2: {name: (expressions (T,100), jaw (T,3))} in smplxflame_30, sound in wave16k."""
    place = folder / "beat_english_v2.0.0/smplxflame_30"
    place.mkdir(parents=True)
    for seed, (name, (exp, jaw)) in enumerate(clips.items()):
        poses = np.zeros((len(exp), 165), np.float32)
        poses[:, 66:69] = jaw
        poses[:, 45:48] = 0.1 * np.sin(np.arange(len(exp)))[:, None]
        np.savez(
            place / f"{name}.npz",
            betas=np.zeros(300),
            poses=poses,
            expressions=exp,
            trans=np.zeros((len(exp), 3)),
            model="smplx2020",
            gender="neutral",
            mocap_frame_rate=30,
        )
        write_sound(place.parent / "wave16k" / f"{name}.wav", len(exp) / 30, seed)


def open_head() -> tuple[np.ndarray, np.ndarray]:
    """Mesh (V,3) and what each unit moves (52,V,3)."""
    face = load_face()
    return face.template, face.expression_basis
