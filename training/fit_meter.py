# SPDX-License-Identifier: GPL-3.0-or-later
"""Fit the meter's small network to a judge, on development speakers.

`python -m training.fit_meter --corpus DIR [--weights DIR] [--out DIR]`

Needs encoder, speech units and judge in the weights' folder, writes meter.safetensors beside them
and its checksum into sha256.json.
"""

from __future__ import annotations

import argparse
import json
import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from scipy.optimize import minimize
from torch import Tensor
from torch.nn import functional

from model_runtime.contract import FloatArray
from model_runtime.files import sha256_of
from model_runtime.meter import JUDGE, Meters
from model_runtime.meter_config import NAME, MeterConfig, MeterNet
from model_runtime.meter_evidence import Compared, compare, frame_features, line_features
from model_runtime.meter_hearing import expected_lips, seen_lips
from model_runtime.meter_lips import LipMatch
from model_runtime.recognise import load_recogniser
from model_runtime.weights import CHECKSUMS, WEIGHTS_DIR, save_model
from training.corpus.store import open_corpus
from training.fit_lips import fit_lips
from training.meter_data import Pair, calibrate_contacts, gather, missed
from training.meter_lags import fit_lags, fit_mix
from training.metrics.clips import KINDS, choose

log = logging.getLogger(__name__)
LEAST_BACKGROUND = 2e-4
LABEL_SLACK = 0.02  # of every label: no evidence is beyond doubt
QUIET_WEIGHT = 0.2  # of a frame without speech
STEPS, RATE, DECAY = 220, 0.03, 1e-3
MOST_ROWS = 50_000  # frames the network is fitted to, drawn from all
WRONG_SHARES = {  # of the wrong lines, in the fit of the line's score
    "shifted": 0.34,
    "shuffled": 0.11,
    "warped": 0.22,
    "other words": 0.22,
    "still": 0.11,
}
LINE_SLACK, LINE_SHRINK = 0.01, 1e-3
PLANTED_SHARE = 0.4  # of the weight of wrong frames: those of motions that else belong


class Rows(NamedTuple):
    """Frames of all pairs."""

    evidence: Tensor
    contacts: Tensor
    labels: Tensor
    weights: Tensor


def fit(pairs: Sequence[Pair], config: MeterConfig, seed: int = 0) -> MeterNet:
    """The network for these pairs; `config` with its background and statistics filled in."""
    torch.manual_seed(seed)
    config = replace(config, background=_background(pairs))
    lips = fit_lips(pairs, seed)
    pairs = [_expecting(pair, lips) for pair in pairs]
    compared = _compared(pairs, config, lips)
    config = fit_mix(config, pairs, compared)
    config = fit_lags(config, pairs, compared)
    features = [
        frame_features(c, p.heard.spoken, config) for c, p in zip(compared, pairs, strict=True)
    ]
    config = _with_statistics(config, np.concatenate(features))
    net = MeterNet(config)
    net.lips.load_state_dict(lips.state_dict())
    contacts = [missed(pair, config) for pair in pairs]
    _fit_frames(net, _rows(pairs, features, contacts))
    lines = _lines(net, pairs, compared, features, contacts)
    return fit_lines(net, lines, [pair.kind for pair in pairs])


def _background(pairs: Sequence[Pair]) -> tuple[float, ...]:
    """How probable each unit is in any motion, as the judge sees it."""
    seen = [pair.watched.judged.units.mean(0) for pair in pairs if pair.kind == "truth"]
    mean = np.maximum(np.mean(seen, 0), LEAST_BACKGROUND)
    return tuple(float(value) for value in mean / mean.sum())


def _expecting(pair: Pair, lips: LipMatch) -> Pair:
    return replace(pair, heard=replace(pair.heard, lips=expected_lips(lips, pair.heard.cues)))


def _compared(pairs: Sequence[Pair], config: MeterConfig, lips: LipMatch) -> list[Compared]:
    return [
        compare(
            pair.heard,
            pair.watched.judged,
            seen_lips(lips, pair.watched.mouth),
            config,
            (0, pair.heard.frames),
        )
        for pair in pairs
    ]


def _with_statistics(config: MeterConfig, features: FloatArray) -> MeterConfig:
    return replace(
        config,
        mean=tuple(features.mean(0).tolist()),
        scale=tuple(np.maximum(features.std(0), 1e-3).tolist()),
    )


def _rows(
    pairs: Sequence[Pair], features: Sequence[FloatArray], contacts: Sequence[FloatArray]
) -> Rows:
    labels = [_labels(pair) for pair in pairs]
    spoken = np.concatenate([pair.heard.spoken for pair in pairs])
    truth = np.concatenate(labels)
    weights = np.where(spoken, 1.0, QUIET_WEIGHT)
    planted = np.concatenate(
        [np.zeros(p.heard.frames, bool) if p.wrong is None else p.wrong for p in pairs]
    )
    for group, share in (
        (truth == 1.0, 1.0),
        ((truth == 0.0) & ~planted, 1.0 - PLANTED_SHARE),
        (planted, PLANTED_SHARE),
    ):  # as many that belong as that do not
        weights[group] *= share / weights[group].sum()
    soft = LABEL_SLACK + (1.0 - 2.0 * LABEL_SLACK) * truth
    columns = (np.concatenate(features), np.concatenate(contacts), soft, weights)
    some = np.linspace(0, len(truth) - 1, min(len(truth), MOST_ROWS)).astype(int)
    return Rows(*(torch.from_numpy(np.asarray(column[some], np.float32)) for column in columns))


def _labels(pair: Pair) -> FloatArray:
    labels = np.full(pair.heard.frames, float(pair.belongs), np.float32)
    if pair.wrong is not None:
        labels[pair.wrong] = 0.0
    return labels


def _fit_frames(net: MeterNet, rows: Rows) -> None:
    """Cross-entropy with weight decay, full batch."""
    picked = [net.enter.weight, net.enter.bias, net.out.weight, net.out.bias, net.cost]
    optimiser = torch.optim.AdamW(picked, lr=RATE, weight_decay=DECAY)
    plan = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, STEPS)
    for step in range(STEPS):
        logits = net.frames(rows.evidence, rows.contacts)
        losses = functional.binary_cross_entropy_with_logits(logits, rows.labels, reduction="none")
        loss = (losses * rows.weights).sum() / rows.weights.sum()
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        plan.step()
        if step % 200 == 0 or step == STEPS - 1:
            log.info("step %d: cross-entropy of the frames %.4f", step, loss.item())


@torch.no_grad()
def _lines(
    net: MeterNet,
    pairs: Sequence[Pair],
    compared: Sequence[Compared],
    features: Sequence[FloatArray],
    contacts: Sequence[FloatArray],
) -> FloatArray:
    rows = []
    for pair, found, evidence, contact in zip(pairs, compared, features, contacts, strict=True):
        logits = net.frames(torch.from_numpy(evidence), torch.from_numpy(contact)).numpy()
        rows.append(line_features(found, logits, pair.heard.spoken, net.config))
    return np.array(rows, np.float32)


def fit_lines(net: MeterNet, features: FloatArray, kinds: Sequence[str]) -> MeterNet:
    """The network with its line head fitted: logistic regression (lines, LINE_FEATURES).

    Spoilt lines are left out: of a line that is right but for a third of its contacts the score may
    be anything. What is wrong counts by WRONG_SHARES, the truth as much as all of it.
    """
    mean, scale = features.mean(0), np.maximum(features.std(0), 1e-3)
    of = np.array(kinds)
    rows = ((features - mean) / scale).astype(np.float64)
    weights = np.zeros(len(rows))
    for kind, share in {"truth": 1.0, **WRONG_SHARES}.items():
        weights[of == kind] = share / max(1, int((of == kind).sum()))
    soft = np.where(of == "truth", 1.0 - LINE_SLACK, LINE_SLACK)

    def loss(values: FloatArray) -> float:
        logits = rows @ values[1:] + values[0]
        fit = (weights * (np.logaddexp(0.0, logits) - soft * logits)).sum() / weights.sum()
        return float(2.0 * fit) + LINE_SHRINK * float((values[1:] ** 2).sum())

    found = minimize(loss, np.zeros(1 + rows.shape[1]), method="BFGS")
    log.info("cross-entropy of the lines %.4f", found.fun)
    config = replace(net.config, line_mean=tuple(mean.tolist()), line_scale=tuple(scale.tolist()))
    fitted = MeterNet(config)
    fitted.load_state_dict(net.state_dict())
    with torch.no_grad():
        fitted.line.weight.copy_(torch.from_numpy(found.x[None, 1:]))
        fitted.line.bias.copy_(torch.from_numpy(found.x[:1]))
    return fitted.requires_grad_(False)


def write_checksum(path: Path) -> None:
    """Put one file's sha256 into the list beside it."""
    sums = path.parent / CHECKSUMS
    known = json.loads(sums.read_text()) if sums.is_file() else {}
    known[path.name] = sha256_of(path)
    sums.write_text(json.dumps(dict(sorted(known.items())), indent=1) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--split", default="dev")
    parser.add_argument("--clips-per-source", type=int, default=45)
    parser.add_argument("--weights", type=Path, default=WEIGHTS_DIR)
    parser.add_argument("--judge", default=JUDGE, help="name of the judge's file")
    parser.add_argument("--out", type=Path, help="folder for meter.safetensors; --weights' own")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(options.threads)
    config = MeterConfig(judge=sha256_of(options.weights / f"{options.judge}.safetensors"))
    meters = Meters.load(
        options.weights,
        judge=options.judge,
        net=MeterNet(config),
        recogniser=load_recogniser(options.weights)[0],
    )
    corpus = open_corpus(options.corpus)
    found = choose(corpus.clips(split=options.split), options.clips_per_source)
    clips = [clip for clip in found if clip.kind in KINDS]
    config = replace(config, contacts=calibrate_contacts(meters, corpus, clips))
    meters.net = MeterNet(config)
    pairs = gather(meters, corpus, clips, np.random.default_rng(options.seed))
    net = fit(pairs, config, options.seed)
    path = (options.out or options.weights) / f"{NAME}.safetensors"
    save_model(net, net.config, path, clips=len(clips), pairs=len(pairs), seed=options.seed)
    write_checksum(path)
    print(f"{path}: {len(clips)} lines, {len(pairs)} pairs")


if __name__ == "__main__":
    main()
