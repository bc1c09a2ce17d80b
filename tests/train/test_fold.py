"""Folding layer offsets into the generator keeps every picture."""

import torch

from soundedit.nets.photo_encoder import PhotoEncoder
from soundedit.nets.stylegan2 import SynthesisNetwork
from soundedit.train.fold import Fold, affines_of_layers, regress_offsets


def _fold() -> tuple[Fold, torch.Tensor, torch.Tensor]:
    torch.manual_seed(0)
    w = torch.randn(500, 6)
    matrices = 0.2 * torch.randn(8, 6, 6)
    offsets = torch.einsum("lde,ne->nld", matrices, w) + torch.randn(8, 6)
    found, constants = regress_offsets(w, offsets, ridge=1e-6)
    assert torch.allclose(found, matrices, atol=1e-3)
    return Fold(found, constants), w, w[:, None] + offsets


def test_every_layer_drives_its_affines() -> None:
    counts = [len(a) for a in affines_of_layers(SynthesisNetwork(6, 32, [4, 4, 4, 4]))]
    assert counts == [1, 2, 1, 2, 1, 2, 1, 1]


def test_pictures_stay_and_offsets_go() -> None:
    fold, w, codes = _fold()
    network = SynthesisNetwork(6, 32, [4, 4, 4, 4])
    with torch.no_grad():
        before = network(codes[:3])
        fold.apply_to_synthesis(network)
        after = network(fold.codes(codes[:3]))
        shared = network(w[:3, None].expand(-1, 8, -1))
    assert torch.allclose(before, after, atol=1e-4)
    assert torch.allclose(before, shared, atol=2e-3)


def test_encoder_gives_the_new_latents() -> None:
    fold, _, _ = _fold()
    encoder = PhotoEncoder([5], 6, 8, width=4, hidden=16)
    with torch.no_grad():
        encoder.to_offsets.weight.normal_(std=0.1)
        taps = [torch.randn(2, 5, 16, 16)]
        w, offsets = encoder(taps)
        fold.apply_to_encoder(encoder)
        same, smaller = encoder(taps)
    assert torch.equal(w, same)
    old, new = w[:, None] + offsets, same[:, None] + smaller
    assert torch.allclose(fold.codes(old), new, atol=1e-5)
