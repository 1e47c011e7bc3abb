# SPDX-License-Identifier: GPL-3.0-or-later
"""Write into a denoiser's file which motion space it speaks: that of the lessons it learnt.

`python -m training.motion_space --lessons DIR --denoiser FILE`
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from safetensors.torch import load_file, save_file

from model_runtime.motion_space import KEY, MotionSpace, as_values, space_of, unit_space
from model_runtime.weights import read_metadata

SPACE_FILE = "motion_space.json"


def space_of_lessons(folder: Path) -> MotionSpace:
    """That of lessons; those without a file of it speak CHANNELS. Raises WeightsError."""
    path = folder / SPACE_FILE
    if not path.is_file():
        return unit_space()
    return space_of({KEY: json.loads(path.read_text(encoding="utf-8"))})


def stamp(denoiser: Path, space: MotionSpace) -> None:
    """Put `space` into the metadata of a denoiser. Raises WeightsError if it cannot be its own."""
    config, extra = read_metadata(denoiser)
    space.check(len(config["mean"]))
    values: dict[str, Any] = {**extra, KEY: as_values(space)}
    metadata = {"config": json.dumps(config), "extra": json.dumps(values)}
    partial = denoiser.with_suffix(".part")
    save_file(load_file(denoiser), partial, metadata)
    partial.replace(denoiser)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lessons", type=Path, required=True)
    parser.add_argument("--denoiser", type=Path, required=True)
    options = parser.parse_args()
    space = space_of_lessons(options.lessons)
    stamp(options.denoiser, space)
    print(f"{options.denoiser}: {len(space.channels)} channels, {space.kind}, {space.face}")


if __name__ == "__main__":
    main()
