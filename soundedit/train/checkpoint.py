"""Checkpoints of a training run: whole or nothing, with optimisers and random state."""

import os
from pathlib import Path
from typing import IO, Any

import torch

from soundedit.errors import TrainingError


def save_checkpoint(file: Path, state: dict[str, Any]) -> None:
    """Write `state` plus torch's random state to `file` atomically."""
    random = {"torch": torch.get_rng_state()}
    if torch.cuda.is_available() and torch.cuda.is_initialized():
        random["cuda"] = torch.cuda.get_rng_state()
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
    state = read_checkpoint(file, file)
    restore_random(state)
    return state


def read_checkpoint(source: Path | IO[bytes], file: Path) -> dict[str, Any]:
    """Read a checkpoint from a path or its content; TrainingError names `file` if damaged."""
    try:
        state: dict[str, Any] = torch.load(source, map_location="cpu", weights_only=True)
        state["random"]["torch"]
    except Exception as error:  # torch raises many kinds for a damaged file
        raise TrainingError(
            f"The checkpoint {file} is damaged; delete it to start anew."
        ) from error
    return state


def restore_random(state: dict[str, Any]) -> None:
    """Set torch's random state to a checkpoint's."""
    torch.set_rng_state(state["random"]["torch"])
    if "cuda" in state["random"] and torch.cuda.is_available():
        torch.cuda.set_rng_state(state["random"]["cuda"])
