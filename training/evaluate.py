# SPDX-License-Identifier: GPL-3.0-or-later
"""`python -m training.evaluate`: how well the face says the words, with baselines beside it.

On held-out speakers' recordings and held-out synthetic voices, against their phone alignments.
docs/evaluation.md says what each figure means.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from model_runtime.contract import EMOTIONS, FloatArray, RequestError, ThunderError
from model_runtime.files import check_writable, write_atomic

from .metrics import table
from .metrics.figures import FIGURES, Figures
from .metrics.score import mean_faces, score, shuffled, worst_by_kind

log = logging.getLogger("training.evaluate")
ROOT = Path(__file__).resolve().parents[1]

Systems = dict[str, dict[str, FloatArray]]  # system -> clip id -> motion


def parser() -> argparse.ArgumentParser:
    """The command line."""
    p = argparse.ArgumentParser(
        prog="python -m training.evaluate",
        description="Measure lip contacts, rest, timing, jitter, seeds, intensity and speed of the "
        "model on held-out speech, with the articulation model and baselines beside it.",
    )
    p.add_argument("--corpus", type=Path, help="folder that training.corpus wrote")
    p.add_argument("--split", choices=("test", "dev"), default="test", help="dev: for tuning")
    p.add_argument("--clips-per-source", type=int, default=20, metavar="N")
    p.add_argument("--weights", type=Path, help="folder of model weights (default: the bundled)")
    p.add_argument("--no-model", action="store_true", help="ceiling and baselines only")
    p.add_argument(
        "--sampling",
        default="{}",
        metavar="JSON",
        help='change the sampler for a trial: {"guidance": 1.5, "point": {"bilabial": 0.15}}',
    )
    p.add_argument("--told", action="store_true", help="also the model told phones and contacts")
    p.add_argument("--realign", type=int, default=0, metavar="N", help="real clips to align again")
    p.add_argument("--seeds", type=int, default=3, metavar="K", help="seeds compared; 0 skips this")
    p.add_argument("--expression-clips", type=int, default=6, metavar="N", help="clips for those")
    p.add_argument(
        "--emotions", default="neutral,happy,angry,surprised", help="for the intensities"
    )
    p.add_argument("--threads", type=int, default=2, help="CPU threads of the engine")
    p.add_argument("--keys-json", type=Path, help="JSON with keys_ms, of the Blender benchmark")
    p.add_argument("--out", type=Path, help="figures as JSON, e.g. docs/results/spine.json")
    p.add_argument("--card", type=Path, help="document whose marked part takes the tables")
    p.add_argument("--plots", type=Path, metavar="DIR", help="pictures of a few clips")
    p.add_argument("--plot-clips", type=int, default=6, metavar="N")
    p.add_argument("--take", type=Path, help="measure this take (.npz) instead")
    p.add_argument("--alignment", type=Path, help="phones of the take's line (.json)")
    return p


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; 0, or 1 with one sentence on stderr."""
    args = parser().parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    try:
        run(args)
    except ThunderError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def run(args: argparse.Namespace) -> None:
    """Measure what `args` asks for. Raises ThunderError."""
    if args.take:
        from .metrics.take import take_report

        print(json.dumps(table.rounded(take_report(args.take, args.alignment)), indent=2))
        return
    check(args)
    document = evaluate(args)
    text = tables(document)
    print(text)
    if args.card:
        filled = table.between_markers(args.card.read_text(encoding="utf-8"), text)
        write_atomic(args.card, filled.encode())
    if args.out:
        table.write_json(args.out, document)


def check(args: argparse.Namespace) -> None:
    """Find what would fail in the end before the long work starts. Raises ThunderError."""
    if args.corpus is None:
        raise RequestError("Say where the speech is: --corpus DIR (python -m training.corpus).")
    unknown = set(args.emotions.split(",")) - set(EMOTIONS)
    if unknown:
        raise RequestError(f"--emotions: {', '.join(sorted(unknown))} is not an emotion.")
    if args.out:
        args.out.parent.mkdir(parents=True, exist_ok=True)
        check_writable(args.out)
    if args.card:
        if not args.card.is_file():
            raise RequestError(f"{args.card} does not exist. Name a document with figure markers.")
        table.between_markers(args.card.read_text(encoding="utf-8"), "")


def evaluate(args: argparse.Namespace) -> dict[str, Any]:
    """The whole document as written to --out."""
    from .metrics.bench import open_bench

    bench = open_bench(args.corpus, args.split, args.clips_per_source)
    log.info("%d clips of the %s split", len(bench.clips), args.split)
    performer = None if args.no_model else _performer(args, bench)
    systems = _systems(args, bench, performer)
    rows = {
        name: score(bench.clips, motions, bench.targets, bench.probe)
        for name, motions in systems.items()
    }
    document = _document(rows)
    document["seconds_per_audio_second"] = None
    document["keys_ms"] = _keys_ms(args.keys_json)
    document["detail"] = {"made_with": _made_with(args, bench), "sources": rows}
    if performer:
        watch = performer.watch
        document["seconds_per_audio_second"] = watch.wall / watch.sound
        document["detail"]["speed"] = asdict(watch) | {"threads": args.threads}
        document["detail"] |= _liveliness(args, bench, performer)
    if args.plots:
        _plots(args, bench, systems)
    return document


def _performer(args: argparse.Namespace, bench: Any) -> Any:
    import torch

    from model_runtime.engine import Engine

    from .metrics.model_systems import Performer, with_sampling

    torch.set_num_threads(args.threads)
    return Performer(with_sampling(Engine.load(args.weights), args.sampling), bench)


def _systems(args: argparse.Namespace, bench: Any, performer: Any) -> Systems:
    systems: Systems = {}
    if performer:
        systems["model"] = performer.raw()
        if projected := performer.projected(systems["model"]):
            systems["projected"] = projected
        if args.told:
            systems["told"] = performer.told()
    systems["ceiling"] = dict(bench.targets)
    if args.realign:
        from .metrics.realigned import realigned

        systems["aligner"] = realigned(bench, args.realign)
    systems["mean_face"] = mean_faces(bench.clips, bench.targets)
    systems["shuffled_ceiling"] = shuffled(bench.clips, bench.targets, bench.partners)
    said = systems.get("model", bench.targets)
    systems["shuffled"] = shuffled(bench.clips, said, bench.partners)
    return systems


def _document(rows: Mapping[str, Any]) -> dict[str, Any]:
    """The model's figures at the top, the other systems' under their names."""
    nothing: Figures = dict.fromkeys(FIGURES)
    model = worst_by_kind(rows["model"]) if "model" in rows else None
    document: dict[str, Any] = dict(model or {"real": nothing, "synthetic": nothing})
    return document | {name: worst_by_kind(rows[name]) for name in rows if name != "model"}


def _liveliness(args: argparse.Namespace, bench: Any, performer: Any) -> dict[str, Any]:
    from .metrics.bench import emotion_rest
    from .metrics.clips import few
    from .metrics.liveliness import intensity_report, seed_report

    clips = few(bench.clips, args.expression_clips)
    if not args.seeds or not clips:
        return {}
    emotions = args.emotions.split(",")
    seeds = range(args.seeds)
    found: dict[str, Any] = {"seeds": [], "intensity": []}
    for emotion in emotions:
        log.info("seeds and intensities of '%s'", emotion)
        say, regions = performer.generate, bench.regions
        found["seeds"].append(seed_report(clips, say, regions, seeds, emotion))
        rest = emotion_rest(bench.probe)
        report = intensity_report(clips, say, regions, bench.probe, emotion, rest)
        found["intensity"].append(report)
    return found


def _plots(args: argparse.Namespace, bench: Any, systems: Systems) -> None:
    from .metrics.clips import few
    from .plots import plot_clip

    shown = {name: systems[name] for name in ("model", "ceiling") if name in systems}
    for clip in few(bench.clips, args.plot_clips):
        motions = {name: found[clip.id] for name, found in shown.items()}
        plot_clip(args.plots, clip, bench.samples(clip), motions, bench.probe)


def _keys_ms(path: Path | None) -> float | None:
    if path is None:
        return None
    try:
        return float(json.loads(path.read_text(encoding="utf-8"))["keys_ms"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RequestError(f"{path} does not hold the Blender benchmark's keys_ms.") from error


def _made_with(args: argparse.Namespace, bench: Any) -> dict[str, Any]:
    return {
        "split": args.split,
        "clips_per_source": args.clips_per_source,
        "clips": len(bench.clips),
        "speakers": len({clip.speaker for clip in bench.clips}),
        "seconds": sum(clip.seconds for clip in bench.clips),
        "sampling": json.loads(args.sampling),
    }


def tables(document: Mapping[str, Any]) -> str:
    """All tables of a document of `evaluate`, as markdown."""
    from .metrics.report import full_report

    return full_report(document)


if __name__ == "__main__":
    sys.exit(main())
