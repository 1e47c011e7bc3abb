# SPDX-License-Identifier: GPL-3.0-or-later
"""The bundled meter on the example line: what says it, what does not, and what is spoilt."""

from __future__ import annotations

import math
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from model_runtime import worker_meter
from model_runtime.audio import read_audio
from model_runtime.contract import (
    MOTION_FPS,
    UNITS,
    CancelledError,
    FaceMotion,
    MeasureRequest,
    RequestError,
    Sound,
    WeightsError,
)
from model_runtime.encoder import EncoderConfig, SpeechEncoder
from model_runtime.meter import Meters
from model_runtime.meter_advice import advise
from model_runtime.meter_evidence import Miss
from model_runtime.meter_hearing import Contact, heard_phones
from model_runtime.meter_motion import Mouth, at_motion_rate, touching
from model_runtime.phones import PHONE_INDEX, PHONES
from model_runtime.weights import save_model
from training.corpus.alignment import Segment
from training.meter_alter import closures, moved, opened
from training.meter_planted import lifted, offsets_of
from training.metrics.bench import target_motion

LINE = Path(__file__).parents[2] / "examples" / "line.flac"


@pytest.fixture(scope="module")
def segments(told):
    return [Segment(*row) for row in told["segments"]]


@pytest.fixture(scope="module")
def motion(samples, segments):
    return target_motion(segments, samples)[:, :52]


@pytest.fixture(scope="module")
def heard(meters, samples):
    return meters.hear(samples)


@pytest.fixture(scope="module")
def found(meters, heard, motion):
    return meters.measure(heard, FaceMotion(50.0, motion))


def test_a_motion_that_says_the_line_is_near_one_and_not_late(found, heard):
    assert found.score > 0.8
    assert abs(found.lag_ms) < 40
    assert found.fps == MOTION_FPS and len(found.frames) == heard.frames == len(found.spoken)
    assert ((found.frames >= 0) & (found.frames <= 1)).all()
    assert "lag" not in {one.kind for one in found.advice}


@pytest.mark.parametrize("shift", [-10, 8])
def test_a_late_motion_is_low_and_the_lag_is_told(meters, heard, motion, shift):
    late = meters.measure(heard, FaceMotion(50.0, moved(motion, shift)))
    assert late.score < 0.3
    assert abs(late.lag_ms - 20.0 * shift) <= 40.0
    word = "late" if shift > 0 else "early"
    (told,) = [one for one in late.advice if one.kind == "lag"]
    assert told.sentence.format(frames=4) == f"Motion is 4 frames {word}"


def test_a_still_face_and_words_told_backwards_are_low(meters, heard, motion):
    still = np.repeat(motion.mean(0, keepdims=True), len(motion), 0)
    assert meters.line_score(heard, still) < 0.2
    assert meters.line_score(heard, np.ascontiguousarray(motion[::-1])) < 0.2


def test_the_same_motion_measured_as_vertices_or_at_another_rate(meters, heard, motion, found):
    offsets = offsets_of(meters.face, motion)
    by_vertices = meters.measure(heard, FaceMotion(50.0, offsets=offsets))
    np.testing.assert_allclose(by_vertices.frames, found.frames, atol=2e-3)
    times = np.arange(int(len(motion) / 50 * 24)) / 24
    slow = np.stack([np.interp(times, np.arange(len(motion)) / 50, c) for c in motion.T], 1)
    assert meters.measure(heard, FaceMotion(24.0, slow.astype(np.float32))).score > 0.75


def test_a_span_measured_alone_has_the_same_values(meters, heard, motion, found):
    part = meters.measure(heard, FaceMotion(50.0, motion), span=(1.0, 1.5))
    inside = np.isfinite(part.frames)
    assert inside.sum() == 25 and inside[50:75].all()
    np.testing.assert_allclose(part.frames[inside], found.frames[inside], atol=1e-5)


def test_a_closure_opened_by_hand_drops_there_and_nowhere_else(
    meters, heard, motion, found, segments
):
    worst = 1.0
    for closure in closures(segments):
        after = meters.measure(heard, FaceMotion(50.0, opened(motion, closure)))
        time = np.arange(heard.frames) / MOTION_FPS
        inside = (time > closure.start - 0.04) & (time < closure.end + 0.04)
        far = (time < closure.start - 0.6) | (time > closure.end + 0.6)
        worst = min(worst, float((after.frames - found.frames)[inside].min()))
        assert np.abs(after.frames - found.frames)[far].mean() < 0.03
    assert worst < -0.3


def test_lips_held_apart_by_what_no_unit_can_do_count_too(meters, heard, motion, segments):
    surest = max((c for c in heard.contacts if c.phone in "PBM"), key=lambda c: c.sure)
    closure = Segment(*surest[:3])
    plain = meters.measure(heard, FaceMotion(50.0, offsets=offsets_of(meters.face, motion)))
    apart = meters.measure(heard, FaceMotion(50.0, offsets=lifted(meters.face, motion, closure)))
    rows = slice(int(closure.start * 50), int(closure.end * 50) + 1)
    assert apart.frames[rows].min() < plain.frames[rows].min() - 0.2
    told = [one for one in apart.advice if one.kind == "open"]
    assert any(abs(one.start - closure.start) < 0.05 for one in told)
    assert told[0].sentence.format(frame=41).endswith("at frame 41")


def test_silence_has_no_score_and_a_moving_mouth_is_told(meters, motion):
    quiet = np.zeros(16_000 * 2, np.float32)
    found = meters.measure(quiet, FaceMotion(50.0, motion[40:140]))
    assert math.isnan(found.score) and math.isnan(found.lag_ms)
    assert "silent" in {one.kind for one in found.advice}
    rest = meters.measure(quiet, FaceMotion(50.0, np.zeros((100, 52), np.float32)))
    assert not rest.advice


def test_words_of_a_transcript_that_fits_are_told(meters, samples, told):
    words = meters.hear(samples, told["text"]).words
    assert [text.strip(".,").lower() for text, *_ in words[:3]] == ["maybe", "pam", "found"]
    assert meters.hear(samples, "completely other words that nobody ever said here").words == ()
    assert meters.hear(samples).phones


def test_motion_shorter_than_the_line_and_motion_that_is_none(meters, heard, motion):
    short = meters.measure(heard, FaceMotion(50.0, motion[:30]))
    assert len(short.frames) == heard.frames
    with pytest.raises(RequestError):
        meters.measure(heard, FaceMotion(50.0, motion[:0]))
    with pytest.raises(RequestError):
        meters.measure(heard, FaceMotion(50.0, np.full((50, 52), np.nan, np.float32)))
    with pytest.raises(RequestError):
        meters.measure(heard, FaceMotion(50.0, offsets=np.zeros((5, 7, 3), np.float32)))


def test_an_encoder_that_the_units_do_not_belong_to_is_refused():
    other = SpeechEncoder(EncoderConfig(width=16, layers=1, heads=2))
    with pytest.raises(WeightsError, match="speech units"):
        Meters.load(encoder=other)


def test_models_of_ones_own_without_a_meter_are_measured_by_the_bundled_one(tmp_path, meters):
    other = SpeechEncoder(EncoderConfig(width=16, layers=1, heads=2))
    save_model(other, other.config, tmp_path / "encoder.safetensors")
    found = Meters.load(tmp_path, other)
    assert found.encoder is not other
    assert found.encoder.config == meters.encoder.config


def test_resampling_keeps_keys_and_meets_halfway(meters):
    ramp = np.zeros((25, 52), np.float32)
    ramp[:, 17] = np.arange(25) / 25
    there = at_motion_rate(FaceMotion(25.0, ramp), 40, meters.face)
    np.testing.assert_allclose(there[2:38, 17], np.arange(2, 38) / 50, atol=1e-5)


def test_a_closure_of_one_frame_at_24_fps_is_no_missed_contact(meters, heard, motion):
    """Between keys the lips part so fast that no frame at 50 fps finds them shut."""
    sure = [c for c in heard.contacts if c.phone in "PBM" and c.sure > 0.7]
    near = [(c, k) for c in sure for k in range(round(c.start * 24), round(c.end * 24) + 1)]
    contact, frame = min(near, key=lambda one: abs(one[1] * 50 / 24 % 1 - 0.5))
    keys = np.zeros((int(len(motion) / 50 * 24), 52), np.float32)
    keys[:, UNITS.index("jawOpen")] = 0.5
    keys[frame] = 0.0
    kept = meters.measure(heard, FaceMotion(24.0, keys))
    keys[frame] = keys[frame - 1]
    lost = meters.measure(heard, FaceMotion(24.0, keys))
    middle = contact.start - 0.02, contact.end + 0.02

    def told(meter):
        return [a for a in meter.advice if a.kind == "open" and middle[0] < a.start < middle[1]]

    assert told(lost) and not told(kept)


def test_lips_touch_where_their_own_frames_do():
    half = np.full(50, 2.0, np.float32)
    keyed = np.full(24, 2.0, np.float32)
    keyed[11] = -0.5
    found = touching(Mouth(half, half, half), Mouth(keyed, keyed, keyed), 24.0, 0)
    assert found.aperture.argmin() == 23 and found.aperture.min() == -0.5
    assert (np.delete(found.aperture, 23) == 2.0).all() and (found.width == 2.0).all()


def test_phones_as_heard_follow_the_posteriors():
    posteriors = np.full((20, len(PHONES)), 1e-3, np.float32)
    posteriors[:10, PHONE_INDEX["AA"]] = posteriors[10:, PHONE_INDEX["M"]] = 0.9
    posteriors[5] = 1 / len(PHONES)  # a doubtful frame changes nothing
    assert heard_phones(posteriors) == (("AA", 0.0, 0.2), ("M", 0.2, 0.4))


def test_advice_comes_worst_first_and_a_late_line_is_not_called_weak():
    frames = np.full(200, 0.9, np.float32)
    frames[50:100], frames[150:155] = 0.2, 0.4
    spoken, still = np.ones(200, bool), np.zeros(200, np.float32)
    miss = Miss("open", Contact("P", 3.0, 3.1, 0.9), 3.0)
    told = advise(frames, spoken, still, [miss], float("nan"), 0.5)
    assert [one.kind for one in told] == ["weak", "open"]
    assert (told[0].start, told[0].end) == (1.0, 2.0)
    late = advise(frames, spoken, still, [], 120.0, 0.1)
    assert [one.kind for one in late] == ["lag"]


class _Tasks:
    """The worker's tasks as far as the meter asks them."""

    def __init__(self, engine) -> None:
        self.engine, self.models, self.reads, self.weights = engine, {}, 0, None

    def read(self, sound):
        self.reads += 1
        return read_audio(sound.audio)

    def on_device(self, work, progress):
        return work(self.engine, progress), {}


def test_the_worker_tells_how_far_the_words_are_recognised_and_can_be_stopped_there(monkeypatch):
    class Fake:
        encoder = recogniser = None

        def hear(self, samples, transcript, tell):
            for share in (0.25, 0.75):
                tell(share)

        def measure(self, heard, motion, span):
            return "measured"

    monkeypatch.setattr(worker_meter, "meters_of", lambda tasks, engine: Fake())
    question, told = MeasureRequest(Sound(LINE), FaceMotion(50.0, np.zeros((2, 52)))), []
    found = worker_meter.answer(_Tasks(None), question, lambda now: told.append(now) or True)
    assert found == "measured" and {now.stage for now in told[1:]} == {"Measuring"}
    assert [now.fraction for now in told] == pytest.approx([0.0, 0.2, 0.3, 0.5, 0.6])
    with pytest.raises(CancelledError):
        worker_meter.answer(_Tasks(None), question, lambda now: now.fraction < 0.4)


def test_the_worker_answers_and_remembers_what_it_heard(meters, motion, monkeypatch):
    engine = SimpleNamespace(encoder=meters.encoder, device=torch.device("cpu"), recogniser=None)
    tasks, listened = _Tasks(engine), []
    hear = Meters.hear
    monkeypatch.setattr(Meters, "hear", lambda *args: listened.append(1) or hear(*args))
    question = MeasureRequest(Sound(LINE), FaceMotion(50.0, motion))
    whole = worker_meter.answer(tasks, question, lambda told: True)
    again = MeasureRequest(Sound(LINE), FaceMotion(50.0, motion), span=(0.5, 1.0))
    part = worker_meter.answer(tasks, again, lambda told: True)
    assert len(listened) == 1 and whole.score > 0.8
    assert np.isfinite(part.frames).sum() == 25
    with pytest.raises(CancelledError):
        worker_meter.answer(tasks, question, lambda told: False)
