# SPDX-License-Identifier: GPL-3.0-or-later
"""Every command of docs/training.md for one's own data runs, as written, on small data."""

from __future__ import annotations

import json
import re
import runpy
import shlex
import sys
from pathlib import Path

import numpy as np
import pytest

from model_runtime.contract import CHANNELS
from model_runtime.face import load_face
from model_runtime.flame import load_flame
from model_runtime.motion_files.live_link import take_from_csv
from model_runtime.motion_space import space_of, unit_space
from model_runtime.weights import read_metadata
from tests.training import data_writers as write
from tools import make_test_flame
from training.prepare import check
from training.readers.flame_units import parameters_of, unit_basis
from training.readers.round_trip import ROUTES
from training.targets import Lessons

ROOT = Path(__file__).resolve().parents[2]

TEXT = (ROOT / "docs" / "training.md").read_text(encoding="utf-8")
SECTION = TEXT[TEXT.index("## Your own data") : TEXT.index("## How the shipped weights")]
BLOCK = re.search(r"```sh\n(.*?)```", SECTION, re.DOTALL)
assert BLOCK
STEPS = BLOCK[1].strip().splitlines()
FORMATS = re.findall(r"`(python -m training\.prepare --format (\w+) [^`]*)`", SECTION)


def run(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command of the document in this process; paths of the repository made absolute."""
    words = shlex.split(command)
    assert words[:2] == ["python", "-m"]
    words = [str(ROOT / word) if word.startswith("model_runtime/") else word for word in words]
    if "--steps" in words:
        words[words.index("--steps") + 1 :] = ["2", "--batch", "2"]
    monkeypatch.setattr(sys, "argv", words[2:])
    for name in [name for name in sys.modules if name == words[2]]:
        monkeypatch.delitem(sys.modules, name)
    try:
        runpy.run_module(words[2], run_name="__main__", alter_sys=True)
    except SystemExit as end:
        assert end.code in (None, 0), command


def test_from_data_to_a_take(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    write.arkit(Path("my_data"))
    write.write_sound(Path("line.wav"), 1.0)
    for command in STEPS:
        run(command, monkeypatch)
    _, extra = read_metadata(Path("my_weights/denoiser.safetensors"))
    assert space_of(extra) == unit_space()
    assert extra["sampling"]["point"]["bilabial"] > 0.0
    take = take_from_csv(Path("take.csv").read_text())
    assert 58 <= len(take.weights) <= 61, "one second, at the app's 60 frames"
    assert take.weights.shape[1] == len(CHANNELS) and np.isfinite(take.weights).all()


@pytest.fixture(scope="module")
def flame_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("flame") / "generic_model.pkl"
    with pytest.MonkeyPatch.context() as smaller:
        smaller.setattr(make_test_flame, "IDENTITIES", 2)
        make_test_flame.WRITERS["generic_model.pkl"](path, make_test_flame.stand_in())
    return path


def _clips(flame_file: Path, seconds: float, fps: float, count: int) -> list:
    """FLAME parameters of talking: (expression, jaw) by speaker."""
    flame = load_flame(flame_file)
    basis = unit_basis(flame, load_face())
    talks = [write.talk(seconds, fps, seed) for seed in range(2)]
    return [parameters_of(basis, flame.face, units, count) for units in talks]


def _write(name: str, folder: Path, flame_file: Path) -> None:
    if name == "arkit":
        write.arkit(folder, ("ada", "ben"), lines=1)
    elif name == "beat":
        write.beat(folder, ["1_wayne_0_1_1", "2_scott_0_65_65"])
    elif name == "beat2":
        names = ("1_wayne_0_1_1", "2_scott_0_65_65")
        write.beat2(folder, dict(zip(names, _clips(flame_file, 2.0, 30.0, 100), strict=True)))
    elif name == "vocaset":
        flame = load_flame(flame_file)
        basis = unit_basis(flame, load_face())
        moves = np.zeros((len(basis.moves), *flame.face.template.shape))
        moves[:, basis.vertices] = basis.moves
        write.vocaset_stored(folder, flame.face.template, moves)
    elif name == "diffposetalk":
        lmdb = pytest.importorskip("lmdb")
        clips = _clips(flame_file, 5.0, 25.0, 50)
        posed = [(exp, np.concatenate([0 * jaw, jaw], axis=1)) for exp, jaw in clips]
        write.diffposetalk(folder, dict(zip(("A/000", "B/000"), posed, strict=True)), lmdb)
    else:
        h5py = pytest.importorskip("h5py")
        keys = ("M003/front/angry/level_2/001", "W009/front/sad/level_1/002")
        clips = _clips(flame_file, 2.0, 25.0, 50)
        write.inferno(folder, dict(zip(keys, clips, strict=True)), h5py)


@pytest.mark.parametrize(("command", "name"), FORMATS, ids=[name for _, name in FORMATS])
def test_every_format_becomes_lessons(
    command: str, name: str, tmp_path: Path, flame_file: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    _write(name, Path("my_data"), flame_file)
    Path("generic_model.pkl").symlink_to(flame_file)
    run(command, monkeypatch)
    check(Path("prepared"))
    lessons = Lessons(Path("prepared/lessons"))
    assert {item.split for item in lessons.items} == {"train", "dev"}
    item = lessons.items[0]
    motion = lessons.rows("motion", item, 0, item.frames)
    jaw = motion[:, CHANNELS.index("jawOpen")]
    told = 0.25 - 0.25 * np.cos(2 * np.pi * 3.0 * np.arange(len(jaw)) / 50)
    assert np.corrcoef(jaw, told)[0, 1] > 0.97, "the mouth does not move as it was captured"
    assert abs(jaw.max() - 0.5) < 0.1


def test_what_a_format_costs_is_measured_as_the_document_says(
    tmp_path: Path, flame_file: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    write.arkit(Path("my_data"), ("ada", "ben"), lines=1)
    run(STEPS[0], monkeypatch)
    Path("generic_model.pkl").symlink_to(flame_file)
    for name in ("lessons", "pack"):
        Path(name).symlink_to(Path("prepared", name))
    found = re.search(r"`(python -m training\.readers\.round_trip [^`]*)`", SECTION)
    assert found
    run(f"{found[1]} --out figures.json", monkeypatch)
    formats = json.loads(Path("figures.json").read_text())["formats"]
    assert set(formats) == {"as made", *ROUTES}
    assert formats["arkit csv, 60 fps"]["errors"]["aperture_rms_mm"] < 0.1
    assert formats["open head vertices, 30 fps"]["errors"]["aperture_rms_mm"] < 0.3
    assert formats["FLAME exp 50 + jaw, 25 fps"]["errors"]["aperture_rms_mm"] < 1.0


def test_the_document_names_every_reader():
    from training.readers import READERS

    assert {name for _, name in FORMATS} == set(READERS)
    assert len(STEPS) == 5
