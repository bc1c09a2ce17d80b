"""Checkpoints of a training run: whole or nothing, with optimisers and random state."""

import os
from pathlib import Path
from typing import Any

import torch

from soundedit.errors import TrainingError


def save_checkpoint(file: Path, state: dict[str, Any]) -> None:
    """Write `state` plus torch's random state to `file` atomically."""
    random = {"torch": torch.get_rng_state()}
    part = file.with_suffix(file.suffix + ".part")
    with part.open("wb") as out:
        torch.save({**state, "random": random}, out)
        out.flush()
        os.fsync(out.fileno())
    part.replace(file)


def load_checkpoint(file: Path) -> dict[str, Any] | None:
    """Read a checkpoint and restore torch's random state; None if there is none yet.

    Nothing in the file is executed. TrainingError if it is damaged.
    """
    if not file.exists():
        return None
    try:
        state: dict[str, Any] = torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises many kinds for a damaged file
        raise TrainingError(
            f"The checkpoint {file} is damaged; delete it to start anew."
        ) from error
    torch.set_rng_state(state["random"]["torch"])
    return state
