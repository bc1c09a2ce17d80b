"""The subspace of W+ that codes of pictures fill, layer by layer."""

import torch
from torch import Tensor, nn

AXES = 48
"""Principal axes kept of each layer; of the shipped pack's codes they hold 99.7 % of the variance.
"""


class CodeSpace:
    """Tells what of a change of latents no code of a picture has.

    A classifier is pleased soonest by latents that no picture leads to, and a generator trained on
    codes alone draws those with hard edges, as if embossed.
    """

    def __init__(self, codes: Tensor, spread: Tensor, axes: int = AXES) -> None:
        """`codes` [N, L, D] of pictures; `spread` [D], the unit that changes are measured in."""
        centred = (codes - codes.mean(0)).double().transpose(0, 1)
        _values, vectors = torch.linalg.eigh(centred.transpose(1, 2) @ centred)
        kept = vectors[:, :, -axes:]
        self._inside = (kept @ kept.transpose(1, 2)).float().to(spread.device)
        self._spread = spread

    def inside(self, change: Tensor) -> Tensor:
        """The part of changes [..., L, D] that codes of pictures have as well."""
        return torch.einsum("...ld,lde->...le", change, self._inside)

    @torch.no_grad()
    def confine(self, last: nn.Module, part: slice) -> None:
        """Leave of what a linear layer says for style layers `part` what is inside."""
        assert isinstance(last, nn.Linear)
        inside = self._inside[part].to(last.weight.device)
        shape = (*inside.shape[:2], last.in_features)
        last.weight.copy_((inside @ last.weight.view(shape)).flatten(0, 1))
        last.bias.copy_((inside @ last.bias.view(*shape[:2], 1)).flatten())

    def stray(self, change: Tensor) -> Tensor:
        """Mean square of the rest, in units of the spread."""
        return ((change - self.inside(change)) / self._spread).square().mean()
