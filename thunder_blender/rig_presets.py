# SPDX-License-Identifier: GPL-3.0-or-later
"""Presets of mappings: those that ship, those that the artist saved, and files."""

from __future__ import annotations

import re
from pathlib import Path

import bpy

from . import EXTENSION, rig, rig_mapping, rig_measure, rig_store
from .rig import Rig
from .rig_mapping import Mapping, MappingError

SHIPPED = Path(__file__).parent / "mapping_presets"
SUFFIX = ".json"
NAME = re.compile(r"[^\w .()+-]")


def names() -> list[str]:
    """All presets, the artist's own first."""
    found = [path.stem for folder in (_own(), SHIPPED) for path in _files(folder)]
    return list(dict.fromkeys(found))


def load(found: Rig, name: str) -> str:
    """Give the rig a preset's mapping; the sentence to report."""
    for folder in (_own(), SHIPPED):
        path = folder / f"{name}{SUFFIX}"
        if path in _files(folder):
            return load_file(found, path)
    raise MappingError(f"There is no preset '{name}' any more. Choose another one.")


def load_file(found: Rig, path: Path) -> str:
    """Give the rig the mapping in a file; the sentence to report. Raises MappingError."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise MappingError(
            f"'{path.name}' cannot be read: {error}. Choose another file."
        ) from error
    mapping = rig_mapping.from_json(text, path.name)
    fitting = [link for link in mapping.links if rig_measure.owners(found, link.target)]
    if not fitting:
        raise MappingError(
            f"Nothing of '{path.stem}' is on {found.mesh.name}: it has none of those targets."
        )
    store(found, mapping)
    return f"{path.stem}: {len(fitting)} of {len(mapping.links)} links fit {found.mesh.name}"


def save(found: Rig, name: str) -> str:
    """Keep the rig's mapping as a preset of the artist's; its name."""
    plain = NAME.sub("", name).strip(" .")
    if not plain:
        raise MappingError("A preset needs a name with letters in it. Type one.")
    save_file(found, _own() / f"{plain}{SUFFIX}")
    return plain


def save_file(found: Rig, path: Path) -> None:
    """Write the rig's mapping to a file. Raises MappingError where that does not work."""
    text = rig_mapping.to_json(rig_store.stored(found))
    part = path.with_name(path.name + ".part")
    try:
        part.write_text(text, encoding="utf-8")
        part.replace(path)
    except OSError as error:
        raise MappingError(f"'{path}' cannot be written: {error}. Choose another place.") from error


def store(found: Rig, mapping: Mapping) -> None:
    """Keep a mapping that came from elsewhere: its objects move with the character."""
    for name in {link.target.on for link in mapping.links}:
        if name not in (rig_mapping.KEYS, rig_mapping.ARMATURE) and name in bpy.data.objects:
            rig.add_member(found.mesh, "OBJECT", bpy.data.objects[name])
    rig_store.store(found, mapping)


def _own() -> Path:
    return Path(bpy.utils.extension_path_user(EXTENSION, path="mappings", create=True))


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob(f"*{SUFFIX}")) if folder.is_dir() else []
