"""How far the sound moves the pictures away from their start: W+ between scene and trajectory."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from soundedit.document.model import Bands, Reactivity
from soundedit.nets.bands import BANDS, band_slices

Floats = NDArray[np.float32]
Bound = Callable[[Floats, Floats], tuple[Floats, Floats]]
"""Shortens the way of latents from others where it leaves the trusted region: `Region.bound`."""

NEAR = 0.005
"""A difference of a gain that nobody sees."""


def layer_gains(reactivity: Reactivity, layers: int) -> Floats:
    """The share of the way from the start that each of L style layers goes, [L], 0 to 4."""
    gains = np.ones(layers, np.float32)
    for name, part in band_slices(layers).items():
        gains[part] = reactivity.strength * getattr(reactivity.bands, name)
    return gains


def reacting(w: Floats, scene: Floats, gains: Floats, bound: Bound) -> Floats:
    """Latents `w` [n, L, D] of a trajectory, each layer moved to `gains` [L] of its way from the
    `scene` [n, L, D] (or [1, L, D], one for all).

    A gain of 1 leaves a layer as it is and 0 gives the scene's, both bit for bit. What goes further
    than the trajectory is bounded as an edit of it is.
    """
    if (gains == 1).all():
        return w
    share = gains[:, None]
    moved = np.where(share == 1, w, scene + share * (w - scene))
    if (gains > 1).any():
        moved, _ = bound(moved, np.where(share > 1, w, moved))
    return moved


def towards(now: Reactivity, wanted: Reactivity, share: float) -> Reactivity:
    """The reactivity at a share 0 to 1 of the way from one to another; there once it is near."""
    old = [now.strength, *(getattr(now.bands, name) for name in BANDS)]
    new = [wanted.strength, *(getattr(wanted.bands, name) for name in BANDS)]
    values = [a + share * (b - a) for a, b in zip(old, new, strict=True)]
    if max(abs(a - b) for a, b in zip(values, new, strict=True)) < NEAR:
        return wanted
    return Reactivity(values[0], Bands(*values[1:]))
