# SPDX-License-Identifier: GPL-3.0-or-later
"""What a pack's 8 bits cost: how the encoder hears development clips through steps of log-mel.

`python -m training.pack_cost --corpus DIR --encoder FILE [--clips 40] [--steps 0.1 0.2 0.5 0.8]`
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from model_runtime.features import MELS_PER_MOTION_FRAME, log_mel
from training.corpus import open_corpus
from training.encoder_scores import Tally, figures, tally
from training.evaluate_encoder import Listener, encoder_listener
from training.pack import Item, frame_phones
from training.pack_parts import quantise, restore

if TYPE_CHECKING:
    from training.corpus import Clip
    from training.corpus.store import Corpus

TOLD = ("phone_accuracy", "viseme_accuracy", "pbm_recall_at_2pct", "fv_recall_at_2pct")


def spread(corpus: Corpus, count: int) -> list[Clip]:
    """Development clips with speech, every so many of them."""
    clips = [clip for clip in corpus.clips("dev") if clip.kind != "silence"]
    return [clips[k] for k in np.unique(np.linspace(0, len(clips) - 1, count).astype(int))]


def heard_through(corpus: Corpus, clip: Clip, listen: Listener, step: float | None) -> Tally:
    """How a clip is heard when its log-mel is stored in multiples of `step`; None as computed."""
    mel = log_mel(corpus.samples(clip))
    rows = tuple((part.phone, part.start, part.end) for part in clip.segments)
    item = Item(clip.id, 0, clip.source, "dev", 0, len(mel) // MELS_PER_MOTION_FRAME, rows)
    stored = mel if step is None else restore(quantise(mel, step), step)
    return tally(listen(stored), frame_phones(rows, item.frames).astype(np.int64), item)


def table(corpus: Corpus, clips: Sequence[Clip], listen: Listener, steps: Sequence[float]) -> str:
    lines = [f"| step in nepers | {' | '.join(TOLD)} |", "|---" * (1 + len(TOLD)) + "|"]
    for step in (None, *steps):
        found = figures([heard_through(corpus, clip, listen, step) for clip in clips])
        told = " | ".join(f"{found[name]:.4f}" for name in TOLD)
        lines.append(f"| {'none' if step is None else step} | {told} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--encoder", type=Path, required=True)
    parser.add_argument("--clips", type=int, default=40)
    parser.add_argument("--steps", type=float, nargs="+", default=[0.1, 0.2, 0.5, 0.8])
    options = parser.parse_args()
    torch.set_num_threads(1)
    corpus = open_corpus(options.corpus)
    listen = encoder_listener(options.encoder)
    clips = spread(corpus, options.clips)
    print(f"{len(clips)} clips, {sum(clip.seconds for clip in clips) / 60:.1f} minutes")
    print(table(corpus, clips, listen, options.steps))


if __name__ == "__main__":
    main()
