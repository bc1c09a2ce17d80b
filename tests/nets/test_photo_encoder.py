import torch

from soundedit.nets.photo_encoder import PhotoEncoder


def test_codes() -> None:
    torch.manual_seed(1)
    encoder = PhotoEncoder([3, 4, 5, 6], w_dim=7, num_ws=10, width=8, hidden=16)
    taps = [torch.rand(2, c, s, s) for c, s in zip((3, 4, 5, 6), (64, 32, 16, 8), strict=True)]
    w, offsets = encoder(taps)
    assert w.shape == (2, 7)
    # Untrained, a photo is one latent for all layers.
    assert torch.equal(offsets, torch.zeros(2, 10, 7))
    brighter, _ = encoder([3 * tap for tap in taps])
    torch.testing.assert_close(brighter, w, rtol=1e-3, atol=1e-4)
