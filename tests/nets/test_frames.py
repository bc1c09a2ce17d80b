"""The frame generator: bounded, causal, and the same walk at any frame rate."""

import pytest
import torch
from torch import Tensor

from soundedit.nets.drive import FEATURES
from soundedit.nets.frames import NOISE, FrameGenerator, FrameState

NUM_WS, W_DIM = 10, 6


@pytest.fixture(scope="module")
def network() -> FrameGenerator:
    """Every weight random, so that targets and gates move."""
    torch.manual_seed(1)
    made = FrameGenerator(W_DIM, NUM_WS, hidden=16, inner=12)
    with torch.no_grad():
        for value in made.parameters():
            value += 0.1 * torch.randn_like(value)
    return made.eval().requires_grad_(False)


def walk(
    network: FrameGenerator,
    sound: Tensor,
    scene: Tensor,
    drive: Tensor,
    noise: Tensor,
    fps: float,
) -> list[FrameState]:
    """Inputs [T, B, ...] -> states."""
    seconds = torch.full((scene.shape[0],), 1 / fps)
    state = network.start(sound[0])
    states = []
    for one, d, n in zip(sound, drive, noise, strict=True):
        state = network(state, one, scene, d, n, seconds)
        states.append(state)
    return states


def inputs(frames: int, batch: int = 2) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    made = torch.Generator().manual_seed(2)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=made)

    scene = normal(batch, NUM_WS, W_DIM)
    sound = scene + 0.5 * normal(frames, batch, NUM_WS, W_DIM)
    return sound, scene, normal(frames, batch, FEATURES), normal(frames, batch, NOISE)


def test_shapes(network: FrameGenerator) -> None:
    sound, scene, drive, noise = inputs(3)
    first = network.start(sound[0])
    assert torch.equal(first.w, sound[0])
    states = walk(network, sound, scene, drive, noise, 24)
    assert all(s.w.shape == (2, NUM_WS, W_DIM) for s in states)
    assert {name: tuple(h.shape) for name, h in states[-1].hidden.items()} == {
        "coarse": (2, 16),
        "mid": (2, 16),
        "fine": (2, 16),
    }


def test_later_sound_changes_nothing_earlier(network: FrameGenerator) -> None:
    sound, scene, drive, noise = inputs(10)
    before = walk(network, sound, scene, drive, noise, 24)
    drive[6:] += 2
    sound[6:] += 1
    after = walk(network, sound, scene, drive, noise, 24)
    for k in range(6):
        assert torch.equal(before[k].w, after[k].w)
    for k in range(6, 10):
        assert not torch.allclose(before[k].w, after[k].w, atol=1e-3)


@pytest.mark.parametrize("which", ["sound", "drive", "noise"])
def test_every_frame_hears(network: FrameGenerator, which: str) -> None:
    sound, scene, drive, noise = inputs(4)
    parts = {"sound": sound, "drive": drive, "noise": noise}
    before = walk(network, sound, scene, drive, noise, 24)[-1].w
    parts[which][3] += 1
    assert not torch.allclose(
        before, walk(network, sound, scene, drive, noise, 24)[-1].w, atol=1e-3
    )


def test_coarse_decides_before_fine(network: FrameGenerator) -> None:
    """A finer band's state reaches no coarser one within a step."""
    sound, scene, drive, noise = inputs(1)
    state = network.start(sound[0])
    seconds = torch.full((2,), 0.04)
    plain = network(state, sound[0], scene, drive[0], noise[0], seconds)
    for name, last in (("fine", 6), ("mid", 3), ("coarse", 0)):
        hidden = dict(state.hidden)
        hidden[name] = hidden[name] + 1
        moved = network(FrameState(state.w, hidden), sound[0], scene, drive[0], noise[0], seconds).w
        assert torch.equal(moved[:, :last], plain.w[:, :last])
        assert not torch.allclose(moved[:, last:], plain.w[:, last:], atol=1e-4)


@pytest.mark.parametrize("fps", [24, 60])
def test_walk_does_not_depend_on_the_frame_rate(network: FrameGenerator, fps: int) -> None:
    """One second of held inputs leads to the same place at a rate and at twice the rate."""
    sound, scene, drive, noise = (x if i == 1 else x[:1] for i, x in enumerate(inputs(1)))

    def after(rate: int) -> Tensor:
        held = [x.expand(rate, *x.shape[1:]) for x in (sound, drive, noise)]
        return walk(network, held[0], scene, held[1], held[2], rate)[-1].w

    start = network.start(sound[0]).w
    moved = float((after(fps) - start).norm())
    assert moved > 0.1
    assert float((after(fps) - after(2 * fps)).norm()) < 0.03 * moved


def test_two_half_steps_are_near_one_step(network: FrameGenerator) -> None:
    sound, scene, drive, noise = inputs(6)
    state = walk(network, sound, scene, drive, noise, 25)[-1]
    one = network(state, sound[0], scene, drive[0], noise[0], torch.full((2,), 0.04))
    half = network(state, sound[0], scene, drive[0], noise[0], torch.full((2,), 0.02))
    two = network(half, sound[0], scene, drive[0], noise[0], torch.full((2,), 0.02))
    step = float((one.w - state.w).norm())
    assert float((one.w - two.w).norm()) < 0.1 * step
    assert float((half.w - state.w).norm()) < 0.7 * step


def test_no_time_means_no_step(network: FrameGenerator) -> None:
    sound, scene, drive, noise = inputs(2)
    state = walk(network, sound, scene, drive, noise, 25)[-1]
    still = network(state, sound[0], scene, drive[0], noise[0], torch.zeros(2))
    assert torch.equal(still.w, state.w)


def test_ten_minutes_of_noise_stay_bounded(network: FrameGenerator) -> None:
    """A walk is a mean of targets, so it stays within their range however long it gets."""
    made = torch.Generator().manual_seed(3)
    scene = torch.randn(1, NUM_WS, W_DIM, generator=made)
    state = network.start(scene)
    seconds = torch.full((1,), 0.5)
    far = []
    for _ in range(10 * 60 * 2):
        sound = scene + torch.randn(1, NUM_WS, W_DIM, generator=made)
        drive = torch.randn(1, FEATURES, generator=made).clamp(-1.5, 1.5)
        noise = torch.randn(1, NOISE, generator=made)
        state = network(state, sound, scene, drive, noise, seconds)
        far.append(float((state.w - scene).norm()))
    begin, end = max(far[:200]), max(far[-200:])
    assert end < 1.5 * begin
    assert max(far) < 6 * (NUM_WS * W_DIM) ** 0.5
    assert float(max(h.abs().max() for h in state.hidden.values())) <= 1


def test_a_batch_equals_one_by_one(network: FrameGenerator) -> None:
    sound, scene, drive, noise = inputs(5)
    both = walk(network, sound, scene, drive, noise, 24)[-1].w
    for i in range(2):
        pick = slice(i, i + 1)
        one = walk(network, sound[:, pick], scene[pick], drive[:, pick], noise[:, pick], 24)
        torch.testing.assert_close(one[-1].w, both[pick], rtol=1e-4, atol=1e-5)
