# SPDX-License-Identifier: GPL-3.0-or-later
"""The preferences' buttons by real clicks and Import FLAME, in real Blenders with windows."""

from __future__ import annotations

import pytest

from tests.test_real_blender import MINUTES, blender, extension_zip, shows_something
from tests.wheels import lock_of, make_wheels
from tools import build_runtime, make_test_flame

__all__ = ["blender", "extension_zip"]  # fixtures
PYTHONS = ("3.10", "3.11", "3.12", "3.13", "3.14")


@pytest.fixture(scope="module")
def archive(blender):
    """A runtime archive of tiny wheels, where this Blender sees it."""
    wheels = make_wheels(blender.work / "wheels")
    lock = lock_of(wheels, " ".join(PYTHONS))
    return build_runtime.pack(wheels, "linux-cpu", PYTHONS, lock, blender.work / "runtime.zip")


@pytest.mark.timeout(20 * MINUTES)
def test_test_runtime_free_the_gpu_and_from_file_are_clicked(blender, archive):
    told = blender.gui(
        "preferences.py", timeout=18 * MINUTES, limit=16 * MINUTES, archive=str(archive)
    )
    pictures = blender.keep_pictures("preferences")
    assert not told.failure(), told.failure()
    assert told.results["warnings"] == []
    tested, installed = told.results["said"]
    assert "(cpu)" in tested and "torch 9.9" in installed
    assert str(blender.work) in told.results["python"], "the new runtime is the one in use"
    assert len(pictures) == 6
    assert all(shows_something(picture) for picture in pictures)


@pytest.mark.timeout(15 * MINUTES)
def test_import_flame_leaves_the_window_alive(blender):
    file = blender.work / "generic_model.pkl"
    make_test_flame.write_2020(file, make_test_flame.stand_in())
    told = blender.gui("flame.py", timeout=14 * MINUTES, limit=12 * MINUTES, flame=str(file))
    pictures = blender.keep_pictures("flame")
    assert not told.failure(), told.failure()
    assert told.results["warnings"] == []
    assert told.results["loop_while_fitting"]["samples"] > 20, "events were served all the time"
    assert all(shows_something(picture) for picture in pictures)
