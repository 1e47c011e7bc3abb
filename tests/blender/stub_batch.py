# SPDX-License-Identifier: GPL-3.0-or-later
"""Stands in for the engine's process of a batch: takes of noise, written and journalled as it does.

python stub_batch.py batch LINES --out DIR ...   (the arguments of a crew's process)
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from model_runtime import batch_cli, batch_work  # noqa: E402
from model_runtime.batch_journal import (  # noqa: E402
    DONE,
    FAILED,
    HIDDEN,
    STARTED,
    Claims,
    Journal,
    is_there,
    output_record,
)
from model_runtime.contract import CHANNELS  # noqa: E402
from model_runtime.files import sha256_of  # noqa: E402


def main() -> int:
    parser = argparse.ArgumentParser()
    batch_cli.add_commands(parser.add_subparsers(dest="command"))
    options = parser.parse_args()
    if options.command == "report":
        (options.out / "report.html").write_text("<title>report</title>")
        return 0
    plan = batch_cli.plan_of(options)
    claims = Claims(options.out / HIDDEN)
    journal = Journal(options.out, claims, "1-of-1")
    for item in plan.items:
        one(options.out, journal, item)
    return 0


def tell(**event) -> None:
    sys.stdout.write(json.dumps(event) + "\n")
    sys.stdout.flush()


def one(out, journal, item) -> None:
    event = {"event": "line", "item": item.name, "status": "done", "finished": 0, "total": 1}
    if item.line.audio.stem == "bad":
        journal.write([{"record": FAILED, "item": item.name, "error": "bad sound"}])
        tell(**{**event, "status": "failed", "error": "bad sound"})
        return
    key = batch_work.take_key(item, sha256_of(item.line.audio), {})
    if is_there(journal.state(item.name).output("npz", key), out):
        tell(**{**event, "status": "kept"})
        return
    journal.note({"record": STARTED, "items": [item.name]})
    once = os.environ.get("STUB_DIES_ONCE")
    if once and not Path(once).exists():
        Path(once).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    path = out / item.path("npz")
    path.parent.mkdir(exist_ok=True)
    weights = np.random.default_rng(item.settings.seed).random((100, len(CHANNELS)), np.float32)
    made = json.dumps({"seed": item.settings.seed, "audio": {"sha256": "0"}})
    arrays = {"weights": weights * 0.3, "channels": np.array(CHANNELS), "fps": 50.0}
    np.savez(path, **arrays, provenance=np.array(made), seed=item.settings.seed)
    record = output_record(path, "npz", key, out, journal.state(item.name).generation)
    result = {"key": key, "score": 0.5, "seconds": 2.0}
    journal.write([{"record": DONE, "item": item.name, "outputs": [record], "result": result}])
    tell(**event, score=0.5)


if __name__ == "__main__":
    sys.exit(main())
