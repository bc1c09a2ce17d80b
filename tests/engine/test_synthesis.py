"""From latents to frames: batches, sizes, precision, cancelling."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from soundedit.engine.device import synthesis_dtype
from soundedit.engine.engine import Engine
from soundedit.engine.prepared import PreparedSynthesis
from soundedit.engine.synthesis import Synthesiser, to_frames
from soundedit.errors import Cancelled, SoundeditError
from soundedit.nets import stylegan3
from soundedit.nets.stylegan2 import SynthesisNetwork
from soundedit.progress import CancelToken


@pytest.fixture(scope="module")
def w(engine: Engine) -> np.ndarray:
    return np.stack([engine.sample(seed) for seed in range(11)])


@pytest.fixture(scope="module")
def restless() -> SynthesisNetwork:
    """Random weights in which noise and biases count."""
    torch.manual_seed(1)
    network = SynthesisNetwork(16, 64, [12, 10, 8, 8, 6])
    with torch.no_grad():
        for name, value in network.named_parameters():
            if name.endswith(("bias", "noise_strength")):
                value += 0.3 * torch.randn_like(value)
    return network.eval().requires_grad_(False)


def apart(a: np.ndarray, b: np.ndarray) -> int:
    """Largest difference in levels of 255."""
    return int(np.abs(a.astype(int) - b.astype(int)).max())


def close(a: np.ndarray, b: np.ndarray) -> float:
    """Mean difference in levels; what bfloat16 changes depends on the processor."""
    return float(np.abs(a.astype(int) - b.astype(int)).mean())


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
        assert close(frame, engine.picture(one)) < 0.5
    exact = Synthesiser(engine._generator.synthesis, torch.device("cpu"))
    for frame, one in zip(exact.frames([w], batch=batch), w, strict=True):
        assert apart(frame, next(exact.frames([one[None]]))) <= 1


def test_blocks(engine: Engine, w: np.ndarray) -> None:
    told: list[float] = []
    blocks = (part for part in (w[:5], w[5:6], w[6:6], w[6:]))
    frames = list(engine.synthesise(blocks, progress=lambda f, _: told.append(f)))
    assert len(frames) == 11
    assert max(map(close, frames, engine.synthesise(w))) < 0.5
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
    assert max(map(close, frames, engine.synthesise(w[:2]))) < 0.5
    assert close(engine.picture(latents[0]), frames[0]) < 0.5


@pytest.mark.parametrize("size", [16, 32])
def test_smaller_powers_of_two_are_the_skip_picture(
    engine: Engine, w: np.ndarray, size: int
) -> None:
    network = engine._generator.synthesis
    wanted = to_frames(network(torch.from_numpy(w[:2]), until=size))
    frames = list(engine.synthesise(w[:2], size=size))
    assert np.shape(frames) == wanted.shape == (2, size, size, 3)
    assert max(map(close, frames, wanted)) < 1


@pytest.mark.parametrize("size", [20, 48, 100, 128])
def test_other_sizes_are_resampled(engine: Engine, w: np.ndarray, size: int) -> None:
    full = engine._generator.synthesis(torch.from_numpy(w[:1]))
    wanted = F.interpolate(full, (size, size), mode="bicubic", antialias=True)
    frame = engine.picture(w[0], size=size)
    assert frame.shape == (size, size, 3)
    assert close(frame, to_frames(wanted)[0]) < 1


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


@pytest.mark.parametrize("until", [None, 4, 32])
@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("clamp", [None, 0.7])
def test_the_folded_network_is_the_reference(
    restless: SynthesisNetwork, until: int | None, count: int, clamp: float | None
) -> None:
    restless.conv_clamp = clamp
    ws = torch.randn(count, 10, 16, generator=torch.Generator().manual_seed(1))
    exact = restless(ws, until=until)
    folded = PreparedSynthesis(restless)(ws, until)
    assert folded.shape == exact.shape and folded.dtype == torch.float32
    torch.testing.assert_close(folded, exact, rtol=1e-4, atol=1e-4)


class Late(CancelToken):
    """Cancelled at its `last` check."""

    def __init__(self, last: int) -> None:
        super().__init__()
        self.checks, self.last = 0, last

    def check(self) -> None:
        self.checks += 1
        if self.checks == self.last:
            self.cancel()
        super().check()


@pytest.mark.parametrize("kind", [SynthesisNetwork, stylegan3.SynthesisNetwork])
def test_a_picture_is_stopped_half_way(kind: type) -> None:
    network = kind(6, 64, [8, 8, 8, 8, 8]) if kind is SynthesisNetwork else kind(6, 64)
    synthesiser = Synthesiser(network, torch.device("cpu"))
    ws = torch.randn(1, network.num_ws, 6)
    whole = Late(1000)
    wanted = synthesiser.pictures(ws)
    torch.testing.assert_close(synthesiser.pictures(ws, cancel=whole), wanted, rtol=0, atol=0)
    assert whole.checks >= 5
    for last in (1, 3, whole.checks):
        late = Late(last)
        with pytest.raises(Cancelled):
            synthesiser.pictures(ws, cancel=late)
        assert late.checks == last


def test_a_network_without_previews_is_made_whole_at_any_size() -> None:
    torch.manual_seed(3)
    network = SynthesisNetwork(6, 64, [8, 8, 8, 8, 8], previews=False)
    ws = torch.randn(1, 10, 6)
    synthesiser = Synthesiser(network, torch.device("cpu"))
    small = synthesiser.pictures(ws, size=32)
    with torch.inference_mode():
        whole = network(ws)
    wanted = F.interpolate(whole, size=(32, 32), mode="bicubic", antialias=True)
    torch.testing.assert_close(small, wanted, rtol=1e-3, atol=1e-3)
    assert network.preview_sizes == [64] and network.sizes == [4, 8, 16, 32, 64]


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("until", [None, 32, 64])
def test_large_and_wide_blocks_are_the_reference(count: int, until: int | None) -> None:
    # At 32 and 128 pixels wide enough for Winograd's domain, at 64 so narrow that kernels scale.
    torch.manual_seed(4)
    network = SynthesisNetwork(12, 128, [8, 8, 8, 256, 8, 128], conv_clamp=20.0)
    with torch.no_grad():
        for name, value in network.named_parameters():
            if name.endswith(("bias", "noise_strength")):
                value += 0.3 * torch.randn_like(value)
    ws = torch.randn(count, 12, 12)
    with torch.inference_mode():
        exact = network(ws, until=until)
    prepared = PreparedSynthesis(network)
    torch.testing.assert_close(prepared(ws, until), exact, rtol=1e-4, atol=2e-4)
    # A frame is the same whatever is made with it.
    alone = prepared(ws[-1:], until)
    torch.testing.assert_close(alone, prepared(ws, until)[-1:], rtol=1e-4, atol=2e-4)


@pytest.mark.parametrize("until", [None, 32])
def test_bfloat16_is_near_the_reference(restless: SynthesisNetwork, until: int | None) -> None:
    restless.conv_clamp = None
    ws = torch.randn(3, 10, 16, generator=torch.Generator().manual_seed(1))
    exact = restless(ws, until=until)
    rough = PreparedSynthesis(restless, torch.bfloat16)(ws, until)
    assert rough.dtype == torch.float32
    # Eight bits of mantissa through nine layers.
    assert float((rough - exact).abs().mean()) < 0.02 * float(exact.std())


def test_random_noise_leaves_the_folded_way(engine: Engine, w: np.ndarray) -> None:
    synthesiser = Synthesiser(engine._generator.synthesis, torch.device("cpu"))
    ws = torch.from_numpy(w[:1])
    off = synthesiser.pictures(ws, noise_mode="off")
    torch.testing.assert_close(off, engine._generator.synthesis(ws, noise_mode="off"))


def test_precision_of_devices() -> None:
    assert synthesis_dtype(torch.device("cuda:0")) == torch.float16
    assert synthesis_dtype(torch.device("cpu")) in (torch.float32, torch.bfloat16)


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
