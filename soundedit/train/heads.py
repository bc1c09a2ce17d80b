"""Small maps from the locked teachers' features into the joint space.

Towers are distilled from them. They are aligned with each other from nothing, or, where towers are
to go on that came without them (a pack holds no teachers), learn what those towers say.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from soundedit.train.contrast import info_nce, unit
from soundedit.train.embedding_data import EmbeddingData


class TeacherHeads(nn.Module):
    """Heads of aiSFX, EfficientNet-Lite0 and MiniLM."""

    def __init__(self, embed_dim: int) -> None:
        super().__init__()
        self.sound = nn.Sequential(
            nn.Dropout(0.3),
            nn.Linear(1024, 256),
            nn.GELU(),
            nn.Dropout(0.3),
            nn.Linear(256, embed_dim),
        )
        self.image = nn.Sequential(
            nn.Dropout(0.2), nn.Linear(1280, 384), nn.GELU(), nn.Linear(384, embed_dim)
        )
        self.text = nn.Linear(384, embed_dim)

    def _said(self, data: EmbeddingData, clips: NDArray[np.int64], rng: np.random.Generator,
              device: torch.device) -> Tensor:  # fmt: skip
        return unit(self.sound(data.sound_features(clips, rng).to(device)))

    def _written(self, features: Tensor, device: torch.device) -> Tensor:
        return unit(self.text(features.to(device)))

    def _shown(self, data: EmbeddingData, pictures: Tensor, device: torch.device) -> Tensor:
        return unit(self.image(data.image_features[pictures].to(device)))

    def align(
        self,
        data: EmbeddingData,
        rows: int,
        rng: np.random.Generator,
        device: torch.device,
        temperature: float,
    ) -> dict[str, Tensor]:
        """InfoNCE with same-class positives between the three teachers."""
        d, kinds_of = data, data.caption_kinds
        i, kind, t = d.draw_sounds(rng, rows)
        sound = self._said(d, i, rng, device)
        text = self._written(d.caption_features[t], device)
        same = (kind[:, None] == kinds_of[t][None]).to(device)
        found = {"sound-text": info_nce(sound, text, same, temperature)}
        pictures, captions, kinds = d.draw_images(rng, rows)
        image = self._shown(d, pictures, device)
        words = self._written(d.caption_features[captions], device)
        alike = (kinds_of[captions][:, None] == kinds_of[captions][None]).to(device)
        found["image-text"] = info_nce(image, words, alike, temperature)
        shown = kinds >= 0
        if int(shown.sum()) > 4:
            pairs = (kind[:, None] == kinds[shown][None]).to(device)
            found["sound-image"] = 0.5 * info_nce(
                sound, image[shown.to(device)], pairs, temperature
            )
        # Keep the geometry of sentences, so that unseen words stay near their neighbours.
        some = torch.randint(len(d.word_features), (256,))
        features = d.word_features[some].to(device)
        mapped = self._written(features, device)
        found["sentences"] = (mapped @ mapped.T - features @ features.T).square().mean()
        return found

    def agree(
        self,
        data: EmbeddingData,
        rows: int,
        rng: np.random.Generator,
        device: torch.device,
        towers: "TowersSay",
    ) -> dict[str, Tensor]:
        """How far the heads are from what towers say of the same sounds, pictures and words."""
        d = data
        i, _, t = d.draw_sounds(rng, rows)
        some = torch.randint(len(d.word_features), (4 * rows,))
        texts = torch.cat([d.caption_features[t], d.word_features[some]])
        told = torch.cat([towers.captions[t], towers.words[some]])
        pictures = torch.from_numpy(rng.integers(len(towers.pictures), size=rows))

        def apart(mapped: Tensor, said: Tensor) -> Tensor:
            return (1 - (mapped * said.to(device)).sum(1)).mean()

        return {
            "sound": apart(self._said(d, i, rng, device), towers.sounds[torch.from_numpy(i)]),
            "text": apart(self._written(texts, device), told),
            "image": apart(self._shown(d, pictures, device), towers.pictures[pictures]),
        }


@dataclass(frozen=True)
class TowersSay:
    """Unit embeddings [n, E] by towers of the clips, captions, words and pictures of the data."""

    sounds: Tensor
    captions: Tensor
    words: Tensor
    pictures: Tensor
