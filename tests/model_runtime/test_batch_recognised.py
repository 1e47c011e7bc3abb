# SPDX-License-Identifier: GPL-3.0-or-later
"""A batch whose lines have no transcript: the words that were recognised, and what they decide."""

from __future__ import annotations

import argparse
import csv
import json

import pytest

from model_runtime import batch_cli, batch_work
from tests.model_runtime.batch_help import FakePerformer, rows, run, sounds, use_fake

WORDS = "Maybe <b>Pam</b> found five"


@pytest.fixture
def lines(tmp_path, monkeypatch):
    """Two lines, the second with a transcript; models that are known by their names."""
    use_fake(monkeypatch)
    monkeypatch.setattr(FakePerformer, "words", WORDS)
    bundled = tmp_path / "bundled"
    bundled.mkdir()
    for name in ("encoder", "denoiser", "recogniser"):
        (bundled / f"{name}.safetensors").write_bytes(name.encode())
    monkeypatch.setattr(batch_work, "BUNDLED", bundled)
    sounds(tmp_path / "episode", 2)
    listed = [{"id": f"line_{n}", "audio": f"episode/line_0{n}.wav"} for n in range(2)]
    listed[1] |= {"transcript": "Hello"}
    path = tmp_path / "lines.json"
    path.write_text(json.dumps(listed))
    return path


def performed(lines, out, *more):
    FakePerformer.performed.clear()
    assert run(lines, "--out", out, *more) == 0
    return [name.partition(".")[0] for name in FakePerformer.performed]


def test_reports_tell_the_words_of_lines_without_a_transcript(lines, tmp_path):
    out = tmp_path / "out"
    assert run(lines, "--out", out) == 0
    assert {row["id"]: row["recognised"] for row in rows(out)} == {"line_0": WORDS, "line_1": ""}
    with (out / "report.csv").open(encoding="utf-8-sig", newline="") as file:
        listed = {row["id"]: row["recognised"] for row in csv.DictReader(file)}
    assert listed == {"line_0": WORDS, "line_1": ""}
    page = (out / "report.html").read_text("utf-8")
    assert "Heard: Maybe &lt;b&gt;Pam" in page and page.count("Heard:") == 1


def test_what_recognises_decides_only_lines_without_a_transcript(lines, tmp_path):
    out = tmp_path / "out"
    assert performed(lines, out) == ["line_0", "line_1"]
    assert performed(lines, out) == []
    assert performed(lines, out, "--no-recognise") == ["line_0"]
    (tmp_path / "bundled" / "recogniser.safetensors").write_bytes(b"another")
    assert performed(lines, out) == ["line_0"]


def test_a_crew_is_told(lines, tmp_path):
    options = parsed(lines, tmp_path, "--no-recognise")
    assert "--no-recognise" in batch_cli.child_arguments(options)


def parsed(lines, out, *more):
    parser = argparse.ArgumentParser()
    batch_cli.add_arguments(parser)
    return parser.parse_args([str(lines), "--out", str(out), *more])
