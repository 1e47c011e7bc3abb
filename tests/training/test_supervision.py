# SPDX-License-Identifier: GPL-3.0-or-later
"""Supervision by mesh-to-speech: what it measures, where its gradient goes, what stays frozen."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from model_runtime.contract import CHANNELS, UNITS, RequestError, WeightsError
from model_runtime.denoiser import UNKNOWN_PHONE, Denoiser, DenoiserConfig, to_network
from model_runtime.encoder import EncoderConfig, SpeechEncoder
from model_runtime.features import normalise
from model_runtime.mesh_to_speech import M2SConfig, MeshToSpeech
from model_runtime.weights import save_model
from tests.training.lesson_files import write_lessons
from training import train_denoiser
from training.balance import balance
from training.denoiser_batches import Batch, Batches, Share
from training.denoiser_config import MOUTH_COLUMNS, TrainConfig
from training.denoiser_losses import Losses
from training.denoiser_model import Trainee, start_from
from training.pack import Pack
from training.sounds import Sounds
from training.supervision import Supervisor
from training.targets import Lessons
from training.units import UNKNOWN_UNIT

CPU = torch.device("cpu")
SMALL = DenoiserConfig(width=16, layers=1, heads=2, window=64, overlap=8, dropout=0.0)
QUICK = TrainConfig(steps=4, batch=4, save_every=4, bf16=False, noisiest=1.0, drop_speech=0.0)
SPEECH_UNITS = 11


@pytest.fixture(scope="module")
def lessons(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Lessons and a pack with units in one folder, written as training.targets and pack do."""
    return write_lessons(tmp_path_factory.mktemp("lessons"), clips=6, units=SPEECH_UNITS)


@pytest.fixture
def sounds(lessons: Path) -> Sounds:
    return Sounds(lessons, Lessons(lessons).items, lessons)


@pytest.fixture(scope="module")
def m2s() -> MeshToSpeech:
    torch.manual_seed(0)
    small = M2SConfig(width=16, layers=1, heads=2, units=SPEECH_UNITS, dropout=0.0)
    return MeshToSpeech(small).eval().requires_grad_(False)


def a_batch(lessons: Path, sounds: Sounds | None, config: TrainConfig = QUICK) -> Batch:
    return Batches(Lessons(lessons), "train", config, SMALL, sounds)(0)


def test_the_sound_of_a_batch_is_what_its_motion_says(lessons: Path, sounds: Sounds):
    batch = a_batch(lessons, sounds)
    assert batch.sound is not None
    pack, rows = Pack(lessons), Lessons(lessons)
    keep = batch.condition.keep[0]
    place = next(
        i
        for i, item in enumerate(rows.items)
        if np.allclose(rows.rows("motion", item, 0, 5), batch.motion[0, :5], atol=1e-3)
    )
    item = pack.items[place]
    assert batch.sound.phones[0][keep].tolist() == pack.phones(item)[: int(keep.sum())].tolist()
    assert (batch.sound.units[0][~keep] == UNKNOWN_UNIT).all()
    heard = normalise(pack.mel(item))[: 2 * int(keep.sum())]
    np.testing.assert_allclose(batch.sound.mel[0, : len(heard)], heard, atol=1e-5)
    assert bool(batch.sound.clean[0]) == (item.copy == 0)


def test_lessons_of_another_pack_are_refused(lessons: Path, tmp_path: Path):
    other = write_lessons(tmp_path, clips=5, units=SPEECH_UNITS)
    with pytest.raises(RequestError, match="not made from this pack"):
        Sounds(other, Lessons(lessons).items)


def test_older_lessons_are_found_in_their_pack_by_order(lessons: Path):
    items = Lessons(lessons).items
    older = [replace(item, pack_start=None) for item in items]
    assert Sounds(lessons, older).items == Sounds(lessons, items).items


@pytest.mark.parametrize("supervise", ["mouth", "all"])
def test_the_gradient_reaches_the_channels_it_may(
    supervise: str, lessons: Path, sounds: Sounds, m2s: MeshToSpeech
):
    batch = a_batch(lessons, sounds)
    whole = replace(m2s.config, variant="face2s")
    torch.manual_seed(1)
    supervisor = Supervisor(MeshToSpeech(whole), replace(QUICK, supervise=supervise), SMALL, CPU)
    clean = (to_network(batch.motion, SMALL) * 0.9 + 0.01).requires_grad_()
    torch.stack(list(supervisor(clean, batch).values())).sum().backward()
    assert clean.grad is not None
    reached = {CHANNELS[i] for i in clean.grad.abs().sum((0, 1)).nonzero()[:, 0].tolist()}
    mouth = {CHANNELS[i] for i in MOUTH_COLUMNS}
    assert {"jawOpen", "mouthClose"} <= reached
    assert (reached <= mouth) if supervise == "mouth" else ("browInnerUp" in reached)
    held = batch.condition.mask > 0
    assert (clean.grad[held] == 0).all()


def test_the_motion_it_hears_is_the_samplers(lessons: Path, sounds: Sounds, m2s: MeshToSpeech):
    batch = a_batch(lessons, sounds)
    supervisor = Supervisor(m2s, QUICK, SMALL, CPU)
    motion = supervisor.motion(to_network(batch.motion, SMALL) + 5.0, batch)
    held = (batch.condition.mask > 0)[..., : len(UNITS)]
    assert torch.equal(motion[held], batch.motion[..., : len(UNITS)][held])
    assert motion.max() <= 1.0 and (motion[~held] == 1.0).all()


def test_only_rows_with_speech_and_little_noise_are_judged(lessons: Path, sounds: Sounds):
    config = replace(QUICK, batch=200, drop_speech=0.4, noisiest=0.5)
    batch = a_batch(lessons, sounds, config)
    judged = (batch.condition.heard > 0) & (batch.time <= 0.5)
    assert batch.judged.tolist() == judged.nonzero()[:, 0].tolist()
    assert 0.2 < len(batch.judged) / 200 < 0.4


def test_parts_of_a_batch_add_up_to_the_whole(lessons: Path, sounds: Sounds, m2s: MeshToSpeech):
    """So processes and accumulation give the losses of one pass over all rows."""
    config = replace(QUICK, batch=8, drop_speech=0.3)
    batches = Batches(Lessons(lessons), "train", config, SMALL, sounds)
    losses, supervisor = Losses(config, SMALL, CPU), Supervisor(m2s, config, SMALL, CPU)

    def of(batch: Batch) -> dict[str, torch.Tensor]:
        clean = to_network(batch.motion, SMALL) + 0.1 * batch.noise
        return losses(clean, batch) | supervisor(clean, batch)

    whole = of(batches(3))
    parts = [of(batches(3, Share(rank, 2, part, 2))) for part in range(2) for rank in range(2)]
    for name, value in whole.items():
        mean = torch.stack([part[name] for part in parts]).mean()
        assert mean.item() == pytest.approx(value.item(), rel=1e-4), name


def trained(lessons: Path, run: Path, config: TrainConfig, aids: train_denoiser.Aids, **network):
    shape = replace(SMALL, **network)
    train_denoiser.train(Lessons(lessons), run, config, shape, {}, aids)
    return torch.load(run / "checkpoint.pt", weights_only=True)["model"]


def test_supervision_changes_the_denoiser_and_not_the_judge(
    lessons: Path, sounds: Sounds, m2s: MeshToSpeech, tmp_path: Path
):
    before = {name: value.clone() for name, value in m2s.state_dict().items()}
    aids = train_denoiser.Aids(sounds, m2s)
    off = trained(lessons, tmp_path / "0", replace(QUICK, m2s_weight=0.0), aids)
    plain = trained(lessons, tmp_path / "-", QUICK, train_denoiser.Aids(sounds))
    on = trained(lessons, tmp_path / "1", QUICK, aids)
    assert all(torch.equal(off[name], plain[name]) for name in off)
    assert any(not torch.equal(off[name], on[name]) for name in off)
    assert all(torch.equal(before[name], value) for name, value in m2s.state_dict().items())
    log = (tmp_path / "0" / "log.jsonl").read_text()
    assert "dev_m2s_units" in log


def test_a_strong_supervisor_lowers_its_own_loss(lessons: Path, sounds: Sounds, m2s: MeshToSpeech):
    """Gradient descent on an estimate through the frozen model makes it say more of the sound."""
    batch = a_batch(lessons, sounds)
    supervisor = Supervisor(m2s, QUICK, SMALL, CPU)
    clean = torch.nn.Parameter(torch.full_like(batch.motion, 0.3))
    optimiser = torch.optim.Adam([clean], lr=0.02)
    curve = []
    for _ in range(12):
        loss = torch.stack(list(supervisor(clean, batch).values())).sum()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        curve.append(loss.item())
    assert curve[-1] < curve[0]


def test_the_balance_tells_how_hard_each_side_pulls(
    lessons: Path, sounds: Sounds, m2s: MeshToSpeech
):
    batch = a_batch(lessons, sounds)
    tools = (Trainee(Denoiser(SMALL).eval()), Losses(QUICK, SMALL, CPU))
    supervisor = Supervisor(m2s, QUICK, SMALL, CPU)
    found = balance(*tools, supervisor, batch)
    assert found["ratio"] == pytest.approx(found["m2s"] / found["others"]) and found["m2s"] > 0
    assert abs(found["cosine"]) <= 1
    held = batch._replace(
        condition=batch.condition._replace(mask=torch.ones_like(batch.condition.mask))
    )
    known = balance(*tools, supervisor, held)
    assert known["m2s"] == 0
    assert known["estimate_m2s_units"] == pytest.approx(known["truth_m2s_units"])


def test_an_encoder_learns_along_through_the_motion(lessons: Path, sounds: Sounds, tmp_path: Path):
    torch.manual_seed(2)
    encoder = SpeechEncoder(EncoderConfig(width=16, layers=1, heads=2, dropout=0.0))
    before = {name: value.clone() for name, value in encoder.state_dict().items()}
    config = replace(QUICK, encoder_weight=0.0)  # so that only the motion's losses move it
    aids = train_denoiser.Aids(sounds, encoder=encoder)
    after = trained(lessons, tmp_path, config, aids)
    moved = [name for name in before if not torch.equal(before[name], after["encoder." + name])]
    assert "stem.weight" in moved and "phones.weight" in moved
    assert (tmp_path / "encoder.safetensors").is_file()


def test_a_transcript_is_read_half_of_the_time(lessons: Path, sounds: Sounds):
    reading = replace(SMALL, transcript=True)
    config = replace(QUICK, batch=100)
    batch = Batches(Lessons(lessons), "train", config, reading, sounds)(0)
    unknown = (batch.condition.phones == UNKNOWN_PHONE).all(1)
    assert 0.3 < unknown.float().mean() < 0.7
    told = batch.condition.phones[~unknown]
    assert batch.sound is not None
    assert torch.equal(
        told,
        torch.where(batch.condition.keep[~unknown], batch.sound.phones[~unknown], UNKNOWN_PHONE),
    )


def test_going_on_with_a_transcript_starts_from_the_same_motion(
    lessons: Path, sounds: Sounds, tmp_path: Path
):
    torch.manual_seed(3)
    older = Denoiser(SMALL).half().float().eval()
    path = tmp_path / "denoiser.safetensors"
    save_model(older, SMALL, path, sampling={"steps": 3})
    reader, extra = start_from(path, transcript=True)
    assert reader.config == replace(SMALL, transcript=True) and extra["sampling"] == {"steps": 3}
    batch = a_batch(lessons, sounds)
    batch = batch._replace(condition=batch.condition._replace(phones=batch.sound.phones))
    one, two = (Trainee(model.eval())(batch)[0] for model in (older, reader))
    assert torch.equal(one, two)
    torch.nn.init.normal_(reader.transcript.weight)
    assert not torch.equal(one, Trainee(reader)(batch)[0])
    unheard = batch.condition._replace(heard=torch.zeros_like(batch.condition.heard))
    hidden = batch._replace(condition=unheard)
    changed = unheard._replace(phones=(unheard.phones + 1) % UNKNOWN_PHONE)
    same = Trainee(reader)(batch._replace(condition=changed))[0]
    assert torch.equal(Trainee(reader)(hidden)[0], same)


def test_a_denoiser_that_is_not_told_of_contacts_does_not_see_them(lessons: Path, sounds: Sounds):
    torch.manual_seed(3)
    model = Denoiser(SMALL).eval()
    for value in model.parameters():
        torch.nn.init.normal_(value, std=0.1)
    batch = a_batch(lessons, sounds)
    changed = batch.condition.contacts.clone()
    changed[..., :2] = 1.0 - changed[..., :2]
    other = batch._replace(condition=batch.condition._replace(contacts=changed))
    told, untold = Trainee(model), Trainee(model, lip_gates=False)
    assert not torch.equal(told(batch)[0], told(other)[0])
    assert torch.equal(untold(batch)[0], untold(other)[0])
    changed = batch.condition.contacts.clone()
    changed[..., 3] = 1.0 - changed[..., 3]
    hushed = batch._replace(condition=batch.condition._replace(contacts=changed))
    assert not torch.equal(untold(batch)[0], untold(hushed)[0])


def test_a_file_that_is_no_denoiser_cannot_be_gone_on_from(tmp_path: Path):
    encoder = EncoderConfig(width=16, layers=1, heads=2)
    path = tmp_path / "encoder.safetensors"
    save_model(SpeechEncoder(encoder), encoder, path)
    with pytest.raises(WeightsError, match="no denoiser"):
        start_from(path, transcript=False)


def test_a_time_boxed_run_goes_on_to_the_same_end(
    lessons: Path, sounds: Sounds, m2s: MeshToSpeech, tmp_path: Path
):
    aids = train_denoiser.Aids(sounds, m2s)
    whole = trained(lessons, tmp_path / "whole", QUICK, aids)
    boxed, done = tmp_path / "boxed", 0
    for _ in range(QUICK.steps):  # no minutes at all: a step a run
        short = replace(aids, minutes=0.0)
        done = train_denoiser.train(Lessons(lessons), boxed, QUICK, SMALL, {}, short)
    assert done == QUICK.steps
    state = torch.load(boxed / "checkpoint.pt", weights_only=True)["model"]
    assert all(torch.equal(state[name], whole[name]) for name in whole)


def test_supervision_without_sound_is_a_sentence(lessons: Path, m2s: MeshToSpeech, tmp_path: Path):
    with pytest.raises(RequestError, match="--pack"):
        trained(lessons, tmp_path, QUICK, train_denoiser.Aids(m2s=m2s))
