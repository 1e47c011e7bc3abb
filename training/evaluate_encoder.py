# SPDX-License-Identifier: GPL-3.0-or-later
"""How well the speech encoder hears phones and lip contacts on speakers it has never heard.

`python -m training.evaluate_encoder --pack DIR --encoder FILE [--probe FILE] [--before FILE]
[--out docs/results/thunder.json] [--markdown FILE]`
"""

from __future__ import annotations

import argparse
import logging
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from model_runtime.contract import FloatArray
from model_runtime.encoder import EncoderConfig, SpeechEncoder
from model_runtime.features import normalise
from model_runtime.files import sha256_of
from model_runtime.hearing import Calibration, hear_mel
from model_runtime.phones import PHONE_INDEX
from model_runtime.weights import load_state, read_metadata
from training.encoder_scores import (
    CONTACT_GROUPS,
    THRESHOLDS,
    Heard,
    Tally,
    difference,
    figures,
    intervals,
    tally,
)
from training.metrics.results import update_results
from training.pack import Item, Pack
from training.probe import load_probe

log = logging.getLogger(__name__)
Listener = Callable[[FloatArray], Heard]
SYNTHETIC = ("espeak", "flite", "festival")
SHOWN = (
    "viseme_accuracy",
    "phone_accuracy",
    "pbm_frame_recall",
    "fv_frame_recall",
    "pbm_recall_at_2pct",
    "fv_recall_at_2pct",
    "phone_error_rate",
    "phone_error_rate_in_bounds",
)


def encoder_listener(path: Path) -> Listener:
    """The encoder as the engine hears with it, its posteriors uncalibrated."""
    config, _ = read_metadata(path)
    encoder = load_state(SpeechEncoder(EncoderConfig(**config)), path)

    def listen(mel: FloatArray) -> Heard:
        heard = hear_mel(encoder, mel, Calibration())
        return Heard(heard.phones, heard.contacts[:, :2])

    return listen


def probe_listener(path: Path) -> Listener:
    """The probe; a contact's posterior is the sum of its phones'."""
    probe = load_probe(path)

    @torch.inference_mode()
    def listen(mel: FloatArray) -> Heard:
        logits = probe(torch.from_numpy(normalise(mel))[None])[0]
        phones = logits.softmax(-1).numpy()
        groups = [[PHONE_INDEX[phone] for phone in group] for group in CONTACT_GROUPS.values()]
        return Heard(phones, np.stack([phones[:, group].sum(1) for group in groups], 1))

    return listen


def kind_of(source: str) -> str:
    """real, synthetic or silence (which counts for neither)."""
    if source.startswith(SYNTHETIC):
        return "synthetic"
    return "silence" if source in ("silence", "noises") else "real"


def choose_items(pack: Pack, split: str, per_source: int) -> dict[str, list[Item]]:
    """Up to `per_source` clips as recorded of each source with speech, evenly spread."""
    by_source: dict[str, list[Item]] = defaultdict(list)
    for item in pack.select(split):
        if item.copy == 0 and kind_of(item.source) != "silence":
            by_source[item.source].append(item)
    places = {
        source: np.unique(np.linspace(0, len(items) - 1, per_source).astype(int))
        for source, items in sorted(by_source.items())
    }
    return {source: [by_source[source][k] for k in some] for source, some in places.items()}


def measure(pack: Pack, items: dict[str, list[Item]], listen: Listener) -> dict[str, list[Tally]]:
    """Tallies of every clip, by source."""
    return {
        source: [tally(listen(pack.mel(item)), pack.phones(item), item) for item in some]
        for source, some in items.items()
    }


def pooled(tallies: dict[str, list[Tally]]) -> dict[str, list[Tally]]:
    """The clips of each source, and those of all real and all synthetic sources together."""
    groups: dict[str, list[Tally]] = {"real": [], "synthetic": []}
    for source, some in tallies.items():
        groups[kind_of(source)] += some
    return {name: some for name, some in (groups | tallies).items() if some}


def report(tallies: dict[str, list[Tally]]) -> dict[str, Any]:
    """Figures with 95 % intervals over clips, by source and kind."""
    table: dict[str, Any] = {}
    for group, some in pooled(tallies).items():
        values, ends = figures(some), intervals(some)
        table[group] = {
            "clips": len(some),
            "events": {name: sum(len(t.peaks[name]) for t in some) for name in CONTACT_GROUPS},
            **{name: _shown(values[name], *ends[name]) for name in values},
        }
    return table


def _shown(*values: float) -> list[float | None]:
    """Four digits; None where there was nothing to count."""
    return [round(value, 4) if np.isfinite(value) else None for value in values]


def _cell(values: list[float | None]) -> str:
    value, low, high = values
    return "-" if value is None else f"{value:.3f} ({low:.3f}-{high:.3f})"


def summary(models: dict[str, Any], gains: dict[str, Any]) -> dict[str, Any]:
    """The part `encoder` of the results: the issue's figures on top, everything below."""
    encoder = models["encoder"]
    top = {
        f"{name}_{kind}": encoder[kind][figure][0]
        for kind in ("real", "synthetic")
        if kind in encoder
        for name, figure in (
            ("viseme_accuracy", "viseme_accuracy"),
            ("phone_accuracy", "phone_accuracy"),
            ("pbm_recall", "pbm_frame_recall"),
            ("fv_recall", "fv_frame_recall"),
            ("pbm_events_at_2pct", "pbm_recall_at_2pct"),
            ("fv_events_at_2pct", "fv_recall_at_2pct"),
        )
    }
    return {**top, "gain_over": gains, "models": models}


def markdown(models: dict[str, Any]) -> str:
    """Two tables: the figures by source, and the events by threshold."""
    lines = ["| model | clips of | " + " | ".join(SHOWN) + " |"]
    lines.append("|---" * (len(SHOWN) + 2) + "|")
    for model, table in models.items():
        for group, row in table.items():
            if isinstance(row, dict):
                cells = [_cell(row[name]) for name in SHOWN]
                lines.append(f"| {model} | {group} ({row['clips']}) | " + " | ".join(cells) + " |")
    heads = [group for group in ("real", "synthetic") if group in next(iter(models.values()))]
    lines += ["", "p b m / f v heard / vowels falsely shut (the p b m posterior):", ""]
    columns = [f"{model}, {group}" for model in models for group in heads]
    lines.append("| threshold | " + " | ".join(columns) + " |")
    lines.append("|---" * (len(columns) + 1) + "|")
    for threshold in THRESHOLDS:
        cells = [
            " / ".join(
                str(models[model][group][f"{name}@{threshold}"][0])
                for name in ("pbm_recall", "fv_recall", "pbm_false")
            )
            for model in models
            for group in heads
        ]
        lines.append(f"| {threshold} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def evaluate(
    pack: Pack, listeners: dict[str, tuple[Path, Listener]], split: str, per_source: int
) -> tuple[dict[str, Any], dict[str, Any]]:
    """(models, gains): every model's report; the encoder's gains over the others on real clips."""
    items = choose_items(pack, split, per_source)
    tallies, models = {}, {}
    for name, (path, listener) in listeners.items():
        tallies[name] = measure(pack, items, listener)
        models[name] = {"file": path.name, "sha256": sha256_of(path), **report(tallies[name])}
        log.info("%s: %s", name, {k: models[name]["real"][k][0] for k in SHOWN})
    ours = pooled(tallies["encoder"])
    gains = {
        name: {
            kind: {
                figure: _shown(*values)
                for figure, values in difference(ours[kind], pooled(other)[kind]).items()
                if figure in SHOWN
            }
            for kind in ("real", "synthetic")
            if kind in ours
        }
        for name, other in tallies.items()
        if name != "encoder"
    }
    return models, gains


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pack", type=Path, required=True)
    parser.add_argument("--encoder", type=Path, required=True)
    parser.add_argument("--probe", type=Path, help="probe.safetensors of training.probe")
    parser.add_argument("--before", type=Path, help="an earlier encoder")
    parser.add_argument("--split", default="test", choices=("dev", "test"))
    parser.add_argument("--per-source", type=int, default=40)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path, help="JSON whose part 'encoder' is replaced")
    parser.add_argument("--markdown", type=Path)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(options.threads)
    listeners = {"encoder": (options.encoder, encoder_listener(options.encoder))}
    if options.before:
        listeners["before"] = (options.before, encoder_listener(options.before))
    if options.probe:
        listeners["probe"] = (options.probe, probe_listener(options.probe))
    models, gains = evaluate(Pack(options.pack), listeners, options.split, options.per_source)
    text = markdown(models)
    print(text)
    if options.markdown:
        options.markdown.write_text(text, encoding="utf-8")
    if options.out:
        update_results(options.out, {"encoder": summary(models, gains)})


if __name__ == "__main__":
    main()
