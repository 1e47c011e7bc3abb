# SPDX-License-Identifier: GPL-3.0-or-later
"""Does Repair mend what is broken, and only that?

`python -m training.evaluate_repair --corpus DIR [--clips-per-source 4] [--weights DIR]`

Errors are planted in the true motion of held-out speakers: closures opened, opened wide, opened
beside another contact, and stretches whose mouth is 3 frames off. Prints tables, with plain
smoothing as the baseline, and with the truth put in its place; writes `repair` into
docs/results/meter.json (other keys there stay).
"""

from __future__ import annotations

import argparse
import json
import logging
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from model_runtime.contract import FloatArray, RepairRequest, Sound
from model_runtime.face import load_face
from model_runtime.mesh_to_speech import load_m2s
from model_runtime.meter import Meters
from model_runtime.recognise import load_recogniser
from model_runtime.repair import Mender, repair
from model_runtime.weights import weights_path
from training.corpus.store import Clip, Corpus, open_corpus
from training.lip_loss import vertex_form
from training.m2s_measure import interval
from training.metrics.bench import target_motion
from training.metrics.clips import KINDS, choose
from training.metrics.results import update_results
from training.repair_errors import (
    closures_beside,
    opened_closures,
    shifted_stretches,
    wide_closures,
)
from training.repair_trials import LONGER, NOWHERE, Bench, Case, measure, ways

log = logging.getLogger(__name__)
DOCS = Path(__file__).parent.parent / "docs"
FIGURES = (
    *(
        "fixed",
        "told",
        "meter",
        "to_truth_mm",
        "pbm",
        "fv",
        "jitter",
        "lip_speed",
        "largest_change",
    ),
    "outside",
)
TITLES = {
    "closure": "closures opened",
    "wide": "closures opened wide",
    "beside": "closures opened beside another contact",
    "shift": "3 frames off",
}
LONG_FIGURES = ("fixed", "meter", "to_truth_mm", "pbm", "fv", "jitter", "lip_speed")
LONG = f"{LONGER} x longer"
COUNTED = ("closure", "shift")  # in `fixed_share`, as ever
LONGEST_CLIP = 12.0  # s
Row = dict[str, float]
Rows = dict[str, dict[str, list[Row]]]  # kind of error -> treatment -> a row a case


def open_bench(weights: Path | None) -> Bench:
    """Raises WeightsError where a model is missing."""
    meters = Meters.load(weights, recogniser=load_recogniser(weights)[0])
    supervisor = load_m2s(weights_path("m2s_supervisor", weights))
    return Bench(Mender(supervisor, meters.probe), meters, vertex_form(load_face(), "mouth_region"))


def cases(bench: Bench, corpus: Corpus, clips: list[Clip], seed: int = 0) -> list[Case]:
    """Every planted error of the clips, in the motion of their own alignments."""
    rng, found = np.random.default_rng(seed), []
    for clip in clips:
        samples, segments = corpus.samples(clip), tuple(clip.segments)
        heard = bench.meters.hear(samples)
        truth = target_motion(segments, samples)[: heard.frames]
        planted = opened_closures(truth, segments, bench.mender.probe)
        planted += shifted_stretches(truth, segments, rng)
        planted += wide_closures(truth, segments, bench.mender.probe)
        planted += closures_beside(truth, segments, bench.mender.probe)
        found += [Case(clip.id, heard, truth, segments, one) for one in planted]
    return found


def treat(bench: Bench, found: list[Case], longer: int, chosen: Sequence[str] = ()) -> Rows:
    """Every case by every treatment, or by those `chosen`; the long one only on `longer` cases of
    each kind."""
    rows: Rows = defaultdict(lambda: defaultdict(list))
    for case in found:
        kind = rows[case.planted.kind]
        for name, way in ways(bench).items():
            if chosen and name not in chosen:
                continue
            if name == LONG and (case.planted.kind not in COUNTED or len(kind[name]) >= longer):
                continue
            kind[name].append(measure(bench, case, way(case)))
        log.info("%s: a %s", case.clip, case.planted.kind)
    return rows


def unspoilt(bench: Bench, found: list[Case]) -> Row:
    """What Repair does to spans that nobody has spoilt: share changed, and mm it moves them."""
    changed, moved = [], []
    for case in [case for case in found if case.planted.kind in COUNTED][::2]:
        question = RepairRequest(Sound(NOWHERE), case.truth, case.planted.span)
        answer = repair(bench.mender, bench.meters, case.heard, question)
        changed.append(float(answer.changed))
        moved.append(_moved(bench, answer.weights, case.truth))
    return {"changed": float(np.mean(changed)), "moved_mm": float(np.mean(moved))}


def _moved(bench: Bench, one: FloatArray, other: FloatArray) -> float:
    rows = np.flatnonzero((one != other).any(1))
    difference = (one - other)[rows, :52] @ bench.form.root.numpy()
    return float(np.sqrt(np.square(difference).sum(1).mean())) if len(rows) else 0.0


def summary(rows: Rows, right: Row, seconds: list[float]) -> dict[str, Any]:
    """The figures that docs/results/meter.json gets under `repair`."""
    repaired = {kind: ways_["repair"] for kind, ways_ in rows.items()}
    every = [row for found in repaired.values() for row in found]
    counted = [row for kind in COUNTED for row in repaired.get(kind, [])]
    long = _together(rows, LONG)
    beside = rows.get("beside", {}).get("spoilt", [])
    return {
        "fixed_share": _mean(counted, "fixed"),
        "outside_change": max(row["outside"] for row in every),
        "errors": len(counted),
        **({"beside_told": _mean(beside, "told")} if beside else {}),
        **{f"{kind}_fixed": _mean(found, "fixed") for kind, found in repaired.items()},
        "unspoilt_changed": right["changed"],
        "unspoilt_moved_mm": right["moved_mm"],
        "seconds": float(np.median(seconds)),
        **({"longer": {name: _mean(long, name) for name in LONG_FIGURES}} if long else {}),
        **({"longer_cases": len(long), "same_cases": _same_cases(rows)} if long else {}),
    }


def _together(rows: Rows, way: str) -> list[Row]:
    return [row for treatments in rows.values() for row in treatments.get(way, [])]


def _same_cases(rows: Rows) -> dict[str, Row]:
    """The other treatments of just those cases that were repaired the longer."""
    beside = same_cases(rows)
    found = {way: _together(beside, way) for way in ("spoilt", "repair", "truth")}
    return {way: {n: _mean(some, n) for n in LONG_FIGURES} for way, some in found.items() if some}


def same_cases(rows: Rows) -> Rows:
    """Only the cases that were repaired the longer: of each kind the first ones."""
    counts = {kind: len(ways_.get(LONG, [])) for kind, ways_ in rows.items()}
    return {
        kind: {way: found[: counts[kind]] for way, found in ways_.items()}
        for kind, ways_ in rows.items()
        if counts[kind]
    }


def _known(path: Path) -> dict[str, Any]:
    """What the results say of repair already: what is not measured this time stays."""
    found = json.loads(path.read_text("utf-8")).get("repair", {}) if path.is_file() else {}
    assert isinstance(found, dict)
    return found


def markdown(rows: Rows) -> str:
    """A table for each kind of error; a 95 % interval where shares are told."""
    lines: list[str] = []
    for kind, treatments in rows.items():
        lines += [f"**{TITLES[kind]}**", "", "| | n | " + " | ".join(FIGURES) + " |"]
        lines.append("|---" * (len(FIGURES) + 2) + "|")
        for name, found in treatments.items():
            cells = " | ".join(_cell(found, figure) for figure in FIGURES)
            lines.append(f"| {name} | {len(found)} | {cells} |")
        lines.append("")
    return "\n".join(lines)


def _cell(rows: list[Row], figure: str) -> str:
    values = [row[figure] for row in rows]
    if not np.isfinite(values).any():
        return "-"
    if figure == "fixed":
        found = interval(values)
        return f"{found['mean']:.2f} [{found['low']:.2f}, {found['high']:.2f}]"
    if figure in ("outside", "largest_change"):
        return f"{max(values):.2g}"
    return f"{_mean(rows, figure):.{0 if figure == 'lip_speed' else 2}f}"


def _mean(rows: list[Row], figure: str) -> float:
    values = np.array([row[figure] for row in rows])
    return float(np.nanmean(values)) if np.isfinite(values).any() else float("nan")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--split", default="test")
    parser.add_argument("--clips-per-source", type=int, default=4)
    parser.add_argument("--weights", type=Path, help="folder of the models; the bundled by default")
    parser.add_argument("--longer", type=int, default=6, help=f"cases repaired {LONGER} x longer")
    parser.add_argument("--ways", nargs="+", default=(), help="treatments; all by default")
    parser.add_argument(
        "--kinds", nargs="+", choices=TITLES, default=list(TITLES), help="of errors"
    )
    parser.add_argument("--out", type=Path, default=DOCS / "results" / "meter.json")
    parser.add_argument("--threads", type=int, default=1)
    return parser


def main() -> None:
    options = _parser().parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(options.threads)
    bench, corpus = open_bench(options.weights), open_corpus(options.corpus)
    chosen = choose(corpus.clips(split=options.split), options.clips_per_source)
    clips = [c for c in chosen if c.kind in KINDS and c.seconds <= LONGEST_CLIP]
    found = [one for one in cases(bench, corpus, clips) if one.planted.kind in options.kinds]
    rows = treat(bench, found, options.longer, options.ways)
    figures = summary(rows, unspoilt(bench, found), bench.seconds)
    update_results(options.out, {"repair": _known(options.out) | figures})
    print(markdown(rows))
    if same := same_cases(rows):
        print("Beside those repaired the longer:\n", markdown(same), sep="\n")
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
