# SPDX-License-Identifier: GPL-3.0-or-later
"""Speech units: k-means over the speech encoder's features, one unit a motion frame.

`python -m training.units --pack DIR --encoder FILE --out DIR`

After HuBERT's discrete units (Hsu et al. 2021), on this project's own encoder. Clips come in an
order drawn from their names, so whatever part of a large pack is done is a fair sample of it; what
is not done yet holds UNKNOWN_UNIT, and the command goes on where it stopped.
"""

from __future__ import annotations

import argparse
import hashlib
import logging
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from safetensors.numpy import save_file

from model_runtime.contract import FloatArray, ThunderError
from model_runtime.encoder import EncoderConfig, SpeechEncoder, encode
from model_runtime.features import normalise
from model_runtime.files import sha256_of
from model_runtime.mesh_to_speech import UNITS_NAME, load_centroids, nearest_unit
from model_runtime.weights import load_state, read_metadata
from training.pack import Item, Pack

log = logging.getLogger(__name__)
UNIT_COUNT = 200
UNKNOWN_UNIT = 255  # a frame whose unit was not computed
UNITS_FILE = "units.npy"
CENTROIDS_FILE = f"{UNITS_NAME}.safetensors"
UnitArray = npt.NDArray[np.uint8]
FIRST_DEV = 60  # development clips that are done before all others


@dataclass(frozen=True)
class UnitConfig:
    """How the units are found."""

    units: int = UNIT_COUNT
    clips: int = 300  # whose features the centroids are fitted to
    frames: int = 80_000  # of those clips, at most
    rounds: int = 25
    seed: int = 0


def clip_key(name: str) -> int:
    """A number drawn from a clip's name: order and halves of the corpus, blind to its content."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "little")


def load_encoder(path: Path) -> SpeechEncoder:
    """The speech encoder of a model file, frozen. Raises WeightsError."""
    config, _ = read_metadata(path)
    return load_state(SpeechEncoder(EncoderConfig(**config)), path)


def speech_features(encoder: SpeechEncoder, mel: FloatArray) -> FloatArray:
    """Log-mel (2 * frames, bands) of a whole clip -> the encoder's features (frames, width)."""
    with torch.autocast("cpu", torch.bfloat16):
        speech = encode(encoder, torch.from_numpy(normalise(mel)))
    features: FloatArray = speech.features.numpy()
    return features


def fit_centroids(features: FloatArray, config: UnitConfig) -> FloatArray:
    """Centroids (units, width) by Lloyd's algorithm from k-means++ seeds; a lost one is reseeded.

    Deterministic in (features, config). Raises ThunderError with fewer frames than units.
    """
    if len(features) < config.units:
        raise ThunderError(
            f"{config.units} speech units need as many frames of speech; there are "
            f"{len(features)}. Give more clips or ask for fewer units."
        )
    rng = np.random.default_rng(config.seed)
    centroids = _seeds(features, config.units, rng)
    for _ in range(config.rounds):
        member = nearest_unit(features, centroids)
        count = np.bincount(member, minlength=config.units)
        order = np.argsort(member, kind="stable")
        filled = np.flatnonzero(count)
        starts = np.searchsorted(member[order], filled)
        sums = np.add.reduceat(features[order], starts, axis=0)
        centroids[filled] = sums / count[filled, None]
        lost = np.flatnonzero(count == 0)
        centroids[lost] = features[rng.integers(0, len(features), len(lost))]
    return centroids


def _seeds(features: FloatArray, count: int, rng: np.random.Generator) -> FloatArray:
    """k-means++ (Arthur & Vassilvitskii 2007) over at most 20 000 of the frames."""
    few = features[rng.permutation(len(features))[:20_000]]
    chosen = [few[rng.integers(len(few))]]
    distance = np.square(few - chosen[0]).sum(1)
    for _ in range(count - 1):
        total = np.cumsum(distance, dtype=np.float64)
        pick = min(int(np.searchsorted(total, rng.random() * total[-1])), len(few) - 1)
        chosen.append(few[pick])
        distance = np.minimum(distance, np.square(few - few[pick]).sum(1))
    return np.stack(chosen)


def in_drawn_order(items: Iterable[Item]) -> list[Item]:
    """Clips as recorded before augmented copies, in the order of their names' keys."""
    return sorted(items, key=lambda item: (item.copy, clip_key(item.clip)))


def sample_features(pack: Pack, encoder: SpeechEncoder, config: UnitConfig) -> FloatArray:
    """Features of training clips to fit the centroids to: (<= config.frames, width)."""
    items = in_drawn_order(pack.select("train"))[: config.clips]
    features = np.concatenate([speech_features(encoder, pack.mel(item)) for item in items])
    keep = np.random.default_rng(config.seed).permutation(len(features))[: config.frames]
    return features[np.sort(keep)]


def save_centroids(path: Path, centroids: FloatArray, encoder: Path) -> None:
    """Write centroids (units, width) with the sha256 of the encoder whose features they divide."""
    metadata = {"encoder": sha256_of(encoder)}
    save_file({"centroids": centroids.astype(np.float16)}, path, metadata)


def label_items(
    pack: Pack,
    items: Sequence[Item],
    encoder: SpeechEncoder,
    centroids: FloatArray,
    units: UnitArray,
    minutes: float,
) -> int:
    """Fill `units` (frames of the pack,) for the clips that miss it; gives the clips now done."""
    began, done = time.monotonic(), 0
    for item in items:
        if time.monotonic() - began > 60 * minutes:
            break
        rows = slice(item.start, item.start + item.frames)
        if UNKNOWN_UNIT in units[rows]:
            units[rows] = nearest_unit(speech_features(encoder, pack.mel(item)), centroids)
        done += 1
        if done % 500 == 0:
            log.info("units of %d of %d clips", done, len(items))
    return done


def open_units(path: Path, frames: int) -> UnitArray:
    """The pack's units as a writable memory map, UNKNOWN_UNIT throughout when new."""
    if not path.is_file():
        np.save(path, np.full(frames, UNKNOWN_UNIT, np.uint8))
    units: UnitArray = np.load(path, mmap_mode="r+")
    return units


def build_units(
    pack: Pack, encoder_file: Path, out: Path, config: UnitConfig, minutes: float = float("inf")
) -> int:
    """Fit the centroids once, then label development clips and training clips in drawn order."""
    out.mkdir(parents=True, exist_ok=True)
    encoder = load_encoder(encoder_file)
    where = out / CENTROIDS_FILE
    if not where.is_file():
        centroids = fit_centroids(sample_features(pack, encoder, config), config)
        save_centroids(where, centroids, encoder_file)
        log.info("centroids fitted")
    items = in_drawn_order(item for item in pack.items if item.split != "test")
    items = [i for i in items if i.split == "dev"][:FIRST_DEV] + items
    frames = max(item.start + item.frames for item in pack.items)
    units = open_units(out / UNITS_FILE, frames)
    return label_items(pack, items, encoder, load_centroids(where), units, minutes)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pack", type=Path, required=True)
    parser.add_argument("--encoder", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--units", type=int, default=UNIT_COUNT)
    parser.add_argument("--minutes", type=float, default=float("inf"), help="stop labelling then")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(1)
    config = UnitConfig(units=options.units)
    done = build_units(Pack(options.pack), options.encoder, options.out, config, options.minutes)
    log.info("%d clips have units in %s", done, options.out)


if __name__ == "__main__":
    main()
