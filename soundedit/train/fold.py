"""Folding what an encoder's layer offsets have in common into the generator.

An encoder trained with small offsets for each style layer hides part of every picture in them, and
a mapping network, which gives all layers one latent, cannot reach it. The part of the offsets that
is a linear function of the global latent can be moved, exactly, into the affine layers of the
synthesis network and out of the encoder: every picture stays the same, the offsets get small.
"""

import torch
from torch import Tensor

from soundedit.nets.photo_encoder import PhotoEncoder
from soundedit.nets.stylegan2 import FullyConnected, SynthesisBlock, SynthesisNetwork


def affines_of_layers(synthesis: SynthesisNetwork) -> list[list[FullyConnected]]:
    """The affine layers that each of the `num_ws` latents drives (ToRGB shares the next one)."""
    found: list[list[FullyConnected]] = [[] for _ in range(synthesis.num_ws)]
    start = 0
    for size in synthesis.sizes:
        block: SynthesisBlock = getattr(synthesis, f"b{size}")
        if not block.first:
            found[start].append(block.conv0.affine)
        found[start + block.num_conv - 1].append(block.conv1.affine)
        found[start + block.num_conv].append(block.torgb.affine)
        start += block.num_conv
    return found


def regress_offsets(w: Tensor, offsets: Tensor, ridge: float = 0.05) -> tuple[Tensor, Tensor]:
    """Linear fit of offsets [N, L, D] by latents [N, D]: matrices [L, D, D] and constants [L, D].

    `ridge` is relative to the mean variance of the latents.
    """
    mean_w, mean_o = w.mean(0), offsets.mean(0)
    x, y = (w - mean_w).double(), (offsets - mean_o).double()
    covariance = x.T @ x / len(x)
    scale = covariance.diagonal().mean()
    covariance += ridge * scale * torch.eye(len(covariance), dtype=torch.double)
    cross = torch.einsum("nld,ne->lde", y, x) / len(x)
    matrices = torch.linalg.solve(covariance, cross.transpose(1, 2)).transpose(1, 2).float()
    return matrices, mean_o - torch.einsum("lde,e->ld", matrices, mean_w)


class Fold:
    """The change of latents c' = (I + A)^-1 (c - b), and what it does to networks."""

    def __init__(self, matrices: Tensor, constants: Tensor) -> None:
        """`matrices` A [L, D, D] and `constants` b [L, D] as `regress_offsets` gives them."""
        self.forward_ = torch.eye(matrices.shape[1]) + matrices
        self.inverse = torch.linalg.inv(self.forward_.double()).float()
        self.constants = constants

    def codes(self, codes: Tensor) -> Tensor:
        """Old latents [..., L, D] -> new ones that give the same picture."""
        return torch.einsum("lde,...le->...ld", self.inverse, codes - self.constants)

    @torch.no_grad()
    def apply_to_synthesis(self, synthesis: SynthesisNetwork) -> None:
        """Change the affine layers so that new latents give the old pictures."""
        for layer, affines in enumerate(affines_of_layers(synthesis)):
            for affine in affines:
                moved = affine.weight @ self.constants[layer] * affine.weight_gain
                affine.bias.add_(moved / affine.bias_gain)
                affine.weight.copy_(affine.weight @ self.forward_[layer])

    @torch.no_grad()
    def apply_to_encoder(self, encoder: PhotoEncoder) -> None:
        """Change the offset head so that the encoder gives new latents."""
        layers, width = self.constants.shape
        offsets = encoder.to_offsets.weight.view(layers, width, -1) + encoder.to_w.weight
        bias = encoder.to_offsets.bias.view(layers, width) + encoder.to_w.bias
        weight = torch.einsum("lde,leh->ldh", self.inverse, offsets) - encoder.to_w.weight
        encoder.to_offsets.weight.copy_(weight.flatten(0, 1))
        encoder.to_offsets.bias.copy_((self.codes(bias) - encoder.to_w.bias).flatten())
