# SPDX-License-Identifier: GPL-3.0-or-later
"""Large weight matrices in few bits: groups of numbers share a scale (round to nearest)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from safetensors.torch import load_file, save
from torch import Tensor, nn

from .contract import WeightsError
from .files import write_atomic
from .weights import ModelT, load_state, read_metadata

GROUP = 64  # numbers that share a scale
SCALES = ".scales"  # ending of a packed tensor's second part
_SHRINK = (1.0, 0.95, 0.9, 0.85, 0.8, 0.75)  # largest number of a group that is kept whole
Bytes = npt.NDArray[np.uint8]


def pack(state: Mapping[str, Tensor], bits: int) -> dict[str, Tensor]:
    """Tensors of two and more dimensions as bytes with scales in half precision; others in half."""
    packed: dict[str, Tensor] = {}
    for name, value in state.items():
        if value.dim() < 2:
            packed[name] = value.half()
            continue
        numbers, scales = _rounded(value.float().reshape(-1), bits)
        packed[name] = torch.from_numpy(to_bytes(numbers, bits))
        packed[name + SCALES] = scales.half()
    return packed


def unpack(
    packed: Mapping[str, Tensor], shapes: Mapping[str, torch.Size], bits: int
) -> dict[str, Tensor]:
    """What `pack` was given, as float32, rounded.

    Raises KeyError or ValueError when it holds other tensors than `shapes`.
    """
    return {name: _restored(packed, name, shape, bits) for name, shape in shapes.items()}


def to_bytes(numbers: npt.NDArray[np.int64], bits: int) -> Bytes:
    """Numbers from -2^(bits-1) + 1 to 2^(bits-1) - 1, `bits` bits each, one after the other."""
    raised = (numbers + (1 << (bits - 1))).astype(np.uint8)
    return np.packbits(np.unpackbits(raised[:, None], axis=1)[:, 8 - bits :])


def from_bytes(packed: Bytes, count: int, bits: int) -> npt.NDArray[np.int8]:
    """The first `count` numbers of `to_bytes`."""
    padded = np.zeros(-(-count // 8) * bits, np.uint8)  # eight numbers lie in `bits` bytes
    padded[: len(packed)] = packed
    blocks = np.zeros(len(padded) // bits, np.uint64)
    for column in padded.reshape(-1, bits).T:
        blocks = (blocks << np.uint64(8)) | column
    numbers = np.empty((len(blocks), 8), np.int8)
    for place in range(8):
        raised = (blocks >> np.uint64(bits * (7 - place))) & np.uint64((1 << bits) - 1)
        numbers[:, place] = raised.astype(np.int16) - (1 << (bits - 1))
    return numbers.reshape(-1)[:count]


def _rounded(flat: Tensor, bits: int) -> tuple[npt.NDArray[np.int64], Tensor]:
    """Whole numbers (padded to full groups), and the scale of each group with the least error."""
    top = (1 << (bits - 1)) - 1
    rows = torch.cat((flat, flat.new_zeros(-len(flat) % GROUP))).view(-1, GROUP)
    largest = rows.abs().amax(1, keepdim=True).clamp_min(1e-8)
    best = torch.full_like(largest, torch.inf)
    scales = largest / top
    for part in _SHRINK:
        scale = (largest * part / top).half().float().clamp_min(6e-8)
        error = ((rows / scale).round().clamp(-top, top) * scale - rows).square().sum(1, True)
        scales = torch.where(error < best, scale, scales)
        best = torch.minimum(error, best)
    numbers = (rows / scales).round().clamp(-top, top).long()
    return numbers.view(-1).numpy(), scales[:, 0]


def _restored(packed: Mapping[str, Tensor], name: str, shape: torch.Size, bits: int) -> Tensor:
    if len(shape) < 2:
        return packed[name].float().reshape(shape)
    scales = packed[name + SCALES].float()
    numbers = from_bytes(packed[name].numpy(), len(scales) * GROUP, bits)
    rows = torch.from_numpy(numbers).view(-1, GROUP) * scales[:, None]
    return rows.view(-1)[: shape.numel()].view(shape)


def save_packed(model: nn.Module, config: Any, path: Path, bits: int, **extra: Any) -> None:
    """Write a model with its configuration (a dataclass), the number of bits and `extra`."""
    state = {name: value.contiguous() for name, value in pack(model.state_dict(), bits).items()}
    about = {"config": json.dumps(asdict(config)), "extra": json.dumps({**extra, "bits": bits})}
    write_atomic(path, save(state, about))


def load_packed(model: ModelT, path: Path) -> ModelT:
    """Fill `model` with what `save_packed` or `weights.save_model` wrote, ready for inference.

    It may be made on torch's device "meta", without memory, if all that it holds is in the file.
    Raises WeightsError when the file does not fit the model.
    """
    _, extra = read_metadata(path)
    if "bits" not in extra:
        return load_state(model.to_empty(device="cpu"), path)
    shapes = {name: value.shape for name, value in model.state_dict().items()}
    try:
        state = unpack(load_file(path), shapes, int(extra["bits"]))
    except (KeyError, ValueError, RuntimeError) as error:
        raise WeightsError(
            f"The model file '{path.name}' in {path.parent} does not fit this version of the "
            "engine. Reinstall the extension, or choose other weights."
        ) from error
    model.load_state_dict(state, strict=True, assign=True)
    return model.eval().requires_grad_(False)
