# SPDX-License-Identifier: GPL-3.0-or-later
"""Any sound a studio may hand over is read, or refused with one sentence."""

from __future__ import annotations

import builtins
import logging
import os

import numpy as np
import pytest
import soundfile

from model_runtime.audio import SAMPLE_RATE, Resampler, read_audio
from model_runtime.contract import AudioError


def tone(seconds=0.5, rate=SAMPLE_RATE, hertz=440.0):
    return (0.5 * np.sin(2 * np.pi * hertz * np.arange(int(seconds * rate)) / rate)).astype(
        np.float32
    )


def written(path, samples, rate, **options):
    soundfile.write(path, samples, rate, **options)
    return path


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 22050, 44100, 48000, 96000, 192000])
def test_every_rate_becomes_16_khz_in_phase(tmp_path, rate):
    audio = read_audio(written(tmp_path / "line.wav", tone(rate=rate), rate, subtype="FLOAT"))
    assert audio.source_rate == rate
    assert audio.samples.dtype == np.float32
    assert len(audio.samples) == SAMPLE_RATE // 2
    middle = slice(800, -800)  # away from the cut edges of the tone
    assert np.abs(audio.samples - tone())[middle].max() < 2e-4


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.wav", {"subtype": "PCM_24"}),
        ("a.wav", {"subtype": "PCM_U8"}),
        ("a.wav", {"subtype": "DOUBLE"}),
        ("a.flac", {}),
        ("a.aiff", {}),
        ("a.ogg", {"format": "OGG", "subtype": "VORBIS"}),
        ("a.mp3", {}),
    ],
)
def test_formats(tmp_path, name, options):
    audio = read_audio(written(tmp_path / name, tone(), SAMPLE_RATE, **options))
    assert audio.seconds == pytest.approx(0.5, abs=0.03)
    assert audio.samples.std() == pytest.approx(0.5 / np.sqrt(2), rel=0.05)


def test_what_lies_above_the_new_band_is_gone():
    resampler = Resampler(48000)
    out = np.concatenate([resampler.feed(tone(0.5, 48000, 9000.0)), resampler.finish()])
    assert np.abs(out[400:-400]).max() < 1e-3


@pytest.mark.parametrize("rate", [44100, 44123, 192000, 8000])
def test_the_cut_into_blocks_does_not_show(rate):
    sound = np.random.default_rng(0).standard_normal(rate // 3).astype(np.float32)
    whole, pieces = Resampler(rate), Resampler(rate)
    once = np.concatenate([whole.feed(sound), whole.finish()])
    parts = [pieces.feed(part) for part in np.array_split(sound, [1, 17, 400, 9000])]
    np.testing.assert_array_equal(once, np.concatenate([*parts, pieces.finish()]))


def test_stereo_is_the_mean_of_both_sides(tmp_path):
    sides = np.stack([tone(), np.zeros_like(tone())], axis=1)
    audio = read_audio(written(tmp_path / "a.wav", sides, SAMPLE_RATE, subtype="FLOAT"))
    assert audio.channels == 2
    np.testing.assert_allclose(audio.samples, tone() / 2, atol=1e-6)


def test_samples_that_are_not_numbers_become_zero_and_are_reported(tmp_path, caplog):
    sound = tone()
    sound[100], sound[200], sound[300] = np.nan, np.inf, 1e30
    path = written(tmp_path / "a.wav", sound, SAMPLE_RATE, subtype="FLOAT")
    audio = read_audio(path)
    assert np.isfinite(audio.samples).all()
    assert audio.samples[100] == audio.samples[200] == audio.samples[300] == 0
    assert "3 samples are not numbers" in caplog.text


def test_silence_is_allowed_and_reported(tmp_path, caplog):
    audio = read_audio(written(tmp_path / "a.wav", np.zeros(SAMPLE_RATE), SAMPLE_RATE))
    assert audio.silent
    assert "silent" in caplog.text


def test_a_file_that_breaks_off_is_read_as_far_as_it_goes(tmp_path, caplog):
    path = written(tmp_path / "a.flac", tone(9.0), SAMPLE_RATE)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * 2 // 3])
    audio = read_audio(path)
    assert 3.0 < audio.seconds < 6.5
    assert [record.levelno for record in caplog.records] == [logging.WARNING]


def test_the_hash_is_the_files(tmp_path):
    one = read_audio(written(tmp_path / "1.wav", tone(), SAMPLE_RATE))
    same = read_audio(written(tmp_path / "2.wav", tone(), SAMPLE_RATE))
    other = read_audio(written(tmp_path / "3.wav", tone(hertz=441), SAMPLE_RATE))
    assert one.sha256 == same.sha256 != other.sha256


def encoded(path, codec, container_format=None, rate=48000):
    av = pytest.importorskip("av")
    with av.open(str(path), "w", format=container_format) as container:
        stream = container.add_stream(codec, rate=rate)
        stream.layout = "stereo"
        sound = np.stack([tone(1.0, rate)] * 2)
        for start in range(0, rate, 1024):
            part = np.ascontiguousarray(sound[:, start : start + 1024])
            frame = av.AudioFrame.from_ndarray(part, format="fltp", layout="stereo")
            frame.sample_rate, frame.pts = rate, start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize("name", ["a.m4a", "a.mp4", "a.mov", "a.aac"])
def test_what_soundfile_cannot_read_is_decoded_by_pyav(tmp_path, name):
    container_format = "adts" if name.endswith("aac") else None
    audio = read_audio(encoded(tmp_path / name, "aac", container_format))
    assert (audio.source_rate, audio.channels) == (48000, 2)
    assert audio.seconds == pytest.approx(1.0, abs=0.05)
    assert np.abs(audio.samples[4000:12000]).max() == pytest.approx(0.5, abs=0.05)


def test_a_video_without_sound_is_refused(tmp_path):
    av = pytest.importorskip("av")
    path = tmp_path / "mute.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width = stream.height = 64
        frame = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8))
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with pytest.raises(AudioError, match="no sound in it"):
        read_audio(path)


def test_without_pyav_the_sentence_says_what_to_install(tmp_path, monkeypatch):
    path = encoded(tmp_path / "a.m4a", "aac")
    real = builtins.__import__

    def without_av(name, *rest):
        if name == "av":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without_av)
    with pytest.raises(AudioError, match="pip install av"):
        read_audio(path)


def refused(path):
    with pytest.raises(AudioError) as caught:
        read_audio(path)
    sentence = str(caught.value)
    assert str(path) in sentence
    assert "\n" not in sentence
    assert sentence.endswith(".")
    return sentence


def test_bad_files_are_refused_with_one_sentence(tmp_path):
    assert "does not exist" in refused(tmp_path / "missing.wav")
    assert "folder" in refused(tmp_path)
    (tmp_path / "empty.wav").write_bytes(b"")
    assert "empty" in refused(tmp_path / "empty.wav")
    (tmp_path / "text.wav").write_text("these are words, not sound " * 40)
    assert "not a sound file" in refused(tmp_path / "text.wav")
    (tmp_path / "line.raw").write_bytes(bytes(range(256)) * 40)
    refused(tmp_path / "line.raw")
    written(tmp_path / "header.wav", np.zeros(0), SAMPLE_RATE)
    assert "0 samples" in refused(tmp_path / "header.wav")
    written(tmp_path / "5ms.wav", tone(0.005), SAMPLE_RATE)
    assert "too short (5 ms)" in refused(tmp_path / "5ms.wav")
    written(tmp_path / "slow.wav", tone(1.0, 1000), 1000)
    assert "1000 samples a second" in refused(tmp_path / "slow.wav")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_refused_instead_of_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.wav")
    assert "ordinary file" in refused(tmp_path / "pipe.wav")


def test_a_file_one_may_not_read_is_refused(tmp_path, monkeypatch):
    path = written(tmp_path / "a.wav", tone(), SAMPLE_RATE)

    def locked(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(path), "open", locked)
    assert "permission" in refused(path)


def test_a_file_beyond_the_limit_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("model_runtime.audio.LONGEST", 1)
    assert "longer" in refused(written(tmp_path / "a.wav", tone(1.5), SAMPLE_RATE))
