"""The encoder that ships."""

import torch

from soundedit.nets.picture_encoder import PictureEncoder


def test_codes_of_pictures_of_any_size() -> None:
    torch.manual_seed(0)
    net = PictureEncoder(16, 10, 32, (8, 8, 8, 8), (1, 1, 1, 1), hidden=16, rank=4).eval()
    for size in (32, 64, 20):
        assert net(torch.randn(2, 3, size, size)).shape == (2, 10, 16)
    net.mean.fill_(3.0)
    net.scale.zero_()
    assert (net(torch.randn(1, 3, 32, 32)) == 3).all()


def test_the_pack_stays_small() -> None:
    count = sum(p.numel() for p in PictureEncoder(256, 12).state_dict().values())
    assert 2 * count < 4.5e6
