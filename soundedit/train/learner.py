"""Optimisers in mixed precision: scaled losses, averaged and clipped gradients, checked steps."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

import torch
from torch import Tensor, nn
from torch.amp.grad_scaler import GradScaler
from torch.optim.lr_scheduler import LRScheduler

from soundedit.errors import TrainingError
from soundedit.nets.precision import fast_dtype
from soundedit.train.distributed import World

_PRECISIONS = {
    "bfloat16": torch.bfloat16,
    "float16": torch.float16,
    "float32": torch.float32,
}
WARM_UP = 0.099
"""Share of a one-cycle schedule until its highest rate; a tenth divides by zero in ten steps."""


class NotFinite(Exception):
    """A loss or gradient is NaN or infinite; the message names it."""


class Precision:
    """The number format that networks compute in, and the loss scaling that float16 needs."""

    def __init__(self, name: str, device: torch.device) -> None:
        """`name`: bfloat16, float32, or, on CUDA only, float16; auto is bfloat16 but on a processor
        without arithmetic for it. TrainingError for another.
        """
        known = ["auto", "bfloat16", "float32"] + (["float16"] if device.type == "cuda" else [])
        if name not in known:
            raise TrainingError(
                f"The setting 'precision' is {' or '.join(known)} on this device, not {name!r}."
            )
        self.device = device
        self.dtype = fast_dtype(device.type) if name == "auto" else _PRECISIONS[name]
        self.scaler = GradScaler(device.type, enabled=name == "float16")

    def autocast(self) -> AbstractContextManager[Any]:
        """Compute in this precision where it is safe."""
        return torch.autocast(self.device.type, self.dtype, enabled=self.dtype is not torch.float32)

    def backward(self, loss: Tensor) -> None:
        """Add the gradients of a loss."""
        self.scaler.scale(loss).backward()


class Learner:
    """An optimiser with its schedule, where it has one, that a checkpoint restores."""

    def __init__(
        self,
        optimiser: torch.optim.Optimizer,
        schedule: LRScheduler | None = None,
        clip: float = float("inf"),
    ) -> None:
        """`clip`: largest norm of the gradients."""
        self.optimiser, self.schedule, self.clip = optimiser, schedule, clip
        self._rates = [float(g["lr"]) for g in optimiser.param_groups]
        self._bases = [] if schedule is None else [float(rate) for rate in schedule.base_lrs]

    @property
    def parameters(self) -> list[nn.Parameter]:
        """Everything that it trains."""
        return [p for group in self.optimiser.param_groups for p in group["params"]]

    def zero(self) -> None:
        """Forget gradients."""
        self.optimiser.zero_grad(set_to_none=True)

    def slow_down(self, factor: float) -> None:
        """Multiply the learning rates by `factor`, along the whole schedule."""
        for group in self.optimiser.param_groups:
            for key in ("lr", "initial_lr", "max_lr", "min_lr"):
                if key in group:
                    group[key] *= factor
        if self.schedule is not None:
            self.schedule.base_lrs = [rate * factor for rate in self.schedule.base_lrs]

    def state(self) -> dict[str, Any]:
        """What `restore` takes: the optimiser's state and how far its schedule is."""
        epoch = None if self.schedule is None else self.schedule.last_epoch
        return {"optimiser": self.optimiser.state_dict(), "epoch": epoch}

    def restore(self, state: dict[str, Any], rate: float = 1.0) -> None:
        """Go on from a state that was `slow_down` to `rate` of the settings' learning rates.

        Without a schedule the rates are the settings', which may have changed since.
        """
        self.optimiser.load_state_dict(state["optimiser"])
        if self.schedule is None:
            for group, lr in zip(self.optimiser.param_groups, self._rates, strict=True):
                group["lr"] = lr * rate
        elif state["epoch"] is not None:
            # The length of the schedule is the settings', so that a run can be made longer.
            self.schedule.last_epoch = state["epoch"]
            self.schedule._step_count = state["epoch"] + 1
            self.schedule.base_lrs = [base * rate for base in self._bases]


def update(learners: Sequence[Learner], precision: Precision, world: World) -> None:
    """Take one step of each learner on the gradients at hand, averaged over the processes.

    No learner steps where a gradient is not finite: `NotFinite` says so, except that float16
    first tries smaller loss scales.
    """
    scaler = precision.scaler
    good = True
    for learner in learners:
        parameters = learner.parameters
        world.average_gradients(parameters)
        scaler.unscale_(learner.optimiser)
        norm = nn.utils.clip_grad_norm_(parameters, learner.clip)
        good = good and bool(torch.isfinite(norm))
    if not good and not (scaler.is_enabled() and scaler.get_scale() > 1):
        raise NotFinite("a gradient is not finite")
    for learner in learners if good else ():
        scaler.step(learner.optimiser)
        if learner.schedule is not None:
            learner.schedule.step()
    scaler.update()
