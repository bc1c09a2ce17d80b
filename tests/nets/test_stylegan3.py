"""The alias-free generator against the paper's equations and the release's layout."""

import math
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from soundedit.nets.stylegan3 import (
    Generator,
    SynthesisInput,
    SynthesisLayer,
    config_from_kwargs,
    plan_layers,
)

SMALL: dict[str, Any] = {"channel_base": 256, "channel_max": 8}
RADIAL = {"conv_kernel": 1, "use_radial_filters": True}


def made(resolution: int = 32, **options: Any) -> Generator:
    """Random weights with nothing at its neutral start."""
    torch.manual_seed(1)
    network = Generator(9, 7, resolution, **SMALL, **options)
    with torch.no_grad():
        for name, value in network.named_parameters():
            if name.endswith("bias"):
                value += 0.2 * torch.randn_like(value)
        for layer in network.synthesis.layers():
            layer.magnitude_ema.fill_(0.7)
        network.synthesis.input.affine.weight.normal_()
    return network.eval().requires_grad_(False)


@pytest.fixture(scope="module", params=[{}, RADIAL], ids=["T", "R"])
def generator(request: pytest.FixtureRequest) -> Generator:
    return made(**request.param)


@pytest.fixture(scope="module")
def ws() -> Tensor:
    return torch.randn(3, 16, 7, generator=torch.Generator().manual_seed(2))


def test_layer_names_of_the_released_256_px_networks() -> None:
    t = [plan.name for plan in plan_layers(256, channel_base=16384)]
    assert " ".join(t) == (
        "L0_36_512 L1_36_512 L2_36_512 L3_52_512 L4_52_512 L5_84_512 L6_84_512 L7_148_362 "
        "L8_148_256 L9_148_181 L10_276_128 L11_276_91 L12_276_64 L13_256_64 L14_256_3"
    )
    r = [plan.name for plan in plan_layers(256, channel_base=32768, channel_max=1024)]
    assert " ".join(r) == (
        "L0_36_1024 L1_36_1024 L2_36_1024 L3_52_1024 L4_52_1024 L5_84_1024 L6_84_1024 L7_148_724 "
        "L8_148_512 L9_148_362 L10_276_256 L11_276_181 L12_276_128 L13_256_128 L14_256_3"
    )


def test_factors_and_taps() -> None:
    plans = plan_layers(256, use_radial_filters=True)
    assert [plan.up for plan in plans] == [2, 2, 2, 4, 2, 4, 2, 4, 2, 2, 4, 2, 2, 2, 1]
    assert [plan.down for plan in plans] == [2] * 14 + [1]
    assert [plan.up_taps for plan in plans[2:5]] == [12, 24, 12]
    assert [plan.radial for plan in plans] == [True] * 12 + [False] * 3
    assert plans[0].cutoffs[0] == 2 and plans[-1].cutoffs[1] == 128
    # A geometric series in between, which leaves a transition band until sampling is critical.
    assert plans[6].cutoffs[1] == pytest.approx(math.sqrt(2 * 128))
    assert all(plan.widths[1] > 0 for plan in plans)


@pytest.mark.parametrize(("resolution", "options"), [(64, {}), (256, {}), (128, RADIAL)])
def test_paddings_give_the_sizes_and_keep_the_centre(
    resolution: int, options: dict[str, Any]
) -> None:
    for plan in plan_layers(resolution, **options)[:-1]:
        raised = (plan.in_size + plan.kernel - 1) * plan.up
        filtered = raised + sum(plan.pads) - plan.up_taps - plan.down_taps + 2
        assert (filtered - 1) // plan.down + 1 == plan.out_size
        # Positions in raised samples: the centre of the input against that of the output.
        centre = plan.pads[0] + (raised - plan.up) / 2 - (plan.up_taps + plan.down_taps - 2) / 2
        assert abs(centre - (plan.out_size - 1) * plan.down / 2) <= 0.5


def test_keys_and_shapes_are_those_of_the_release() -> None:
    network = Generator(5, 6, 32, channel_base=64, channel_max=12, num_layers=6)
    plans = plan_layers(32, channel_base=64, channel_max=12, num_layers=6)
    wanted: dict[str, tuple[int, ...]] = {
        "mapping.w_avg": (6,),
        "mapping.fc0.weight": (6, 5),
        "mapping.fc0.bias": (6,),
        "mapping.fc1.weight": (6, 6),
        "mapping.fc1.bias": (6,),
        "synthesis.input.weight": (12, 12),
        "synthesis.input.freqs": (12, 2),
        "synthesis.input.phases": (12,),
        "synthesis.input.transform": (3, 3),
        "synthesis.input.affine.weight": (4, 6),
        "synthesis.input.affine.bias": (4,),
    }
    for plan in plans:
        name, kernel = f"synthesis.{plan.name}", 1 if plan.to_rgb else 3
        wanted |= {
            f"{name}.weight": (plan.out_channels, plan.in_channels, kernel, kernel),
            f"{name}.bias": (plan.out_channels,),
            f"{name}.magnitude_ema": (),
            f"{name}.affine.weight": (plan.in_channels, 6),
            f"{name}.affine.bias": (plan.in_channels,),
        }
        if not plan.to_rgb:
            wanted |= {f"{name}.up_filter": (6 * plan.up,), f"{name}.down_filter": (12,)}
    assert {key: tuple(value.shape) for key, value in network.state_dict().items()} == wanted
    assert network.num_ws == network.synthesis.num_ws == 8
    radial = made(**RADIAL).synthesis.layers()
    assert [layer.down_filter.ndim for layer in radial if layer.down_filter is not None] == (
        [2] * 12 + [1] * 2
    )


def test_a_batch_equals_one_by_one(generator: Generator, ws: Tensor) -> None:
    found = generator.synthesis(ws)
    assert found.shape == (3, 3, 32, 32)
    one_by_one = torch.cat([generator.synthesis(one[None]) for one in ws])
    torch.testing.assert_close(found, one_by_one, rtol=1e-4, atol=1e-5)
    assert torch.equal(found, generator.synthesis(ws, noise_mode="random", until=16))


def test_each_latent_matters(generator: Generator, ws: Tensor) -> None:
    before = generator.synthesis(ws[:1])
    for i in range(16):
        moved = ws[:1].clone()
        moved[:, i] += 1
        assert float((generator.synthesis(moved) - before).abs().max()) > 1e-3, i


def test_pictures_from_z(generator: Generator) -> None:
    z = torch.randn(2, 9, generator=torch.Generator().manual_seed(3))
    latents = generator.mapping(z, truncation=0.5)
    torch.testing.assert_close(generator(z, truncation=0.5), generator.synthesis(latents))


def test_a_shift_of_the_input_shifts_the_picture(generator: Generator, ws: Tensor) -> None:
    """Equivariance, the paper's point: 4 px of 32, less what aliasing and the borders change."""
    first = generator.synthesis.input
    still = generator.synthesis(ws)
    try:
        first.transform[0, 2], first.transform[1, 2] = 4 / 32, -8 / 32
        moved = generator.synthesis(ws)
    finally:
        first.transform.copy_(torch.eye(3))
    # The inverse transform adds to where a pixel looks, so the picture goes the other way.
    a, b = moved[:, :, 8:, :-4], still[:, :, :-8, 4:]
    error = float((a - b)[..., 3:-3, 3:-3].square().mean().sqrt())
    assert error < 0.05 * float(still.std())
    assert error < 0.1 * float((a - still[:, :, 8:, :-4]).square().mean().sqrt())


def test_input_waves_are_the_equation() -> None:
    torch.manual_seed(4)
    layer = SynthesisInput(5, 6, 20, 16, 2.0)
    with torch.no_grad():
        layer.affine.weight.normal_()
        layer.transform.copy_(torch.tensor([[1.2, 0.3, 0.1], [-0.2, 0.9, -0.3], [0, 0, 1]]))
        w = torch.randn(2, 5)
        found = layer(w)
        for b in range(2):
            raw = w[b] @ layer.affine.weight.t() / math.sqrt(5) + layer.affine.bias
            c, s, tx, ty = (raw / raw[:2].norm()).tolist()
            rotation = torch.tensor([[c, -s, 0], [s, c, 0], [0, 0, 1]])
            shift = torch.tensor([[1, 0, -tx], [0, 1, -ty], [0, 0, 1.0]])
            full = rotation @ shift @ layer.transform
            row, column = 3, 17
            pixel = torch.tensor([(column + 0.5 - 10) / 16, (row + 0.5 - 10) / 16, 1.0])
            phase = layer.freqs @ (full @ pixel)[:2] + layer.phases
            radii = (layer.freqs @ full[:2, :2]).norm(dim=1)
            fade = (1 - (radii - 2) / (8 - 2)).clamp(0, 1)
            wanted = layer.weight @ (fade * torch.sin(2 * math.pi * phase)) / math.sqrt(6)
            torch.testing.assert_close(found[b, :, row, column], wanted, rtol=1e-4, atol=1e-4)


def test_input_frequencies_fill_the_band() -> None:
    torch.manual_seed(5)
    radii = SynthesisInput(4, 4096, 4, 16, 2.0).freqs.norm(dim=1)
    assert float(radii.max()) <= 2
    assert float((radii < 1).float().mean()) == pytest.approx(0.25, abs=0.03)


def test_a_layer_is_demodulated() -> None:
    """Every output filter has unit norm after styles; the magnitude is divided out besides."""
    torch.manual_seed(6)
    plan = plan_layers(32, **SMALL)[1]
    layer = SynthesisLayer(7, plan).requires_grad_(False)
    layer.magnitude_ema.fill_(4.0)
    w = torch.randn(2, 7)
    kernel = layer.kernel()
    before, after = layer.scales(w, kernel)
    assert after is not None
    scaled = kernel * before[:, None, :, None, None] * after[:, :, None, None, None]
    norms = scaled.square().sum((2, 3, 4)).sqrt()
    torch.testing.assert_close(norms, torch.full_like(norms, 0.5))
    styles = w @ layer.affine.weight.t() / math.sqrt(7) + 1
    direct = layer.weight * styles[:, None, :, None, None]
    direct = direct / direct.square().sum((2, 3, 4), keepdim=True).sqrt() / 2
    torch.testing.assert_close(scaled, direct, rtol=1e-4, atol=1e-5)


def test_colours_are_not_demodulated() -> None:
    torch.manual_seed(7)
    layer = SynthesisLayer(7, plan_layers(32, **SMALL)[-1]).requires_grad_(False)
    x, w = torch.randn(1, 8, 32, 32), torch.randn(1, 7)
    styles = w @ layer.affine.weight.t() / math.sqrt(7) + 1
    wanted = F.conv2d(x * styles[:, :, None, None], layer.weight) / math.sqrt(8)
    torch.testing.assert_close(layer(x, w), wanted, rtol=1e-4, atol=1e-4)
    assert float(layer(x, w, 0.25).abs().max()) == 0.25


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_is_near(generator: Generator, ws: Tensor, dtype: torch.dtype) -> None:
    exact, rough = generator.synthesis(ws), generator.synthesis(ws, dtype=dtype)
    assert rough.dtype == torch.float32
    limit = 0.02 if dtype == torch.float16 else 0.15
    assert float((rough - exact).square().mean().sqrt()) < limit * float(exact.std())


def test_config_of_the_release() -> None:
    given = {
        "z_dim": 512,
        "c_dim": 0,
        "w_dim": 256,
        "img_resolution": 128,
        "img_channels": 3,
        "mapping_kwargs": {"num_layers": 4},
        "channel_base": 65536,
        "channel_max": 1024,
        "magnitude_ema_beta": 0.9988,
        "conv_kernel": 1,
        "use_radial_filters": True,
        "conv_clamp": None,
    }
    assert config_from_kwargs(given) == {
        "z_dim": 512,
        "w_dim": 256,
        "resolution": 128,
        "mapping_layers": 4,
        "conv_clamp": None,
        "channel_base": 65536,
        "channel_max": 1024,
        "conv_kernel": 1,
        "use_radial_filters": True,
    }
    small = {**given, "channel_base": 128, "channel_max": 4, "z_dim": 8, "w_dim": 8}
    network = Generator(**config_from_kwargs(small))
    assert network.synthesis.conv_clamp is None
    assert len(network.synthesis.layers()) == 15
    assert network.mapping.num_layers == 4


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"c_dim": 10}, "class labels"),
        ({"img_channels": 1}, "three colours"),
        ({"img_resolution": None}, "img_resolution"),
        ({"spline": 3}, "unknown settings: spline"),
        ({"mapping_kwargs": {"lr_multiplier": 1.0}}, "unusual way"),
    ],
)
def test_what_a_config_cannot_be(change: dict[str, Any], message: str) -> None:
    given = {"z_dim": 8, "c_dim": 0, "w_dim": 8, "img_resolution": 64, "img_channels": 3} | change
    given = {name: value for name, value in given.items() if value is not None}
    with pytest.raises(ValueError, match=message):
        config_from_kwargs(given)


@pytest.mark.parametrize("resolution", [0, 8, 48])
def test_other_sizes_are_refused(resolution: int) -> None:
    with pytest.raises(ValueError, match="power of two from 16 up"):
        plan_layers(resolution)


@pytest.mark.parametrize("critical", [0, 14])
def test_critical_layers_are_some_of_all(critical: int) -> None:
    with pytest.raises(ValueError, match="1 to 13 can be critical"):
        plan_layers(64, num_critical=critical)
