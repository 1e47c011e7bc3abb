# SPDX-License-Identifier: GPL-3.0-or-later
"""What a folder of models is said to hold, and what is said of one that cannot be used."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.as_extension import room

weights = room("thunder_blender.runtime_weights")
WeightsError = room("model_runtime.contract").WeightsError
ENCODER = {"width": 16, "kernel": 15}


def model(path: Path, config: dict, **extra: object) -> None:
    """A safetensors file with one number, and the header that ours have."""
    header = {
        "__metadata__": {"config": json.dumps(config), "extra": json.dumps(extra)},
        "bias": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]},
    }
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + b"\0\0\0\0")


@pytest.fixture
def folder(tmp_path):
    model(tmp_path / "encoder.safetensors", ENCODER)
    model(tmp_path / "denoiser.safetensors", {"mean": [0.0] * 55})
    return tmp_path


def space(kind: str, channels: int, face: str) -> dict:
    names = [f"Exp{n + 1}" for n in range(channels)]
    return {"kind": kind, "channels": names, "face": face}


def test_units_are_told(folder):
    found = weights.look(folder)
    assert found.speaks == weights.Speaks("units", 55)
    assert found.told()[0] == "Denoiser: 55 channels of units and neck, for every rig"
    assert found.held == ("encoder", "denoiser")
    assert found.told()[-1] == (
        "The meter, and with it Best of N, listens with the bundled encoder"
    )


def test_a_meter_that_is_not_used_is_told(folder):
    for name in ("m2s_judge", "meter"):
        model(folder / f"{name}.safetensors", {})
    told = weights.look(folder).told()
    assert "Without speech_units here, the meter does not use m2s_judge and meter" in told
    assert told[2] == "Meter, Repair and Hear: the bundled ones"
    assert told[-1].endswith("listens with the bundled encoder")


def test_units_of_ones_own_with_the_bundled_meter_are_warned_of(folder):
    model(folder / "speech_units.safetensors", {})
    assert "other speech units" in weights.look(folder).told()[-1]
    for name in ("m2s_judge", "meter"):
        model(folder / f"{name}.safetensors", {})
    assert weights.look(folder).told()[-1] == (
        "Meter, Repair and Hear: m2s_judge, speech_units, meter"
    )


def test_the_bundled_models_are_known(tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(weights.BUNDLED, folder)
    found = weights.look(folder)
    assert not found.own_ears and len(found.held) == 6
    assert found.told()[1] == "Encoder: the same as the bundled"
    assert len(found.told()) == 3


def test_a_flame_is_named_by_its_edition(folder):
    face = "efcd14cc" + "0" * 56
    config = {"mean": [0.0] * 50}
    model(folder / "denoiser.safetensors", config, motion_space=space("flame", 50, face))
    found = weights.look(folder)
    assert (found.speaks.face, found.speaks.expressions) == (face, 50)
    assert found.told()[0].startswith("Denoiser: Exp1 to Exp50, jaw and neck of FLAME 2020")
    assert "Import FLAME" in found.told()[1]


def test_what_is_missing_is_named(folder):
    (folder / "encoder.safetensors").unlink()
    with pytest.raises(WeightsError, match=r"no encoder\.safetensors in .*training\.bundle"):
        weights.look(folder)
    with pytest.raises(WeightsError, match=r"There is no folder at .*nowhere"):
        weights.look(folder / "nowhere")


@pytest.mark.parametrize("name", weights.NEEDED)
def test_another_make_is_refused(folder, name):
    path = folder / f"{name}.safetensors"
    other = {"__metadata__": {"format": "pt"}, "w": {"data_offsets": [0, 4]}}
    text = json.dumps(other).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + b"\0\0\0\0")
    with pytest.raises(WeightsError, match=f"{name}.safetensors' is no model of THUNDER"):
        weights.look(folder)
    for nonsense in (b"", b"not a model at all", b"\xff" * 64, b"\2\0\0\0\0\0\0\0[]"):
        path.write_bytes(nonsense)
        with pytest.raises(WeightsError, match="is no model of THUNDER"):
            weights.look(folder)


def test_the_two_models_are_not_exchanged(folder):
    model(folder / "encoder.safetensors", {**ENCODER, "mean": [0.0]})
    with pytest.raises(WeightsError, match="encoder of another version"):
        weights.look(folder)
    model(folder / "encoder.safetensors", ENCODER)
    model(folder / "denoiser.safetensors", ENCODER)
    with pytest.raises(WeightsError, match="denoiser of another version"):
        weights.look(folder)


def test_a_space_that_does_not_fit_is_refused(folder):
    path = folder / "denoiser.safetensors"
    model(path, {"mean": [0.0] * 55}, motion_space=space("flame", 50, "ab"))
    with pytest.raises(WeightsError, match="denoiser of another version"):
        weights.look(folder)
    model(path, {"mean": [0.0] * 50}, motion_space=space("voxels", 50, "ab"))
    with pytest.raises(WeightsError, match="denoiser of another version"):
        weights.look(folder)


def test_a_file_cut_short_is_seen(folder):
    path = folder / "denoiser.safetensors"
    path.write_bytes(path.read_bytes()[:-2])
    with pytest.raises(WeightsError, match="cut short or damaged"):
        weights.look(folder)


def test_new_models_in_the_same_folder_are_others(folder):
    before = weights.look(folder).state
    model(folder / "denoiser.safetensors", {"mean": [0.5] * 55})
    assert weights.look(folder).state != before
