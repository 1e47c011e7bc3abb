# SPDX-License-Identifier: GPL-3.0-or-later
"""Put an encoder and a denoiser together for use, with how motion is drawn from them.

`python -m training.bundle --encoder FILE --denoiser FILE --sampling JSON --out FOLDER`
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from safetensors.torch import load_file, save

from model_runtime.engine import sampling_config
from model_runtime.files import write_atomic
from model_runtime.weights import WEIGHTS_DIR, read_metadata, write_checksums


def bundle(encoder: Path, denoiser: Path, sampling: dict[str, Any], out: Path) -> None:
    """Write both models into `out`, `sampling` (engine.SamplingConfig) in the denoiser's file."""
    out.mkdir(parents=True, exist_ok=True)
    (out / "encoder.safetensors").write_bytes(encoder.read_bytes())
    config, extra = read_metadata(denoiser)
    extra["sampling"] = asdict(sampling_config({**extra.get("sampling", {}), **sampling}))
    metadata = {"config": json.dumps(config), "extra": json.dumps(extra)}
    write_atomic(out / "denoiser.safetensors", save(load_file(denoiser), metadata))
    write_checksums(out)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--encoder", type=Path, required=True)
    parser.add_argument("--denoiser", type=Path, required=True)
    parser.add_argument("--sampling", type=Path, help="JSON, as training.calibrate writes it")
    parser.add_argument("--out", type=Path, default=WEIGHTS_DIR)
    options = parser.parse_args()
    sampling = json.loads(options.sampling.read_text()) if options.sampling else {}
    bundle(options.encoder, options.denoiser, sampling, options.out)
    for path in sorted(options.out.glob("*.safetensors")):
        print(f"{path} {path.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
