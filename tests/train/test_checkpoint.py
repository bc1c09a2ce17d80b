"""Checkpoints: whole, with random state, never executing what they hold."""

import pickle
from pathlib import Path

import pytest
import torch

from soundedit.errors import TrainingError
from soundedit.train.checkpoint import load_checkpoint, save_checkpoint


def test_round_trip_restores_random_numbers(tmp_path: Path) -> None:
    torch.manual_seed(3)
    save_checkpoint(tmp_path / "a.pt", {"seen": 7, "w": torch.arange(3.0)})
    expected = torch.rand(4)
    torch.manual_seed(99)
    state = load_checkpoint(tmp_path / "a.pt")
    assert state is not None
    assert state["seen"] == 7
    assert torch.equal(state["w"], torch.arange(3.0))
    assert torch.equal(torch.rand(4), expected)
    assert [p.name for p in tmp_path.iterdir()] == ["a.pt"]


def test_no_checkpoint_yet(tmp_path: Path) -> None:
    assert load_checkpoint(tmp_path / "none.pt") is None


def test_damaged_checkpoint_is_named(tmp_path: Path) -> None:
    file = tmp_path / "a.pt"
    save_checkpoint(file, {"w": torch.zeros(1000)})
    file.write_bytes(file.read_bytes()[:200])
    with pytest.raises(TrainingError, match=r"a\.pt"):
        load_checkpoint(file)


def test_code_in_a_checkpoint_is_refused(tmp_path: Path) -> None:
    file, proof = tmp_path / "evil.pt", tmp_path / "ran"

    class Evil:
        def __reduce__(self) -> tuple[object, tuple[object, ...]]:
            return (Path.touch, (proof,))

    file.write_bytes(pickle.dumps({"random": Evil()}))
    with pytest.raises(TrainingError):
        load_checkpoint(file)
    assert not proof.exists()
