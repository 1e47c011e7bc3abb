# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes models of one's own by the commands of docs/training.md, on data of seconds.

`python tests/blender/own_models.py FOLDER`, in a Python that has torch: `my_weights` speak units,
`flame_weights` the parameters of `generic_model.pkl`, a stand-in for a FLAME file.
"""

from __future__ import annotations

import os
import re
import runpy
import shlex
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.training import data_writers as write  # noqa: E402
from tools import make_test_flame  # noqa: E402

BLOCKS = re.findall(
    r"```sh\n(python -m training\.prepare .*?)```",
    (ROOT / "docs" / "training.md").read_text(encoding="utf-8"),
    re.DOTALL,
)
TALKS = ("1_wayne_0_1_1", "2_scott_0_65_65")  # recordings of BEAT2, by two speakers
SECONDS, FPS = 2.0, 30.0


def run(command: str) -> None:
    """A command of the document in this process, with two short steps of training."""
    words = shlex.split(command)
    words = [str(ROOT / word) if word.startswith("model_runtime/") else word for word in words]
    if "--steps" in words:
        words[words.index("--steps") + 1 :] = ["2", "--batch", "2"]
    sys.argv = words[2:]
    sys.modules.pop(words[2], None)
    try:
        runpy.run_module(words[2], run_name="__main__", alter_sys=True)
    except SystemExit as end:
        assert end.code in (None, 0), command


def units_data(folder: Path) -> None:
    write.arkit(folder, ("ada", "ben"), lines=1)


def flame_data(folder: Path) -> None:
    """Expressions that swing and a jaw that opens and shuts."""
    time = np.arange(int(SECONDS * FPS))[:, None]
    exp = (0.8 * np.sin(0.3 * time + 0.7 * np.arange(100))).astype(np.float32)
    jaw = np.zeros((len(time), 3), np.float32)
    jaw[:, :1] = 0.15 + 0.15 * np.sin(0.6 * time)
    write.beat2(folder, dict.fromkeys(TALKS, (exp, jaw)))


def main() -> None:
    home = Path(sys.argv[1])
    make_test_flame.IDENTITIES = 2
    for name, data, block in zip(("u", "f"), (units_data, flame_data), BLOCKS, strict=True):
        place = home / name
        place.mkdir(parents=True)
        os.chdir(place)
        data(Path("my_data"))
        if "generic_model.pkl" in block:
            stand_in = make_test_flame.stand_in()
            make_test_flame.WRITERS["generic_model.pkl"](Path("generic_model.pkl"), stand_in)
        for command in block.strip().splitlines():
            if "model_runtime generate" not in command:
                run(command)


if __name__ == "__main__":
    main()
