"""The synthesis network against its defining equations, and the ways to run it."""

import pytest
import torch
from torch import Tensor

from soundedit.nets.stylegan2 import (
    Generator,
    SynthesisNetwork,
    lrelu,
    mix_styles,
    modulated_conv,
    num_ws_for,
)
from tests.nets import stylegan2_reference as slow

RESOLUTION, WIDTHS, W_DIM, Z_DIM = 32, [6, 5, 4, 3], 7, 9


@pytest.fixture(scope="module")
def generator() -> Generator:
    """Random weights with nothing at its neutral start: noise, biases and averages count."""
    torch.manual_seed(1)
    made = Generator(Z_DIM, W_DIM, RESOLUTION, WIDTHS, mapping_layers=3)
    with torch.no_grad():
        for name, value in made.named_parameters():
            if name.endswith(("bias", "noise_strength")):
                value += 0.3 * torch.randn_like(value)
        made.mapping.w_avg.normal_()
    return made.eval().requires_grad_(False)


@pytest.fixture(scope="module")
def weights(generator: Generator) -> dict[str, Tensor]:
    return {name: value.double() for name, value in generator.state_dict().items()}


@pytest.fixture(scope="module")
def ws() -> Tensor:
    return torch.randn(3, 8, W_DIM, generator=torch.Generator().manual_seed(2))


@pytest.mark.parametrize(("up", "kernel"), [(False, 1), (False, 3), (True, 3)])
@pytest.mark.parametrize("demodulate", [False, True])
@pytest.mark.parametrize("batch", [1, 3])
def test_modulated_convolution(up: bool, demodulate: bool, batch: int, kernel: int) -> None:
    torch.manual_seed(3)
    x = torch.randn(batch, 4, 5, 6, dtype=torch.float64)
    weight = torch.randn(7, 4, kernel, kernel, dtype=torch.float64)
    styles = torch.randn(batch, 4, dtype=torch.float64)
    found = modulated_conv(x, weight, styles, up=up, demodulate=demodulate)
    for one, style, out in zip(x, styles, found, strict=True):
        wanted = slow.modulated_convolution(one, weight, style, 2 if up else 1, demodulate)
        torch.testing.assert_close(out, wanted, rtol=1e-6, atol=1e-6)


def test_demodulation_gives_unit_variance() -> None:
    torch.manual_seed(4)
    x = torch.randn(1, 32, 64, 64)
    out = modulated_conv(x, 9 * torch.randn(8, 32, 3, 3), 5 * torch.randn(1, 32))
    inner = out[0, :, 2:-2, 2:-2]
    assert torch.allclose(inner.var((1, 2)), torch.ones(8), atol=0.15)


def test_pictures_equal_the_equations(
    generator: Generator, weights: dict[str, Tensor], ws: Tensor
) -> None:
    found = generator.synthesis(ws)
    assert found.shape == (3, 3, RESOLUTION, RESOLUTION)
    for one, picture in zip(ws, found, strict=True):
        wanted = slow.synthesis(one.double(), weights, RESOLUTION)
        torch.testing.assert_close(picture.double(), wanted, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("size", [4, 8, 16])
def test_until_gives_the_skip_picture(
    generator: Generator, weights: dict[str, Tensor], ws: Tensor, size: int
) -> None:
    found = generator.synthesis(ws[:1], until=size)
    assert found.shape == (1, 3, size, size)
    wanted = slow.synthesis(ws[0].double(), weights, size)
    torch.testing.assert_close(found[0].double(), wanted, rtol=1e-4, atol=1e-4)


def test_a_batch_equals_one_by_one(generator: Generator, ws: Tensor) -> None:
    one_by_one = torch.cat([generator.synthesis(one[None]) for one in ws])
    torch.testing.assert_close(generator.synthesis(ws), one_by_one, rtol=1e-4, atol=1e-4)


def test_gradients_of_one_equal_those_of_a_batch(generator: Generator, ws: Tensor) -> None:
    gradients = []
    for pick in (slice(0, 1), slice(0, 2)):
        part = ws[pick].clone().requires_grad_(True)
        generator.synthesis(part)[0].square().mean().backward()
        assert part.grad is not None
        gradients.append(part.grad[0])
    torch.testing.assert_close(gradients[0], gradients[1], rtol=1e-3, atol=1e-5)


def test_noise_modes(generator: Generator, weights: dict[str, Tensor], ws: Tensor) -> None:
    const = generator.synthesis(ws[:1])
    assert torch.equal(const, generator.synthesis(ws[:1], noise_mode="const"))
    off = generator.synthesis(ws[:1], noise_mode="off")
    wanted = slow.synthesis(ws[0].double(), weights, RESOLUTION, noise=False)
    torch.testing.assert_close(off[0].double(), wanted, rtol=1e-4, atol=1e-4)
    torch.manual_seed(5)
    first = generator.synthesis(ws[:1], noise_mode="random")
    second = generator.synthesis(ws[:1], noise_mode="random")
    torch.manual_seed(5)
    again = generator.synthesis(ws[:1], noise_mode="random")
    assert torch.equal(first, again)
    assert not torch.allclose(first, second, atol=1e-3)
    assert not torch.allclose(first, const, atol=1e-3)


def test_random_noise_differs_between_samples(generator: Generator, ws: Tensor) -> None:
    a, b = generator.synthesis(ws[:1].repeat(2, 1, 1), noise_mode="random")
    assert not torch.allclose(a, b, atol=1e-3)


def test_style_mixing(generator: Generator, weights: dict[str, Tensor], ws: Tensor) -> None:
    mixed = mix_styles(ws[:1], ws[1:2], 3)
    assert torch.equal(mixed[0, :3], ws[0, :3])
    assert torch.equal(mixed[0, 3:], ws[1, 3:])
    # Three layers are b4 whole and b8.conv0, so the 4 x 4 picture is the first one's.
    small = generator.synthesis(mixed, until=4)
    torch.testing.assert_close(small, generator.synthesis(ws[:1], until=4))
    assert not torch.allclose(generator.synthesis(mixed), generator.synthesis(ws[:1]), atol=1e-2)


def test_each_layer_matters(generator: Generator, ws: Tensor) -> None:
    before = generator.synthesis(ws[:1])
    for i in range(8):
        moved = ws[:1].clone()
        moved[:, i] += 1
        assert not torch.allclose(generator.synthesis(moved), before, atol=1e-3), i


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("count", [1, 3])
def test_half_precision_is_near_the_reference(
    generator: Generator, ws: Tensor, dtype: torch.dtype, count: int
) -> None:
    exact = generator.synthesis(ws[:count])
    rough = generator.synthesis(ws[:count], dtype=dtype)
    assert rough.dtype == torch.float32
    # float16 keeps 11 bits and bfloat16 8; errors of five layers add up.
    limit = 0.005 if dtype == torch.float16 else 0.04
    assert float((rough - exact).square().mean().sqrt()) < limit * float(exact.std())


@pytest.mark.parametrize("count", [1, 2])
def test_float16_survives_large_styles(count: int) -> None:
    torch.manual_seed(6)
    x = 50 * torch.randn(count, 64, 8, 8)
    weight, styles = 3 * torch.randn(16, 64, 3, 3), 400 * torch.randn(count, 64)
    exact = modulated_conv(x, weight, styles)
    rough = modulated_conv(x.half(), weight, styles)
    assert rough.dtype == torch.float16
    torch.testing.assert_close(rough.float(), exact, rtol=0.02, atol=0.02 * float(exact.std()))


def test_clamp(ws: Tensor) -> None:
    torch.manual_seed(7)
    network = SynthesisNetwork(W_DIM, 8, [4, 4], conv_clamp=0.25)
    picture = network(ws[:, :4]).detach()
    assert float(picture.abs().max()) <= 0.25 * (1 + 2.25)
    assert float(lrelu(torch.tensor([9.0, -90.0]), clamp=2.0).abs().max()) == 2.0
    assert lrelu(torch.tensor([1.0, -1.0])).tolist() == pytest.approx([2**0.5, -0.2 * 2**0.5])


@pytest.mark.parametrize(
    ("resolution", "wanted"), [(4, 2), (8, 4), (64, 10), (256, 14), (1024, 18)]
)
def test_number_of_style_layers(resolution: int, wanted: int) -> None:
    assert num_ws_for(resolution) == wanted


@pytest.mark.parametrize("resolution", [0, 2, 3, 48, 100])
def test_other_sizes_are_refused(resolution: int) -> None:
    with pytest.raises(ValueError, match="power of two"):
        num_ws_for(resolution)


def test_widths_must_fit_the_resolution() -> None:
    with pytest.raises(ValueError, match="32 px needs 4 widths, not 3"):
        Generator(8, 8, 32, [4, 4, 4])


def test_keys_and_shapes_are_those_of_ada() -> None:
    """The layout of an ADA G_ema, written out from its documentation."""
    resolution, widths, w, z = 16, [12, 10, 8], 6, 5
    wanted: dict[str, tuple[int, ...]] = {"mapping.w_avg": (w,)}
    for i in range(8):
        wanted[f"mapping.fc{i}.weight"] = (w, z if i == 0 else w)
        wanted[f"mapping.fc{i}.bias"] = (w,)
    wanted["synthesis.b4.const"] = (12, 4, 4)
    before = 0
    for size, width in zip((4, 8, 16), widths, strict=True):
        block = f"synthesis.b{size}"
        wanted[f"{block}.resample_filter"] = (4, 4)
        layers = {"conv1": (width, width)}
        if before:
            layers["conv0"] = (width, before)
        for name, (o, i) in layers.items():
            wanted |= {
                f"{block}.{name}.weight": (o, i, 3, 3),
                f"{block}.{name}.bias": (o,),
                f"{block}.{name}.noise_strength": (),
                f"{block}.{name}.noise_const": (size, size),
                f"{block}.{name}.resample_filter": (4, 4),
                f"{block}.{name}.affine.weight": (i, w),
                f"{block}.{name}.affine.bias": (i,),
            }
        wanted |= {
            f"{block}.torgb.weight": (3, width, 1, 1),
            f"{block}.torgb.bias": (3,),
            f"{block}.torgb.affine.weight": (width, w),
            f"{block}.torgb.affine.bias": (width,),
        }
        before = width
    state = Generator(z, w, resolution, widths).state_dict()
    assert {name: tuple(value.shape) for name, value in state.items()} == wanted
    torch.testing.assert_close(state["synthesis.b8.resample_filter"].double(), slow.filter_2d())


def test_initial_scales() -> None:
    """Weights start with unit variance (mapping: over its learning rate), styles at one."""
    torch.manual_seed(8)
    state = Generator(64, 64, 8, [64, 64]).state_dict()
    assert float(state["mapping.fc1.weight"].std()) == pytest.approx(100, rel=0.05)
    assert float(state["synthesis.b8.conv1.weight"].std()) == pytest.approx(1, rel=0.05)
    assert torch.equal(state["synthesis.b8.conv0.affine.bias"], torch.ones(64))
    assert float(state["synthesis.b8.conv1.noise_strength"]) == 0
