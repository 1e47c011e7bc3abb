# SPDX-License-Identifier: GPL-3.0-or-later
"""Training and judging the speech encoder: deepening, time boxes, devices, the probe, figures."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from model_runtime.encoder import EncoderConfig, SpeechEncoder
from model_runtime.phones import PHONE_INDEX, PHONES
from model_runtime.weights import load_state, read_metadata
from training import evaluate_encoder, probe, train_encoder
from training.corpus import Segment
from training.corpus.store import Draft, write_shard
from training.deepen import deepen
from training.encoder_scores import Heard, contact_figures, difference, figures, tally
from training.pack import Item, Pack, build_pack
from training.train_encoder import TrainConfig

TINY = EncoderConfig(width=16, layers=2, heads=2)
PROBE = probe.ProbeConfig(width=8, dilations=(1, 2))
CONFIG = TrainConfig(steps=4, batch=2, crop=50, save_every=2)
SAID = ("SIL", "M", "AA", "F", "IY", "SIL", "B", "UW", "SIL")


def _clip(index: int, source: str) -> tuple[Draft, np.ndarray]:
    edges = np.linspace(0.0, 1.8, len(SAID) + 1)
    spans = zip(SAID, edges, edges[1:], strict=False)
    segments = tuple(Segment(phone, float(start), float(end)) for phone, start, end in spans)
    draft = Draft(f"{source}{index}", source, "real", f"v{index}", "", segments)
    rng = np.random.default_rng(index)
    return draft, (0.1 * rng.standard_normal(int(1.8 * 16_000))).astype(np.float32)


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    write_shard(folder, "a", "train", [_clip(k, "espeak") for k in range(3)])
    write_shard(folder, "b", "dev", [_clip(k, "tone") for k in range(3, 5)])
    held = [_clip(k, source) for source in ("tone", "espeak") for k in range(5, 8)]
    write_shard(folder, "c", "test", held)
    build_pack(folder, folder / "pack", copies=1, jobs=1)
    return folder / "pack"


@pytest.fixture(scope="module")
def shallow(pack: Path) -> Path:
    run = pack.parent / "shallow"
    train_encoder.train(Pack(pack), run, CONFIG, TINY)
    return run / "encoder.safetensors"


@pytest.mark.parametrize("layers", [2, 3, 5])
def test_a_deepened_encoder_computes_exactly_the_same(shallow: Path, layers: int) -> None:
    trained = load_state(SpeechEncoder(TINY), shallow)
    deeper = deepen(trained, layers).eval()
    assert deeper.config == replace(TINY, layers=layers)
    mel = torch.randn(2, 60, 80, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        for one, two in zip(trained(mel), deeper(mel), strict=True):
            assert torch.equal(one, two)


def test_a_deepened_encoder_trains_and_resumes(pack: Path, shallow: Path, tmp_path: Path) -> None:
    network = replace(TINY, layers=3)

    def run(folder: Path, minutes: float | None = None) -> int:
        return train_encoder.train(Pack(pack), folder, CONFIG, network, shallow, minutes)

    assert run(tmp_path / "whole") == 4
    stops = [run(tmp_path / "boxed", 0.0) for _ in range(4)]
    assert stops == [1, 2, 3, 4]
    whole, boxed = (
        torch.load(tmp_path / name / "checkpoint.pt", weights_only=True)["model"]
        for name in ("whole", "boxed")
    )
    assert all(torch.equal(whole[name], boxed[name]) for name in whole)
    start = deepen(load_state(SpeechEncoder(TINY), shallow), 3).state_dict()
    learnt = [name for name in whole if not torch.equal(whole[name], start[name])]
    assert any(name.startswith("blocks.0.") and name.endswith("out.weight") for name in learnt)
    config, extra = read_metadata(tmp_path / "boxed" / "encoder.safetensors")
    assert config["layers"] == 3 and extra["steps"] == 4


def test_the_real_share_is_the_share_that_is_drawn(pack: Path) -> None:
    items = Pack(pack).select("train")
    real = replace(items[0], source="tone")
    mixed = Pack(pack)
    mixed.items = [*items, real]
    batches = train_encoder.Batches(mixed, replace(CONFIG, real_share=0.7))
    drawn = np.diff(np.concatenate(([0.0], batches.share)))
    told = sum(part for part, item in zip(drawn, batches.items, strict=True) if item is real)
    assert told == pytest.approx(0.7)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_training_runs_on_a_gpu(pack: Path, tmp_path: Path) -> None:
    config = replace(CONFIG, device="cuda")
    assert train_encoder.train(Pack(pack), tmp_path, config, TINY) == 4


def test_the_probe_is_as_small_as_it_says() -> None:
    count = sum(value.numel() for value in probe.Probe(probe.ProbeConfig()).parameters())
    assert 430_000 < count < 470_000


def test_the_probe_resumes_exactly(pack: Path, tmp_path: Path) -> None:
    assert probe.train(Pack(pack), tmp_path / "whole", CONFIG, PROBE) == 4
    while probe.train(Pack(pack), tmp_path / "boxed", CONFIG, PROBE, minutes=0.0) < 4:
        pass
    one, two = (probe.load_probe(tmp_path / n / "probe.safetensors") for n in ("whole", "boxed"))
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), two.parameters(), strict=True))


ITEM = Item("a", 0, "tone", "test", 0, 50, (("M", 0.2, 0.3), ("AA", 0.3, 0.7), ("F", 0.7, 0.8)))


def _labels() -> np.ndarray:
    labels = np.zeros(50, np.int64)
    for phone, start, end in ITEM.segments:
        labels[round(start * 50) : round(end * 50)] = PHONE_INDEX[phone]
    return labels


def _heard(labels: np.ndarray, closed: float) -> Heard:
    contacts = np.zeros((len(labels), 2), np.float32)
    contacts[10:15, 0] = closed
    return Heard(np.eye(len(PHONES), dtype=np.float32)[labels], contacts)


def test_figures_of_what_was_heard() -> None:
    said = _labels()
    said[labels_at := 11] = PHONE_INDEX["B"]  # the wrong phone of the right class
    assert labels_at == 11
    result = figures([tally(_heard(said, 0.4), _labels(), ITEM)])
    assert result["viseme_accuracy"] == 1.0 and result["pbm_frame_recall"] == 1.0
    assert result["phone_accuracy"] == pytest.approx(49 / 50)
    assert result["phone_error_rate"] == pytest.approx(2 / 3)  # M B M AA F: a B and an M too many
    assert result["phone_error_rate_in_bounds"] == 0.0
    assert result["pbm_recall@0.3"] == 1.0 and result["pbm_recall@0.5"] == 0.0
    assert result["fv_recall@0.1"] == 0.0 and result["pbm_false@0.1"] == 0.0


def test_recall_at_a_fixed_rate_of_false_contacts() -> None:
    false = np.linspace(0.0, 1.0, 1001)
    result = contact_figures("pbm", np.array([0.5, 0.97, 0.99, 1.0]), false)
    assert result["pbm_threshold_at_2pct"] == pytest.approx(0.98)
    assert result["pbm_recall_at_2pct"] == 0.5


def test_a_difference_has_its_interval() -> None:
    good = [tally(_heard(_labels(), 0.9), _labels(), ITEM)] * 5
    bad = [tally(_heard(np.zeros(50, np.int64), 0.0), _labels(), ITEM)] * 5
    value, low, high = difference(good, bad)["viseme_accuracy"]
    assert value == low == high == pytest.approx(30 / 50)


def test_the_command_writes_its_part_and_keeps_the_others(
    pack: Path, shallow: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    probe.train(Pack(pack), tmp_path, CONFIG, PROBE)
    out = tmp_path / "thunder.json"
    out.write_text('{"steps": {"kept": 1}}')
    words = ["evaluate_encoder", "--pack", pack, "--encoder", shallow, "--out", out]
    words += ["--probe", tmp_path / "probe.safetensors", "--markdown", tmp_path / "table.md"]
    monkeypatch.setattr("sys.argv", [str(word) for word in words])
    evaluate_encoder.main()
    written = json.loads(out.read_text())
    assert written["steps"] == {"kept": 1}
    assert 0.0 <= written["encoder"]["viseme_accuracy_real"] <= 1.0
    assert set(written["encoder"]["models"]) == {"encoder", "probe"}
    assert set(written["encoder"]["models"]["probe"]) >= {"real", "synthetic", "tone", "espeak"}
    assert "| probe | real (3) |" in (tmp_path / "table.md").read_text()
