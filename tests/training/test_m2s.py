# SPDX-License-Identifier: GPL-3.0-or-later
"""Units, losses, pairing, training and measuring of mesh-to-speech on a tiny corpus."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from safetensors.torch import load_file

from model_runtime.contract import UNITS, ThunderError
from model_runtime.encoder import EncoderConfig, SpeechEncoder
from model_runtime.features import MEL_BANDS, log_mel
from model_runtime.hearing import Calibration
from model_runtime.mesh_to_speech import (
    M2SConfig,
    MeshToSpeech,
    Said,
    load_centroids,
    load_m2s,
    nearest_unit,
)
from model_runtime.weights import WEIGHTS_DIR, check_file, save_model
from training import evaluate_m2s, train_m2s
from training.corpus import Segment
from training.corpus.store import Draft, open_corpus, write_shard
from training.evaluate_m2s import Ears, evaluate, gather, markdown
from training.m2s_data import M2SData, MotionChange, change_motion, half_of, paired
from training.m2s_loss import m2s_loss
from training.m2s_measure import fitted, interval, measure, shifted, spoken
from training.metrics.bench import target_motion
from training.pack import Pack, build_pack, frame_phones
from training.targets import build_lessons
from training.units import (
    CENTROIDS_FILE,
    UNITS_FILE,
    UNKNOWN_UNIT,
    UnitConfig,
    build_units,
    fit_centroids,
    load_encoder,
)

EXAMPLES = Path(__file__).parents[2] / "examples"
PHONES = ("SIL", "M", "AA", "F", "IY", "SIL", "B", "UW", "SIL")
FEW = UnitConfig(units=8, clips=3, rounds=4)
TINY = M2SConfig(width=16, layers=1, heads=2, kernel=5, voice=4, units=8)


def _clip(index: int, source: str = "tone", kind: str = "synthetic") -> tuple[Draft, np.ndarray]:
    edges = np.linspace(0.0, 1.8, len(PHONES) + 1)
    segments = tuple(
        Segment(phone, float(start), float(end))
        for phone, start, end in zip(PHONES, edges, edges[1:], strict=False)
    )
    rng = np.random.default_rng(index)
    draft = Draft(f"clip{index}", source, kind, f"voice{index}", "", segments)
    return draft, (0.1 * rng.standard_normal(int(1.8 * 16_000))).astype(np.float32)


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus with its pack, an untrained encoder, lessons and units."""
    folder = tmp_path_factory.mktemp("m2s")
    write_shard(folder, "train", "train", [_clip(i) for i in range(6)])
    write_shard(folder, "dev", "dev", [_clip(i) for i in range(6, 9)])
    write_shard(folder, "test", "test", [_clip(9), _clip(10), _clip(11, "voice", "real")])
    build_pack(folder, folder / "pack", copies=1, jobs=1)
    torch.manual_seed(0)
    config = EncoderConfig(width=16, layers=1, heads=2)
    save_model(SpeechEncoder(config), config, folder / "encoder.safetensors")
    build_lessons(
        folder / "pack", folder / "encoder.safetensors", folder / "lessons", Calibration(), jobs=1
    )
    build_units(Pack(folder / "pack"), folder / "encoder.safetensors", folder / "units", FEW)
    return folder


@pytest.fixture(scope="module")
def data(room: Path) -> M2SData:
    return M2SData(room / "lessons", room / "pack", room / "units")


def test_clusters_of_points_become_units_the_same_each_time():
    rng = np.random.default_rng(0)
    middles = 10 * rng.standard_normal((8, 4)).astype(np.float32)
    points = (np.repeat(middles, 50, 0) + 0.1 * rng.standard_normal((400, 4))).astype(np.float32)
    centroids = fit_centroids(points, FEW)
    assert np.array_equal(centroids, fit_centroids(points, FEW))
    found = nearest_unit(points, centroids).reshape(8, 50)
    assert (found == found[:, :1]).all() and len(set(found[:, 0])) == 8
    with pytest.raises(ThunderError, match="fewer units"):
        fit_centroids(points[:5], FEW)


def test_units_go_on_where_they_stopped_and_leave_test_clips_alone(room: Path, tmp_path: Path):
    pack, encoder = Pack(room / "pack"), room / "encoder.safetensors"
    whole = np.load(room / "units" / UNITS_FILE)
    assert build_units(pack, encoder, tmp_path, FEW, minutes=0) == 0
    assert (np.load(tmp_path / UNITS_FILE) == UNKNOWN_UNIT).all()
    build_units(pack, encoder, tmp_path, FEW)
    assert np.array_equal(np.load(tmp_path / UNITS_FILE), whole)
    for item in pack.items:
        known = whole[item.start : item.start + item.frames] != UNKNOWN_UNIT
        assert known.all() != (item.split == "test")
    assert load_centroids(tmp_path / CENTROIDS_FILE).shape == (8, 16)


def test_lessons_find_their_clip_in_the_pack_by_place_or_by_order(room: Path, tmp_path: Path):
    pack = Pack(room / "pack")
    rows = [json.loads(line) for line in (room / "lessons" / "lessons.jsonl").open()]
    items = [item for item in pack.items if item.split != "test"]
    plain = [{k: v for k, v in row.items() if k != "pack_start"} for row in rows]
    index = tmp_path / "lessons.jsonl"

    def found(written: list[dict]) -> list:
        index.write_text("".join(json.dumps(row) + "\n" for row in written))
        return [pair.item for pair in paired(tmp_path, pack)]

    assert found(plain) == items
    marked = [{**row, "pack_start": item.start} for row, item in zip(plain, items, strict=True)]
    assert found(marked[::-1]) == items[::-1]
    with pytest.raises(ThunderError, match="not made from this pack"):
        found(plain[1:])


def test_the_two_halves_share_no_clip(data: M2SData):
    halves = [{p.item.clip for p in data.select("train", half, copies=True)} for half in (0, 1)]
    assert not halves[0] & halves[1]
    assert halves[0] | halves[1] == {p.item.clip for p in data.pairs if p.item.split == "train"}
    shares = np.mean([half_of(f"clip{i}") for i in range(2000)])
    assert 0.45 < shares < 0.55


def said_of(units: torch.Tensor, mel: torch.Tensor, sure: float = 20.0) -> Said:
    logits = sure * torch.nn.functional.one_hot(units, 8).float()
    return Said(torch.zeros(*units.shape, 4), logits, mel)


def test_the_loss_wants_the_right_units_and_mel_and_ignores_padding():
    units, mel = torch.randint(0, 8, (2, 10)), torch.randn(2, 20, MEL_BANDS)
    keep = torch.arange(10)[None].expand(2, -1) < 7
    right = m2s_loss(said_of(units, mel), units, mel, keep)
    assert right["mel_l1"] == 0 and right["mel_convergence"] < 1e-3
    wrong = m2s_loss(said_of((units + 1) % 8, mel + 1), units, mel, keep)
    assert all(wrong[name] > right[name] for name in right)
    assert wrong["mel_l1"] == pytest.approx(10.0, rel=1e-5)
    spoilt = mel.clone()
    spoilt[:, 14:] += 9
    past = units.clone()
    past[:, 7:] = UNKNOWN_UNIT
    same = m2s_loss(said_of(units, spoilt), past, mel, keep)
    assert all(torch.allclose(same[name], right[name], atol=1e-4) for name in right)


def test_unknown_units_alone_give_no_loss_but_a_gradient_of_zero():
    said = said_of(torch.zeros(1, 4, dtype=torch.long), torch.zeros(1, 8, MEL_BANDS))
    unknown = torch.full((1, 4), UNKNOWN_UNIT)
    parts = m2s_loss(said, unknown, torch.zeros(1, 8, MEL_BANDS), torch.ones(1, 4).bool())
    assert parts["units"] == 0 and all(torch.isfinite(part) for part in parts.values())


def test_motion_is_changed_in_size_and_never_in_time():
    motion = torch.zeros(3, 60, len(UNITS))
    motion[:, 30:, 17] = 1.0
    generator = torch.Generator().manual_seed(0)
    changed = change_motion(motion, MotionChange(), generator)
    step = changed[..., 17].diff(dim=1)
    assert (step.argmax(1) == 29).all() and not torch.allclose(changed, motion)


def test_training_resumes_to_the_same_weights(data: M2SData, tmp_path: Path):
    config = train_m2s.TrainConfig(steps=4, batch=2, crop=40, save_every=2)
    train_m2s.train(data, tmp_path / "whole", config, TINY)
    assert train_m2s.train(data, tmp_path / "parts", config, TINY, minutes=0) == 1
    assert train_m2s.train(data, tmp_path / "parts", config, TINY) == 4
    name = "m2s_supervisor.safetensors"
    whole, parts = (tmp_path / run / name for run in ("whole", "parts"))
    one, other = load_file(whole), load_file(parts)
    assert one.keys() == other.keys() and all(torch.equal(one[key], other[key]) for key in one)
    rows = [json.loads(line) for line in (tmp_path / "whole" / "log.jsonl").open()]
    assert "dev_unit_accuracy" in rows[-1]


def test_training_learns_the_few_clips_it_sees(data: M2SData):
    config = train_m2s.TrainConfig(batch=3, crop=80, peak_rate=5e-3)
    pairs = data.select("train", 0, copies=False)
    model = MeshToSpeech(M2SConfig(width=32, layers=1, heads=2, kernel=5, units=8, dropout=0.0))
    optimiser = torch.optim.AdamW(model.parameters(), lr=5e-3)
    batch = train_m2s.Batches(data, pairs, 3, 80, 0)(0)
    still = MotionChange(0, 0, 0, 0)
    losses = [
        train_m2s.train_step(model, optimiser, batch, config, still, step)["units"]
        for step in range(30)
    ]
    assert losses[-1] < 0.9 * losses[0]


def test_the_evaluation_measures_every_motion_of_every_kind(room: Path, data: M2SData):
    torch.manual_seed(1)
    encoder = load_encoder(room / "encoder.safetensors")
    centroids = load_centroids(room / "units" / CENTROIDS_FILE)
    ears = Ears(encoder, centroids, {"judge": MeshToSpeech(TINY).eval()})
    material = gather(open_corpus(room), "test", 5, ears)
    document = evaluate(ears, material)
    assert set(document["judge"]) == {"real", "synthetic"}
    motions = document["judge"]["synthetic"]["motions"]
    assert {"truth", "shuffled", "mean_face", "shift+1", "shift-4", "sound"} <= set(motions)
    assert motions["truth"]["unit_accuracy"]["clips"] == 2
    assert motions["sound"]["mel_l1"]["mean"] == 0
    assert document == evaluate(ears, material)
    assert "| mean_face |" in markdown(document)


def test_variants_are_measured_side_by_side(
    room: Path, data: M2SData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    command = [
        "evaluate_m2s",
        "--corpus",
        str(room),
        "--encoder",
        str(room / "encoder.safetensors"),
    ]
    command += ["--units", str(room / "units" / CENTROIDS_FILE), "--out", str(tmp_path)]
    for variant in ("mouth2s", "face2s", "exp2s"):
        torch.manual_seed(1)
        model = MeshToSpeech(replace(TINY, variant=variant))
        path = tmp_path / f"{variant}.safetensors"
        save_model(model, model.config, path)
        command += ["--model", f"{variant}={path}"]
    monkeypatch.setattr("sys.argv", command)
    evaluate_m2s.main()
    document = json.loads((tmp_path / "m2s.json").read_text())
    assert list(document) == ["mouth2s", "face2s", "exp2s"]
    truth = {name: kinds["real"]["motions"]["truth"] for name, kinds in document.items()}
    first, last = (truth[name]["mel_l1"]["mean"] for name in ("mouth2s", "exp2s"))
    assert first != last
    over = document["exp2s"]["real"]["over_first"]["mel_l1"]
    assert over["mean"] == pytest.approx(first - last)  # less is better
    assert "over_first" not in document["mouth2s"]["real"]
    assert "| truth, over the first model's |" in (tmp_path / "m2s.md").read_text()


def test_shifts_hold_the_ends_and_intervals_hold_the_mean():
    motion = np.arange(6, dtype=np.float32)[:, None] * np.ones((1, 52), np.float32)
    assert shifted(motion, 2)[:, 0].tolist() == [0, 0, 0, 1, 2, 3]
    assert shifted(motion, -1)[:, 0].tolist() == [1, 2, 3, 4, 5, 5]
    assert fitted(motion, 8)[:, 0].tolist() == [0, 1, 2, 3, 4, 5, 5, 5]
    found = interval([0.2, 0.4, 0.6, float("nan")])
    assert found["clips"] == 3 and found["low"] <= found["mean"] <= found["high"]
    assert found["mean"] == pytest.approx(0.4)


@pytest.mark.parametrize("role", ["supervisor", "judge"])
def test_bundled_models_tell_the_bundled_lines_motion_from_others(role: str):
    file = WEIGHTS_DIR / f"m2s_{role}.safetensors"
    if not file.is_file():
        pytest.skip(f"no {role} is bundled")
    check_file(file)
    rows = json.loads((EXAMPLES / "line.phones.json").read_text())["segments"]
    samples = read_line()
    mel, encoder = log_mel(samples), load_encoder(WEIGHTS_DIR / "encoder.safetensors")
    phones = frame_phones(tuple(map(tuple, rows)), len(mel) // 2)
    centroids = load_centroids(WEIGHTS_DIR / CENTROIDS_FILE)
    target = spoken(mel, phones, encoder, centroids)
    motion = fitted(target_motion([Segment(*row) for row in rows], samples), len(phones))
    still = np.broadcast_to(motion.mean(0), motion.shape).copy()
    others = {"rolled": np.roll(motion, len(motion) // 2, 0), "mean face": still}
    model = load_m2s(file)
    truth = measure(model, encoder, motion, target)
    for name, other in others.items():
        false = measure(model, encoder, other, target)
        assert truth["unit_accuracy"] > 2 * false["unit_accuracy"], name
        assert truth["mel_l1"] < 0.8 * false["mel_l1"], name
        assert truth["viseme_accuracy"] > false["viseme_accuracy"] + 0.2, name


def read_line() -> np.ndarray:
    samples, rate = soundfile.read(EXAMPLES / "line.flac", dtype="float32")
    assert rate == 16_000
    return samples
