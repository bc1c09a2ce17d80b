"""The classifier of what the generator's pictures show."""

from pathlib import Path

import numpy as np
import pytest
import torch

from soundedit.errors import TrainingError
from soundedit.train.autoencoder import load_autoencoder
from soundedit.train.distributed import World
from soundedit.train.run import Run, RunSettings
from soundedit.train.showing import ShownClasses, jittered
from tests.train.tiny_training import make_parts


def run_in(folder: Path) -> Run:
    return Run(folder / "motion.pt", RunSettings(), World(), np.random.default_rng(1))


def test_stills_are_named_and_their_latents_get_gradients(tmp_path: Path) -> None:
    made = make_parts(tmp_path)
    generator, encoder, _ = load_autoencoder(made / "generator.pt")
    rng = np.random.default_rng(2)
    # Bright ones and dark ones; a class that no sound has is left out.
    pictures = rng.integers(0, 60, (24, 32, 32, 3), dtype=np.uint8)
    pictures[::2] += 190
    kinds = np.array(["fire", "rain"] * 10 + ["night"] * 4)
    np.savez(made / "stills.npz", pictures=pictures, kinds=kinds)
    shown = ShownClasses(made / "stills.npz", generator, encoder, run_in(tmp_path))
    assert [shown.label(kind) for kind in ("fire", "rain", "night")] == [0, 1, -1]
    x = torch.from_numpy(pictures[:20]).permute(0, 3, 1, 2).float() / 127.5 - 1
    torch.manual_seed(5)
    draws = torch.stack([shown.logits(x) for _ in range(60)])
    # Each picture is named by other halves of its features, which agree in the mean.
    assert not torch.equal(draws[0], draws[1])
    assert draws.mean(0).argmax(1).tolist() == [0, 1] * 10
    assert float((draws.argmax(2) == torch.tensor([0, 1] * 10)).float().mean()) > 0.75
    w = torch.zeros(2, generator.num_ws, 16, requires_grad=True)
    shown.logits(generator.synthesis(w)).sum().backward()
    assert w.grad is not None
    assert float(w.grad.abs().sum()) > 0
    # Looked at once for a generator, and anew for one that draws otherwise.
    for count in (1, 2):
        ShownClasses(made / "stills.npz", generator, encoder, run_in(tmp_path))
        assert len([*tmp_path.glob("shown-*.pt")]) == count
        generator.synthesis.b32.torgb.bias.data.add_(0.1)


def test_missing_and_damaged_stills_are_named(tmp_path: Path) -> None:
    made = make_parts(tmp_path)
    generator, encoder, _ = load_autoencoder(made / "generator.pt")
    with pytest.raises(TrainingError, match="are missing; make them with"):
        ShownClasses(tmp_path / "none.npz", generator, encoder, run_in(tmp_path))
    (tmp_path / "bad.npz").write_bytes(b"no")
    with pytest.raises(TrainingError, match="cannot be read"):
        ShownClasses(tmp_path / "bad.npz", generator, encoder, run_in(tmp_path))


def test_jitter_mirrors_shifts_and_lightens() -> None:
    pictures = torch.rand(2, 3, 20, 20) - 0.5
    still = torch.tensor([[0.9, 0.5, 0.5, 0.5, 0.5], [0.1, 0.5, 0.5, 0.5, 1.0]])
    found = jittered(pictures, still, torch.zeros_like(pictures))
    assert torch.allclose(found[0], pictures[0], atol=1e-5)
    assert torch.allclose(found[1], pictures[1].flip(2) + 0.1, atol=1e-5)
    moved = jittered(pictures[:1], torch.tensor([[0.9, 1.0, 0.5, 0.5, 0.5]]), pictures[:1] * 0)
    assert torch.allclose(moved[0, :, :, :-1], pictures[0, :, :, 1:], atol=1e-5)
