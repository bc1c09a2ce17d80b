"""One training over one process or many: started by torchrun, each takes a part of every batch.

Every process draws the same random numbers for the whole batch and keeps its own rows, so that a
step does the same whatever the number of processes, and a run may go on with another number.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn

from soundedit.errors import TrainingError

# Others wait while the first process of a machine prepares data.
PATIENCE = timedelta(hours=6)


@dataclass(frozen=True)
class World:
    """The processes of a run as one of them sees them; rows of a batch go round in turn."""

    device: torch.device = torch.device("cpu")  # noqa: RUF009 (immutable)
    rank: int = 0
    size: int = 1
    local_rank: int = 0

    @property
    def main(self) -> bool:
        """Whether this process writes files, logs and shows progress."""
        return self.rank == 0

    def shard(self, batch: Tensor) -> Tensor:
        """This process's rows of a whole batch [B, ...]; B is a multiple of `size`."""
        return batch[self.rank :: self.size]

    def randn(self, rows: int, *shape: int, dtype: torch.dtype = torch.float32) -> Tensor:
        """This process's `rows` [rows, *shape] of normal noise drawn for the whole batch."""
        whole = torch.randn(rows * self.size, *shape, device=self.device, dtype=dtype)
        return self.shard(whole)

    def gather(self, rows: Tensor) -> Tensor:
        """The whole batch from every process's rows; gradients pass if all use one loss of it."""
        if self.size == 1:
            return rows
        whole: Tensor = _Gather.apply(rows, self)
        return whole

    def mean(self, value: Tensor) -> Tensor:
        """Mean of `value` over the processes, without gradient."""
        if self.size == 1:
            return value.detach()
        total = value.detach().clone()
        dist.all_reduce(total)
        return total / self.size

    def any(self, flag: bool) -> bool:
        """Whether `flag` is set in any process."""
        if self.size == 1:
            return flag
        flags = torch.tensor(float(flag), device=self.device)
        dist.all_reduce(flags, dist.ReduceOp.MAX)
        return bool(flags)

    def largest(self, value: int) -> int:
        """The largest `value` of any process."""
        if self.size == 1:
            return value
        values = torch.tensor(value, device=self.device)
        dist.all_reduce(values, dist.ReduceOp.MAX)
        return int(values)

    def average_gradients(self, parameters: Iterable[nn.Parameter]) -> None:
        """Replace gradients by their mean over the processes."""
        gradients = [p.grad for p in parameters if p.grad is not None]
        if self.size == 1 or not gradients:
            return
        flat = torch.cat([g.reshape(-1) for g in gradients])
        dist.all_reduce(flat)
        flat /= self.size
        for gradient, part in zip(
            gradients, flat.split([g.numel() for g in gradients]), strict=True
        ):
            gradient.copy_(part.view_as(gradient))

    def broadcast(self, content: bytes | None) -> bytes | None:
        """What the main process holds, in every process."""
        if self.size == 1:
            return content
        size = torch.tensor(-1 if content is None else len(content), device=self.device)
        dist.broadcast(size, 0)
        if int(size) < 0:
            return None
        held = torch.empty(int(size), dtype=torch.uint8, device=self.device)
        if content is not None:
            held.copy_(torch.frombuffer(bytearray(content), dtype=torch.uint8))
        dist.broadcast(held, 0)
        return held.cpu().numpy().tobytes()

    @contextmanager
    def first(self) -> Iterator[None]:
        """Let one process of each machine do it before the others, who then find it done."""
        if self.size > 1 and self.local_rank > 0:
            dist.barrier()
        yield
        if self.size > 1 and self.local_rank == 0:
            dist.barrier()


class _Gather(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, rows: Tensor, world: World) -> Tensor:
        # Other layouts would be filled in the wrong order.
        rows = rows.contiguous()
        parts = [torch.empty_like(rows) for _ in range(world.size)]
        dist.all_gather(parts, rows)
        ctx.world = world
        return torch.stack(parts, dim=1).flatten(0, 1)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        # Every process has the whole loss; the mean over processes that follows divides by size.
        return ctx.world.shard(gradients[0]) * ctx.world.size, None


class _Sum(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, value: Tensor) -> Tensor:
        total = value.clone()
        dist.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        total = gradients[0].clone()
        dist.all_reduce(total)
        return total


class SharedBatchNorm(nn.BatchNorm2d):
    """Batch normalisation over the rows of all processes, on CPUs as well."""

    def forward(self, x: Tensor) -> Tensor:
        """x [B, C, H, W], equally many in each process."""
        if not self.training:
            return super().forward(x)
        wide = x.float()
        size = dist.get_world_size()
        moments = torch.stack([wide.mean((0, 2, 3)), wide.square().mean((0, 2, 3))])
        mean, square = _Sum.apply(moments) / size
        variance = (square - mean.square()).clamp_min(0)
        count = x.numel() // x.shape[1] * size
        if self.running_mean is not None and self.running_var is not None:
            share = 0.1 if self.momentum is None else self.momentum
            unbiased = variance.detach() * count / max(count - 1, 1)
            self.running_mean.lerp_(mean.detach(), share)
            self.running_var.lerp_(unbiased, share)
            if self.num_batches_tracked is not None:
                self.num_batches_tracked += 1
        scale = self.weight * (variance + self.eps).rsqrt()
        shift = self.bias - mean * scale
        return (wide * scale[:, None, None] + shift[:, None, None]).to(x.dtype)


def share_batch_norms(net: nn.Module, world: World) -> None:
    """Make the batch norms of `net` see the whole batch; names of weights stay as they are."""
    if world.size == 1:
        return
    for module in net.modules():
        if type(module) is nn.BatchNorm2d:
            module.__class__ = SharedBatchNorm


def choose_device(name: str) -> torch.device:
    """'auto', 'cpu', 'cuda' or 'cuda:N' as a device; TrainingError where there is none."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
        if device.type not in ("cpu", "cuda"):
            raise RuntimeError
        if device.type == "cuda":
            torch.cuda.get_device_properties(device)
    except (RuntimeError, AssertionError, ValueError) as error:
        raise TrainingError(
            f"There is no device {name!r} here; say --device auto, cpu, cuda or cuda:N."
        ) from error
    return device


@contextmanager
def joined(device: str) -> Iterator[World]:
    """Join the run that torchrun started (its environment says), or be a run of one process.

    On GPUs each process takes the one of its local rank. Joining again inside shares the run; it
    is left at the end, when all have come there.
    """
    size = int(os.environ.get("WORLD_SIZE", "1"))
    chosen = choose_device(device)
    if size == 1:
        yield World(chosen)
        return
    local = int(os.environ.get("LOCAL_RANK", "0"))
    if chosen.type == "cuda":
        chosen = choose_device(f"cuda:{local}")
        torch.cuda.set_device(chosen)
    if dist.is_initialized():
        yield World(chosen, dist.get_rank(), size, local)
        return
    dist.init_process_group("nccl" if chosen.type == "cuda" else "gloo", timeout=PATIENCE)
    try:
        yield World(chosen, dist.get_rank(), size, local)
        dist.barrier()
    finally:
        dist.destroy_process_group()


def read_for_all(world: World, file: Path) -> bytes | None:
    """Bytes of a file that only the main process need have; None if it does not exist."""
    content = file.read_bytes() if world.main and file.exists() else None
    return world.broadcast(content)
