"""The subspace that codes of pictures fill."""

from pathlib import Path

import torch
from torch import nn

from soundedit.train.codespace import CodeSpace
from soundedit.train.inversion import InversionStages
from soundedit.train.motion import resumed
from soundedit.train.motion_data import MotionSettings
from soundedit.train.walks import WalkStage
from tests.train.tiny_training import MOTION, make_parts, train_embedding


def _codes() -> torch.Tensor:
    """Codes of two layers, each with three directions of its own in eight dimensions."""
    torch.manual_seed(0)
    axes = torch.linalg.qr(torch.randn(2, 8, 8)).Q[:, :, :3]
    return torch.einsum("nla,lda->nld", torch.randn(200, 2, 3), axes) + 5.0


def test_changes_between_codes_do_not_stray() -> None:
    codes = _codes()
    space = CodeSpace(codes, torch.ones(8), axes=3)
    change = codes[:5] - codes[5:10]
    torch.testing.assert_close(space.inside(change), change, atol=1e-4, rtol=1e-4)
    assert space.stray(change) < 1e-8


def test_what_no_code_has_is_told_layer_by_layer_in_units_of_the_spread() -> None:
    codes = _codes()
    space = CodeSpace(codes, torch.full((8,), 2.0), axes=3)
    within = codes[:1] - codes[1:2]
    outside = torch.randn(1, 2, 8)
    outside = outside - space.inside(outside)
    torch.testing.assert_close(
        space.stray(within + outside), outside.square().mean() / 4, atol=1e-5, rtol=1e-4
    )
    # Another layer's change is none of this layer's.
    assert space.stray(within.flip(1)) > 0.01


def test_time_may_lie_between_batch_and_layers() -> None:
    codes = _codes()
    space = CodeSpace(codes, torch.ones(8), axes=3)
    walk = torch.randn(2, 4, 2, 8)
    each = torch.stack([space.stray(walk[:, t]) for t in range(4)])
    torch.testing.assert_close(space.stray(walk), each.mean())


def test_a_layer_is_confined_to_what_codes_have() -> None:
    codes = _codes()
    space = CodeSpace(codes, torch.ones(8), axes=3)
    torch.manual_seed(3)
    layer, heard = nn.Linear(5, 8), torch.randn(6, 5)
    said = layer(heard).detach().view(6, 1, 8)
    space.confine(layer, slice(1, 2))
    both = torch.cat([torch.zeros(6, 1, 8), said], dim=1)
    torch.testing.assert_close(layer(heard), space.inside(both)[:, 1], atol=1e-5, rtol=1e-4)


def test_sounds_and_walks_are_kept_inside(tmp_path: Path) -> None:
    made = make_parts(tmp_path / "made")
    embedding = train_embedding(tmp_path)

    def strayed(name: str, weight: float) -> tuple[float, float]:
        settings = MotionSettings(
            generator=str(made / "generator.pt"),
            clips=str(made / "clips"),
            stills=str(made / "stills.npz"),
            embedding=str(embedding),
            out=str(tmp_path / name / "motion"),
            **{**MOTION, "stray_weight": weight, "device": "cpu"},
        )
        with resumed(settings) as nets:
            d = nets.data
            d.space = CodeSpace(d.codes.flatten(0, 1), d.spread, axes=3)
            stages, walks = InversionStages(nets), WalkStage(nets)
            stages.follow()
            stages.show()
            segments, _near = stages.moments(torch.arange(2))
            scenes = d.scenes[:2]
            walks.train()
            with torch.no_grad():
                placed = nets.inversion(*nets.hear(segments), scenes)
                moved = walks.walk(torch.arange(2), 1, 6, walks.anchors(walks.heard())[0], 0)
            return float(d.space.stray(placed - scenes)), float(walks.stray(moved, torch.arange(2)))

    free, kept = strayed("free", 0.0), strayed("kept", 1.0)
    assert kept[0] < 0.1 * free[0]
    assert kept[1] < 0.1 * free[1]
