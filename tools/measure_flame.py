# SPDX-License-Identifier: GPL-3.0-or-later
"""Figures of the FLAME part, on surrogates (`surrogate_flame`): nothing of FLAME's own is in them.

    python -m tools.measure_flame transfer [--results docs/results/rigs.json]
    python -m tools.measure_flame fuzz [--inputs 10000] [--results docs/results/rigs.json]

`transfer`: how far each unit on the surrogate's expressions and jaw is from what it truly does on
that face, which only the surrogate's maker knows, before any residual key. Beside it the least
that those expressions leave of the truth (`limit`), what this solver makes of the truth
(`at best`), and what the registration alone leaves (`carried`). `fuzz`: spoilt files of each
format.
"""

from __future__ import annotations

import argparse
import dataclasses
import resource
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from model_runtime.contract import UNITS
from model_runtime.face import FaceModel, load_face
from model_runtime.flame import load_flame
from model_runtime.flame_calibration import EYES, unit_target
from model_runtime.flame_match import eyeballs, match
from model_runtime.flame_refine import refined
from model_runtime.flame_solve import Problem, Target, apart, posed, solve, together
from tools.fuzz_flame import fuzz
from tools.make_test_flame import WRITERS, tiny, write_2020
from tools.surrogate_flame import Surrogate, surrogate
from training.metrics.results import update_results


@dataclasses.dataclass(frozen=True)
class Case:
    """A surrogate: see `tools.surrogate_flame.surrogate`."""

    seed: int
    person: str
    apart: float = 0.0
    mesh_seed: int | None = None
    known: bool = True  # looked at while the matching was made


CASES = (
    Case(0, "Bruno"),
    Case(1, "Grace"),
    Case(2, "Chen", 0.0034),
    Case(11, "Mila"),
    Case(13, "Kaya"),
    Case(21, "Hiro"),
    Case(31, "Otto", 0.0, 101, known=False),  # measured for the first time when all else was done
    Case(37, "Noor", 0.0, 102, known=False),
    Case(43, "Priya", 0.0, 103, known=False),
)
PITCHES = np.linspace(-0.06, 0.6, 23)  # of the jaw, in radians, where the limit is looked for
SEEN = 0.0005  # metres: a unit that moves no skin vertex that far has no relative error
MEMORY = 2 << 30  # bytes that reading a spoilt file may take
FUZZ_INPUTS = 10_000


def without(head: FaceModel, person: str) -> FaceModel:
    """The open head as if it had never met the person that a surrogate was made from."""
    kept = [index for index, name in enumerate(head.identity_names) if name != person]
    names = tuple(head.identity_names[index] for index in kept)
    return dataclasses.replace(head, identity_basis=head.identity_basis[kept], identity_names=names)


def transfer(made: Surrogate, head: FaceModel, file: Path) -> dict[str, Any]:
    """Relative errors by unit, worst lip vertex in mm, seconds."""
    write_2020(file, made.parts)
    flame = load_flame(file).face
    started = time.process_time()
    found = refined(head, flame, match(head, flame))
    target = unit_target(flame, head, found)
    rule = solve(flame, target)
    seconds = time.process_time() - started
    skin = ~eyeballs(flame)
    truth = Target(UNITS, made.units, np.where(skin, 1.0, EYES), target.lips & skin)
    truth.moves[:, ~skin] = 0.0
    weights = together(UNITS)
    wanted = np.tensordot(weights, made.units, 1)
    ways = {
        "solved": posed(flame, *apart(rule, weights)) - flame.template,
        "at best": posed(flame, *apart(solve(flame, truth), weights)) - flame.template,
        "carried": np.tensordot(weights, target.moves, 1),
    }
    lips = np.isin(made.cells, head.vertex_sets["lip_rings"]).all(1)
    seen = np.linalg.norm(made.units[:, skin], axis=2).max(1) > SEEN
    limit = least(flame, np.where(skin[:, None], wanted, 0.0), skin)
    result: dict[str, Any] = {
        "processor": seconds, "limit": float(np.median(limit[seen])), "units": {}
    }  # fmt: skip
    for name, moved in ways.items():
        away = np.linalg.norm(moved - wanted, axis=2)
        size = np.linalg.norm(wanted[:, skin], axis=(1, 2))
        relative = np.linalg.norm((moved - wanted)[:, skin], axis=(1, 2)) / np.maximum(size, 1e-9)
        result[name] = {
            "median": float(np.median(relative[seen])),
            "lip": float(1000 * away[seen][:, lips].max()),
        }
        for index in np.flatnonzero(seen):
            row = result["units"].setdefault(UNITS[index], {})
            row[name] = (float(relative[index]), float(1000 * away[index, lips].max()))
    return result


def measure_transfer(head: FaceModel, folder: Path, people: list[str]) -> dict[str, Any]:
    """All surrogates, or those of `people`; prints a table of the units and gives the part of
    rigs.json."""
    rows = {}
    for case in (case for case in CASES if not people or case.person in people):
        made = surrogate(
            case.seed, case.person, apart=case.apart, identities=2, mesh_seed=case.mesh_seed
        )
        found = transfer(made, without(head, case.person), folder / "generic_model.pkl")
        rows[case.person] = found
        _tell(case, found)
    print(f"{'unit':20}" + "".join(f"{person:>26}" for person in rows))
    print(f"{'':20}" + "   error best carried lip mm" * len(rows))
    for unit in next(iter(rows.values()))["units"]:
        cells = [row["units"][unit] for row in rows.values()]
        print(f"{unit:20}" + "".join(_cell(cell) for cell in cells))
    print(f"{'median, worst lip':20}" + "".join(_total(row) for row in rows.values()))
    solved = [row["solved"] for row in rows.values()]
    return {
        "median_relative_error": float(np.median([one["median"] for one in solved])),
        "worst_lip_mm": max(one["lip"] for one in solved),
        "surrogates": {
            person: {
                "median_relative_error": row["solved"]["median"],
                "limit": row["limit"],
                "known": next(case.known for case in CASES if case.person == person),
                "worst_lip_mm": row["solved"]["lip"],
            }
            for person, row in rows.items()
        },
    }


def _tell(case: Case, row: dict[str, Any]) -> None:
    print(
        f"{case.person}: {row['solved']['median']:.2%}, limit {row['limit']:.2%}, lip "
        f"{row['solved']['lip']:.1f} mm, {row['processor']:.0f} s of one core",
        flush=True,
    )


def least(flame: FaceModel, wanted: np.ndarray, skin: np.ndarray) -> np.ndarray:
    """What the expressions and the jaw leave of each unit (N,V,3) at best, relative (N,): least
    squares over the skin at every pitch of the jaw, without prior, weights or smoothness."""
    weights = Target(UNITS, wanted, skin.astype(float), np.zeros(len(skin), bool))
    problem = Problem(flame, weights)
    asked = wanted[:, problem.used]
    found = np.array([problem.misfit(float(pitch), asked) for pitch in PITCHES])
    size = np.linalg.norm(asked, axis=(1, 2))
    return np.sqrt(_lowest(found**2)) / np.maximum(size, 1e-9)


def _lowest(values: np.ndarray) -> np.ndarray:
    """The least of curves (P,N) over evenly spaced places, between them by a parabola: (N,)."""
    middle = np.clip(values.argmin(0), 1, len(values) - 2)
    before, here, after = (values[middle + side, np.arange(len(middle))] for side in (-1, 0, 1))
    bend = np.maximum(before - 2 * here + after, 1e-30)
    way = np.clip((before - after) / (2 * bend), -1, 1)
    return np.maximum(here + way * (after - before) / 2 + way**2 * bend / 2, 0.0)


def _cell(row: dict[str, tuple[float, float]]) -> str:
    errors = "".join(f"{row[way][0]:7.1%}" for way in ("solved", "at best", "carried"))
    return f"{errors}{row['solved'][1]:5.1f}"


def _total(row: dict[str, Any]) -> str:
    return _cell({way: tuple(row[way].values()) for way in ("solved", "at best", "carried")})


def measure_fuzz(folder: Path, inputs: int) -> dict[str, Any]:
    """As many spoilt files of each format, in limited memory; the part of rigs.json."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    share = -(-inputs // len(WRITERS))
    crashes: list[str] = []
    for number, (name, write) in enumerate(WRITERS.items()):
        write(folder / name, tiny())
        found = fuzz(folder / name, load_flame, share, seed=100 + number)
        crashes += found.crashes
        print(f"{name:28}{found.inputs:7} spoilt{found.refused:7} refused", flush=True)
    print(*crashes, sep="\n")
    return {"inputs": share * len(WRITERS), "crashes": len(crashes)}


def main() -> int:
    options = _parser().parse_args()
    with tempfile.TemporaryDirectory() as name:
        if options.what == "transfer":
            part = {"transfer": measure_transfer(load_face(), Path(name), options.person)}
        else:
            part = {"fuzz": measure_fuzz(Path(name), options.inputs)}
    print(part)
    if options.results:
        update_results(options.results, part)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("transfer", "fuzz"))
    parser.add_argument("--inputs", type=int, default=FUZZ_INPUTS)
    parser.add_argument("--person", action="append", default=[], help="only this surrogate")
    parser.add_argument("--results", type=Path, help="JSON whose part is replaced")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
