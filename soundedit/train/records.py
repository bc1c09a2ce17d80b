"""What a training run writes besides checkpoints: losses, sheets, TensorBoard, a progress bar."""

import json
import logging
import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from tqdm import tqdm
from tqdm.contrib.logging import logging_redirect_tqdm

log = logging.getLogger(__name__)
LOG_SECONDS = 30


class Records:
    """Records of one run in its folder; all methods do nothing unless `active`.

    `losses.jsonl` has a line for every few steps: stage, position, seconds of this process, and
    the mean of each loss. TensorBoard gets the same where it is installed.
    """

    def __init__(self, out: Path, active: bool = True) -> None:
        self.out, self.active = out, active
        self._board: Any = None
        self._begun = self._logged = time.monotonic()
        self._bar: tqdm[Any] | None = None
        if active:
            out.mkdir(parents=True, exist_ok=True)

    @contextmanager
    def stage(self, name: str, position: int, total: int) -> Iterator[None]:
        """Record a stage from `position` on; lines beyond it, of steps to be redone, go."""
        if not self.active:
            yield
            return
        self._forget_after(name, position)
        self._board = _summary_writer(self.out / "tensorboard", position)
        quiet = not sys.stderr.isatty()
        with (
            tqdm(total=total, initial=position, desc=name, disable=quiet, leave=False) as bar,
            logging_redirect_tqdm(),
        ):
            self._bar, self._first, self._begun = bar, position, time.monotonic()
            self._logged = self._begun
            try:
                yield
            finally:
                self._bar = None
                if self._board is not None:
                    self._board.close()

    def moved(self, position: int) -> None:
        """Show how far the stage is."""
        if self._bar is not None:
            self._bar.update(position - self._bar.n)

    def losses(self, stage: str, position: int, total: int, means: Mapping[str, float]) -> None:
        """Write mean losses of the steps since the last call."""
        if not self.active:
            return
        now = time.monotonic()
        line = {"stage": stage, "position": position, "seconds": round(now - self._begun, 2)}
        with (self.out / "losses.jsonl").open("a", encoding="utf-8") as sink:
            sink.write(json.dumps({**line, **{k: float(f"{v:.6g}") for k, v in means.items()}}))
            sink.write("\n")
        if self._board is not None:
            for key, value in means.items():
                self._board.add_scalar(f"{stage}/{key}", value, position)
        if self._bar is not None:
            self._bar.set_postfix({k: f"{v:.3f}" for k, v in means.items()}, refresh=False)
        if now - self._logged > LOG_SECONDS or position >= total:
            rate = (position - self._first) / max(now - self._begun, 1e-6)
            text = " ".join(f"{k} {v:.3f}" for k, v in means.items())
            log.info("%s %d of %d, %.1f/s: %s", stage, position, total, rate, text)
            self._logged = now

    def sheet(self, stage: str, position: int, sheet: Image.Image) -> None:
        """Write a sheet of pictures, `sheet-POSITION.png`."""
        if not self.active:
            return
        sheet.save(self.out / f"sheet-{position:07d}.png")
        if self._board is not None:
            self._board.add_image(f"{stage}/sheet", np.asarray(sheet), position, dataformats="HWC")

    def _forget_after(self, stage: str, position: int) -> None:
        file = self.out / "losses.jsonl"
        if not file.exists():
            return
        kept = []
        for line in file.read_text(encoding="utf-8").splitlines():
            try:
                row = json.loads(line)
            except ValueError:  # cut short when the run was killed
                continue
            if row["stage"] != stage or row["position"] <= position:
                kept.append(line + "\n")
        part = file.with_suffix(".part")
        with part.open("w", encoding="utf-8") as sink:
            sink.writelines(kept)
            sink.flush()
            os.fsync(sink.fileno())
        part.replace(file)


def _summary_writer(folder: Path, position: int) -> Any:
    """A TensorBoard writer, or None where it is not installed."""
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        return None
    return SummaryWriter(str(folder), purge_step=position)
