import torch

from soundedit.nets.resample import binomial_filter, smooth_after_transpose, upsample_picture
from tests.nets import stylegan2_reference as slow


def test_filter() -> None:
    kernel = binomial_filter()
    assert float(kernel.sum()) == 1
    torch.testing.assert_close(kernel.double(), slow.filter_2d())


def test_skip_upsampling() -> None:
    x = torch.randn(2, 3, 5, 4, dtype=torch.float64)
    found = upsample_picture(x)
    for one, out in zip(x, found, strict=True):
        torch.testing.assert_close(out, slow.upfirdn(one, slow.filter_2d(), 2, (2, 1, 2, 1), 4))


def test_upsampling_keeps_a_flat_picture_flat_inside() -> None:
    up = upsample_picture(torch.full((1, 3, 8, 8), 0.5))
    torch.testing.assert_close(up[:, :, 2:-2, 2:-2], torch.full((1, 3, 12, 12), 0.5))


def test_smoothing_after_a_transposed_convolution() -> None:
    x = torch.randn(2, 5, 9, 7, dtype=torch.float64)
    found = smooth_after_transpose(x)
    assert found.shape == (2, 5, 8, 6)
    for one, out in zip(x, found, strict=True):
        torch.testing.assert_close(out, slow.upfirdn(one, slow.filter_2d(), 1, (1, 1, 1, 1), 4))
