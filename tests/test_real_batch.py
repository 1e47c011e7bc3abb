# SPDX-License-Identifier: GPL-3.0-or-later
"""`blender -b --command thunder_blender batch` in real Blender with the real worker and model."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest
import soundfile

from tests.farm.test_farm import job
from tools import build_extension, real_blender
from tools.environments import SetupError
from tools.real_debian import SUITES

ROOT = Path(__file__).resolve().parent.parent
LINE = ROOT / "examples" / "line.flac"
MINUTES = 60
FLAMENCO = ("-b", "-y")  # its own {blenderArgs}
COMMAND = ("-b", "--command", "thunder_blender")
KILLED = """
out=$1; shift
"$@" & process=$!
while kill -0 $process && ! ls "$out"/takes/*.npz; do sleep 0.05; done
kill -9 $process
wait $process
"""


@pytest.fixture(scope="module", params=SUITES)
def blender(request, tmp_path_factory):
    """A real Blender with the extension installed by command line."""
    work = tmp_path_factory.mktemp(request.param)
    try:
        found = real_blender.ready(request.param, work, Path(sys.executable))
    except (SetupError, OSError) as error:
        pytest.skip(str(error))
    inside = build_extension.build(ROOT, work)
    command = ["--command", "extension", "install-file", "-r", "user_default", "--enable"]
    ran = found.run([*command, str(inside)])
    assert ran.code == 0, ran.said
    return found


@pytest.fixture
def episode(blender):
    """Two lines of speech and a file that is no sound."""
    folder = blender.work / "episode"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    sound, rate = soundfile.read(LINE, dtype="float32")
    soundfile.write(folder / "one.wav", sound[: 2 * rate], rate)
    soundfile.write(folder / "two.wav", sound[2 * rate : 5 * rate], rate)
    (folder / "bad.wav").write_text("no sound")
    return folder


@pytest.mark.timeout(15 * MINUTES)
def test_a_list_is_performed_and_finished_after_blender_was_killed(blender, episode):
    with_sound = blender.version >= (5,)  # Debian's 4.3 is built without
    out = blender.work / "night"
    kinds = "npz,blend" if with_sound else "npz,csv"
    words = ["batch", str(episode), "--out", str(out), "--outputs", kinds, "--fps", "24"]
    line = ["sh", "-c", KILLED, "sh", str(out), "blender", *COMMAND, *words]
    first = blender.sandbox().run(line, 6 * MINUTES)
    assert first.code not in (0, 3), first.said
    ran = blender.run([*COMMAND, *words], 6 * MINUTES)
    assert ran.code == 3, ran.said  # one line is bad
    assert "Traceback" not in ran.said, ran.said
    rows = {row["id"]: row for row in json.loads((out / "report.json").read_text())["lines"]}
    assert rows["bad"]["status"] == "failed" and "not a sound file" in rows["bad"]["error"]
    for name in ("one", "two"):
        assert rows[name]["status"] == "done" and rows[name]["score"] > 0.5
        assert set(kinds.split(",")) <= set(rows[name]["outputs"])
    assert (out / "report.html").read_text().count("data:image/png") == 2
    again = blender.run([*COMMAND, *words, "--failed-lines-ok"], 6 * MINUTES)
    assert again.code == 0 and "2 done before" in again.said, again.said


@pytest.mark.timeout(5 * MINUTES)
def test_the_commands_help_and_mistakes_have_their_exit_codes(blender, episode):
    ran = blender.run([*COMMAND, "batch", "--help"])
    assert ran.code == 0 and "Exit codes" in ran.said, ran.said
    ran = blender.run([*COMMAND, "batch", str(episode), "--out", "o", "--outputs", "fbx"])
    assert ran.code == 2 and "fbx" in ran.said, ran.said


@pytest.mark.skipif(shutil.which("node") is None, reason="needs Node.js")
@pytest.mark.timeout(15 * MINUTES)
def test_the_tasks_that_flamenco_hands_to_blender_do_the_whole_job(blender, episode, tmp_path):
    out = blender.work / "farm"
    settings = {"line_list": str(episode), "results": str(out), "outputs": "npz", "tasks": 2}
    for task in job(tmp_path, **settings)["tasks"]:
        (command,) = task["commands"]
        given = command["parameters"]
        scene = [given["blendfile"]] if given["blendfile"] else []
        ran = blender.run([*FLAMENCO, *given["argsBefore"], *scene, *given["args"]], 6 * MINUTES)
        assert ran.code == 0 and "Traceback" not in ran.said, ran.said
    rows = {
        row["id"]: row["status"] for row in json.loads((out / "report.json").read_text())["lines"]
    }
    assert rows == {"one": "done", "two": "done", "bad": "failed"}
