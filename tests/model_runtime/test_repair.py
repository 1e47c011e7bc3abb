# SPDX-License-Identifier: GPL-3.0-or-later
"""Repair: nothing outside of the span, bounds, locks, speeds, contacts, verdicts, cancelling."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from model_runtime.contract import (
    CHANNELS,
    MOTION_FPS,
    UNITS,
    CancelledError,
    Meter,
    RepairRequest,
    RequestError,
    Sound,
)
from model_runtime.face import load_face
from model_runtime.features import MEL_BANDS
from model_runtime.lips import lip_probe
from model_runtime.mesh_to_speech import M2SConfig, MeshToSpeech
from model_runtime.repair import Mender, RepairConfig, mend, span_frames
from model_runtime.repair_limits import (
    JAW_OPEN,
    MOUTH,
    MOUTH_CLOSE,
    SAYING,
    Limits,
    pace,
    room,
    within,
)
from model_runtime.repair_lips import TorchLips
from model_runtime.repair_loss import RepairLoss
from model_runtime.repair_target import SoundTarget, asked, made
from model_runtime.repair_verdict import Standing, helped, refusal, standing, told
from model_runtime.repair_warp import best_start, warped

FRAMES = 120
TINY = M2SConfig(width=16, layers=1, heads=2, kernel=5, voice=8)
SPAN = range(40, 80)


@pytest.fixture(scope="module")
def probe():
    return lip_probe(load_face())


@pytest.fixture(scope="module")
def mender(probe):
    torch.manual_seed(2)
    model = MeshToSpeech(TINY).eval().requires_grad_(False)
    return Mender(model, probe, RepairConfig(steps=40))


@pytest.fixture(scope="module")
def target():
    """A p b m in frames 58 to 61, and nothing else for the lips."""
    rng = np.random.default_rng(1)
    contacts = np.zeros((FRAMES, 4), np.float32)
    contacts[58:62, 0] = 1.0
    mel = rng.normal(size=(2 * FRAMES, MEL_BANDS)).astype(np.float32)
    units = rng.integers(0, TINY.units, FRAMES)
    return SoundTarget(units, mel, np.zeros(160, np.float32), contacts)


@pytest.fixture
def motion():
    """A mouth a little open that moves slowly, and eyes that move too."""
    time = np.arange(FRAMES)[:, None] / MOTION_FPS
    waves = 0.08 + 0.04 * np.sin(2 * np.pi * (1 + 0.02 * np.arange(len(CHANNELS))) * time)
    weights = waves.astype(np.float32)
    weights[:, JAW_OPEN] += 0.05
    weights[:, MOUTH_CLOSE] = 0.0
    return weights


def test_the_tensors_measure_what_the_probe_measures(probe, motion):
    lips, units = TorchLips(probe), torch.from_numpy(motion[:, : len(UNITS)].copy())
    assert lips.column_apertures(units).numpy() == pytest.approx(
        probe.column_apertures(motion), abs=1e-3
    )
    assert lips.jaw_opening(units).numpy() == pytest.approx(probe.jaw_opening(motion), abs=1e-3)
    gap = probe.labiodental_gap(motion)
    assert lips.tooth_gap(units).numpy() == pytest.approx(np.abs(gap), abs=0.05)


def test_an_open_closure_is_shut_and_nothing_else_changes(mender, target, motion):
    before = motion.copy()
    found = mend(mender, target, motion, SPAN)
    inside = slice(SPAN.start, SPAN.stop)
    assert mender.probe.aperture(motion)[58:62].min() > 1.0
    assert mender.probe.aperture(found)[56:64].min() <= 0.3
    assert (motion == before).all()  # what was given stays as it was
    assert (np.delete(found, np.s_[inside], 0) == np.delete(motion, np.s_[inside], 0)).all()
    rest = [column for column in range(len(CHANNELS)) if column not in MOUTH]
    assert (found[:, rest] == motion[:, rest]).all()
    assert (found[:, : len(UNITS)] >= 0).all() and (found[:, : len(UNITS)] <= 1).all()
    assert (found[:, MOUTH_CLOSE] <= found[:, JAW_OPEN] + 1e-6).all()


def test_no_weight_changes_farther_than_the_bound_and_the_ends_are_smooth(mender, target, motion):
    tight = replace(mender, config=RepairConfig(warp=False, limits=Limits(bound=0.1)))
    change = np.abs(mend(tight, target, motion, SPAN) - motion)
    assert 0.02 < change.max() <= 0.1 + 1e-6
    assert change[[SPAN.start, SPAN.stop - 1]].max() <= 0.25 * 0.1
    assert not set(np.flatnonzero(change.max(0) > 0)) - set(SAYING)


def test_what_is_kept_is_kept_exactly(mender, target, motion):
    kept = np.zeros_like(motion)
    kept[:, JAW_OPEN] = 1.0
    kept[50:60] = 1.0
    found = mend(mender, target, motion, SPAN, kept)
    assert (found[kept > 0] == motion[kept > 0]).all()
    assert (found != motion).any()
    assert mend(mender, target, motion, SPAN, np.ones_like(motion)) is motion


def test_nothing_moves_faster_than_lips_and_jaws_do(mender, target, motion):
    limits = Limits(lip_speed=60.0, jaw_speed=50.0, lip_acceleration=3000.0)
    slow = replace(mender, config=RepairConfig(steps=40, limits=limits))
    found = mend(slow, target, motion, SPAN)
    assert pace(mender.probe, found).keeps(limits, pace(mender.probe, motion))


def test_a_weight_that_was_beyond_its_range_may_stay_there():
    before = torch.full((1, 3, 52), 1.4)
    assert (within(before, before) == before).all()
    assert within(before + 0.5, before).max() == pytest.approx(1.4)


def test_room_opens_and_closes_within_the_span_but_not_at_the_ends_of_the_line():
    inner = room(range(40, 60), FRAMES, None, Limits())
    assert inner[0].max() < 0.2 and inner[-1].max() < 0.2 and inner[10].max() == 1.0
    assert inner[:, UNITS.index("eyeBlinkLeft")].max() == 0.0
    whole = room(range(FRAMES), FRAMES, None, Limits())
    assert whole[0].max() == 1.0 and whole[-1].max() == 1.0


@pytest.mark.parametrize("shift", [-3, 3])
def test_time_is_bent_within_the_span_and_never_backwards(motion, shift):
    units = motion[:, : len(UNITS)].copy()
    units[:, JAW_OPEN] = np.arange(FRAMES)  # tells the time
    free = room(SPAN, FRAMES, None, Limits())
    found = warped(units, SPAN, free, shift)[:, JAW_OPEN]
    assert found[20] == pytest.approx(SPAN.start + 20 - shift, abs=1e-4)
    assert (np.diff(found) > 0).all()
    assert abs(found[0] - SPAN.start) < 1.0 and abs(found[-1] - (SPAN.stop - 1)) < 1.0


def test_the_start_is_shifted_only_where_that_says_the_words_better(mender, target, motion):
    units = motion[:, : len(UNITS)].copy()
    units[:, JAW_OPEN] += 0.1 * np.sin(np.arange(FRAMES))
    free = room(SPAN, FRAMES, None, Limits())
    late = units.copy()
    late[SPAN.start : SPAN.stop] = warped(units, SPAN, free, 3)
    lips = TorchLips(mender.probe)
    loss = RepairLoss(mender.model, lips, target, torch.from_numpy(late), SPAN)
    here = torch.from_numpy(late[SPAN.start : SPAN.stop])

    def hears(batch: torch.Tensor) -> torch.Tensor:
        """A supervisor that knows the truth."""
        truth = torch.from_numpy(units[SPAN.start : SPAN.stop])
        inner = batch[:, loss.span.start : loss.span.stop]
        return (inner - truth)[..., JAW_OPEN].square().mean(1)

    loss.speech = hears  # type: ignore[method-assign]
    found = best_start(loss, late, SPAN, free)
    assert hears(loss.placed(found[None])) < 0.5 * hears(loss.placed(here[None]))
    loss.speech = lambda batch: torch.ones(len(batch))  # type: ignore[method-assign]
    assert (best_start(loss, late, SPAN, free) == here).all()


def test_contacts_are_counted_by_group(probe, target, motion):
    assert asked(target, SPAN) == {"p b m": 1}
    assert asked(target, range(40)) == {}
    assert made(probe, motion, target, SPAN) == {"p b m": 0}
    shut = np.zeros_like(motion)
    assert made(probe, shut, target, SPAN) == {"p b m": 1}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ((0.3, 0), (0.6, 0), True),
        ((0.3, 0), (0.28, 1), True),  # a contact is worth a little
        ((0.3, 0), (0.2, 1), False),  # but not that
        ((0.3, 0), (0.31, 0), False),
        ((0.3, 1), (0.9, 0), False),  # none may be lost
    ],
)
def test_what_helps(before, after, expected):
    one, other = (Standing(score, {"p b m": count}) for score, count in (before, after))
    assert helped(one, other) is expected


def test_words_that_the_judge_sees_in_their_place_help_though_the_meter_hardly_moves():
    before, after = Standing(0.93, {}, -4.3), Standing(0.94, {}, -3.0)
    assert helped(before, after)
    assert not helped(before, Standing(0.94, {}, -4.1))
    assert not helped(before, Standing(0.93, {}, -3.0))  # one model's opinion alone
    assert not helped(before, Standing(0.80, {}, -3.0))
    assert not helped(before, Standing(0.99, {}, -5.0))  # the meter alone can be gamed


def test_the_verdict_is_told_in_one_sentence():
    found = told(Standing(0.2, {"p b m": 0}), Standing(0.81, {"p b m": 1}), {"p b m": 1})
    expected = "Repaired: meter 0.20 before, 0.81 now; lips meet on 1 of 1 p b m (0 before)."
    assert found == expected
    fine, open_ = (Standing(0.95, {"p b m": count}) for count in (1, 0))
    assert "says the words here (meter 0.95)" in refusal(fine, fine, {"p b m": 1})
    assert "Generate the range anew" in refusal(open_, open_, {"p b m": 1})


def test_a_span_stands_as_its_spoken_frames_do_and_silence_as_all_of_its():
    frames = np.array([np.nan, 0.4, 0.6, np.nan], np.float32)
    for spoken, expected in (([0, 0, 0, 0], 0.5), ([0, 1, 0, 1], 0.4)):
        meter = Meter(float("nan"), frames, np.array(spoken, np.float32), 50.0, float("nan"))
        assert standing(meter, {}, range(1, 3)).score == pytest.approx(expected)


def test_a_span_of_no_frames_is_refused(motion):
    question = RepairRequest(Sound(Path("line.wav")), motion, (1.0, 1.04))
    with pytest.raises(RequestError, match="too short"):
        span_frames(question, FRAMES)
    assert span_frames(replace(question, span=(1.0, 99.0)), FRAMES) == range(50, FRAMES)
    with pytest.raises(RequestError, match="too short"):
        span_frames(replace(question, span=(50.0, 99.0)), FRAMES)


@pytest.mark.parametrize("frames", [FRAMES - 1, FRAMES + 1])
def test_a_motion_may_be_a_frame_shorter_or_longer_than_its_sound(mender, target, motion, frames):
    longer = np.concatenate((motion, motion[-1:]))[:frames]
    span = range(90, min(frames, FRAMES))
    quick = replace(mender, config=RepairConfig(steps=2))
    assert mend(quick, target, longer, span).shape == longer.shape


def test_a_repair_can_be_stopped_between_two_steps(mender, target, motion):
    shares = []

    def step(share: float) -> None:
        shares.append(share)
        if share >= 0.5:
            raise CancelledError("stop")

    with pytest.raises(CancelledError):
        mend(mender, target, motion, SPAN, step=step)
    assert shares == sorted(shares) and len(shares) == 21
