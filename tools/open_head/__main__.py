# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks that nothing passes through anything: every person in every unit, viseme and emotion.

python -m tools.open_head [--identity NAME ...] [--rows N] [--face open_head.npz] [--pressed]
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np

from model_runtime.face import FaceModel, identity_vertices, load_face
from model_runtime.lips import lip_probe

from .collisions import EYES, TOLERANCE, CollisionMeter, Depths
from .poses import BITES, PRESSED, ROLL, ROLLED, Weights, frame, rounded
from .spoken import all_poses

HEADINGS = (
    *("upper", "lower", "gums", "ton-teeth", "ton-flesh", "bite", "lids", "lashes"),
    "lips",
)
KEEP = 0.025  # mm from which --pressed keeps a pose

Row = tuple[str, str, Depths]


def main() -> int:
    arguments = _parser().parse_args()
    face = load_face(arguments.face)
    meter, poses, start = CollisionMeter(face), all_poses(), time.perf_counter()
    rows = []
    for identity in arguments.identity or [None, *face.identity_names]:
        for pose, depths in meter.sweep(identity, poses):
            rows.append((identity or "average", pose, depths))
    over = [row for row in rows if row[2].over(poses[row[1]][ROLL] > ROLLED)]
    _print_poses(sorted(rows, key=lambda row: -row[2].worst())[: arguments.rows])
    _print_people(face, meter, rows)
    seconds = time.perf_counter() - start
    print(f"\n{len(rows)} poses in {seconds:.0f} s, {len(over)} with more than {TOLERANCE} mm")
    if arguments.pressed:
        _write_pressed(rows, poses)
    return int(bool(over))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--identity", action="append", help="only this person; may be repeated")
    parser.add_argument("--rows", type=int, default=20, help="rows of the table of poses")
    parser.add_argument("--face", type=Path, help="another head than the bundled one")
    parser.add_argument("--pressed", action="store_true", help="write what presses to pressed.json")
    return parser


def _print_poses(rows: list[Row]) -> None:
    print(f"{'person':9s} {'pose':30s}" + "".join(f"{h:>10s}" for h in HEADINGS))
    for person, pose, depths in rows:
        values = "".join(f"{value:10.2f}" for value in asdict(depths).values())
        print(f"{person:9s} {pose:30s}{values}")


def _print_people(face: FaceModel, meter: CollisionMeter, rows: list[Row]) -> None:
    """The deepest of each kind, and from the incisors to the lip in the poses of f and v, mm."""
    print(f"\n{'worst, mm':10s}" + "".join(f"{h:>10s}" for h in HEADINGS) + f"{'f v':>12s}  gap")
    for person in dict.fromkeys(row[0] for row in rows):
        own = [asdict(depths) for who, _, depths in rows if who == person]
        values = "".join(f"{max(row[name] for row in own):10.2f}" for name in own[0])
        name = None if person == "average" else person
        rest, poses = identity_vertices(face, name), [frame(bite) for bite in BITES]
        posed = (rest + np.tensordot(pose, face.expression_basis, 1) for pose in poses)
        ways = "/".join(f"{1000 * np.linalg.norm(meter.to_lower_lip(at)):.2f}" for at in posed)
        gap = lip_probe(face, name).labiodental_gap(np.stack(poses[:1]))[0]
        print(f"{person:10s}{values}{ways:>12s} {gap:.2f}")


def _write_pressed(rows: list[Row], poses: dict[str, Weights]) -> None:
    """Keeps the poses that press something, one of two that differ by their side."""
    rest = {person: depths.teeth_in_teeth for person, pose, depths in rows if pose == "neutral"}
    kept: dict[str, dict[str, dict[str, float]]] = {"mouth": {}, "eyes": {}}
    for name, pose in poses.items():
        own = [_pressed(depths, rest[person]) for person, where, depths in rows if where == name]
        for what, found in kept.items():
            hard = [v[part] for v in own for part in v if (part in EYES) == (what == "eyes")]
            if max(hard) > KEEP and name.replace("Right", "Left") not in found:
                found[name] = rounded(pose)
    parts = []
    for what, found in kept.items():
        lines = ",\n".join(f"{json.dumps(k)}: {json.dumps(units)}" for k, units in found.items())
        parts.append(f'"{what}": {{\n{lines}\n}}')
    PRESSED.write_text("{\n" + ",\n".join(parts) + "\n}\n")


def _pressed(depths: Depths, bite: float) -> dict[str, float]:
    """Depths by part, without the bite where it is that of the shut jaw at rest."""
    hard = depths.hard()
    return hard | ({"teeth_in_teeth": 0.0} if hard["teeth_in_teeth"] <= bite + KEEP else {})


if __name__ == "__main__":
    raise SystemExit(main())
