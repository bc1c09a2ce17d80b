import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from soundedit.errors import PackError
from soundedit.packs.foreign import read_foreign
from tests.foreignfiles import (
    assert_same,
    rosinality_weights,
    stylegan2_generator,
    trained,
)


@pytest.mark.parametrize("zipped", [True, False])
def test_a_converted_checkpoint_of_rosinality_comes_out_equal(tmp_path: Path, zipped: bool) -> None:
    original = stylegan2_generator(mapping_layers=4)
    path = tmp_path / "network.pt"
    saved = {"g_ema": rosinality_weights(original), "latent_avg": original.mapping.w_avg}
    torch.save(saved, path, _use_new_zipfile_serialization=zipped)
    found = read_foreign(path)
    assert (found.architecture, found.origin, found.labels) == (
        "stylegan2",
        "StyleGAN2 (rosinality)",
        0,
    )
    assert found.config == {
        "z_dim": 6,
        "w_dim": 8,
        "resolution": 16,
        "channels": [10, 8, 6],
        "mapping_layers": 4,
        "conv_clamp": None,
    }
    assert_same(found, original)


def test_a_trained_checkpoint_of_rosinality_gets_a_mean_latent(tmp_path: Path) -> None:
    original = stylegan2_generator()
    path = tmp_path / "010000.pt"
    torch.save(trained(rosinality_weights(original)), path)
    found = read_foreign(path)
    with torch.no_grad():
        latents = original.mapping(torch.randn(60000, 6))[:, 0]
    mean, tolerance = latents.mean(0), 0.1 * float(latents.std(0).max())
    torch.testing.assert_close(found.tensors["mapping.w_avg"], mean, rtol=0, atol=tolerance)
    original.mapping.w_avg.copy_(found.tensors["mapping.w_avg"])
    assert_same(found, original)


@pytest.mark.parametrize("layout", ["g", "bare"])
def test_other_places_of_the_weights_of_rosinality(tmp_path: Path, layout: str) -> None:
    original = stylegan2_generator()
    weights = rosinality_weights(original)
    torch.save({"g": weights} if layout == "g" else weights, tmp_path / "network.pt")
    found = read_foreign(tmp_path / "network.pt")
    name = "synthesis.b16.conv0.weight"
    assert torch.equal(found.tensors[name], original.state_dict()[name])


@pytest.mark.parametrize(
    ("name", "value", "what"),
    [
        ("noises.noise_4", None, "lacks 'synthesis.b16.conv1.noise_const'"),
        ("convs.2.conv.weight", None, "lacks 'synthesis.b16.conv0.weight'"),
        ("to_rgbs.1.conv.weight", None, "lacks the layer to colours of 16 pixels"),
        ("style.2.bias", None, "network.pt"),
        ("convs.0.shift", torch.zeros(2), "a part 'convs.0.shift'"),
        ("style.1.weight", torch.zeros(8, 6, 2), "network.pt"),
        ("input.input", torch.full((1, 10, 4, 4), torch.inf), "that are no numbers"),
        ("input.input", torch.zeros(1, 10, 4, 8), "'synthesis.b4.const' of 10 x 4 x 8"),
        ("convs.0.conv.blur.kernel", torch.ones(4, 4), r"other than \[1, 3, 3, 1\]"),
        ("style.1.weight", 3, "no tensor"),
    ],
)
def test_a_checkpoint_of_rosinality_that_ours_cannot_be(
    tmp_path: Path, name: str, value: Any, what: str
) -> None:
    weights: dict[str, Any] = rosinality_weights(stylegan2_generator())
    if value is None:
        del weights[name]
    else:
        weights[name] = value
    torch.save({"g_ema": weights, "latent_avg": torch.zeros(8)}, tmp_path / "network.pt")
    with pytest.raises(PackError, match=what):
        read_foreign(tmp_path / "network.pt")


def test_a_class_asked_of_rosinality_is_refused(tmp_path: Path) -> None:
    torch.save({"g_ema": rosinality_weights(stylegan2_generator())}, tmp_path / "network.pt")
    with pytest.raises(PackError, match="without classes"):
        read_foreign(tmp_path / "network.pt", label=1)


class Runs:
    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (self.command,)


@pytest.mark.parametrize("zipped", [True, False])
def test_a_checkpoint_that_runs_a_program_is_refused_by_its_name(
    tmp_path: Path, zipped: bool
) -> None:
    marker, path = tmp_path / "ran", tmp_path / "network.pt"
    data = {"g_ema": rosinality_weights(stylegan2_generator()), "args": Runs(f"touch {marker}")}
    torch.save(data, path, _use_new_zipfile_serialization=zipped)
    with pytest.raises(PackError, match=rf"names '{os.system.__module__}\.system'"):
        read_foreign(path)
    assert not marker.exists()


@pytest.mark.parametrize("data", [[1], {"state_dict": {"a": torch.zeros(1)}}, {"g_ema": {}}])
def test_another_checkpoint_is_refused(tmp_path: Path, data: Any) -> None:
    torch.save(data, tmp_path / "network.pt")
    with pytest.raises(PackError, match="holds no StyleGAN2 generator"):
        read_foreign(tmp_path / "network.pt")


@pytest.mark.parametrize("left", [0.3, 0.9, 0.999])
def test_a_checkpoint_cut_short_is_refused(tmp_path: Path, left: float) -> None:
    path = tmp_path / "network.pt"
    torch.save({"g_ema": rosinality_weights(stylegan2_generator())}, path)
    os.truncate(path, int(left * path.stat().st_size))
    with pytest.raises(PackError, match="no whole checkpoint"):
        read_foreign(path)


def test_an_archive_of_something_else_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "arrays.npz", a=np.zeros(3))
    with pytest.raises(PackError, match="no whole checkpoint"):
        read_foreign(tmp_path / "arrays.npz")
