# SPDX-License-Identifier: GPL-3.0-or-later
"""Model files: safetensors that carry their own configuration, checked by sha256."""

from __future__ import annotations

import json
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any, TypeVar

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import nn

from .contract import WeightsError
from .files import sha256_of, write_atomic

WEIGHTS_DIR = Path(__file__).parent / "weights"
MODEL_FILES = ("encoder", "denoiser")
CHECKSUMS = "sha256.json"
ModelT = TypeVar("ModelT", bound=nn.Module)


def weights_path(name: str, folder: Path | None = None) -> Path:
    """Path of a model file; a folder of one's own must hold MODEL_FILES, all else it may leave to
    the bundled models. Raises WeightsError with the folder when it is missing.
    """
    folder = folder or WEIGHTS_DIR
    path = folder / f"{name}.safetensors"
    if not path.is_file() and name not in MODEL_FILES:
        folder, path = WEIGHTS_DIR, WEIGHTS_DIR / path.name
    if not path.is_file():
        known = ", ".join(f"{item}.safetensors" for item in MODEL_FILES)
        raise WeightsError(
            f"The model file '{path.name}' is missing in {folder}. That folder must hold {known}: "
            "reinstall the extension, or name another folder."
        )
    return path


def save_model(model: nn.Module, config: Any, path: Path, **extra: Any) -> None:
    """Write a model in half precision with its configuration (a dataclass) and `extra` as JSON."""
    if not is_dataclass(config) or isinstance(config, type):
        raise TypeError(f"a configuration dataclass is needed, not {type(config).__name__}")
    tensors = {
        name: value.half() if value.is_floating_point() else value
        for name, value in model.state_dict().items()
    }
    metadata = {"config": json.dumps(asdict(config)), "extra": json.dumps(extra)}
    path.parent.mkdir(parents=True, exist_ok=True)
    whole = {name: value.contiguous() for name, value in tensors.items()}
    write_atomic(path, save(whole, metadata))  # readable by others, unlike safetensors' own file


def write_checksums(folder: Path) -> None:
    """Write the sha256 of each model file in `folder` to sha256.json."""
    sums = {path.name: sha256_of(path) for path in sorted(folder.glob("*.safetensors"))}
    (folder / CHECKSUMS).write_text(json.dumps(sums, indent=1) + "\n")


def check_file(path: Path) -> str:
    """sha256 of a model file. Raises WeightsError when sha256.json beside it says otherwise."""
    digest = sha256_of(path)
    sums = path.parent / CHECKSUMS
    expected = json.loads(sums.read_text()).get(path.name) if sums.is_file() else None
    if expected not in (None, digest):
        raise WeightsError(
            f"The model file '{path.name}' in {path.parent} is damaged (its checksum differs). "
            f"{_mend(path)}"
        )
    return digest


def read_metadata(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Configuration and extra values of a model file. Raises WeightsError when unreadable."""
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
        return json.loads(metadata["config"]), json.loads(metadata["extra"])
    except (SafetensorError, OSError, KeyError, ValueError) as error:
        raise WeightsError(
            f"The model file '{path.name}' in {path.parent} cannot be read ({error}). {_mend(path)}"
        ) from error


def load_state(model: ModelT, path: Path) -> ModelT:
    """Fill `model` with the file's tensors as float32, ready for inference."""
    with safe_open(path, framework="pt") as file:
        state = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118
    try:
        model.load_state_dict(state, strict=True)
    except RuntimeError as error:
        raise WeightsError(
            f"The model file '{path.name}' in {path.parent} does not fit this version of the "
            f"engine. {_mend(path)}"
        ) from error
    return model.eval().requires_grad_(False)


def _mend(path: Path) -> str:
    """What to do about a bad file: the bundled ones come with the extension, others do not."""
    if path.parent == WEIGHTS_DIR:
        return "Reinstall the extension."
    return "Copy it there again, or choose other weights."


def default_device() -> torch.device:
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")
