# SPDX-License-Identifier: GPL-3.0-or-later
"""Imports a module as a part of the extension, without Blender: its relative imports need that."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType

PACKAGE = "extension_under_test"


def room(name: str) -> ModuleType:
    """A module of the extension: room("thunder_blender.runtime")."""
    if PACKAGE not in sys.modules:
        package = ModuleType(PACKAGE)
        package.__path__ = [str(Path(__file__).resolve().parent.parent)]
        sys.modules[PACKAGE] = package
    return importlib.import_module(f"{PACKAGE}.{name}")
