# SPDX-License-Identifier: GPL-3.0-or-later
"""A batch that dies where it is told to; `tools/campaign.py` starts it.

    python tools/campaign_child.py [--die WHERE:N] [--fake] [--clock-back] batch LINES --out DIR ...

WHERE is write (half a journal record is on the disk), part (half an output), fsync, rename, renamed
(before the journal knows), report, or perform; N counts from 1. The process kills itself as
`kill -9` would. --fake replaces the models by noise keyed by sound and seed.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from model_runtime import __main__ as command_line  # noqa: E402
from model_runtime import batch_cli, batch_report, batch_run, files  # noqa: E402
from model_runtime.batch_contacts import Score  # noqa: E402
from model_runtime.batch_perform import Performed, Performer  # noqa: E402
from model_runtime.contract import CHANNELS, Take  # noqa: E402
from tools.campaign_deaths import Death, in_calls, now  # noqa: E402


class Noise:
    """Performs with noise: the same bytes for the same sound and seed."""

    def __init__(self, death: Death, pause: float = 0.0) -> None:
        self._death, self._pause = death, pause

    def perform(self, items: Any) -> list[Performed]:
        self._death.at("perform")
        time.sleep(self._pause)
        return [self._one(item, audio) for item, audio in items]

    def _one(self, item: Any, audio: Any) -> Performed:
        noise = np.random.default_rng([item.settings.seed, int(audio.sha256[:8], 16)])
        weights = noise.random((len(audio.samples) // 320, len(CHANNELS)), np.float32) * 0.3
        take = Take(weights, provenance={"seed": item.settings.seed, "models": {}})
        score = Score("contacts", round(float(noise.random()), 3), 0.1, (1.0, 0.5))
        return Performed(take, score, ((item.settings.seed, score.value or 0.0),))


def place_death(death: Death) -> None:
    """Put the death into the calls that reach the disk."""
    in_calls(death)
    exclusive, report = files._exclusive, batch_report.write_atomic

    def dying_file(path: Path) -> BinaryIO:
        file = exclusive(path)
        if death.comes("part"):
            file.write(b"half")
            file.flush()
            now()
        return file

    def dying_report(path: Path, data: bytes) -> None:
        report(path, data)
        death.at("report")

    perform = Performer.perform

    def dying_perform(self: Performer, items: Any) -> Any:
        death.at("perform")
        return perform(self, items)

    Performer.perform = dying_perform  # type: ignore[method-assign]
    files._exclusive = dying_file
    batch_report.write_atomic = dying_report  # type: ignore[attr-defined]


def set_clock_back() -> None:
    """Each look at the clock is an hour earlier than the one before."""
    start, looks = time.time(), iter(range(1, 1 << 30))
    time.time = lambda: start - 3600.0 * next(looks)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--die", default="")
    parser.add_argument("--fake", action="store_true")
    parser.add_argument("--pause", type=float, default=0.0, help="seconds before some lines")
    parser.add_argument("--clock-back", action="store_true")
    options, rest = parser.parse_known_args()
    death = Death(options.die)
    if options.die:
        place_death(death)
    if options.clock_back:
        set_clock_back()
    if options.fake:
        batch_cli.performer_of = lambda given: lambda: Noise(death, options.pause)  # type: ignore[assignment]
        batch_run.GROUP = 4
    return command_line.main(rest)


if __name__ == "__main__":
    sys.exit(main())
