# SPDX-License-Identifier: GPL-3.0-or-later
"""Train the denoiser: `python -m training.train_denoiser --lessons DIR --run DIR`.

With `--pack DIR --units DIR --m2s FILE` it is supervised by mesh-to-speech; see docs/protocol.md.
"""

from __future__ import annotations

import argparse
import json
import logging
import math
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

from model_runtime.contract import RequestError
from model_runtime.denoiser import DenoiserConfig
from model_runtime.devices import DEVICES
from model_runtime.encoder import EncoderConfig, SpeechEncoder
from model_runtime.files import sha256_of
from model_runtime.mesh_to_speech import load_m2s
from model_runtime.weights import load_state, read_metadata
from training.commands import exit_code
from training.denoiser_config import SUPERVISED, TrainConfig
from training.denoiser_loop import Aids, train
from training.denoiser_model import start_from
from training.distributed import joined
from training.sounds import Sounds
from training.targets import Lessons


def parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--lessons", type=Path, required=True)
    p.add_argument("--run", type=Path, required=True)
    p.add_argument("--sampling", type=Path, help="JSON of engine.SamplingConfig values")
    p.add_argument("--from", dest="start", type=Path, help="a trained denoiser's model file")
    p.add_argument("--pack", type=Path, help="of the lessons, for what follows")
    p.add_argument("--m2s", type=Path, help="mesh-to-speech model file that supervises")
    p.add_argument("--units", type=Path, help="folder that training.units wrote")
    p.add_argument("--encoder", type=Path, help="speech encoder's model file, to be trained along")
    p.add_argument("--transcript", action="store_true", help="the denoiser also reads the phones")
    p.add_argument("--device", choices=DEVICES, default="auto")
    p.add_argument("--minutes", type=float, default=math.inf, help="stop then; go on another time")
    for name in (
        "steps",
        "batch",
        "parts",
        "seed",
        "threads",
        "loaders",
        "save_every",
        "log_every",
    ):
        p.add_argument(_flag(name), type=int, default=getattr(TrainConfig, name))
    for name in (
        "peak_rate",
        "encoder_rate",
        "gap_weight",
        "contact_gain",
        "m2s_weight",
        "m2s_scale",
        "noisiest",
    ):
        p.add_argument(_flag(name), type=float, default=getattr(TrainConfig, name))
    p.add_argument("--float32", dest="bf16", action="store_false", help="no bfloat16")
    p.add_argument("--supervise", choices=SUPERVISED, default=TrainConfig.supervise)
    return p


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")


def config_of(options: argparse.Namespace) -> TrainConfig:
    given = vars(options)
    return TrainConfig(**{f.name: given[f.name] for f in fields(TrainConfig) if f.name in given})


def aids_of(options: argparse.Namespace, lessons: Lessons) -> tuple[Aids, dict[str, Any]]:
    """The aids that a command names, and the extra values of the file gone on from."""
    sounds = Sounds(options.pack, lessons.items, options.units) if options.pack else None
    m2s = load_m2s(options.m2s) if options.m2s else None
    if m2s is not None and options.units is None:
        raise RequestError("Mesh-to-speech supervision needs speech units: --units DIR.")
    encoder = None
    if options.encoder:
        config, _ = read_metadata(options.encoder)
        encoder = load_state(SpeechEncoder(EncoderConfig(**config)), options.encoder)
    start, extra = start_from(options.start, options.transcript) if options.start else (None, {})
    return Aids(sounds, m2s, encoder, start, options.minutes), extra


def run_training(options: argparse.Namespace) -> None:
    """Do what the command line says. Raises ThunderError."""
    lessons = Lessons(options.lessons)
    aids, extra = aids_of(options, lessons)
    if options.sampling:
        extra["sampling"] = json.loads(options.sampling.read_text())
    files = {name: getattr(options, name) for name in ("start", "m2s", "encoder")}
    extra["made_from"] = {name: sha256_of(path) for name, path in files.items() if path}
    network = DenoiserConfig(transcript=options.transcript)
    with joined(options.device) as group:
        level = logging.INFO if group.first else logging.WARNING
        logging.basicConfig(level=level, format="%(asctime)s %(message)s")
        train(lessons, options.run, config_of(options), network, extra, aids, group)


def main() -> int:
    """Run the command: 0, or 1 with one sentence on stderr."""
    options = parser().parse_args()
    return exit_code(lambda: run_training(options))


if __name__ == "__main__":
    sys.exit(main())
