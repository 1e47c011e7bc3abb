# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks that nothing passes through anything: every person in every unit, viseme and emotion.

python -m tools.open_head [--identity NAME ...] [--rows N] [--face open_head.npz]
"""

from __future__ import annotations

import argparse
import time
from dataclasses import asdict
from pathlib import Path

from model_runtime.face import load_face

from .collisions import CollisionMeter, Depths
from .spoken import all_poses

TOLERANCE = 0.3  # mm
HEADINGS = ("upper", "lower", "gums", "ton-teeth", "ton-flesh", "bite", "lids", "lips")

Row = tuple[str, str, Depths]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--identity", action="append", help="only this person; may be repeated")
    parser.add_argument("--rows", type=int, default=40, help="rows of the table")
    parser.add_argument("--face", type=Path, help="another head than the bundled one")
    arguments = parser.parse_args()
    face = load_face(arguments.face)
    meter, poses, start = CollisionMeter(face), all_poses(), time.perf_counter()
    rows = []
    for identity in arguments.identity or [None, *face.identity_names]:
        for pose, depths in meter.sweep(identity, poses):
            rows.append((identity or "average", pose, depths))
    rows.sort(key=lambda row: -row[2].worst())
    _print(rows, arguments.rows, time.perf_counter() - start)
    return int(rows[0][2].worst() > TOLERANCE)


def _print(rows: list[Row], count: int, seconds: float) -> None:
    print(f"{'person':10s}{'pose':28s}" + "".join(f"{h:>10s}" for h in HEADINGS))
    for person, pose, depths in rows[:count]:
        values = "".join(f"{value:10.2f}" for value in asdict(depths).values())
        print(f"{person:10s}{pose:28s}{values}")
    print("\nworst of each, mm:")
    for heading, name in zip(HEADINGS, asdict(rows[0][2]), strict=True):
        person, pose, depths = max(rows, key=lambda row: getattr(row[2], name))
        over = sum(getattr(row[2], name) > TOLERANCE for row in rows)
        where = f"{person}, {pose}"
        print(f"{heading:10s}{getattr(depths, name):7.2f}  {where:40s}{over:6d} over {TOLERANCE}")
    print(f"{len(rows)} poses in {seconds:.0f} s; lips press each other on purpose")


if __name__ == "__main__":
    raise SystemExit(main())
