# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists of lines are read whole; every mistake is told with its line; no name leaves the folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from model_runtime import __main__ as cli
from model_runtime.batch_lines import Defaults, ListError, read_lines, seeds_of
from model_runtime.batch_names import file_stem, shard_of
from model_runtime.contract import RequestError


def listed(tmp_path, text, name="lines.csv"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_csv_tells_all_of_a_line(tmp_path):
    (tmp_path / "words.txt").write_text("Hello there")
    text = (
        "ID,audio,Rig,seeds,intensity,emotion,transcript,start frame,fps,template scene,outputs\n"
        'ep1_07,sounds/a.wav,Ada,"3,5-6","0:0.5,2:1.2",happy,@words.txt,101,24,ada.blend,"npz,blend"\n'
        "\n"
        "ep1_08,b.wav,,,,,,,,,\n"
    )
    first, second = read_lines(listed(tmp_path, text), Defaults(seeds=(9,))).lines
    assert first.line_id == "ep1_07" and first.character == "Ada"
    assert [one.seed for one in first.settings] == [3, 5, 6]
    assert first.settings[0].intensity == ((0.0, 0.5), (2.0, 1.2))
    assert first.transcript == "Hello there" and first.start_frame == 101 and first.fps == 24
    assert first.audio == tmp_path.resolve() / "sounds/a.wav"
    assert first.scene == tmp_path.resolve() / "ada.blend"
    assert first.outputs == ("npz", "blend")
    assert second.settings[0].seed == 9 and second.where == "lines.csv:4"


def test_a_semicolon_list_with_a_mark_at_its_start_is_read(tmp_path):
    lines = read_lines(listed(tmp_path, "\ufeffid;audio\nü;a.wav\n")).lines
    assert [line.line_id for line in lines] == ["ü"]


def test_json_is_read_with_the_line_of_each_entry(tmp_path):
    entries = [{"audio": "a.wav", "seed": [1, 2]}, {"audio": "b.wav", "emotion": "hapy"}, 7]
    text = '{"lines": [\n' + ",\n".join(map(json.dumps, entries)) + "\n]}"
    read = read_lines(listed(tmp_path, text, "lines.json"))
    assert [one.seed for one in read.lines[0].settings] == [1, 2]
    assert [sentence.split(": ")[0] for _, sentence in read.problems] == [
        "lines.json:3",
        "lines.json:4",
    ]


def test_a_folder_is_a_list(tmp_path):
    (tmp_path / "deep").mkdir()
    for name in ("a.wav", "deep/b.flac", "notes.md", ".hidden.wav"):
        (tmp_path / name).write_text("x")
    (tmp_path / "a.txt").write_text("said")
    lines = read_lines(tmp_path).lines
    assert [line.line_id for line in lines] == ["a", "deep_b"]
    assert lines[0].transcript == "said"


def test_every_mistake_is_told_with_its_line(tmp_path, capsys):
    text = (
        "id,audio,seed,emotion,fps\n"
        "a,a.wav,1,happy,25\n"
        "b,,1,happy,25\n"
        "c,c.wav,x,hapy,25\n"
        "A,d.wav,1,happy,0\n"
        "A,e.wav,1,happy,25\n"
        "f,f.wav,1,happy,25,7\n"
    )
    path = listed(tmp_path, text)
    assert cli.main(["batch", str(path), "--out", str(tmp_path / "out")]) == 2
    said = capsys.readouterr().err
    for place in (":3: ", ":4: ", ":5: ", ":6: ", ":7: "):
        assert f"lines.csv{place}" in said
    assert "lines.csv:2" not in said.replace("that of lines.csv:2", "")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "text", ["", "id\na\n", "audio,audio\na,b\n", "audio,colour\na,b\n", 'audio\n"a', "[1", "{"]
)
def test_what_is_no_list_is_told(tmp_path, text):
    with pytest.raises(ListError):
        read_lines(listed(tmp_path, text))


def test_a_list_that_is_not_there_is_told(tmp_path):
    with pytest.raises(ListError, match="cannot be read"):
        read_lines(tmp_path / "none.csv")


@pytest.mark.parametrize("name", ["a", "ep01_0012", "Ü-line.2", "x" * 80])
def test_plain_ids_are_their_own_names(name):
    assert file_stem(name) == name


@pytest.mark.parametrize(
    "name",
    ["../../x", "/etc/passwd", "C:\\x", "CON", "nul.wav", "com1", "x" * 300, "é" * 90, ".hidden"],
)
def test_other_ids_become_safe_names(name):
    stem = file_stem(name)
    assert Path(stem).name == stem and len(stem.encode()) <= 100
    assert not stem.startswith(".") and stem.split(".")[0].lower() not in ("con", "nul", "com1")
    assert file_stem(name + "x") != stem


def test_a_line_keeps_its_shard_whatever_else_is_listed():
    shards = [shard_of(f"line{n}", 4) for n in range(400)]
    assert all(80 <= shards.count(number) <= 120 for number in (1, 2, 3, 4))


@pytest.mark.parametrize("text", ["", "1,1", "1-100", "-3-5", "9-1", "1.5"])
def test_wrong_seeds_are_told(text):
    with pytest.raises(RequestError):
        seeds_of(text)
