"""The loop that every training shares: resumes, saves, records, survives what can go wrong."""

import gc
import io
import json
import logging
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from soundedit.errors import TrainingError
from soundedit.train.checkpoint import read_checkpoint, restore_random, save_checkpoint
from soundedit.train.distributed import World, read_for_all
from soundedit.train.learner import Learner, NotFinite, Precision, update
from soundedit.train.records import Records

log = logging.getLogger(__name__)
PATIENCE = 10
"""Steps skipped in a row before the run goes back to its checkpoint."""
LOWEST_RATE = 1 / 16
"""Share of the settings' learning rates below which a run that goes back gives up."""

Step = Callable[[int, int], dict[str, float]]
"""Takes the position and in how many parts to compute the batch; returns mean losses."""


@dataclass(frozen=True)
class RunSettings:
    """Settings that every training has; the shipped TOML files explain each."""

    minutes: float = 0.0
    save_minutes: float = 4.0
    record_steps: int = 20
    precision: str = "auto"
    device: str = "auto"
    seed: int = 1


class Networks(Protocol):
    """What a run trains: its networks' weights, and whatever else its checkpoint tells others."""

    def state(self) -> dict[str, Any]:
        """Content of the checkpoint; the run adds its own under "run"."""

    def restore(self, state: dict[str, Any]) -> None:
        """Take up a checkpoint's content."""


class Run:
    """A training run: stages one after the other, in one checkpoint file.

    `rng` is the NumPy generator that batches are drawn with; torch's own is kept too. Whatever
    draws for the whole batch in each process, and keeps its part, goes on exactly after a kill.
    """

    def __init__(
        self, file: Path, settings: RunSettings, world: World, rng: np.random.Generator
    ) -> None:
        self.file, self.settings, self.world, self.rng = file, settings, world, rng
        self.precision = Precision(settings.precision, world.device)
        self.records = Records(file.parent, world.main)
        self.done: list[str] = []
        self.rate, self.parts = 1.0, 1
        self._begun = time.monotonic()
        self._saved: dict[str, Any] | None = None
        self._random: dict[str, Any] = {}
        self._networks: Networks | None = None
        self._stop = False

    def resume(self, networks: Networks) -> bool:
        """Take up the checkpoint, if there is one, into `networks`; whether there was.

        TrainingError if it is damaged, or of networks of another shape.
        """
        self._networks = networks
        content = read_for_all(self.world, self.file)
        self.parts = self.world.largest(_remembered_parts(self.file))
        if content is None:
            return False
        state = read_checkpoint(io.BytesIO(content), self.file)
        try:
            networks.restore(state)
        except (RuntimeError, KeyError) as error:
            raise TrainingError(
                f"The checkpoint {self.file} does not fit the settings: take those it was begun "
                "with, or choose another out folder to begin anew."
            ) from error
        self._saved = state.get("run")
        self._random = {"random": state["random"]}
        if self._saved is not None:
            self.done = list(self._saved["done"])
            self.parts = max(self.parts, int(self._saved["parts"]))
        restore_random(state)
        return True

    def train(
        self,
        stage: str,
        step: Step,
        total: int,
        learners: Mapping[str, Learner],
        *,
        batch: int,
        advance: int = 1,
        start: int = 0,
        sheet: Callable[[], Image.Image] | None = None,
    ) -> bool:
        """Run a stage to position `total`; False if it stopped before, out of time.

        A stage that the checkpoint is in the middle of goes on there, one that is done is left
        out. Each step moves the position by `advance`. `batch`: rows of the whole batch, which
        can be computed in parts when memory is short. `start`: position without a checkpoint.
        TrainingError where losses stay non-finite, or a single row is too much for the memory;
        KeyboardInterrupt, after saving, when asked to stop.
        """
        saved = self._saved if self._saved and self._saved["stage"] == stage else None
        if stage in self.done and (saved is None or saved["position"] >= total):
            log.info("%s is done.", stage)
            return True
        self._check_parts(batch)
        place = _Place(stage, start, learners)
        if saved is not None:
            self._restore(place, saved)
        else:
            self.save(place)
            if self.world.size > 1:
                self._take_up(place)
        bad, last = 0, time.monotonic()
        with self.records.stage(stage, place.position, total), self._stoppable():
            while place.position < total:
                try:
                    losses = self._attempt(step, place.position, batch)
                    bad = 0
                except NotFinite as error:
                    bad += 1
                    log.warning("%s %d: step skipped, %s", stage, place.position, error)
                    if bad > PATIENCE:
                        self._go_back(place)
                        bad = 0
                    continue
                place.position += advance
                place.add(losses)
                self.records.moved(place.position)
                if place.steps >= self.settings.record_steps or place.position >= total:
                    self.records.losses(stage, place.position, total, place.take_means())
                over = self._over()
                if over or time.monotonic() - last >= self.settings.save_minutes * 60:
                    self.save(place)
                    self._show(place, sheet)
                    last = time.monotonic()
                if over:
                    break
            self._show(place, sheet)
        if self._stop:
            raise KeyboardInterrupt(f"stopped at {place.position} of {total}, and saved")
        if place.position < total:
            return False
        self.done = [*(name for name in self.done if name != stage), stage]
        self.save(place)
        return True

    def learning(
        self, learner: Learner, batch: int, compute: Callable[[int, int], Mapping[str, Tensor]]
    ) -> Step:
        """A step that minimises the sum of the losses that `compute(position, rows)` returns.

        Losses without gradient are only recorded.
        """

        def step(position: int, parts: int) -> dict[str, float]:
            learner.zero()
            sums: dict[str, float] = {}
            for _ in range(parts):
                self.backward(compute(position, batch // parts), parts, sums)
            update([learner], self.precision, self.world)
            return sums

        return step

    def backward(self, losses: Mapping[str, Tensor], parts: int, sums: dict[str, float]) -> None:
        """Add the gradients of one of `parts` of a batch to the networks', its losses to `sums`.

        Losses are means over the rows at hand; their sum is minimised, but for those without
        gradient. NotFinite names a bad one, in every process.
        """
        means = self.world.mean(torch.stack([v.detach().float() for v in losses.values()]))
        for name, mean in zip(losses, means.tolist(), strict=True):
            if not np.isfinite(mean):
                raise NotFinite(f"the loss '{name}' is not finite")
            sums[name] = sums.get(name, 0.0) + mean / parts
        total = torch.stack([v for v in losses.values() if v.requires_grad]).sum()
        self.precision.backward(total / parts)

    def save(self, place: "_Place") -> None:
        """Write the checkpoint, from the main process."""
        if not self.world.main or self._networks is None:
            return
        self.file.parent.mkdir(parents=True, exist_ok=True)
        run = {
            "done": list(self.done),
            "stage": place.stage,
            "position": place.position,
            "learners": {key: learner.state() for key, learner in place.learners.items()},
            "sums": dict(place.sums),
            "steps": place.steps,
            "rng": json.dumps(self.rng.bit_generator.state),
            "scaler": self.precision.scaler.state_dict(),
            "rate": self.rate,
            "parts": self.parts,
        }
        save_checkpoint(self.file, {**self._networks.state(), "run": run})

    def _restore(self, place: "_Place", saved: dict[str, Any]) -> None:
        self.rate = float(saved["rate"])
        for key, learner in place.learners.items():
            learner.restore(saved["learners"][key], self.rate)
        if self.precision.scaler.is_enabled() and saved["scaler"]:
            self.precision.scaler.load_state_dict(saved["scaler"])
        restore_random(self._random)
        self.rng.bit_generator.state = json.loads(saved["rng"])
        place.position = int(saved["position"])
        place.sums, place.steps = dict(saved["sums"]), int(saved["steps"])

    def _take_up(self, place: "_Place") -> None:
        """Make every process what the main one saved last."""
        assert self._networks is not None
        self.resume(self._networks)
        assert self._saved is not None
        self._restore(place, self._saved)

    def _go_back(self, place: "_Place") -> None:
        """Return to the last checkpoint with half the learning rates, which are then kept."""
        rate = self.rate / 2
        if rate < LOWEST_RATE:
            raise TrainingError(
                f"The losses of {place.stage} stay non-finite even at {self.rate:g} of the "
                "learning rate; look for damaged data, or lower the rate in the settings."
            )
        position = place.position
        self._take_up(place)
        for learner in place.learners.values():
            learner.slow_down(rate / self.rate)
        # Another draw than the one that went wrong, the same in every process.
        torch.manual_seed(self.settings.seed + position + int(1 / rate))
        self.rng.bit_generator.advance(int(1 / rate) << 20)  # type: ignore[attr-defined]
        self.rate = rate
        log.warning(
            "%s: back from %d to the checkpoint at %d, with %g of the learning rate",
            place.stage,
            position,
            place.position,
            rate,
        )
        self.save(place)

    def _attempt(self, step: Step, position: int, batch: int) -> dict[str, float]:
        """One step, again in more parts when memory runs out."""
        while True:
            random = torch.get_rng_state(), self.rng.bit_generator.state
            try:
                return step(position, self.parts)
            except (MemoryError, RuntimeError) as error:
                if not _out_of_memory(error):
                    raise
                said = str(error).split("\n")[0]
            gc.collect()
            if self.world.device.type == "cuda":
                torch.cuda.empty_cache()
            self.parts *= 2
            log.warning(
                "Out of memory (%s): the batch of %d is now computed in %d parts.",
                said,
                batch,
                self.parts,
            )
            self._check_parts(batch)
            if self.world.size > 1:
                # The others wait in the middle of the step, so only a new start can go on.
                _remember_parts(self.file, self.parts)
                raise TrainingError(
                    f"Process {self.world.rank} ran out of memory; start again (torchrun "
                    f"--max-restarts does) to go on with the batch in {self.parts} parts."
                )
            torch.set_rng_state(random[0])
            self.rng.bit_generator.state = random[1]

    def _check_parts(self, batch: int) -> None:
        pieces = self.world.size * self.parts
        if batch % pieces == 0:
            return
        if self.parts > 1:
            raise TrainingError(
                f"There is too little memory for a batch of {batch} even in {self.parts // 2} "
                "parts; lower the resolution or the networks' widths."
            )
        raise TrainingError(
            f"A batch of {batch} cannot be split over {self.world.size} processes; "
            "make it a multiple."
        )

    def _over(self) -> bool:
        limit = self.settings.minutes * 60
        out_of_time = self.world.main and limit > 0 and time.monotonic() - self._begun > limit
        self._stop = self.world.any(self._stop)
        return self._stop or self.world.any(out_of_time)

    def _show(self, place: "_Place", sheet: Callable[[], Image.Image] | None) -> None:
        if sheet is None or not self.world.main:
            return
        # What is drawn for a sheet must not change what the run draws.
        with torch.random.fork_rng():
            torch.manual_seed(self.settings.seed)
            self.records.sheet(place.stage, place.position, sheet())

    @contextmanager
    def _stoppable(self) -> Iterator[None]:
        """Let Ctrl-C and SIGTERM end the run after the step in hand; a second one at once."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        kinds = (signal.SIGINT, signal.SIGTERM)
        before = [signal.getsignal(kind) for kind in kinds]

        def stop(*_: object) -> None:
            if self._stop:
                raise KeyboardInterrupt
            self._stop = True

        for kind in kinds:
            signal.signal(kind, stop)
        try:
            yield
        finally:
            for kind, handler in zip(kinds, before, strict=True):
                signal.signal(kind, handler)


class _Place:
    """Where a run is: its stage, position, and the losses since they were last recorded."""

    def __init__(self, stage: str, position: int, learners: Mapping[str, Learner]) -> None:
        self.stage, self.position, self.learners = stage, position, learners
        self.sums: dict[str, float] = {}
        self.steps = 0

    def add(self, losses: Mapping[str, float]) -> None:
        for key, value in losses.items():
            self.sums[key] = self.sums.get(key, 0.0) + value
        self.steps += 1

    def take_means(self) -> dict[str, float]:
        means = {key: value / self.steps for key, value in self.sums.items()}
        self.sums, self.steps = {}, 0
        return means


def _out_of_memory(error: BaseException) -> bool:
    """Whether memory ran out, on a GPU or not; CPU allocators say so only in words."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    said = str(error).lower()
    return "can't allocate memory" in said or "not enough memory" in said


def _parts_file(file: Path) -> Path:
    return file.with_suffix(".parts")


def _remember_parts(file: Path, parts: int) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    _parts_file(file).write_text(str(parts), encoding="utf-8")


def _remembered_parts(file: Path) -> int:
    try:
        return max(int(_parts_file(file).read_text(encoding="utf-8")), 1)
    except (OSError, ValueError):
        return 1
