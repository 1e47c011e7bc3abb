# SPDX-License-Identifier: GPL-3.0-or-later
"""What mesh-to-speech hears in held-out speakers' motion.

`python -m training.evaluate_m2s --corpus DIR [--weights DIR] [--out DIR] [--listen DIR]`, or with
`--model LABEL=FILE` once or more in the place of the supervisor and the judge.

Motion of the clip's own words beside another clip's, the mean face, and shifts of 1, 2, 4 frames.
"""

from __future__ import annotations

import argparse
import json
import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from model_runtime.contract import FloatArray
from model_runtime.encoder import SpeechEncoder
from model_runtime.features import MELS_PER_MOTION_FRAME, log_mel
from model_runtime.mesh_to_speech import UNITS_NAME, MeshToSpeech, load_centroids, load_m2s
from model_runtime.weights import WEIGHTS_DIR, weights_path
from training.corpus.store import Clip, Corpus, open_corpus
from training.m2s_listen import write_sounds
from training.m2s_measure import (
    FIGURES,
    Row,
    Spoken,
    gains,
    listen,
    measure,
    motions_of,
    spoken,
    summary,
)
from training.metrics.bench import target_motion
from training.metrics.clips import KINDS, choose, few, partners
from training.pack import frame_phones
from training.units import load_encoder

log = logging.getLogger(__name__)
ROLES = ("supervisor", "judge")
Rows = dict[str, dict[str, dict[str, Row]]]  # kind -> motion -> clip -> figures


@dataclass(frozen=True)
class Ears:
    """What is needed to listen."""

    encoder: SpeechEncoder
    centroids: FloatArray
    models: dict[str, MeshToSpeech]


@dataclass(frozen=True)
class Material:
    """Held-out clips with their sound's targets and the articulation model's neutral motion."""

    clips: Sequence[Clip]
    targets: dict[str, Spoken]
    natural: dict[str, FloatArray]  # log-mel
    motions: dict[str, FloatArray]
    mean: FloatArray  # mean face


def open_ears(files: Mapping[str, Path], encoder: Path, centroids: Path) -> Ears:
    """Load the models `files` by name. Raises WeightsError where a file is missing."""
    models = {name: load_m2s(path) for name, path in files.items()}
    return Ears(load_encoder(encoder), load_centroids(centroids), models)


def model_files(options: argparse.Namespace) -> dict[str, Path]:
    """Name -> file of the models to measure. Raises WeightsError."""
    if options.model:
        return dict(options.model)
    weights = options.weights or WEIGHTS_DIR
    return {name: weights_path(f"m2s_{name}", weights) for name in options.roles}


def labelled(text: str) -> tuple[str, Path]:
    """'label=file' -> both; the file's folder is the label where there is none."""
    label, found, file = text.rpartition("=")
    return (label if found else Path(text).parent.name, Path(file))


def gather(corpus: Corpus, split: str, per_source: int, ears: Ears) -> Material:
    """Spoken clips of held-out speakers."""
    clips = [c for c in choose(corpus.clips(split=split), per_source) if c.kind in KINDS]
    natural, targets, motions = {}, {}, {}
    for clip in clips:
        samples = corpus.samples(clip)
        mel = log_mel(samples)
        segments = tuple((part.phone, part.start, part.end) for part in clip.segments)
        phones = frame_phones(segments, len(mel) // MELS_PER_MOTION_FRAME)
        natural[clip.id] = mel
        targets[clip.id] = spoken(mel, phones, ears.encoder, ears.centroids)
        motions[clip.id] = target_motion(clip.segments, samples)
    mean = np.concatenate(list(motions.values())).mean(0)
    return Material(clips, targets, natural, motions, mean)


def measure_all(model: MeshToSpeech, ears: Ears, material: Material) -> Rows:
    """Figures of every clip in every motion; `sound` is the recogniser on the real log-mel."""
    rows: Rows = defaultdict(lambda: defaultdict(dict))
    other = partners(material.clips)
    for clip in material.clips:
        target, truth = material.targets[clip.id], material.motions[clip.id]
        stranger = material.motions[other[clip.id].id]
        kind = rows[clip.kind]
        for name, motion in motions_of(truth, stranger, material.mean, target.frames).items():
            kind[name][clip.id] = measure(model, ears.encoder, motion(), target)
        kind["sound"][clip.id] = listen(ears.encoder, target.mel, target)
    return rows


def evaluate(ears: Ears, material: Material) -> dict[str, Any]:
    """Model -> kind -> summary; `over_first`: how much more than the first model the others hear in
    the clips' own motion."""
    document: dict[str, Any] = {}
    first: Rows = {}
    for name, model in ears.models.items():
        rows = measure_all(model, ears, material)
        document[name] = {kind: summary(rows[kind]) for kind in KINDS if kind in rows}
        for kind, found in document[name].items():
            if first:
                found["over_first"] = gains(first[kind]["truth"], rows[kind]["truth"])
        first = first or rows
        log.info("measured %s", name)
    return document


def markdown(document: dict[str, Any]) -> str:
    """One table a role and kind: mean [95 % interval] over clips."""
    lines: list[str] = []
    for role, kinds in document.items():
        for kind, found in kinds.items():
            clips = found["motions"]["truth"]["unit_accuracy"]["clips"]
            lines += [f"**{role}, {kind} speech** ({clips} clips)", ""]
            lines += ["| motion | " + " | ".join(FIGURES) + " |", "|---" * (len(FIGURES) + 1) + "|"]
            for name, figures in found["motions"].items():
                cells = (_cell(figures[key]) if key in figures else "-" for key in FIGURES)
                lines.append(f"| {name} | " + " | ".join(cells) + " |")
            if "over_first" in found:
                over = found["over_first"]
                cells = (_cell(over[key]) if key in over else "-" for key in FIGURES)
                lines.append("| truth, over the first model's | " + " | ".join(cells) + " |")
            lines.append("")
    return "\n".join(lines)


def _cell(figure: dict[str, float]) -> str:
    return f"{figure['mean']:.3f} [{figure['low']:.3f}, {figure['high']:.3f}]"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--split", default="test")
    parser.add_argument("--clips-per-source", type=int, default=20)
    parser.add_argument("--weights", type=Path, help="folder of the mesh-to-speech models")
    parser.add_argument("--roles", nargs="+", choices=ROLES, default=list(ROLES))
    parser.add_argument(
        "--model", type=labelled, action="append", metavar="LABEL=FILE", help="instead of the roles"
    )
    parser.add_argument("--encoder", type=Path, help="the recogniser; the bundled one by default")
    parser.add_argument("--units", type=Path, help="centroids of the speech units")
    parser.add_argument("--out", type=Path, help="folder for m2s.json and m2s.md")
    parser.add_argument("--listen", type=Path, help="folder for sounds and spectrograms")
    parser.add_argument("--listen-clips", type=int, default=4)
    parser.add_argument("--threads", type=int, default=1)
    return parser


def main() -> None:
    options = _parser().parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(options.threads)
    weights = options.weights or WEIGHTS_DIR
    encoder = options.encoder or WEIGHTS_DIR / "encoder.safetensors"
    centroids = options.units or weights / f"{UNITS_NAME}.safetensors"
    ears = open_ears(model_files(options), encoder, centroids)
    material = gather(open_corpus(options.corpus), options.split, options.clips_per_source, ears)
    if options.listen:
        _listen(options, ears, material)
    document = evaluate(ears, material)
    table = markdown(document)
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
        (options.out / "m2s.json").write_text(json.dumps(document, indent=1) + "\n")
        (options.out / "m2s.md").write_text(table)
    print(table)


def _listen(options: argparse.Namespace, ears: Ears, material: Material) -> None:
    other = partners(material.clips)
    model = next(iter(ears.models.values()))
    for clip in few(material.clips, options.listen_clips):
        target = material.targets[clip.id]
        motions = motions_of(
            material.motions[clip.id],
            material.motions[other[clip.id].id],
            material.mean,
            target.frames,
        )
        heard = write_sounds(
            options.listen, clip, material.natural[clip.id], target, model, motions, ears.encoder
        )
        shares = ", ".join(f"{name} {share:.2f}" for name, share in heard.items())
        log.info("%s: phones recognised in the sounds: %s", clip.id, shares)


if __name__ == "__main__":
    main()
