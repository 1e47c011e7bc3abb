# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the mapping presets that ship, one for each known rig: thunder_blender/mapping_presets.

python tools/build_mapping_presets.py [--check]
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.as_extension import room  # noqa: E402
from tools import rig_lists  # noqa: E402

FOLDER = ROOT / "thunder_blender" / "mapping_presets"
SHIPPED = {  # preset: list of names
    "ARKit": "ARKit",
    "ARKit (Live Link)": "Live Link",
    "ARKit (_L _R)": "sides as _L and _R",
    "Character Creator (ARKit)": "CC numbered",
    "Character Creator (extended)": "CC extended",
    "Character Creator (MetaHuman)": "CC MetaHuman",
    "AccuLips Visemes": "AccuLips",
    "Meta Visemes": "Meta with prefix",
    "Microsoft Visemes": "Microsoft",
    "MPFB2 Face Units": "MPFB2 face units",
    "VRoid": "VRoid",
}


def texts() -> dict[str, str]:
    """Each preset's file name and its text."""
    names, mapping = room("thunder_blender.rig_names"), room("thunder_blender.rig_mapping")
    found = {}
    for preset, listed in SHIPPED.items():
        recognition = names.recognise(list(rig_lists.KNOWN[listed]))
        whole_mouth = names.covers_mouth(recognition.matches)
        spare = names.spare(recognition.matches)
        links = tuple(
            mapping.Link(
                match.source,
                mapping.key_target(match.name),
                match.gain,
                mute=match.name in spare or (whole_mouth and match.source.startswith(names.VISEME)),
                confidence=round(match.confidence, 2),
            )
            for match in recognition.matches
        )
        found[f"{preset}.json"] = mapping.to_json(mapping.Mapping(recognition.kind, links)) + "\n"
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="only say which files differ")
    check = parser.parse_args().check
    stale = []
    for name, text in texts().items():
        path = FOLDER / name
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(name)
        if not check:
            FOLDER.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
    print("\n".join(stale) or "All presets are as they should be.")
    return int(check and bool(stale))


if __name__ == "__main__":
    sys.exit(main())
