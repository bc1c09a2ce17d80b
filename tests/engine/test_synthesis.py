"""From latents to frames: batches, sizes, precision, cancelling."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from soundedit.engine.engine import Engine
from soundedit.engine.synthesis import Synthesiser, to_frames
from soundedit.errors import Cancelled, SoundeditError
from soundedit.progress import CancelToken


@pytest.fixture(scope="module")
def w(engine: Engine) -> np.ndarray:
    return np.stack([engine.sample(seed) for seed in range(11)])


def apart(a: np.ndarray, b: np.ndarray) -> int:
    return int(np.abs(a.astype(int) - b.astype(int)).max())


def test_seeds(engine: Engine) -> None:
    assert engine.sample(3).shape == (10, 16)
    assert np.array_equal(engine.sample(3), engine.sample(3))
    assert not np.allclose(engine.sample(3), engine.sample(4), atol=0.1)
    np.testing.assert_allclose(engine.sample(3, truncation=0), np.tile(engine.w_avg, (10, 1)))
    half = engine.w_avg + 0.5 * (engine.sample(3, truncation=1) - engine.w_avg)
    np.testing.assert_allclose(engine.sample(3, truncation=0.5), half, atol=1e-5)
    assert engine.sample(2**32 - 1).shape == (10, 16)


def test_frames(engine: Engine, w: np.ndarray) -> None:
    frames = list(engine.synthesise(w))
    assert len(frames) == 11
    for frame in frames:
        assert frame.shape == (64, 64, 3) and frame.dtype == np.uint8
        assert frame.flags.c_contiguous
    assert np.array_equal(frames, list(engine.synthesise(w)))
    assert apart(frames[0], frames[1]) > 10


@pytest.mark.parametrize("batch", [1, 3, 8, 100])
def test_batches_equal_one_by_one(engine: Engine, w: np.ndarray, batch: int) -> None:
    for frame, one in zip(engine.synthesise(w, batch=batch), w, strict=True):
        assert apart(frame, engine.picture(one)) <= 1


def test_blocks(engine: Engine, w: np.ndarray) -> None:
    told: list[float] = []
    blocks = (part for part in (w[:5], w[5:6], w[6:6], w[6:]))
    frames = list(engine.synthesise(blocks, progress=lambda f, _: told.append(f)))
    assert len(frames) == 11
    assert max(map(apart, frames, engine.synthesise(w))) <= 1
    # How many there will be is not known.
    assert set(told) == {-1.0}


@pytest.mark.parametrize("kind", ["float64", "read-only", "strided", "reversed"])
def test_any_array_of_numbers(engine: Engine, w: np.ndarray, kind: str) -> None:
    held = w[:2].copy()
    held.flags.writeable = False
    latents = {
        "float64": w[:2].astype(np.float64),
        "read-only": held,
        "strided": np.repeat(w[:2], 2, 2)[:, :, ::2],
        "reversed": np.ascontiguousarray(w[:2, :, ::-1])[:, :, ::-1],
    }[kind]
    frames = list(engine.synthesise(latents))
    assert max(map(apart, frames, engine.synthesise(w[:2]))) <= 1
    assert apart(engine.picture(latents[0]), frames[0]) <= 1


@pytest.mark.parametrize("size", [16, 32])
def test_smaller_powers_of_two_are_the_skip_picture(
    engine: Engine, w: np.ndarray, size: int
) -> None:
    network = engine._generator.synthesis
    wanted = to_frames(network(torch.from_numpy(w[:2]), until=size))
    frames = list(engine.synthesise(w[:2], size=size))
    assert np.array_equal(frames, wanted)
    assert wanted.shape == (2, size, size, 3)


@pytest.mark.parametrize("size", [20, 48, 100, 128])
def test_other_sizes_are_resampled(engine: Engine, w: np.ndarray, size: int) -> None:
    full = engine._generator.synthesis(torch.from_numpy(w[:1]))
    wanted = F.interpolate(full, (size, size), mode="bicubic", antialias=True)
    frame = engine.picture(w[0], size=size)
    assert frame.shape == (size, size, 3)
    assert apart(frame, to_frames(wanted)[0]) <= 1


@pytest.mark.parametrize("size", [-1, 0, 15, 4097])
def test_sizes_out_of_range_are_refused(engine: Engine, w: np.ndarray, size: int) -> None:
    with pytest.raises(SoundeditError, match=r"choose 16 to 4096 pixels"):
        engine.picture(w[0], size=size)


def test_wrong_latents_are_refused(engine: Engine, w: np.ndarray) -> None:
    for latents in (w[0], w[:, :9], w[:, :, :15]):
        with pytest.raises(ValueError, match=r"latents must be \[n, 10, 16\]"):
            list(engine.synthesise(latents))
    with pytest.raises(ValueError, match="at least one frame"):
        list(engine.synthesise(w, batch=0))


def test_progress(engine: Engine, w: np.ndarray) -> None:
    told: list[float] = []
    list(engine.synthesise(w, batch=3, progress=lambda f, _: told.append(f)))
    assert told == sorted(told)
    assert told[-1] == 1
    assert len(told) == 4


def test_cancel_in_the_middle(engine: Engine, w: np.ndarray) -> None:
    token = CancelToken()
    seen = 0
    with pytest.raises(Cancelled):
        for _ in engine.synthesise(w, batch=2, cancel=token):
            seen += 1
            if seen == 3:
                token.cancel()
    # The batch in hand is finished.
    assert seen == 4


def test_levels() -> None:
    values = torch.tensor([-9.0, -1.0, 0.0, 0.5, 1.0, 9.0])
    frame = to_frames(values.view(1, 1, 1, 6).expand(1, 3, 1, 6))
    assert frame.shape == (1, 1, 6, 3)
    assert frame[0, 0, :, 0].tolist() == [0, 0, 128, 191, 255, 255]


def test_bfloat16_is_near_the_reference(engine: Engine, w: np.ndarray) -> None:
    network = engine._generator.synthesis
    ws = torch.from_numpy(w[:4])
    exact = to_frames(Synthesiser(network, torch.device("cpu")).pictures(ws)).astype(int)
    rough = Synthesiser(network, torch.device("cpu"), torch.bfloat16).pictures(ws)
    assert rough.dtype == torch.float32
    # Eight bits of mantissa through nine layers: a few levels of 255.
    assert np.abs(to_frames(rough) - exact).mean() < 3


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_gpu_is_near_the_reference(engine: Engine, w: np.ndarray) -> None:
    device = torch.device("cuda:0")
    network = engine._generator.synthesis.to(device)
    try:
        fast = Synthesiser(network, device, torch.float16)
        for count in (1, 3, 1):
            ws = torch.from_numpy(w[:count])
            first, again = fast.pictures(ws), fast.pictures(ws)
            assert torch.equal(first, again)
            exact = network(ws.to(device))
            assert float((first - exact).abs().mean()) < 0.01
    finally:
        network.to("cpu")
