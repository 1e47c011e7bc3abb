# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line writes takes, or says in one sentence why not and leaves nothing behind."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from model_runtime import __main__ as cli
from model_runtime import files
from model_runtime.contract import CHANNELS, CancelledError, Take, WeightsError
from model_runtime.takefile import read_take

ROOT = Path(__file__).parents[2]


class FakeEngine:
    """Motion that depends on the seed alone."""

    failure: Exception | None = None
    loads = 0
    recognises: bool | None = None

    @classmethod
    def load(cls, weights=None, *, recognises=True):
        if weights is not None and not weights.is_dir():
            raise WeightsError(f"The weights folder '{weights}' does not exist.")
        FakeEngine.loads += 1
        FakeEngine.recognises = recognises
        return cls()

    def generate(self, samples, settings, progress=None, transcript=""):
        if self.failure:
            raise self.failure
        frames = len(samples) // 320
        noise = np.random.default_rng(settings.seed).random((frames, len(CHANNELS)), np.float32)
        made = {"models": {"denoiser": "abc"}, "transcript": transcript}
        return Take(noise * 0.5, provenance=made)


@pytest.fixture(autouse=True)
def fake_engine(monkeypatch):
    monkeypatch.setattr(cli, "_engine_class", lambda: FakeEngine)
    monkeypatch.setattr(FakeEngine, "loads", 0)


@pytest.fixture
def line(tmp_path):
    path = tmp_path / "line.wav"
    noise = np.random.default_rng(0).standard_normal(8000) * 0.1
    soundfile.write(path, noise, 16000)
    return path


def run(*arguments):
    return cli.main(["generate", *map(str, arguments)])


def test_a_take_is_written_with_its_provenance(tmp_path, line, capsys):
    out = tmp_path / "take.npz"
    assert run(line, "--seed", 7, "--intensity", 0.5, "--emotion", "sad", "--out", out) == 0
    take = read_take(out)
    assert take.weights.shape == (25, 55)
    made = take.provenance
    assert (made["seed"], made["intensity"], made["emotion"]) == (7, 0.5, "sad")
    assert made["audio"]["name"] == "line.wav"
    assert len(made["audio"]["sha256"]) == 64
    assert made["models"] == {"denoiser": "abc"}
    assert str(tmp_path) not in json.dumps(made)
    told = capsys.readouterr()
    assert told.out.count("\n") == 1
    for stage in ("read the sound", "load the model", "generate seed 7", "write take.npz"):
        assert stage in told.err


@pytest.mark.parametrize("kind", ["npz", "csv", "json"])
def test_same_request_same_bytes(tmp_path, line, kind):
    for name in "ab":
        assert run(line, "--seed", 3, "--out", tmp_path / f"{name}.{kind}", "--quiet") == 0
    assert (tmp_path / f"a.{kind}").read_bytes() == (tmp_path / f"b.{kind}").read_bytes()


def test_several_seeds_load_the_model_once(tmp_path, line):
    timings = tmp_path / "timings.json"
    out = tmp_path / "take_{seed}.npz"
    assert run(line, "--seeds", "4,5,6", "--out", out, "--timings", timings) == 0
    assert FakeEngine.loads == 1 and FakeEngine.recognises
    assert run(line, "--no-recognise", "--out", tmp_path / "take.npz") == 0
    assert FakeEngine.recognises is False
    takes = [read_take(tmp_path / f"take_{seed}.npz") for seed in (4, 5, 6)]
    assert [take.provenance["seed"] for take in takes] == [4, 5, 6]
    assert "load the model" in json.loads(timings.read_text())["stages"]


def test_an_emotion_may_turn_and_the_mouth_be_tuned(tmp_path, line):
    out = tmp_path / "take.npz"
    tuned = ("--articulation", 1.2, "--smoothing", 0.4)
    assert run(line, "--emotion", "0:sad,0.4:happy", *tuned, "--out", out) == 0
    made = read_take(out).provenance
    assert made["emotion"] == [[0.0, "sad"], [0.4, "happy"]]
    assert (made["articulation"], made["smoothing"]) == (1.2, 0.4)


def test_a_transcript_is_given_as_text_or_in_a_file(tmp_path, line, capsys):
    out, text = tmp_path / "take.npz", tmp_path / "line.txt"
    assert run(line, "--transcript", "Good morning", "--out", out) == 0
    assert read_take(out).provenance["transcript"] == "Good morning"
    text.write_text("\ufeffGuten Morgen, Größe", encoding="utf-8")
    assert run(line, "--transcript", f"@{text}", "--out", out) == 0
    assert read_take(out).provenance["transcript"] == "Guten Morgen, Größe"
    text.write_bytes(b"\xff\xfe\x00")
    for wrong, says in ((text, "no UTF-8 text"), (tmp_path / "none.txt", "cannot be read")):
        assert run(line, "--transcript", f"@{wrong}", "--out", out) == 1
        assert says in capsys.readouterr().err


def test_an_intensity_curve_can_be_given(tmp_path, line):
    out = tmp_path / "take.json"
    assert run(line, "--intensity", "0:0.2,0.4:1.5", "--out", out) == 0
    assert read_take(out).provenance["intensity"] == [[0.0, 0.2], [0.4, 1.5]]


def test_the_rate_of_the_file_can_be_chosen(tmp_path, line):
    assert run(line, "--fps", 24, "--out", tmp_path / "take.csv") == 0
    assert read_take(tmp_path / "take.csv").fps == 24


def test_silence_is_reported_on_stderr(tmp_path, capsys):
    soundfile.write(tmp_path / "quiet.wav", np.zeros(16000), 16000)
    assert run(tmp_path / "quiet.wav", "--out", tmp_path / "take.npz") == 0
    assert "silent" in capsys.readouterr().err


BAD = {
    "seed too large": (["--seed", 2**31], "Seed 2147483648 is out of range"),
    "seed negative": (["--seed", "-1"], "Seed -1 is out of range"),
    "seed no number": (["--seed", "abc"], "Seed 'abc' is not a whole number"),
    "intensity too large": (["--intensity", "9"], "Intensity 9.0 is out of range"),
    "intensity negative": (["--intensity", "-0.5"], "out of range"),
    "intensity nan": (["--intensity", "nan"], "out of range"),
    "intensity no number": (["--intensity", "much"], "Intensity 'much' is not a number"),
    "emotion bad keys": (["--emotion", "0:sad,now:happy"], "cannot be read"),
    "emotion unknown in keys": (["--emotion", "0:sad,1:bored"], "Emotion 'bored' is not known"),
    "articulation too large": (["--articulation", "2"], "Articulation 2.0 is out of range"),
    "smoothing no number": (["--smoothing", "a lot"], "Smoothing 'a lot' is not a number"),
    "intensity bad curve": (["--intensity", "1:2:3"], "is not a number"),
    "emotion unknown": (["--emotion", "bored"], "Emotion 'bored' is not known"),
    "rate": (["--fps", "0"], "out of range"),
    "weights": (["--weights", "no-such-folder"], "does not exist"),
    "seeds without places": (["--seeds", "1,2"], "{seed}"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_settings_are_one_sentence(tmp_path, line, capsys, case):
    arguments, sentence = BAD[case]
    assert run(line, *arguments, "--out", tmp_path / "take.npz") == 1
    told = capsys.readouterr()
    assert told.out == ""
    errors = [text for text in told.err.splitlines() if text.startswith("error: ")]
    assert len(errors) == 1
    assert sentence in errors[0]
    assert "Traceback" not in told.err
    assert sorted(child.name for child in tmp_path.iterdir()) == ["line.wav"]


@pytest.mark.parametrize("out", ["take.txt", "take", "none/take.npz", "line.wav/take.npz"])
def test_an_output_that_cannot_be_is_refused_before_the_work(tmp_path, line, capsys, out):
    assert run(line, "--out", tmp_path / out) == 1
    assert FakeEngine.loads == 0
    assert capsys.readouterr().err.count("error: ") == 1


def test_a_folder_one_may_not_write_to_is_refused(tmp_path, line, capsys, monkeypatch):
    def locked(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(files, "_exclusive", locked)
    assert run(line, "--out", tmp_path / "take.npz") == 1
    assert "no permission" in capsys.readouterr().err


def test_missing_sound_is_refused(tmp_path, capsys):
    assert run(tmp_path / "none.wav", "--out", tmp_path / "take.npz") == 1
    assert "does not exist" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("failure", "code"),
    [(CancelledError("Stopped."), 1), (MemoryError(), 1), (KeyboardInterrupt(), 130)],
)
def test_work_that_ends_early_leaves_the_old_file(tmp_path, line, monkeypatch, failure, code):
    monkeypatch.setattr(FakeEngine, "failure", failure)
    (tmp_path / "take.npz").write_bytes(b"old")
    assert run(line, "--out", tmp_path / "take.npz") == code
    assert (tmp_path / "take.npz").read_bytes() == b"old"
    assert len(list(tmp_path.iterdir())) == 2


def test_a_command_line_that_makes_no_sense_exits_with_2(line):
    with pytest.raises(SystemExit) as caught:
        run(line)
    assert caught.value.code == 2


def test_the_module_runs_as_a_program_without_traceback(tmp_path):
    command = [sys.executable, "-m", "model_runtime", "generate", "none.wav", "--out", "take.npz"]
    done = subprocess.run(
        [*command, "--seed", "-5"], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 1
    assert done.stderr.startswith("error: Seed -5 is out of range")
