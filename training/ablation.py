# SPDX-License-Identifier: GPL-3.0-or-later
"""The ablation of docs/protocol.md: denoisers with and without mesh-to-speech, trained alike.

`python -m training.ablation --lessons DIR --pack DIR --units DIR --m2s FILE --encoder FILE
--corpus DIR --out DIR`

Every arm lies in its own folder of `--out`: kill the command and give it again, and it goes on.
"""

from __future__ import annotations

import argparse
import json
import logging
import math
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from model_runtime.contract import RequestError
from model_runtime.devices import DEVICES
from training.ablation_arms import Evaluation, Materials, evaluate_arm, train_arm
from training.ablation_figures import CONTACTS, Table, effects, headline, means, verdict
from training.commands import exit_code
from training.denoiser_config import SUPERVISED, TrainConfig
from training.metrics.results import update_results
from training.metrics.table import markdown, rounded, write_json

log = logging.getLogger(__name__)
FIGURES, SETTINGS = "figures.json", "settings.json"
HEARINGS = ("frozen", "trained")
KINDS = ("all", "real", "synthetic")
BASE, MAIN = 0.0, 1.0  # the weights that the headline compares


@dataclass(frozen=True)
class Arm:
    """One training: how it hears, how strong mesh-to-speech is, and the seed."""

    hearing: str
    weight: float
    seed: int

    @property
    def name(self) -> str:
        return f"{self.hearing}-w{self.weight:g}-s{self.seed}"


def all_arms(hearings: Sequence[str], weights: Sequence[float], seeds: Sequence[int]) -> list[Arm]:
    """The arms in their order: the pilot first, so that a run cut short still compares something.

    Seed by seed; within a seed frozen before trained, and the headline's two weights first.
    """
    first = sorted(weights, key=lambda w: ((BASE, MAIN).index(w) if w in (BASE, MAIN) else 2, w))
    return [Arm(hearing, w, seed) for seed in seeds for hearing in hearings for w in first]


def run_arms(
    arms: Sequence[Arm],
    out: Path,
    config: TrainConfig,
    materials: Materials,
    evaluation: Evaluation,
    minutes: float,
) -> list[Arm]:
    """Train and evaluate what is not done yet, until `minutes` have passed; gives what is done."""
    began, done = time.monotonic(), []
    for arm in arms:
        folder = out / arm.name
        if not (folder / FIGURES).is_file():
            left = minutes - (time.monotonic() - began) / 60
            wanted = replace(config, seed=arm.seed, m2s_weight=arm.weight)
            log.info("%s: %.0f minutes left", arm.name, left)
            steps = train_arm(folder, wanted, materials, arm.hearing == "trained", max(0.0, left))
            if steps < config.steps:
                break
            write_json(folder / FIGURES, evaluate_arm(folder, evaluation))
        done.append(arm)
    return done


def tables(out: Path, arms: Sequence[Arm]) -> dict[Arm, dict[str, dict[str, Any]]]:
    """What the evaluations of the arms found: arm -> condition -> clip -> figures."""
    return {arm: json.loads((out / arm.name / FIGURES).read_text()) for arm in arms}


def of_kind(rows: dict[str, dict[str, Any]], kind: str) -> Table:
    """The counts of the clips of a kind."""
    return {
        clip: {name: (value[0], value[1]) for name, value in row["counts"].items()}
        for clip, row in rows.items()
        if kind in ("all", row["kind"])
    }


def summary(found: dict[Arm, dict[str, dict[str, Any]]]) -> dict[str, Any]:
    """The `ablation` part of docs/results/thunder.json."""
    part: dict[str, Any] = {"effects": {}, "arms": {}}
    for arm, conditions in found.items():
        rows = {kind: of_kind(conditions["plain"], kind) for kind in KINDS}
        part["arms"][arm.name] = {kind: means(table) for kind, table in rows.items() if table}
    for hearing, weight in sorted({(arm.hearing, arm.weight) for arm in found}):
        if weight != BASE:
            compared = compare(found, hearing, weight)
            part["effects"].setdefault(hearing, {})[f"{weight:g}"] = compared
    main = part["effects"].get("frozen", {}).get(f"{MAIN:g}", {}).get("plain", {}).get("all")
    if main:
        part |= headline(main) | {"verdict": verdict(main)}
    return part


def compare(
    found: dict[Arm, dict[str, dict[str, Any]]], hearing: str, weight: float
) -> dict[str, dict[str, Any]]:
    """Condition -> kind of clip -> effects of a weight, over the seeds that have both arms."""
    pairs = [
        (found[Arm(hearing, BASE, arm.seed)], found[arm])
        for arm in sorted(found, key=lambda arm: arm.seed)
        if (arm.hearing, arm.weight) == (hearing, weight) and Arm(hearing, BASE, arm.seed) in found
    ]
    compared: dict[str, dict[str, Any]] = {}
    for condition in pairs[0][0] if pairs else ():
        for kind in KINDS:
            base, arm = ([of_kind(pair[i][condition], kind) for pair in pairs] for i in (0, 1))
            if not base[0]:
                continue
            told = effects(base, arm)
            if condition not in ("plain", "seeds"):  # of other sounds only contacts are known
                told = {name: value for name, value in told.items() if name in CONTACTS}
            compared.setdefault(condition, {})[kind] = told
    for kind, seeds in compared.pop("seeds", {}).items():
        compared["plain"][kind] = compared["plain"].get(kind, {}) | seeds
    return compared


def report(part: dict[str, Any]) -> str:
    """The effects as a Markdown table, one row a hearing, weight, condition and kind."""
    names = ("lve_change", "dtw_change", "pcc_gain", "upper_diversity_change", *CONTACTS[:2])
    rows = [("hearing", "w", "condition", "clips", *names)]
    for hearing, weights in part["effects"].items():
        for weight, conditions in weights.items():
            for condition, kinds in conditions.items():
                for kind, found in kinds.items():
                    cells = (_cell(found.get(name)) for name in names)
                    rows.append((hearing, weight, condition, kind, *cells))
    return markdown(rows)


def _cell(found: dict[str, Any] | None) -> str:
    if found is None:
        return "-"
    return f"{found['mean']:+.3f} ({found['low']:+.3f} to {found['high']:+.3f})"


def keep_settings(out: Path, settings: dict[str, Any]) -> None:
    """All arms of a folder are trained and measured alike. Raises RequestError otherwise."""
    out.mkdir(parents=True, exist_ok=True)
    path, told = out / SETTINGS, rounded(json.loads(json.dumps(settings, default=str)))
    if path.is_file() and json.loads(path.read_text()) != told:
        raise RequestError(
            f"{out} holds arms with other settings (see {SETTINGS}). Choose another folder."
        )
    write_json(path, told)


def parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(prog="python -m training.ablation", description=__doc__)
    for name in ("lessons", "pack", "units", "m2s", "encoder", "corpus", "out"):
        p.add_argument(f"--{name}", type=Path, required=True)
    p.add_argument("--from", dest="start", type=Path, help="all arms go on from this denoiser")
    p.add_argument("--sampling", type=Path, help="JSON as training.calibrate writes it")
    p.add_argument("--judge", type=Path, help="mesh-to-speech model that judges; the bundled")
    p.add_argument("--weights", type=_numbers, default=(0.0, 0.3, 1.0, 3.0), metavar="W,...")
    p.add_argument("--seeds", type=_seeds, default=(0, 1, 2), metavar="N,...")
    p.add_argument("--hearing", type=_hearings, default=HEARINGS, metavar="frozen,trained")
    p.add_argument("--supervise", choices=SUPERVISED, default=TrainConfig.supervise)
    p.add_argument("--no-lip-gates", dest="lip_gates", action="store_false", help="untold arms")
    p.add_argument("--noisiest", type=float, default=TrainConfig.noisiest)
    p.add_argument("--m2s-scale", type=float, default=TrainConfig.m2s_scale)
    for name, value in (("steps", 300), ("batch", 32), ("parts", 1), ("threads", 1)):
        p.add_argument(f"--{name}", type=int, default=value)
    p.add_argument("--peak-rate", type=float, default=1e-4)
    p.add_argument("--device", choices=DEVICES, default="auto")
    p.add_argument("--shard", type=_shard, default=(0, 1), metavar="I/N", help="every Nth arm")
    p.add_argument("--minutes", type=float, default=math.inf, help="stop then; go on another time")
    p.add_argument("--split", choices=("test", "dev"), default="dev", help="dev: the pilot; dev")
    p.add_argument("--clips-per-source", type=int, default=8)
    p.add_argument("--diversity-clips", type=int, default=8)
    p.add_argument("--diversity-seeds", type=int, default=10)
    p.add_argument("--robust", action="store_true", help="also intensity 1.5 and noise")
    p.add_argument("--thunder", type=Path, help="JSON whose `ablation` part is replaced")
    return p


def _numbers(text: str) -> tuple[float, ...]:
    return tuple(float(part) for part in text.split(","))


def _seeds(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(","))


def _hearings(text: str) -> tuple[str, ...]:
    names = tuple(text.split(","))
    if any(name not in HEARINGS for name in names):
        raise argparse.ArgumentTypeError(f"choose from {', '.join(HEARINGS)}")
    return names


def _shard(text: str) -> tuple[int, int]:
    number, count = (int(part) for part in text.split("/"))
    return number, count


def ablate(options: argparse.Namespace) -> dict[str, Any]:
    """Train and evaluate; the `ablation` part of what is done so far. Raises ThunderError."""
    names = (
        "steps",
        "batch",
        "parts",
        "threads",
        "peak_rate",
        "supervise",
        "noisiest",
        "m2s_scale",
        "lip_gates",
    )
    config = TrainConfig(**{name: getattr(options, name) for name in names})
    materials = Materials(**{n: getattr(options, n) for n in Materials.__dataclass_fields__})
    evaluation = Evaluation(**{n: getattr(options, n) for n in Evaluation.__dataclass_fields__})
    plain = asdict(config) | {"threads": None}
    made = {"training": plain, "materials": asdict(materials), "evaluation": asdict(evaluation)}
    keep_settings(options.out, made)
    arms = all_arms(options.hearing, options.weights, options.seeds)
    mine = arms[options.shard[0] :: options.shard[1]]
    run_arms(mine, options.out, config, materials, evaluation, options.minutes)
    done = [arm for arm in arms if (options.out / arm.name / FIGURES).is_file()]
    part = summary(tables(options.out, done))
    part["made_with"] = {"training": plain, "split": options.split, "arms": len(done)}
    return part


def main() -> int:
    """Run the command: 0, or 1 with one sentence on stderr."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    options = parser().parse_args()
    return exit_code(lambda: run(options))


def run(options: argparse.Namespace) -> None:
    """Compare the arms, print the report and write it where wanted. Raises ThunderError."""
    part = ablate(options)
    print(report(part))
    if options.thunder:
        name = "ablation" if options.lip_gates else "ablation_without_lip_gates"
        update_results(options.thunder, {name: part})


if __name__ == "__main__":
    sys.exit(main())
