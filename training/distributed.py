# SPDX-License-Identifier: GPL-3.0-or-later
"""Data-parallel training: `torchrun --nproc-per-node N -m -- training.train_denoiser ...`.

Each process takes its rows of every batch; gradients are averaged over the processes. With one
process, and without torchrun, nothing here does anything.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch
import torch.distributed as dist
from torch import Tensor, nn

from model_runtime.devices import choose, torch_device


@dataclass(frozen=True)
class Group:
    """This process among those that train together."""

    rank: int = 0
    world: int = 1
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))

    @property
    def first(self) -> bool:
        return self.rank == 0


@contextmanager
def joined(device: str) -> Iterator[Group]:
    """Join the processes that torchrun started, gloo on the CPU and nccl on CUDA.

    device is one of model_runtime.devices.DEVICES; a process on CUDA takes the GPU of its local
    rank. Raises EngineError where the device is not there.
    """
    chosen = torch_device(choose(device))
    world = int(os.environ.get("WORLD_SIZE", "1"))
    if chosen.type == "cuda":
        chosen = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
        torch.cuda.set_device(chosen)
    if world == 1:
        yield Group(device=chosen)
        return
    dist.init_process_group("nccl" if chosen.type == "cuda" else "gloo")
    try:
        yield Group(dist.get_rank(), world, chosen)
    finally:
        dist.destroy_process_group()


def share_weights(model: nn.Module, group: Group) -> None:
    """All processes go on with the first one's weights."""
    if group.world > 1:
        for tensor in model.state_dict().values():
            dist.broadcast(tensor, 0)


def average_gradients(parameters: Iterable[nn.Parameter], group: Group) -> None:
    """Replace each gradient by its mean over the processes, in one message."""
    if group.world == 1:
        return
    trained = [p for p in parameters if p.requires_grad]
    grads = [torch.zeros_like(p) if p.grad is None else p.grad for p in trained]
    flat = torch.cat([grad.flatten() for grad in grads])
    dist.all_reduce(flat)
    flat /= group.world
    pieces = torch.split(flat, [p.numel() for p in trained])
    for parameter, piece in zip(trained, pieces, strict=True):
        parameter.grad = piece.view_as(parameter)


def average_values(values: Mapping[str, Tensor], group: Group) -> dict[str, float]:
    """The mean of named scalars over the processes; all must call it with the same names."""
    stacked = torch.stack([value.detach().float() for value in values.values()])
    if group.world > 1:
        dist.all_reduce(stacked)
        stacked /= group.world
    return dict(zip(values, stacked.tolist(), strict=True))


def agreed(stop: bool, group: Group) -> bool:
    """What the first process decides: clocks differ, and all must stop at the same step."""
    if group.world == 1:
        return stop
    flag = torch.tensor([float(stop)], device=group.device)
    dist.broadcast(flag, 0)
    return bool(flag.item())


def wait(group: Group) -> None:
    """Wait until all processes are here."""
    if group.world > 1:
        dist.barrier()
