# SPDX-License-Identifier: GPL-3.0-or-later
"""A tiny corpus through every step: pack, encoder, calibration, lessons, denoiser, engine."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from model_runtime.contract import CHANNELS, EMOTIONS, MOTION_FPS, UNITS, Settings
from model_runtime.denoiser import Denoiser, DenoiserConfig
from model_runtime.encoder import EncoderConfig
from model_runtime.engine import Engine
from model_runtime.face import load_face
from model_runtime.hearing import Calibration
from model_runtime.mesh_to_speech import M2SConfig, MeshToSpeech
from model_runtime.phones import PHONE_INDEX
from model_runtime.weights import save_model
from training import ablation, train_denoiser, train_encoder
from training.calibrate import Score, choose, event_score, fit_platt
from training.corpus import Segment
from training.corpus.store import Draft, write_shard
from training.lip_loss import gap_rows, vertex_form
from training.mel_augment import augment_mel
from training.pack import Item, Pack, build_pack, frame_phones
from training.targets import Lessons, build_lessons

TINY = EncoderConfig(width=16, layers=1, heads=2)
SMALL = DenoiserConfig(width=16, layers=1, heads=2, window=64, overlap=8)
PHONES = ("SIL", "M", "AA", "F", "IY", "SIL", "B", "UW", "SIL")


def _clip(index: int) -> tuple[Draft, np.ndarray]:
    edges = np.linspace(0.0, 2.4, len(PHONES) + 1)
    segments = tuple(
        Segment(phone, float(start), float(end))
        for phone, start, end in zip(PHONES, edges, edges[1:], strict=False)
    )
    rng = np.random.default_rng(index)
    draft = Draft(f"clip{index}", "tone", "synthetic", f"voice{index}", "", segments)
    return draft, (0.1 * rng.standard_normal(int(2.4 * 16_000))).astype(np.float32)


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    write_shard(folder, "train", "train", [_clip(i) for i in range(4)])
    write_shard(folder, "dev", "dev", [_clip(i) for i in range(4, 6)])
    build_pack(folder, folder / "pack", copies=1, jobs=1)
    return folder / "pack"


@pytest.fixture(scope="module")
def encoder(pack: Path) -> Path:
    run = pack.parent / "encoder"
    config = train_encoder.TrainConfig(steps=4, batch=2, crop=60, save_every=2)
    train_encoder.train(Pack(pack), run, config, TINY)
    return run / "encoder.safetensors"


@pytest.fixture(scope="module")
def lessons(pack: Path, encoder: Path) -> Path:
    folder = pack.parent / "lessons"
    build_lessons(pack, encoder, folder, Calibration(), jobs=1)
    return folder


def test_training_clips_get_augmented_copies_and_test_clips_do_not(pack: Path):
    opened = Pack(pack)
    assert sorted({item.copy for item in opened.select("train")}) == [0, 1]
    assert {item.copy for item in opened.select("dev")} == {0}


def test_labels_stand_where_the_segments_are(pack: Path):
    item = next(item for item in Pack(pack).items if item.copy)
    labels = Pack(pack).phones(item)
    for phone, start, end in item.segments:
        middle = int((start + end) / 2 * MOTION_FPS)
        assert labels[middle] == PHONE_INDEX[phone]


def test_frame_labels_of_a_gapless_alignment():
    labels = frame_phones((("SIL", 0.0, 0.1), ("M", 0.1, 0.2)), 10)
    assert labels.tolist() == [PHONE_INDEX["SIL"]] * 5 + [PHONE_INDEX["M"]] * 5


@pytest.mark.parametrize("kind", ["encoder", "denoiser"])
def test_a_stopped_run_resumes_exactly(kind: str, pack: Path, lessons: Path, tmp_path: Path):
    def run(folder: Path, steps: int) -> None:
        if kind == "encoder":
            config = train_encoder.TrainConfig(steps=steps, batch=2, crop=60, save_every=2)
            train_encoder.train(Pack(pack), folder, config, TINY)
        else:
            config = train_denoiser.TrainConfig(steps=steps, batch=2, save_every=2)
            train_denoiser.train(Lessons(lessons), folder, config, SMALL, {})

    run(tmp_path / "whole", 4)
    halted = tmp_path / "halted"
    run(halted, 4)
    state = torch.load(halted / "checkpoint.pt", weights_only=True)
    (halted / "checkpoint.pt").unlink()
    assert state["step"] == 4
    _run_halves(run, halted)
    one, two = (
        torch.load(f / "checkpoint.pt", weights_only=True) for f in (tmp_path / "whole", halted)
    )
    assert all(torch.equal(one["model"][name], two["model"][name]) for name in one["model"])
    assert all(torch.equal(one["mean"][name], two["mean"][name]) for name in one["mean"])


def _run_halves(run, folder: Path) -> None:
    """Stop after step 2 as a kill would: the schedule still aims at 4 steps."""
    import training.schedule as schedule

    saved = schedule.save_checkpoint

    class KilledError(Exception):
        pass

    def save_and_die(path: Path, state: dict) -> None:
        saved(path, state)
        raise KilledError

    schedule.save_checkpoint = save_and_die
    try:
        with pytest.raises(KilledError):
            run(folder, 4)
    finally:
        schedule.save_checkpoint = saved
    run(folder, 4)


def test_trained_files_perform_a_line(encoder: Path, lessons: Path, tmp_path: Path):
    config = train_denoiser.TrainConfig(steps=2, batch=2, save_every=2)
    extra = {"sampling": {"steps": 2, "point": {"bilabial": 0.4}}}
    train_denoiser.train(Lessons(lessons), tmp_path, config, SMALL, extra)
    (tmp_path / "encoder.safetensors").write_bytes(encoder.read_bytes())
    engine = Engine.load(tmp_path, torch.device("cpu"))
    assert engine.sampling.steps == 2 and engine.sampling.point.bilabial == 0.4
    take = engine.generate(np.zeros(16_000, np.float32), Settings(emotion="happy"))
    assert take.weights.shape == (50, len(CHANNELS))


def test_the_ablation_goes_on_and_compares(
    pack: Path, encoder: Path, lessons: Path, tmp_path: Path
):
    """From lessons to the effects of w = 1, stopped after the first arm's training."""
    torch.manual_seed(0)
    m2s = M2SConfig(width=16, layers=1, heads=2, units=9)
    save_model(MeshToSpeech(m2s), m2s, tmp_path / "m2s.safetensors")
    start = replace(SMALL, mean=(0.2,) * len(CHANNELS), scale=(0.1,) * len(CHANNELS))
    save_model(Denoiser(start), start, tmp_path / "start.safetensors", sampling={"steps": 2})
    frames = max(item.start + item.frames for item in Pack(pack).items)
    units = np.random.default_rng(0).integers(0, 9, frames)
    np.save(tmp_path / "units.npy", units.astype(np.uint8))
    command = ["--lessons", str(lessons), "--pack", str(pack), "--encoder", str(encoder)]
    command += ["--units", str(tmp_path), "--m2s", str(tmp_path / "m2s.safetensors")]
    command += ["--from", str(tmp_path / "start.safetensors"), "--corpus", str(pack.parent)]
    command += ["--out", str(tmp_path / "arms"), "--weights", "1,0", "--seeds", "0"]
    command += ["--steps", "2", "--batch", "2", "--device", "cpu", "--hearing", "frozen"]
    command += ["--clips-per-source", "2", "--diversity-clips", "1", "--diversity-seeds", "2"]
    stopped = ablation.ablate(ablation.parser().parse_args([*command, "--minutes", "0"]))
    assert stopped["arms"] == {}
    part = ablation.ablate(ablation.parser().parse_args(command))
    assert set(part["arms"]) == {"frozen-w0-s0", "frozen-w1-s0"}
    assert set(part["seeds"]) == set(part["intervals"]) >= {"lve_change", "upper_diversity_change"}
    assert set(part["verdict"]) == {"lips", "paper", "diversity", "coverage"}
    assert (tmp_path / "arms" / "frozen-w1-s0" / "weights" / "denoiser.safetensors").is_file()


def test_lessons_hold_what_the_denoiser_learns(lessons: Path):
    opened = Lessons(lessons)
    item = opened.items[0]
    felt = [opened.rows("emotion", item, 0, item.frames)[:, 0] for item in opened.items]
    assert set(np.concatenate(felt)) <= set(range(len(EMOTIONS)))
    assert all(np.count_nonzero(np.diff(curve)) <= 1 for curve in felt)
    contacts = opened.rows("contacts", item, 0, item.frames)
    assert contacts[:, 0].max() == 1.0 and contacts[:, 1].max() == 1.0
    motion = opened.rows("motion", item, 0, item.frames)
    assert motion[:, : len(UNITS)].min() >= 0 and motion[:, : len(UNITS)].max() <= 1


def test_the_vertex_form_is_the_vertex_distance():
    face = load_face()
    rng = np.random.default_rng(0)
    one, two = rng.random((2, len(UNITS))).astype(np.float32)
    lips = face.vertex_sets["lips"]
    moved = np.tensordot(one - two, face.expression_basis[:, lips], 1) * 1000
    direct = (moved**2).sum(-1).mean()
    form = vertex_form(face, "lips").distance(torch.from_numpy(one - two)).item()
    assert form == pytest.approx(direct, rel=1e-3)


def test_the_gap_opens_with_the_jaw_and_shuts_with_mouth_close():
    gaps = gap_rows(load_face())
    units = torch.zeros(2, len(UNITS))
    units[:, UNITS.index("jawOpen")] = 1.0
    units[1, UNITS.index("mouthClose")] = 1.0
    opened, shut = gaps.change(units)[:, 0].tolist()
    assert opened > 15.0 and abs(shut) < 1.5


def test_augmentation_moves_no_energy_in_time():
    mel = torch.full((4, 200, 80), -10.0)
    mel[:, 100] = 2.0
    louder = augment_mel(mel, torch.Generator().manual_seed(0)).logsumexp(2).argmax(1)
    assert (louder - 100).abs().max() <= 1


def test_platt_scaling_recovers_a_known_distortion():
    rng = np.random.default_rng(0)
    truth = rng.normal(-1, 2, 20_000)
    labels = (rng.random(20_000) < 1 / (1 + np.exp(-truth))).astype(float)
    slope, offset = fit_platt(truth / 2 - 1, labels)
    assert slope == pytest.approx(2, abs=0.15) and offset == pytest.approx(2, abs=0.15)


def test_event_scores_count_misses_and_false_closures():
    item = Item("a", 0, "s", "dev", 0, 100, (("M", 0.2, 0.3), ("AA", 0.3, 1.0), ("B", 1.0, 1.1)))
    score = event_score([(item, [(0.22, 0.28), (0.6, 0.65)])], frozenset({"M", "B"}))
    assert score.recall == 0.5 and score.precision == 0.5
    assert json.dumps(score.events) == "2"


def test_the_operating_point_is_the_worst_sources_best():
    table = {
        0.2: {"a": Score(0.95, 0.60, 100), "b": Score(0.90, 0.70, 100)},
        0.4: {"a": Score(0.85, 0.80, 100), "b": Score(0.80, 0.85, 100), "few": Score(0, 0, 3)},
        0.6: {"a": Score(0.70, 0.95, 100), "b": Score(0.90, 0.90, 100)},
    }
    assert choose(table) == 0.4
