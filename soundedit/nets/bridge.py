"""A bridge between the W+ that a walk was learned in and that of another generator."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from soundedit.nets.bands import BANDS, band_slices


@dataclass(frozen=True)
class BandBridge:
    """One band's two charts of the same `rank` coordinates: rows [rank, width] there and back."""

    down: Tensor
    up: Tensor
    walk_down: Tensor
    walk_up: Tensor


class LatentBridge(nn.Module):
    """Latents of a walk [..., walk_ws, walk_dim] <-> those of pictures [..., num_ws, w_dim].

    Sound inversion and the frame generator know the W+ of the generator that they learned with.
    Band by band, what they say is read in whitened principal coordinates, turned, and written in
    those of another generator's W; a band's layers of pictures share one w, as its mapping network
    makes them. There and back is the identity on these coordinates; `rest` is what a latent of
    pictures has beside them.
    """

    centre: Tensor
    walk_centre: Tensor

    def __init__(self, walk_ws: int, walk_dim: int, num_ws: int, w_dim: int, rank: int) -> None:
        """ValueError below 7 layers on either side, which hold no three bands."""
        super().__init__()
        self.walk_shape, self.shape, self.rank = (walk_ws, walk_dim), (num_ws, w_dim), rank
        self.walk_slices, self.slices = band_slices(walk_ws), band_slices(num_ws)
        self.register_buffer("centre", torch.zeros(w_dim))
        self.register_buffer("walk_centre", torch.zeros(walk_ws, walk_dim))
        for name in BANDS:
            part = self.walk_slices[name]
            flat = (part.stop - part.start) * walk_dim
            self.register_buffer(f"{name}_down", torch.zeros(rank, w_dim))
            self.register_buffer(f"{name}_up", torch.zeros(rank, w_dim))
            self.register_buffer(f"{name}_walk_down", torch.zeros(rank, flat))
            self.register_buffer(f"{name}_walk_up", torch.zeros(rank, flat))

    def band(self, name: str) -> BandBridge:
        """The charts of one band."""
        ways = ("down", "up", "walk_down", "walk_up")
        return BandBridge(*(getattr(self, f"{name}_{way}") for way in ways))

    def to_pictures(self, w: Tensor) -> Tensor:
        """Latents of the walk [..., walk_ws, walk_dim] -> of the pictures [..., num_ws, w_dim]."""
        moved = w - self.walk_centre
        parts = []
        for name, part in self.slices.items():
            band = self.band(name)
            along = moved[..., self.walk_slices[name], :].flatten(-2) @ band.walk_down.T
            layer = self.centre + along @ band.up
            count = part.stop - part.start
            parts.append(layer[..., None, :].expand(*layer.shape[:-1], count, -1))
        return torch.cat(parts, dim=-2)

    def to_walk(self, w: Tensor) -> Tensor:
        """Latents of the pictures [..., num_ws, w_dim] -> of the walk [..., walk_ws, walk_dim]."""
        parts = []
        for name, part in self.walk_slices.items():
            band = self.band(name)
            along = (w[..., self.slices[name], :].mean(-2) - self.centre) @ band.down.T
            flat = along @ band.walk_up
            parts.append(flat.unflatten(-1, (part.stop - part.start, self.walk_shape[1])))
        return torch.cat(parts, dim=-2) + self.walk_centre

    def rest(self, w: Tensor) -> Tensor:
        """What latents of the pictures have that no walk says, of the same shape."""
        return w - self.to_pictures(self.to_walk(w))
