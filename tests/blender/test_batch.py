# SPDX-License-Identifier: GPL-3.0-or-later
"""The batch command in Blender: scenes of every line, in spite of bad lines, kills and reruns."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import wave
from pathlib import Path

import pytest

bpy = pytest.importorskip("bpy", reason="needs Blender's bpy module")

from tests.blender import foreign_rigs  # noqa: E402
from tests.blender.lines_fixture import write_wave  # noqa: E402

if not bpy.app.build_options.audaspace:
    pytest.skip("this bpy is built without sound", allow_module_level=True)

import aud  # noqa: E402
import numpy as np  # noqa: E402

PACKAGE = "bl_ext.user_default.thunder_blender"
STUB = Path(__file__).with_name("stub_batch.py")


@pytest.fixture
def command(room, monkeypatch, tmp_path):
    """Runs the command with the stub as its engine."""
    batch = room("thunder_blender.batch")
    monkeypatch.setattr(batch.preferences, "launch", lambda: None)

    def start(launch, arguments):
        line = [sys.executable, str(STUB), *map(str, arguments)]
        environment = {**os.environ, "STUB_DIES_ONCE": os.environ.get("STUB_DIES_ONCE", "")}
        return subprocess.Popen(line, stdout=subprocess.PIPE, env=environment)

    monkeypatch.setattr(batch, "_start", start)
    main = room("thunder_blender.batch_command").main

    def run(*words):
        bpy.ops.wm.read_homefile(use_empty=True)  # each run is a Blender of its own
        return main(["batch", *map(str, words)])

    return run


@pytest.fixture
def table(tmp_path):
    for name in ("a", "b", "c"):
        write_wave(tmp_path / f"{name}.wav", 2.0)
    path = tmp_path / "lines.csv"
    path.write_text("id,audio,character,start_frame\na,a.wav,Ada,1\nb,b.wav,Ada,60\nc,c.wav,Bo,1\n")
    return path


def write_tone(path, seconds):
    """A sound that can be heard."""
    tone = np.sin(np.arange(int(16000 * seconds)) * 0.2) * 16000
    with wave.open(str(path), "wb") as sound:
        sound.setparams((1, 2, 16000, 0, "NONE", ""))
        sound.writeframes(tone.astype("<i2").tobytes())


def stamps(folder):
    return {path.name: path.stat().st_mtime_ns for path in sorted(folder.iterdir())}


def test_a_blend_of_every_line_opens_with_its_take(command, table, tmp_path, room, capsys):
    out = tmp_path / "out"
    assert command(table, "--out", out, "--outputs", "blend", "--fps", "24") == 0
    assert sorted(path.name for path in (out / "takes").glob("*.blend")) == [
        "a.s0.blend",
        "b.s0.blend",
        "c.s0.blend",
    ]
    assert (out / "report.html").exists()
    text = capsys.readouterr().out
    assert "Progress: 100%" in text and "3 made" in text
    bpy.ops.wm.open_mainfile(filepath=str(out / "takes" / "b.s0.blend"))
    rig = room("thunder_blender.request").named_rig("Ada")
    take = room("thunder_blender.takes").active_take(rig)
    assert take["thunder_seed"] == 0 and bpy.context.scene.render.fps == 24
    assert room("thunder_blender.takes").take_frames(take)[0] == 60
    assert [Path(bpy.path.abspath(s.filepath)).name for s in bpy.data.sounds] == ["b.wav"]
    assert bpy.data.sounds[0].filepath.startswith("//")
    assert not list(out.rglob("*.part*"))


def test_a_second_run_writes_nothing_and_finishes_what_is_missing(command, table, tmp_path):
    out = tmp_path / "out"
    command(table, "--out", out, "--outputs", "blend")
    before = stamps(out / "takes")
    assert command(table, "--out", out, "--outputs", "blend") == 0
    assert stamps(out / "takes") == before
    (out / "takes" / "c.s0.blend").unlink()
    assert command(table, "--out", out, "--outputs", "blend") == 0
    after = stamps(out / "takes")
    assert {name for name in after if after[name] != before[name]} == {"c.s0.blend"}


def test_takes_of_a_character_share_one_scene(command, table, tmp_path, room):
    out = tmp_path / "out"
    assert command(table, "--out", out, "--outputs", "takes") == 0
    assert sorted(path.name for path in (out / "scenes").iterdir()) == ["Ada.blend", "Bo.blend"]
    bpy.ops.wm.open_mainfile(filepath=str(out / "scenes" / "Ada.blend"))
    rig = room("thunder_blender.request").named_rig("Ada")
    assert len(room("thunder_blender.takes").take_strips(rig)) >= 2
    assert len(room("thunder_blender.lines").sound_strips(bpy.context.scene)) == 2


def test_a_character_of_two_templates_has_a_scene_for_each_and_no_name_hides_another(
    command, table, tmp_path, room
):
    head = room("thunder_blender.head")
    for name in ("day", "night"):
        bpy.ops.wm.read_homefile(use_empty=True)
        head.create_head(bpy.context.scene.collection, head.HeadParams(name="Cy"))
        bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / f"{name}.blend"))
    rows = ["a,a.wav,Cy,day.blend", "b,b.wav,Cy,night.blend", "c,c.wav,Bo,", "d,a.wav,bo,"]
    table.write_text("\n".join(["id,audio,character,scene", *rows]) + "\n")
    assert command(table, "--out", tmp_path / "out", "--outputs", "takes") == 0
    made = sorted(path.name for path in (tmp_path / "out" / "scenes").iterdir())
    assert made[1:3] == ["Cy.day.blend", "Cy.night.blend"]
    assert len({name.casefold() for name in made}) == 4 and made[0].startswith("Bo~")


def test_lines_of_one_scene_need_one_rate(command, table, tmp_path, capsys):
    table.write_text("audio,character,fps\na.wav,Ada,24\nb.wav,Ada,25\n")
    assert command(table, "--out", tmp_path / "out", "--outputs", "takes") == 3
    said = capsys.readouterr().out
    assert "24, 25 frames a second" in said and "2 failed" in said
    assert not (tmp_path / "out" / "scenes").exists()


def test_half_written_scenes_of_a_run_that_died_go_and_no_other_file_does(command, table, tmp_path):
    out = tmp_path / "out"
    table.write_text("id,audio,character\na,a.wav,Ada\n")
    for name in ("takes/.a.s0.blend.0a0b.part.blend", "scenes/.Ada.blend.0a0b.part.blend"):
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_bytes(b"half")
    (out / "takes" / ".other.blend.0a0b.part.blend").write_bytes(b"somebody's")
    assert command(table, "--out", out, "--outputs", "blend,takes") == 0
    left = [path.name for path in out.glob("[ts]*/.*.part.*")]
    assert left == [".other.blend.0a0b.part.blend"]


def test_a_character_of_another_maker_performs_in_its_own_scene(command, table, tmp_path, room):
    body = foreign_rigs.quads("Hero")
    foreign_rigs.add_keys(body, foreign_rigs.arkit_names("suffix"))
    foreign_rigs.select(body)
    assert bpy.ops.thunder.use_character() == {"FINISHED"}
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "hero.blend"))
    table.write_text("id,audio,character,scene\na,a.wav,Hero,hero.blend\n")
    out = tmp_path / "out"
    assert command(table, "--out", out, "--outputs", "blend,takes,gltf,abc,usd") == 0
    for path in (out / "takes" / "a.s0.blend", out / "scenes" / "Hero.blend"):
        bpy.ops.wm.open_mainfile(filepath=str(path))
        keys = bpy.data.objects["Hero"].data.shape_keys.key_blocks
        seen = []
        for frame in (5, 15, 25):
            bpy.context.scene.frame_set(frame)
            seen.append(keys["jawOpen"].value)
        assert max(seen) > 0.02 and len(set(seen)) > 1


def test_a_bad_sound_and_a_missing_scene_fail_alone(command, table, tmp_path, capsys):
    (tmp_path / "bad.wav").write_text("x")
    text = "audio,scene\na.wav,\nbad.wav,\nb.wav,none.blend\n"
    table.write_text(text)
    assert command(table, "--out", tmp_path / "out", "--outputs", "blend") == 3
    said = capsys.readouterr().out
    assert "bad sound" in said and "none.blend" in said and "1 made" in said


def test_a_template_gives_scene_and_rig(command, table, tmp_path, room):
    head = room("thunder_blender.head")
    head.create_head(bpy.context.scene.collection, head.HeadParams(name="Cy"))
    bpy.context.scene["studio"] = 7
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "cy.blend"))
    table.write_text("audio,character,scene\na.wav,Cy,cy.blend\nb.wav,Dee,cy.blend\n")
    assert command(table, "--out", tmp_path / "out", "--outputs", "blend") == 3
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "out" / "takes" / "a.s0.blend"))
    assert bpy.context.scene["studio"] == 7
    assert not (tmp_path / "out" / "takes" / "b.s0.blend").exists()


def test_an_engine_that_is_killed_is_replaced(command, table, tmp_path, monkeypatch):
    monkeypatch.setenv("STUB_DIES_ONCE", str(tmp_path / "died"))
    assert command(table, "--out", tmp_path / "out", "--outputs", "blend") == 0
    assert (tmp_path / "died").exists()


def test_exchange_files_hold_the_motion(command, table, tmp_path):
    table.write_text("audio\na.wav\n")
    out = tmp_path / "out"
    assert command(table, "--out", out, "--outputs", "gltf,abc,usd") == 0
    for ending, least in (("glb", 100_000), ("abc", 100_000), ("usdc", 100_000)):
        assert (out / "takes" / f"a.s0.{ending}").stat().st_size > least


def test_a_playblast_has_its_frames_and_its_sound(command, table, tmp_path, room):
    write_tone(tmp_path / "a.wav", 0.4)
    table.write_text("audio,fps\na.wav,5\n")
    out = tmp_path / "out"
    assert command(table, "--out", out, "--outputs", "blend,takes,mp4") == 0
    path = out / "takes" / "a.s0.mp4"
    data = path.read_bytes()
    assert b"avc1" in data and b"mp4a" in data
    assert np.abs(aud.Sound(str(path)).data()).max() > 0.05
    assert not list((out / "takes").glob(".*"))
    again = tmp_path / "again"
    assert command(table, "--out", again, "--outputs", "mp4") == 0
    assert (again / "takes" / path.name).read_bytes() == data, "every playblast is the same"


def test_help_and_mistakes_have_their_exit_codes(command, table, tmp_path, room, capsys):
    main = room("thunder_blender.batch_command").main
    assert main(["--help"]) == 0 and main(["batch", "--help"]) == 0
    assert "Exit codes" in capsys.readouterr().out
    assert command(table, "--out", tmp_path / "o", "--ray", "local") == 2
    assert main([]) == 2 and command(table, "--out", tmp_path / "o", "--outputs", "fbx") == 2


def test_a_batch_takes_the_models_of_the_preferences(command, table, tmp_path, room, monkeypatch):
    """Unless the command line names others; a folder that cannot be used ends it at once."""
    batch, weights = room("thunder_blender.batch"), room("thunder_blender.runtime_weights")
    own = bpy.context.preferences.addons[PACKAGE].preferences
    heard, start = [], batch._start

    def listen(launch, arguments):
        heard.append(list(map(str, arguments)))
        return start(launch, heard[-1])

    monkeypatch.setattr(batch, "_start", listen)
    other = tmp_path / "other"
    shutil.copytree(weights.BUNDLED, other)
    try:
        own.weights = str(weights.BUNDLED)
        assert command(table, "--out", tmp_path / "a", "--outputs", "blend") == 0
        assert (
            command(table, "--out", tmp_path / "b", "--outputs", "blend", "--weights", other) == 0
        )
        own.weights = str(tmp_path)
        assert command(table, "--out", tmp_path / "c", "--outputs", "blend") == 1
    finally:
        own.property_unset("weights")
    named = [line[line.index("--weights") + 1] for line in heard]
    assert set(named) == {str(weights.BUNDLED), str(other)}
    assert not (tmp_path / "c").exists()
