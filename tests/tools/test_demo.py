# SPDX-License-Identifier: GPL-3.0-or-later
"""What dev.py demo does around the engine and Blender."""

from __future__ import annotations

import argparse
import json

import pytest

from tools import demo
from tools.environments import SetupError


def options(tmp_path, **changes):
    (tmp_path / "line.wav").touch()
    values = {"audio": tmp_path / "line.wav", "seed": "3", "fps": 25.0, "alignment": None}
    values |= {"out": tmp_path / "out"}
    return argparse.Namespace(**{**values, **changes})


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"seed": "x"}, "Seed 'x' is not a whole number"),
        ({"fps": 0.0}, "out of range"),
        ({"fps": float("nan")}, "out of range"),
    ],
)
def test_bad_options_are_refused_before_anything_is_set_up(tmp_path, changes, sentence):
    with pytest.raises(SetupError, match=sentence):
        demo.run(options(tmp_path, **changes))
    assert not (tmp_path / "out").exists()


def test_a_missing_sound_is_refused(tmp_path):
    with pytest.raises(SetupError, match="does not exist"):
        demo.run(options(tmp_path, audio=tmp_path / "none.wav"))


def test_the_phones_beside_the_line_are_found(tmp_path):
    (tmp_path / "line.phones.json").write_text("[]")
    chosen = options(tmp_path)
    demo._check(chosen)
    assert chosen.alignment == tmp_path / "line.phones.json"


def test_a_failed_run_keeps_the_former_results(tmp_path, monkeypatch):
    out = tmp_path / "out"
    out.mkdir()
    (out / "demo.json").write_text("former")

    def fail(options, work):
        (work / "demo.json").write_text("half")
        raise demo.StoppedError(3)

    monkeypatch.setattr(demo, "_make", fail)
    assert demo.run(options(tmp_path)) == 3
    assert [path.name for path in out.iterdir()] == ["demo.json"]
    assert (out / "demo.json").read_text() == "former"


def test_results_take_the_place_of_former_ones(tmp_path, monkeypatch, capsys):
    def make(options, work):
        for name in demo.RESULTS[:3]:
            (work / name).write_text("new")
        (work / "takes" / "seed_3.npz").write_text("new")
        document = {
            "stages_seconds": {"generate the takes": 1.5},
            "seconds_per_audio_second": 0.2,
            "keys_ms": 9.0,
            "contacts": {"seed_3": {"pbm_closed": 0.9}, "seed_4": None},
        }
        (work / "demo.json").write_text(json.dumps(document))

    monkeypatch.setattr(demo, "_make", make)
    for _ in range(2):
        assert demo.run(options(tmp_path)) == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(demo.RESULTS)
    told = capsys.readouterr().out
    assert "pbm_closed 0.90" in told
    assert str(tmp_path / "out" / "demo.mp4") in told


def test_the_sheet_shows_closures_spread_over_the_line():
    events = [{"frame": frame} for frame in range(0, 200, 10)] + [{"phone": "M"}]
    frames = demo._closure_frames({"bilabials": events}, 25.0)
    assert len(frames) <= demo.CLOSURES_SHOWN
    assert frames[0] == demo.FIRST_FRAME
    assert frames == sorted(frames)
    assert demo._closure_frames(None, 25.0) == []


def test_the_key_bench_counts_before_the_takes():
    takes = [{"stage": "take", "keys_ms": 4.0}, {"stage": "take", "keys_ms": 6.0}]
    assert demo._keys_ms([{"stage": "keys", "keys_ms": 12.0}, *takes]) == 12.0
    assert demo._keys_ms(takes) == 6.0
