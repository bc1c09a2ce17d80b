import pytest
import torch

from soundedit.nets.discriminators import (
    ImageDiscriminator,
    PatchDiscriminator,
    ProjectedDiscriminator,
    VideoDiscriminator,
    hinge_critic,
    hinge_generator,
)


@pytest.mark.parametrize("resolution", [32, 64])
def test_pictures(resolution: int) -> None:
    scores = ImageDiscriminator(resolution, width=4)(torch.rand(2, 3, resolution, resolution))
    assert scores.shape == (2, 1, 4, 4)


def test_textures_are_judged_by_small_areas_alone() -> None:
    torch.manual_seed(1)
    critic = PatchDiscriminator(width=4).eval()
    picture = torch.rand(1, 3, 64, 64)
    other = picture.clone()
    other[:, :, 32, 32] = 0
    with torch.no_grad():
        changed = (critic(picture) - critic(other))[0, 0] != 0
    assert changed.shape == (16, 16)
    rows, columns = changed.nonzero().T
    # Scores are four pixels apart, and see 30: from 4 s - 13 to 4 s + 16.
    assert (rows.min(), rows.max()) == (columns.min(), columns.max()) == (4, 11)


def test_textures_are_judged_whatever_their_colour_and_however_faint() -> None:
    torch.manual_seed(1)
    critic = PatchDiscriminator(width=8).eval()
    plain = torch.zeros(1, 3, 32, 32)
    grain = 0.05 * torch.randn_like(plain)
    with torch.no_grad():
        scores = critic(plain)
        assert torch.allclose(critic(plain + 0.7), scores, atol=1e-5)
        assert torch.allclose(critic(plain + 0.7 + grain), critic(grain), atol=1e-4)
        rough = (critic(grain) - scores).abs().mean()
        seen_as_it_is = critic.head(grain) - critic.head(plain)
    assert rough > 5 * seen_as_it_is.abs().mean()


@pytest.mark.parametrize("frames", [4, 6, 9])
def test_clips(frames: int) -> None:
    scores = VideoDiscriminator(width=4)(torch.rand(2, frames, 3, 32, 32))
    assert scores.shape[:2] == (2, 1)
    assert scores.shape[3:] == (4, 4)


def test_a_clip_is_more_than_its_frames() -> None:
    torch.manual_seed(1)
    critic = VideoDiscriminator(width=4).eval()
    clip = torch.rand(1, 6, 3, 32, 32)
    with torch.no_grad():
        assert not torch.allclose(critic(clip), critic(clip[:, [3, 1, 5, 0, 2, 4]]), atol=1e-4)


def test_projection_is_frozen_and_learns_only_in_its_heads() -> None:
    torch.manual_seed(2)
    critic = ProjectedDiscriminator([5, 6, 7], width=8, halvings=2)
    taps = [
        torch.rand(2, c, s, s, requires_grad=True)
        for c, s in zip((5, 6, 7), (32, 16, 8), strict=True)
    ]
    scores = critic(taps)
    assert [tuple(x.shape) for x in scores] == [(2, 1, 8, 8)] * 3
    torch.stack([x.mean() for x in scores]).sum().backward()
    learned = {n for n, p in critic.named_parameters() if p.grad is not None}
    assert learned and all(name.startswith("heads.") for name in learned)
    frozen = {n.split(".")[0] for n, p in critic.named_parameters() if not p.requires_grad}
    assert frozen == {"mix_channels", "mix_scales"}
    # The generator still gets a gradient through the frozen mixing.
    assert all(tap.grad is not None and float(tap.grad.abs().sum()) > 0 for tap in taps)


def test_a_class_adds_a_score_of_its_own() -> None:
    torch.manual_seed(4)
    projected = ProjectedDiscriminator([5, 6], width=8, halvings=1, classes=3).eval()
    plain = ImageDiscriminator(16, width=4, classes=3).eval()
    taps = [torch.rand(1, 5, 16, 16).repeat(4, 1, 1, 1), torch.rand(1, 6, 8, 8).repeat(4, 1, 1, 1)]
    pictures = torch.rand(1, 3, 16, 16).repeat(4, 1, 1, 1)
    for judge in (
        lambda kinds: projected(taps, None, kinds)[0],
        lambda kinds: plain(pictures, kinds),
    ):
        with torch.no_grad():
            common, each = judge(None), judge(torch.tensor([-1, 0, 1, 2]))
        assert common.shape == each.shape
        assert torch.equal(common[0], each[0])
        own = each - common
        assert not torch.allclose(own[1], own[2], atol=1e-4)
        assert not torch.allclose(own[2], own[3], atol=1e-4)


def test_coarse_taps_reach_fine_heads() -> None:
    torch.manual_seed(3)
    critic = ProjectedDiscriminator([5, 6], width=8, halvings=1).eval()
    fine, coarse = torch.rand(1, 5, 16, 16), torch.rand(1, 6, 8, 8)
    with torch.no_grad():
        before, after = critic([fine, coarse]), critic([fine, coarse.flip(2)])
    assert not torch.allclose(before[0], after[0], atol=1e-5)


def test_hinge() -> None:
    real, fake = [torch.tensor([2.0, 0.0])], [torch.tensor([-2.0, 0.5])]
    # Real: 0 and 1; fake: 0 and 1.5.
    assert float(hinge_critic(real, fake)) == pytest.approx(0.5 + 0.75)
    assert float(hinge_generator(fake)) == pytest.approx(0.75)
