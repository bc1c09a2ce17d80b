from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from soundedit.errors import PackError
from soundedit.nets import stylegan2
from soundedit.packs.foreign import read_foreign
from tests.foreignfiles import (
    Persistent,
    ada,
    assert_same,
    built,
    flat,
    latents,
    layer_of,
    rosinality_weights,
    snapshot,
    stylegan2_generator,
    stylegan3_generator,
    third,
    walk,
    write_pickle,
    z_of,
)

STYLEGAN3: dict[str, dict[str, Any]] = {
    "t": {"channel_base": 64, "channel_max": 12},
    "r": {"channel_base": 64, "channel_max": 12, "conv_kernel": 1, "use_radial_filters": True},
    "other": {
        "channel_base": 64, "channel_max": 12, "num_layers": 5, "num_critical": 1,
        "margin_size": 4, "output_scale": 0.5, "conv_clamp": 0.7,
    },
}  # fmt: skip


def test_stylegan2_ada_comes_out_equal(tmp_path: Path) -> None:
    original = stylegan2_generator()
    path = write_pickle(tmp_path / "network.pkl", snapshot(ada(original)))
    found = read_foreign(path)
    assert (found.architecture, found.origin, found.labels) == (
        "stylegan2",
        "StyleGAN2-ADA (NVIDIA)",
        0,
    )
    assert found.config == {
        "z_dim": 6,
        "w_dim": 8,
        "resolution": 16,
        "channels": [10, 8, 6],
        "mapping_layers": 2,
        "conv_clamp": None,
    }
    assert_same(found, original)
    for name, tensor in original.state_dict().items():
        assert torch.equal(found.tensors[name], tensor)
        assert found.tensors[name].dtype == torch.float32


def test_stylegan2_of_the_stylegan3_repository_keeps_its_clamp(tmp_path: Path) -> None:
    original = stylegan2_generator(mapping_layers=3, conv_clamp=0.5)
    found = read_foreign(write_pickle(tmp_path / "network.pkl", snapshot(flat(original))))
    assert found.origin == "StyleGAN2 (NVIDIA)"
    assert found.config["conv_clamp"] == 0.5
    assert found.config["mapping_layers"] == 3
    assert_same(found, original)
    unclamped = stylegan2.Generator(**{**found.config, "conv_clamp": None})
    unclamped.load_state_dict(found.tensors)
    ws = latents(original)
    assert (unclamped.synthesis(ws) - original.synthesis(ws)).abs().max() > 0.1


@pytest.mark.parametrize("protocol", [3, 4, 5])
def test_every_protocol_of_pickle_that_was_in_use_is_read(tmp_path: Path, protocol: int) -> None:
    original = stylegan3_generator(**STYLEGAN3["t"])
    network = third(original, **STYLEGAN3["t"])
    path = write_pickle(tmp_path / "network.pkl", snapshot(network), protocol)
    assert_same(read_foreign(path), original)


@pytest.mark.parametrize("label", [None, 0, 2])
def test_a_class_is_folded_into_the_mapping(tmp_path: Path, label: int | None) -> None:
    original = stylegan2_generator(c_dim=3)
    path = write_pickle(tmp_path / "network.pkl", snapshot(ada(original)))
    found = read_foreign(path, label=label)
    assert found.labels == 3
    assert found.config["z_dim"] == 6
    one_hot = torch.zeros(3, 3)
    one_hot[:, label or 0] = 1
    other = one_hot.roll(1, 1)
    ours = built(found)
    with torch.no_grad():
        for truncation in (1.0, 0.7):
            expected = original.mapping(z_of(), one_hot, truncation=truncation)
            torch.testing.assert_close(ours.mapping(z_of(), truncation=truncation), expected)
        assert (ours.mapping(z_of()) - original.mapping(z_of(), other)).abs().max() > 0.05
        ws = latents(original)
        torch.testing.assert_close(ours.synthesis(ws), original.synthesis(ws))


@pytest.mark.parametrize("label", [-1, 3])
def test_a_class_that_is_not_there_is_refused(tmp_path: Path, label: int) -> None:
    path = write_pickle(tmp_path / "network.pkl", snapshot(ada(stylegan2_generator(c_dim=3))))
    with pytest.raises(PackError, match=rf"3 classes and has no class {label}.* from 0 to 2"):
        read_foreign(path, label=label)


def test_a_class_of_a_network_without_classes_is_refused(tmp_path: Path) -> None:
    path = write_pickle(tmp_path / "network.pkl", snapshot(ada(stylegan2_generator())))
    with pytest.raises(PackError, match="without classes, so leave the class 0 out"):
        read_foreign(path, label=0)


def test_another_learning_rate_of_the_mapping_is_evened_out(tmp_path: Path) -> None:
    original = stylegan2_generator(c_dim=2, lr_multiplier=0.05)
    found = read_foreign(
        write_pickle(tmp_path / "network.pkl", snapshot(ada(original))),
        label=1,
    )
    one_hot = torch.tensor([[0.0, 1.0]]).repeat(3, 1)
    with torch.no_grad():
        expected = original.mapping(z_of(), one_hot)
        torch.testing.assert_close(built(found).mapping(z_of()), expected)


def test_a_network_without_noise_gets_none(tmp_path: Path) -> None:
    original = stylegan2_generator()
    network = ada(original)
    for _, layer in walk(network):
        if layer.class_name == "SynthesisLayer":
            layer.state["use_noise"] = False
            del layer.state["_parameters"]["noise_strength"]
            del layer.state["_buffers"]["noise_const"]
    found = read_foreign(write_pickle(tmp_path / "network.pkl", snapshot(network)))
    assert found.tensors["synthesis.b8.conv0.noise_strength"] == 0
    assert torch.equal(found.tensors["synthesis.b8.conv0.noise_const"], torch.zeros(8, 8))
    ws = latents(original)
    with torch.no_grad():
        expected = original.synthesis(ws, noise_mode="off")
        torch.testing.assert_close(built(found).synthesis(ws), expected)


@pytest.mark.parametrize("key", ["network", "G", "G_ema"])
def test_the_generator_is_found_wherever_it_lies(tmp_path: Path, key: str) -> None:
    original = stylegan2_generator()
    network = ada(original)
    data = network if key == "network" else {key: network}
    assert_same(read_foreign(write_pickle(tmp_path / "network.pkl", data)), original)


def test_half_precision_becomes_float32(tmp_path: Path) -> None:
    original = stylegan2_generator().half()
    found = read_foreign(write_pickle(tmp_path / "network.pkl", snapshot(ada(original))))
    assert {tensor.dtype for tensor in found.tensors.values()} == {torch.float32}
    name = "synthesis.b8.conv0.weight"
    assert torch.equal(found.tensors[name], original.state_dict()[name].float())


def test_a_mapping_without_a_mean_latent_gets_that_of_seeded_latents(tmp_path: Path) -> None:
    original = stylegan2_generator()
    network = ada(original)
    del layer_of(network, "mapping").state["_buffers"]["w_avg"]
    path = write_pickle(tmp_path / "network.pkl", network)
    mean = read_foreign(path).tensors["mapping.w_avg"]
    with torch.no_grad():
        latents = original.mapping(torch.randn(60000, 6))[:, 0]
    torch.testing.assert_close(
        mean, latents.mean(0), rtol=0, atol=0.1 * float(latents.std(0).max())
    )
    assert torch.equal(mean, read_foreign(path).tensors["mapping.w_avg"])


def no_skip(network: Persistent) -> None:
    layer_of(network, "synthesis.b8").state["architecture"] = "resnet"


def grey(network: Persistent) -> None:
    network.state["img_channels"] = 1


def other_activation(network: Persistent) -> None:
    layer_of(network, "synthesis.b8.conv1").state["activation"] = "relu"


def other_mapping_activation(network: Persistent) -> None:
    layer_of(network, "mapping.fc1").state["activation"] = "elu"


def other_filter(network: Persistent) -> None:
    taps = torch.tensor([1.0, 4, 6, 4, 1])
    layer_of(network, "synthesis.b8").state["_buffers"]["resample_filter"] = taps.outer(taps) / 256


def broad(network: Persistent) -> None:
    layer_of(network, "synthesis.b4").state["_parameters"]["const"] = torch.zeros(10, 4, 8)


def odd_size(network: Persistent) -> None:
    network.state["img_resolution"] = 24


def missing_part(network: Persistent) -> None:
    del layer_of(network, "synthesis.b16.conv1").state["_parameters"]["bias"]


def additional_part(network: Persistent) -> None:
    layer_of(network, "synthesis.b16").state["_parameters"]["attention"] = torch.zeros(2)


def other_shape(network: Persistent) -> None:
    layer_of(network, "synthesis.b8.conv0").state["_parameters"]["weight"] = torch.zeros(
        8, 10, 5, 5
    )


def not_finite(network: Persistent) -> None:
    layer_of(network, "synthesis.b8.torgb").state["_parameters"]["bias"] = torch.full(
        (3,), torch.nan
    )


def two_clamps(network: Persistent) -> None:
    layer_of(network, "synthesis.b8.torgb").state["conv_clamp"] = 3


def clamp_of_no_number(network: Persistent) -> None:
    for _, layer in walk(network):
        layer.state["conv_clamp"] = float("inf")


def layers_without_end(network: Persistent) -> None:
    """Few objects, but a million ways through them."""
    shared = layer_of(network, "synthesis.b8.conv1.affine")
    for _ in range(4):
        modules = {f"part{i}": shared for i in range(32)}
        shared = Persistent("Part", {"_modules": modules})
    network.state["_modules"]["more"] = shared


def no_size(network: Persistent) -> None:
    del layer_of(network, "synthesis").state["_modules"]["b8"]


def other_network(network: Persistent) -> None:
    network.class_name = "TriPlaneGenerator"
    network.state["_modules"].clear()


def no_layers(network: Persistent) -> None:
    layer_of(network, "mapping").state["_modules"].clear()


def itself(network: Persistent) -> None:
    layer_of(network, "mapping").state["_modules"] = [1]


@pytest.mark.parametrize(
    ("spoil", "what"),
    [
        (no_skip, "architecture 'resnet' instead of 'skip'"),
        (grey, "1 colour channels instead of 3"),
        (other_activation, "activation 'relu' in 'synthesis.b8.conv1'"),
        (other_mapping_activation, "activation 'elu' in 'mapping.fc1'"),
        (other_filter, r"resampling filter other than \[1, 3, 3, 1\]"),
        (broad, "not square with a power of two"),
        (odd_size, "not square with a power of two"),
        (no_size, "not square with a power of two"),
        (missing_part, "lacks 'synthesis.b16.conv1.bias'"),
        (additional_part, "'synthesis.b16.attention'"),
        (other_shape, "'synthesis.b8.conv0.weight' of 8 x 10 x 5 x 5 .* 8 x 10 x 3 x 3"),
        (not_finite, "'synthesis.b8.torgb.bias' that are no numbers"),
        (two_clamps, "different limits"),
        (clamp_of_no_number, "conv_clamp set to inf"),
        (layers_without_end, "more than 4096 layers"),
        (other_network, "TriPlaneGenerator that is neither StyleGAN2 nor StyleGAN3"),
        (no_layers, "no mapping layers"),
        (itself, "not laid out like a generator"),
    ],
)
def test_what_ours_cannot_be_is_refused(
    tmp_path: Path, spoil: Callable[[Persistent], None], what: str
) -> None:
    network = ada(stylegan2_generator())
    spoil(network)
    path = write_pickle(tmp_path / "network.pkl", snapshot(network))
    with pytest.raises(PackError, match=what):
        read_foreign(path)


@pytest.mark.parametrize("data", [{"D": 1}, [1, 2], None, {"G_ema": {"weight": 1}}])
def test_a_pickle_without_a_generator_is_refused(tmp_path: Path, data: Any) -> None:
    with pytest.raises(PackError, match="holds no generator"):
        read_foreign(write_pickle(tmp_path / "other.pkl", data))


@pytest.mark.parametrize("kind", STYLEGAN3)
def test_stylegan3_comes_out_equal(tmp_path: Path, kind: str) -> None:
    original = stylegan3_generator(**STYLEGAN3[kind])
    network = third(original, **STYLEGAN3[kind])
    found = read_foreign(write_pickle(tmp_path / "network.pkl", snapshot(network)))
    assert found.architecture == "stylegan3"
    assert found.origin == f"StyleGAN3-{'R' if kind == 'r' else 'T'} (NVIDIA)"
    assert found.config == {
        "z_dim": 6, "w_dim": 8, "resolution": 16, "mapping_layers": 2, **STYLEGAN3[kind]
    }  # fmt: skip
    assert_same(found, original)


def test_a_rotated_stylegan3_is_put_upright(tmp_path: Path) -> None:
    original = stylegan3_generator(**STYLEGAN3["t"])
    network = third(original, **STYLEGAN3["t"])
    turned = torch.tensor([[0.0, -1.0, 0.2], [1.0, 0.0, 0.1], [0.0, 0.0, 1.0]])
    layer_of(network, "synthesis.input").state["_buffers"]["transform"] = turned
    found = read_foreign(write_pickle(tmp_path / "network.pkl", network))
    assert torch.equal(found.tensors["synthesis.input.transform"], torch.eye(3))
    assert_same(found, original)


def test_a_class_of_stylegan3_is_folded_into_the_mapping(tmp_path: Path) -> None:
    original = stylegan3_generator(**STYLEGAN3["t"])
    original.mapping = stylegan2.MappingNetwork(6, 8, original.num_ws, c_dim=4, num_layers=2)
    network = third(original, **STYLEGAN3["t"])
    found = read_foreign(write_pickle(tmp_path / "network.pkl", network), label=3)
    assert found.labels == 4
    one_hot = torch.eye(4)[[3, 3, 3]]
    with torch.no_grad():
        torch.testing.assert_close(built(found).mapping(z_of()), original.mapping(z_of(), one_hot))


@pytest.mark.parametrize(
    ("settings", "what"),
    [
        ({"img_channels": 1}, "three colours"),
        ({"num_layers": 10**9}, "not as many as it says"),
        ({"num_layers": 13}, "not as many as it says"),
        ({"img_resolution": 24}, "power of two"),
        ({"channel_max": 13}, "layers of other sizes"),
        ({"filter_size": 10**6}, "longer filters"),
        ({"attention": True}, "unknown settings: attention"),
        ({"z_dim": "wide"}, "cannot be used"),
        ({"first_cutoff": float("nan")}, "network.pkl"),
        ({"lrelu_upsampling": 0}, "network.pkl"),
    ],
)
def test_settings_of_stylegan3_that_cannot_be_are_refused(
    tmp_path: Path, settings: dict[str, Any], what: str
) -> None:
    network = third(stylegan3_generator(**STYLEGAN3["t"]), **STYLEGAN3["t"])
    network.state["_init_kwargs"].update(settings)
    with pytest.raises(PackError, match=what):
        read_foreign(write_pickle(tmp_path / "network.pkl", network))


def test_the_content_tells_the_programs_apart(tmp_path: Path) -> None:
    original = stylegan2_generator()
    ours = write_pickle(tmp_path / "network.pt", snapshot(ada(original)))
    torch.save({"g_ema": rosinality_weights(original)}, tmp_path / "network.pkl")
    assert read_foreign(ours).origin == "StyleGAN2-ADA (NVIDIA)"
    assert read_foreign(tmp_path / "network.pkl").origin == "StyleGAN2 (rosinality)"
