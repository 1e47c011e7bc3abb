# SPDX-License-Identifier: GPL-3.0-or-later
"""Loads the extension the way Blender does: the built zip, installed and enabled.

Run each module of this folder in a process of its own: Blender's state does not end with a test.
"""

from __future__ import annotations

import atexit
import importlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.blender.fake_face import make_face
from tools import build_extension

PACKAGE = "bl_ext.user_default.thunder_blender"

# Blender reads these once, when bpy is imported; the folder must exist by then.
os.environ["OMP_NUM_THREADS"] = "1"
os.environ["BLENDER_USER_RESOURCES"] = tempfile.mkdtemp(prefix="thunder-blender-")
atexit.register(shutil.rmtree, os.environ["BLENDER_USER_RESOURCES"], ignore_errors=True)


@pytest.fixture(scope="session")
def extension_zip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_extension.build(build_extension.ROOT, tmp_path_factory.mktemp("zip"))


@pytest.fixture(scope="session")
def room(extension_zip: Path) -> Iterator[Callable[[str], ModuleType]]:
    """Imports a module of the installed extension: room("thunder_blender.takes")."""
    import addon_utils
    import bpy

    bpy.ops.extensions.package_install_files(
        filepath=str(extension_zip), repo="user_default", enable_on_install=True
    )
    yield lambda name: importlib.import_module(f"{PACKAGE}.{name}")
    addon_utils.disable(PACKAGE)


@pytest.fixture(autouse=True)
def empty_scene(room: Any) -> Any:
    """Each test starts in a new, empty file."""
    import bpy

    bpy.ops.wm.read_homefile(use_empty=True)
    return bpy.context.scene


@pytest.fixture(scope="session")
def face() -> Any:
    """A head of a few quads in FLAME's layout."""
    return make_face()


@pytest.fixture(scope="session")
def flame_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file as FLAME 2020's, in a folder where what was found out about it may be kept."""
    from tools import make_test_flame

    path = tmp_path_factory.mktemp("flame") / "generic_model.pkl"
    make_test_flame.write_2020(path, make_test_flame.stand_in())
    return path


@pytest.fixture
def rig(room: Any, empty_scene: Any, face: Any) -> Any:
    """The small head, built into the empty scene."""
    head = room("thunder_blender.head")
    return head.create_head(empty_scene.collection, head.HeadParams(), face)


@pytest.fixture
def bundled(room: Any) -> Any:
    """The open head that ships with the extension."""
    contract, head = room("model_runtime.contract"), room("thunder_blender.head")
    try:
        return head.bundled_face()
    except contract.WeightsError as error:
        pytest.skip(str(error))
