"""Critics of walks: what they know of a class, and what they are shown of it."""

from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save_file
from torch import nn

from soundedit.nets.discriminators import ImageDiscriminator, ProjectedDiscriminator
from soundedit.train.autoencoder import load_autoencoder
from soundedit.train.distributed import World
from soundedit.train.generator import View
from soundedit.train.run import Run, RunSettings
from soundedit.train.walkcritics import WalkSight, walk_criticism, walk_score
from soundedit.train.walkpictures import WalkPictures
from tests.train.tiny_training import make_parts

KINDS = torch.tensor([0, 1] * 4)


def view(levels: list[float]) -> View:
    """Plain pictures of these levels, with taps that are as plain."""
    level = torch.tensor(levels)[:, None, None, None]
    return View([level.expand(-1, 4, 8, 8), level.expand(-1, 4, 4, 4)], level.expand(-1, 3, 16, 16))


def taught(walked: View, models: View) -> nn.ModuleList:
    torch.manual_seed(0)
    projected = ProjectedDiscriminator([4, 4], width=8, halvings=1, classes=2)
    critics = nn.ModuleList([projected, ImageDiscriminator(16, width=8, classes=2)])
    optimiser = torch.optim.Adam([p for p in critics.parameters() if p.requires_grad], 5e-3)
    for _ in range(150):
        optimiser.zero_grad()
        walk_criticism(critics, WalkSight(walked, models, KINDS, torch.ones(2))).backward()
        optimiser.step()
    return critics.eval()


def test_a_picture_of_another_class_is_worth_less() -> None:
    # Stills of the first class are dark, of the second bright; walks are grey.
    critics = taught(view([0.0] * 8), view([-1.0, 1.0] * 4))
    walks = [view([-1.0, 1.0] * 4), view([0.0] * 8), view([1.0, -1.0] * 4)]
    with torch.no_grad():
        right, grey, wrong = (
            float(walk_score(critics, WalkSight(seen, seen, KINDS, torch.ones(2))))
            for seen in walks
        )
        nothing = torch.full((8,), -1)
        # Without a class, one is as good as the other.
        free = [
            float(walk_score(critics, WalkSight(seen, seen, nothing, torch.ones(2))))
            for seen in (walks[0], walks[2])
        ]
    assert right < grey - 0.5
    assert right < wrong - 1.0
    assert abs(free[0] - free[1]) < 1e-4


def test_models_are_stills_of_the_class(tmp_path: Path) -> None:
    made = make_parts(tmp_path)
    generator, encoder, _ = load_autoencoder(made / "generator.pt")
    rng = np.random.default_rng(3)
    for kind in ("fire", "other", "rain"):
        (tmp_path / "walks" / kind).mkdir(parents=True)
        w = rng.normal(0, 1, (9, generator.num_ws, 16)).astype(np.float32)
        save_file({"w": w}, tmp_path / "walks" / kind / "a.safetensors")
    levels = np.array([0, 255], np.uint8).repeat(6)
    pictures = np.broadcast_to(levels[:, None, None, None], (12, 32, 32, 3)).copy()
    np.savez(tmp_path / "s.npz", pictures=pictures, kinds=np.array(["fire"] * 6 + ["rain"] * 6))
    run = Run(tmp_path / "p.pt", RunSettings(), World(), np.random.default_rng(1))
    walks = WalkPictures(str(tmp_path / "walks"), str(tmp_path / "s.npz"), generator, encoder, run)
    assert walks.classes == ["fire", "other", "rain"]
    grey = np.full((2, 32, 32, 3), 51, np.uint8)
    found = walks.models(torch.tensor([2, 0, 1, 0] + [-1] * 40), grey)
    assert found.shape == (44, 3, 32, 32)
    level = found.mean((1, 2, 3))
    assert torch.allclose(level[:4], torch.tensor([1.0, -1.0, -0.6, -1.0]), atol=1e-5)
    # Of no class is any still, and none but stills.
    assert sorted({round(float(one), 3) for one in level[4:]}) == [-1.0, 1.0]
