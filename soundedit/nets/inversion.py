"""Sound inversion encoder: a segment of sound and a scene -> offsets in W+, in three bands.

Lee et al. 2022, section 3.2: a feature pyramid over the audio trunk, one head for each band of
style layers made of a small convolution and a transformer, w_a = w_avg + dw(audio). Here the trunk
is the audio tower's own, and the heads also see the latent of the scene (from a seed or a photo),
so that one sound turns many scenes and a scene survives its sound.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from soundedit.nets.bands import BANDS, band_slices


class _BandHead(nn.Module):
    """One pyramid level, the embedding and the scene -> offsets of one band."""

    def __init__(self, width: int, embed_dim: int, w_dim: int, layers: int, hidden: int) -> None:
        super().__init__()
        self.w_dim, self.layers = w_dim, layers
        self.shrink = nn.Conv2d(width, width, 3, 2, 1)
        self.attend = nn.TransformerEncoderLayer(
            width, nhead=4, dim_feedforward=width * 2, dropout=0.1, batch_first=True
        )
        self.mix = nn.Sequential(
            nn.Linear(width + embed_dim + w_dim, hidden),
            nn.GELU(),
            nn.Linear(hidden, hidden),
            nn.GELU(),
            nn.Linear(hidden, layers * w_dim),
        )
        last = self.mix[-1]
        assert isinstance(last, nn.Linear)
        nn.init.normal_(last.weight, std=1e-3)
        nn.init.zeros_(last.bias)

    def listen(self, level: Tensor) -> Tensor:
        """Map [B, C, F, T] -> summary [B, C]."""
        tokens = (
            F.adaptive_avg_pool2d(F.gelu(self.shrink(level)), (2, 8)).flatten(2).transpose(1, 2)
        )
        out: Tensor = self.attend(tokens).mean(1)
        return out

    def forward(self, summary: Tensor, embedding: Tensor, scene: Tensor) -> Tensor:
        """-> offsets [B, layers, w_dim] from the scene's own latents."""
        x = self.mix(torch.cat([summary, embedding, scene], dim=1))
        return x.view(-1, self.layers, self.w_dim)


CLEAR = 0.75
"""Share of what was heard that becomes the classes it sounds like."""
TEMPERATURE = 0.03


class SoundInversion(nn.Module):
    """Audio pyramid, embedding of a segment and scene latents -> sound latents [B, L, D]."""

    class_words: Tensor
    class_sounds: Tensor

    def __init__(
        self,
        pyramid_channels: Sequence[int],
        embed_dim: int,
        w_dim: int,
        num_ws: int,
        width: int = 96,
        hidden: int = 384,
        classes: int = 0,
        known_summaries: bool = False,
    ) -> None:
        """`pyramid_channels`: widths of the audio tower's maps, coarse last; `classes`: of sounds
        that are known, see `clear`; `known_summaries`: not by their embeddings alone.
        """
        super().__init__()
        sounds = embed_dim + (3 * width if known_summaries else 0)
        for name, columns in (("class_words", embed_dim), ("class_sounds", sounds)):
            # Networks that know no classes have no such weights.
            self.register_buffer(name, torch.zeros(classes, columns), persistent=classes > 0)
        self.slices = band_slices(num_ws)
        self.heard_dim = 3 * width + embed_dim
        self.laterals = nn.ModuleList(nn.Conv2d(c, width, 1) for c in pyramid_channels)
        self.heads = nn.ModuleDict(
            {
                name: _BandHead(width, embed_dim, w_dim, part.stop - part.start, hidden)
                for name, part in self.slices.items()
            }
        )

    def listen(self, maps: Sequence[Tensor], embedding: Tensor) -> Tensor:
        """What a segment says, apart from the scene: [B, heard_dim]."""
        levels = [conv(x) for conv, x in zip(self.laterals, maps, strict=True)]
        for i in range(len(levels) - 2, -1, -1):
            levels[i] = levels[i] + F.interpolate(levels[i + 1], size=levels[i].shape[2:])
        # Coarse style layers take the coarsest map (most context), fine ones the finest.
        chosen = zip(BANDS, reversed(levels), strict=True)
        summaries = [self.band(name).listen(level) for name, level in chosen]
        return torch.cat([*summaries, embedding], dim=1)

    def band(self, name: str) -> _BandHead:
        """The head of one band."""
        head = self.heads[name]
        assert isinstance(head, _BandHead)
        return head

    def know(self, words: Tensor, sounds: Tensor) -> None:
        """Take the classes' words, unit embeddings [classes, E], and what is heard of each one's
        sounds in the mean: [classes, H], or [classes, E] where summaries are not known.
        """
        self.class_words.copy_(words)
        self.class_sounds.copy_(sounds)

    def clear(self, heard: Tensor, share: float | Tensor = CLEAR) -> Tensor:
        """What was heard [B, H] -> the same, nearer to known sounds of the classes it sounds like.

        Recordings unlike those of training are named rightly more often than they are drawn
        rightly: the words' space is wider than what a few hundred recordings fill of it, and the
        pyramid takes the rest of an unknown waterfall for surf. `share`: 0 to 1, or [B, 1].
        """
        if not len(self.class_words):
            return heard
        embedding = heard[:, -self.class_words.shape[1] :]
        alike = F.normalize(embedding, dim=1) @ self.class_words.T
        known = (alike / TEMPERATURE).softmax(1) @ self.class_sounds
        kept = heard.shape[1] - known.shape[1]
        cleared = heard[:, kept:] + share * (known - heard[:, kept:])
        return torch.cat([heard[:, :kept], cleared], dim=1)

    def place(self, heard: Tensor, scene: Tensor, share: float | Tensor = CLEAR) -> Tensor:
        """What was heard [B, H] on scenes [B, L, D] -> sound latents [B, L, D]; see `clear`."""
        width = self.laterals[0].out_channels
        assert isinstance(width, int)
        heard = self.clear(heard, share)
        embedding = heard[:, 3 * width :]
        centre = scene.mean(1)
        parts = []
        for i, (name, part) in enumerate(self.slices.items()):
            summary = heard[:, i * width : (i + 1) * width]
            parts.append(scene[:, part] + self.band(name)(summary, embedding, centre))
        return torch.cat(parts, dim=1)

    def forward(self, maps: Sequence[Tensor], embedding: Tensor, scene: Tensor) -> Tensor:
        """Maps and unit embedding [B, E] of a segment, scenes [B, L, D] -> [B, L, D]."""
        return self.place(self.listen(maps, embedding), scene)
