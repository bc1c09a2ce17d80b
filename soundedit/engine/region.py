"""The part of W+ in which the generator's pictures can be trusted."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from soundedit.nets.bands import band_slices
from soundedit.nets.directions import DirectionMap, principal_region
from soundedit.nets.stylegan2 import MappingNetwork

_KNEE = 0.25
"""How far beyond the bound damping lets latents come at most, in radii."""
_LEEWAY = 1.1
"""What an offset may always add to the radius of latents that lie outside already."""
_SAMPLES = 4096


@dataclass(frozen=True)
class Region:
    """`centre` [L, D], `axes` [D, D], `spread` [L, D] and `radius` [L] as `principal_region`."""

    centre: NDArray[np.float32]
    axes: NDArray[np.float32]
    spread: NDArray[np.float32]
    radius: NDArray[np.float32]

    @classmethod
    def of_pack(cls, directions: DirectionMap) -> "Region":
        """The region that the pack stores."""
        names = ("centre", "axes", "spread", "radius")
        return cls(*(getattr(directions, name).cpu().numpy() for name in names))

    @classmethod
    def of_mapping(cls, mapping: MappingNetwork) -> "Region":
        """The region of a pack that stores none: what the mapping network produces."""
        import torch

        device = mapping.w_avg.device
        z = np.random.default_rng(0).standard_normal((_SAMPLES, mapping.z_dim))
        with torch.inference_mode():
            ws = mapping(torch.from_numpy(z).float().to(device))
        return cls(*principal_region(ws.cpu().numpy()))

    def whiten(self, offsets: NDArray[np.float32]) -> NDArray[np.float32]:
        """Offsets [..., L, D] in deviations along the axes."""
        white: NDArray[np.float32] = (offsets @ self.axes.T) / self.spread
        return white

    def bound(
        self, w: NDArray[np.float32], base: NDArray[np.float32] | None = None
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Keep latents [..., L, D] in the region by shortening their way from `base`.

        A layer whose way from `base` (the centre if None) stays inside is left as it is, bit for
        bit; beyond, the way is damped smoothly and never leads further out than a quarter of a
        radius. Also returns the share of the way that was taken back, 0 to 1, [...]. Where `base`
        lies outside itself, its own distance takes the radius's place.
        """
        start = np.broadcast_to(self.centre, w.shape) if base is None else base
        way = w - start
        a, b = self.whiten(start - self.centre), self.whiten(way)
        length = np.square(b).sum(-1)
        inside = np.square(a).sum(-1)
        limit = np.maximum(self.radius**2, _LEEWAY**2 * inside)
        half = (a * b).sum(-1)
        # |a + t b| = limit, solved for 1 / t, which stays finite for a way of no length.
        root = np.sqrt(np.square(half) + length * (limit - inside))
        beyond = (half + root) / np.maximum(limit - inside, 1e-12)
        eased = 1 + _KNEE * (1 - np.exp(-np.maximum(beyond - 1, 0) / _KNEE))
        keep = np.where(beyond <= 1, 1.0, eased / np.maximum(beyond, 1e-12)).astype(np.float32)
        kept = np.where(keep[..., None] == 1, w, start + keep[..., None] * way)
        reach = np.sqrt(length)
        damping = (reach * (1 - keep)).sum(-1) / np.maximum(reach.sum(-1), 1e-12)
        return kept.astype(np.float32, copy=False), damping.astype(np.float32)

    def change(self, offset: NDArray[np.float32]) -> dict[str, float]:
        """How far an offset [L, D] moves each band: its root mean square over the latents' own."""
        own = float(np.sqrt(np.square(self.spread).mean()))
        return {
            name: float(np.sqrt(np.square(offset[part]).mean())) / own
            for name, part in band_slices(len(self.centre)).items()
        }
