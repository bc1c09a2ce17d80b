"""Hierarchical frame generator: three recurrent bands walk through W+, driven by every segment.

Lee et al. 2022, section 3.3, with w_t = w_{t-1} + residual for coarse, mid and fine style layers.
The released network hears the sound once, at the first frame; this one hears every segment. Three
changes make it stable and independent of the frame rate: the residual is a gated step towards a
target near the sound latent (so a walk cannot drift away), gates are raised to the power of the
time step, and noise is a slow process sampled in seconds, not in frames.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from soundedit.nets.bands import BANDS, band_slices
from soundedit.nets.drive import FEATURES

REFERENCE_RATE = 25.0
"""Frames a second at which gates are defined."""
NOISE = 8


@dataclass
class FrameState:
    """Where the walk is: latents [B, L, D] and the hidden state of each band [B, H]."""

    w: Tensor
    hidden: dict[str, Tensor]


class _BandCell(nn.Module):
    """One band's recurrent block."""

    def __init__(self, w_dim: int, layers: int, hidden: int, inner: int, above: int) -> None:
        super().__init__()
        self.w_dim, self.layers = w_dim, layers
        self.look = nn.Linear(3 * w_dim, inner)
        inputs = inner + FEATURES + NOISE + above
        self.gates = nn.Linear(inputs + hidden, 2 * hidden)
        self.candidate = nn.Linear(inputs + hidden, hidden)
        self.to_target = nn.Sequential(
            nn.Linear(hidden + inputs, hidden), nn.GELU(), nn.Linear(hidden, layers * w_dim)
        )
        self.to_gate = nn.Linear(hidden + inputs, 1)
        last = self.to_target[-1]
        assert isinstance(last, nn.Linear)
        nn.init.normal_(last.weight, std=1e-3)
        nn.init.zeros_(last.bias)

    def forward(
        self, w: Tensor, sound: Tensor, scene: Tensor, extra: Tensor, hidden: Tensor, steps: Tensor
    ) -> tuple[Tensor, Tensor]:
        seen = torch.cat([(w - sound).mean(1), (sound - scene).mean(1), scene.mean(1)], dim=1)
        x = torch.cat([F.gelu(self.look(seen)), extra], dim=1)
        both = torch.cat([x, hidden], dim=1)
        update, reset = torch.sigmoid(self.gates(both)).chunk(2, dim=1)
        new = torch.tanh(self.candidate(torch.cat([x, hidden * reset], dim=1)))
        update = 1 - (1 - update).clamp_min(1e-4) ** steps
        hidden = hidden + update * (new - hidden)
        told = torch.cat([hidden, x], dim=1)
        target = sound + self.to_target(told).view(-1, self.layers, self.w_dim)
        rate = 1 - (1 - torch.sigmoid(self.to_gate(told))).clamp_min(1e-4) ** steps
        return w + rate[:, :, None] * (target - w), hidden


class FrameGenerator(nn.Module):
    """Coarse, mid and fine recurrent blocks; each finer one also sees the coarser's state."""

    def __init__(self, w_dim: int, num_ws: int, hidden: int = 192, inner: int = 128) -> None:
        super().__init__()
        self.w_dim, self.num_ws, self.hidden = w_dim, num_ws, hidden
        self.slices = band_slices(num_ws)
        self.cells = nn.ModuleDict()
        for i, (name, part) in enumerate(self.slices.items()):
            above = 0 if i == 0 else hidden
            self.cells[name] = _BandCell(w_dim, part.stop - part.start, hidden, inner, above)

    def start(self, sound: Tensor) -> FrameState:
        """Begin at the sound latents [B, L, D] of the first segment."""
        zeros = sound.new_zeros(sound.shape[0], self.hidden)
        return FrameState(sound, {name: zeros for name in BANDS})

    def forward(
        self,
        state: FrameState,
        sound: Tensor,
        scene: Tensor,
        drive: Tensor,
        noise: Tensor,
        seconds: Tensor,
    ) -> FrameState:
        """One frame: w_t from w_{t-1}.

        `sound` [B, L, D]: sound latents of the segment that ends now; `scene` [B, L, D]: latents of
        the scene alone; `drive` [B, FEATURES]; `noise` [B, NOISE], a slow process of unit
        variance; `seconds` [B] since the frame before.
        """
        steps = (seconds * REFERENCE_RATE)[:, None]
        parts, hidden = [], {}
        above: list[Tensor] = []
        for name, part in self.slices.items():
            extra = torch.cat([drive, noise, *above], dim=1)
            w, hidden[name] = self.cells[name](
                state.w[:, part],
                sound[:, part],
                scene[:, part],
                extra,
                state.hidden[name],
                steps,
            )
            above = [hidden[name]]
            parts.append(w)
        return FrameState(torch.cat(parts, dim=1), hidden)
