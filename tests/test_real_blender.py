# SPDX-License-Identifier: GPL-3.0-or-later
"""Real Blender with a window, real clicks, the real worker and model.

Blender of Debian sid (the newest) and trixie (4.3), where `dev.py test` has set them up; the
screenshots and figures are kept in build/screenshots for people to look at.
"""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tools import build_extension, real_blender
from tools.environments import SetupError
from tools.real_debian import SUITES

ROOT = Path(__file__).resolve().parent.parent
LINE = ROOT / "examples" / "line.flac"
BLOCKING_MS = 30.0  # of its own computing, in one go, in Blender's UI thread
MINUTES = 60

BACKGROUND = """
import bpy
bpy.ops.thunder.load_line('EXEC_DEFAULT', filepath={line!r}, frame=1)
bpy.ops.thunder.create_head()
done = bpy.ops.thunder.generate('EXEC_DEFAULT', seed=7, intensity=0.8)
head = next(o for o in bpy.data.objects if o.type == 'MESH' and o.data.shape_keys)
jaw = head.data.shape_keys.key_blocks['jawOpen']
seen = []
for frame in range(1, 160):
    bpy.context.scene.frame_set(frame)
    seen.append(jaw.value)
print('DONE', done, 'MOVES', max(seen) - min(seen) > 0.05)
"""


@pytest.fixture(scope="module")
def extension_zip(tmp_path_factory):
    return build_extension.build(ROOT, tmp_path_factory.mktemp("zip"))


@pytest.fixture(scope="module", params=SUITES)
def blender(request, extension_zip, tmp_path_factory):
    """One of the real Blenders with the extension installed and enabled by command line."""
    work = tmp_path_factory.mktemp(request.param)
    try:
        found = real_blender.ready(request.param, work, Path(sys.executable))
    except (SetupError, OSError) as error:
        pytest.skip(str(error))
    inside = Path(shutil.copy(extension_zip, work))
    ran = found.run(["--command", "extension", "validate", str(inside)])
    assert ran.code == 0, ran.said
    command = ["--command", "extension", "install-file", "-r", "user_default", "--enable"]
    ran = found.run([*command, str(inside)])
    assert ran.code == 0, ran.said
    assert "Traceback" not in ran.said, ran.said
    return found


@pytest.fixture(scope="module")
def sounds(tmp_path_factory):
    """A line of 10 s and one so long that Cancel can be clicked while it is performed."""
    import soundfile

    folder = tmp_path_factory.mktemp("sounds")
    sound, rate = soundfile.read(LINE, dtype="float32")
    sound = np.tile(sound, 200 * rate // len(sound) + 1)
    for name, seconds in (("ten", 10), ("long", 180)):
        soundfile.write(folder / f"{name}.wav", sound[: seconds * rate], rate)
    return folder


@pytest.fixture
def fresh(blender, sounds, tmp_path):
    """The same Blender, telling what it does in a folder of this test."""
    user = blender.work / "user"
    shutil.copytree(user, tmp_path / "user")
    for sound in sounds.iterdir():
        shutil.copy(sound, tmp_path)
    return replace(blender, work=tmp_path)


@pytest.mark.timeout(10 * MINUTES)
def test_a_script_generates_in_the_background(fresh):
    code = BACKGROUND.format(line=str(fresh.work / "ten.wav"))
    ran = fresh.run(["-b", "--python-exit-code", "4", "--python-expr", code], timeout=400)
    assert ran.code == 0, ran.said
    assert "DONE {'FINISHED'} MOVES True" in ran.said, ran.said


@pytest.mark.timeout(20 * MINUTES)
def test_a_first_session_is_clicked_through(fresh):
    told = fresh.gui(
        "flow.py",
        timeout=18 * MINUTES,
        limit=16 * MINUTES,
        line=str(fresh.work / "ten.wav"),
        long_line=str(fresh.work / "long.wav"),
    )
    pictures = fresh.keep_pictures("session")
    assert not told.failure(), told.failure()
    assert told.results["warnings"] == []
    report(fresh, told)
    for name in ("cold", "warm"):
        own = {call: computed for call, (_, computed) in told.results[name]["own_ms"].items()}
        too_long = {call: ms for call, ms in own.items() if ms > BLOCKING_MS}
        assert not too_long, f"{name}: {too_long}"
    assert told.results["cancel_s"] < 20
    assert len(pictures) >= 7
    assert all(shows_something(picture) for picture in pictures)


@pytest.mark.timeout(15 * MINUTES)
def test_trouble_in_mid_generation_loses_nothing(fresh):
    told = fresh.gui(
        "trouble.py",
        timeout=14 * MINUTES,
        limit=12 * MINUTES,
        line=str(fresh.work / "ten.wav"),
        long_line=str(fresh.work / "long.wav"),
    )
    fresh.keep_pictures("trouble")
    assert not told.failure(), told.failure()
    assert told.results["warnings"] == []
    assert "Generate again" in told.results["sentence"]


@pytest.mark.timeout(15 * MINUTES)
@pytest.mark.parametrize(("scale", "size"), [(1.0, (1600, 1000)), (2.0, (2400, 1800))])
def test_every_state_of_the_panels_is_drawn(fresh, scale, size):
    told = fresh.gui(
        "screenshots.py",
        scale=scale,
        size=size,
        timeout=14 * MINUTES,
        limit=12 * MINUTES,
        line=str(fresh.work / "ten.wav"),
    )
    pictures = fresh.keep_pictures(f"{scale:g}x")
    assert not told.failure(), told.failure()
    assert told.results["warnings"] == []
    assert len(pictures) >= 9
    assert all(shows_something(picture) for picture in pictures)


def shows_something(picture):
    """Whether a picture is not black and not of one colour."""
    from PIL import Image

    pixels = np.asarray(Image.open(picture).convert("L"), dtype=float)
    return pixels.mean() > 5 and pixels.std() > 5


def report(fresh, told):
    """Figures that people ask for, beside the pictures."""
    figures = {
        name: told.results[name]
        for name in ("blender", "redrawing_only", "cold", "warm", "cancel_s")
    }
    path = real_blender.PICTURES / f"session-{fresh.suite}.json"
    path.write_text(json.dumps(figures, indent=1), "utf-8")
