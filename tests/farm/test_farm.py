# SPDX-License-Identifier: GPL-3.0-or-later
"""The farms' recipes make commands that work: the Flamenco job type in Node, and all by running."""

from __future__ import annotations

import importlib.util
import json
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from model_runtime import batch_cli
from tests.model_runtime.batch_help import rows, sounds

ROOT = Path(__file__).parents[2]
FARM = ROOT / "farm"
KEYS = {  # of a setting, by Flamenco's documentation
    *("key", "type", "subtype", "choices", "propargs", "description", "label", "default"),
    *("eval", "evalInfo", "visible", "required", "editable"),
}
node = pytest.mark.skipif(shutil.which("node") is None, reason="needs Node.js")


def compiled(tmp_path, **settings):
    path = tmp_path / "settings.json"
    path.write_text(json.dumps(settings))
    job = [FARM / "flamenco" / "thunder_dialogue.js", path]
    line = ["node", Path(__file__).with_name("compile_job.js"), *job]
    return subprocess.run(list(map(str, line)), capture_output=True, text=True, timeout=60)


def job(tmp_path, **settings):
    done = compiled(tmp_path, **settings)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def load(name):
    spec = importlib.util.spec_from_file_location(Path(name).stem, FARM / name)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def understood(words):
    """The options that the batch command reads from a recipe's words."""
    import argparse

    parser = argparse.ArgumentParser()
    batch_cli.add_commands(parser.add_subparsers(dest="command"))
    return parser.parse_args(words)


@node
def test_the_job_type_describes_settings_as_flamenco_reads_them(tmp_path):
    made = job(tmp_path, line_list="a.csv", results="/out", tasks=1)
    for setting in made["type"]["settings"]:
        assert set(setting) <= KEYS, setting
        assert setting["type"] in ("string", "int32", "float", "bool")
    assert made["type"]["label"] == "THUNDER Dialogue"


@node
def test_shards_are_tasks_of_blender_and_the_report_waits_for_all(tmp_path):
    made = job(
        tmp_path, line_list="/n/a.csv", results="/out", tasks=3, best_of=4, template="s.blend"
    )
    *shards, report = made["tasks"]
    assert [task["type"] for task in made["tasks"]] == ["blender"] * 4
    assert report["dependencies"] == [task["name"] for task in shards]
    for number, task in enumerate(shards, 1):
        (command,) = task["commands"]
        assert command["name"] == "blender-render" and command["totalStepCount"] == 25
        given = command["parameters"]
        assert set(given) == {"exe", "exeArgs", "argsBefore", "blendfile", "args"}
        assert given["blendfile"] == "s.blend"
        assert given["args"][:2] == ["--command", "thunder_blender"]
        options = understood(given["args"][2:])
        assert options.shard == f"{number}/3" and options.best_of == 4
        assert options.no_report and options.failed_lines_ok
    assert understood(report["commands"][0]["parameters"]["args"][2:]).command == "report"


@node
def test_the_number_of_tasks_follows_from_any_kind_of_list(tmp_path):
    """Flamenco's add-on evaluates the expression with these names and no globals."""
    made = job(tmp_path, line_list="a.csv", results="/out", tasks=1)
    (tasks,) = [one for one in made["type"]["settings"] if one["key"] == "tasks"]
    folder = sounds(tmp_path / "episode", 51, 0.05)
    table, listed = tmp_path / "l.csv", tmp_path / "l.json"
    table.write_text("audio\n" + "a.wav\n" * 51)
    listed.write_text(json.dumps([{"audio": "a.wav"}] * 51, indent=1))
    for path, count in ((table, 3), (listed, 3), (folder, 3), (tmp_path / "none.csv", 1)):
        given = type("Settings", (), {"line_list": str(path), "lines_per_task": 25})()
        names = {"Path": Path, "abspath": lambda text: Path(text).absolute(), "settings": given}
        assert eval(tasks["eval"], {}, names) == count, path  # noqa: S307


@node
def test_no_setting_is_one_that_flamenco_fills_in_itself(tmp_path):
    made = job(tmp_path, line_list="a.csv", results="/out", tasks=1)
    assert "blendfile" not in [one["key"] for one in made["type"]["settings"]]


@node
@pytest.mark.parametrize(
    "settings",
    [
        {"line_list": "", "results": "/o", "tasks": 2},
        {"line_list": "a", "results": "/o", "tasks": 0},
        {"line_list": "a", "results": "/o", "tasks": 1, "python": "python3"},
    ],
)
def test_settings_that_cannot_work_are_refused_at_submission(tmp_path, settings):
    assert compiled(tmp_path, **settings).returncode != 0


@node
def test_the_commands_that_flamenco_would_run_do_the_whole_job(tmp_path):
    folder = sounds(tmp_path / "episode", 5)
    (folder / "bad.wav").write_text("x")
    child = ROOT / "tools" / "campaign_child.py"
    made = job(
        tmp_path,
        line_list=str(folder),
        results=str(tmp_path / "out"),
        outputs="npz",
        tasks=2,
        python=sys.executable,
        run_batch=str(child),
    )
    for task in made["tasks"]:
        assert task["type"] == "misc"
        command = task["commands"][0]["parameters"]
        line = [command["exe"], command["args"][0], "--fake", *command["args"][1:]]
        done = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr
    states = [row["status"] for row in rows(tmp_path / "out")]
    assert states.count("done") == 5 and states.count("failed") == 1


def test_run_batch_finds_the_engine_from_anywhere(tmp_path):
    line = [sys.executable, str(FARM / "run_batch.py"), "batch", "none.csv", "--out", "o"]
    done = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 2 and "none.csv" in done.stderr


def test_the_opencue_recipe_makes_a_command_for_every_frame(monkeypatch):
    recipe = load("opencue/thunder_dialogue.py")
    monkeypatch.delenv("THUNDER_BATCH", raising=False)
    lines, report = recipe.commands(["a.csv", "--out", "o", "--best-of", "2"], 7)
    assert lines[:4] == ["blender", "-b", "--command", "thunder_blender"]
    words = [word.replace("#IFRAME#", "3") for word in lines[4:]]
    assert understood(words).shard == "3/7" and understood(words).best_of == 2
    assert understood(report[4:]).command == "report"


def test_opencues_own_library_makes_a_job_of_the_recipe(tmp_path, monkeypatch):
    outline = pytest.importorskip("outline", reason="needs the package opencue_pyoutline")
    from xml.etree import ElementTree

    from outline.backend import cue
    from outline.cuerun import OutlineLauncher

    recipe = load("opencue/thunder_dialogue.py")
    folder, out = sounds(tmp_path / "an episode", 3), tmp_path / "out"
    child = f"{sys.executable} {ROOT / 'tools' / 'campaign_child.py'} --fake"
    monkeypatch.setenv("THUNDER_BATCH", child)
    words = [str(folder), "--out", str(out)]
    options = {"show": "testing", "shot": "s1", "shards": 2, "words": words}
    monkeypatch.setenv("HOME", str(tmp_path))
    outline.Outline.current = None
    made = recipe.outline_of(type("Options", (), options)())
    root = ElementTree.fromstring(cue.serialize_simple(OutlineLauncher(made, maxretries=3)))
    lines, report = root.iter("layer")
    assert (lines.findtext("range"), root.findtext("job/maxretries")) == ("1-2", "3")
    (depend,) = root.iter("depend")
    assert (depend.findtext("deplayer"), depend.findtext("onlayer")) == ("report", "lines")
    ran = [lines.findtext("cmd").replace("#IFRAME#", number) for number in "12"]
    for command in (*ran, report.findtext("cmd")):
        subprocess.run(command, shell=True, cwd=tmp_path, check=True, timeout=300)
    assert {row["status"] for row in rows(out)} == {"done"}


def test_the_deadline_recipe_writes_a_line_for_every_shard(tmp_path, monkeypatch):
    recipe = load("deadline/submit.py")
    monkeypatch.setenv("THUNDER_BATCH", "python3 '/a b/run_batch.py'")
    first, second = recipe.write_files(tmp_path, ["l i.csv", "--out", "o"], 3)
    assert first[0] == second[0] == "deadlinecommand"
    assert all(Path(name).is_file() for name in (*first[1:], *second[1:]))
    lines = [shlex.split(line) for line in (tmp_path / "lines.txt").read_text().splitlines()]
    assert [understood(line[2:]).shard for line in lines] == ["1/3", "2/3", "3/3"]
    assert all(line[:2] == ["python3", "/a b/run_batch.py"] for line in lines)
    assert "'" not in (tmp_path / "lines.txt").read_text()  # Deadline knows double quotes only
    assert '"l i.csv"' in (tmp_path / "report.txt").read_text()
    assert "Frames=0-2" in (tmp_path / "lines.job").read_text()
    assert "JobDependencies=JOBID" in (tmp_path / "report.job").read_text()
