"""Words, pictures and sounds in the joint embedding of a pack."""

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from soundedit.engine.encoding import encoded
from soundedit.engine.hearing import AnySound, Listener
from soundedit.engine.networks import Networks
from soundedit.engine.photo_start import as_pictures
from soundedit.engine.towers import Towers
from soundedit.errors import SoundeditError
from soundedit.nets.clip import embed_pictures, embed_text, unknown_words
from soundedit.packs.manifest import Manifest
from soundedit.progress import CancelToken


class Embedding:
    """The embedding part of `Engine`, which loads the networks."""

    manifest: Manifest
    networks: Networks
    _towers: Towers
    _listener: Listener
    _device: torch.device
    _classes: NDArray[np.float32] | None = None

    def embed_text(self, text: str | Sequence[str]) -> NDArray[np.float32]:
        """Unit embeddings [n, E] of one or several phrases."""
        phrases = [text] if isinstance(text, str) else list(text)
        if not phrases:
            return np.zeros((0, self.manifest.embed_dim), np.float32)
        found: NDArray[np.float32] = (
            embed_text(self._towers.model, self._towers.config, phrases).cpu().numpy()
        )
        return found

    def unknown_words(self, text: str) -> list[str]:
        """Words of a phrase that nothing taught the text tower; what it says of them is chance."""
        return unknown_words(self._towers.model, text, self.networks.vocabulary)

    def embed_image(self, image: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Unit embeddings [n, E] of uint8 pictures [H, W, 3] or [n, H, W, 3]."""
        batch = image[None] if image.ndim == 3 else image
        if batch.ndim != 4 or batch.shape[3] != 3 or batch.dtype != np.uint8:
            raise SoundeditError("A picture must be 8-bit RGB, height x width x 3; convert it.")
        pictures = as_pictures(batch).to(self._device)
        with torch.inference_mode():
            found = embed_pictures(self._towers.model, self._towers.config, pictures)
        vectors: NDArray[np.float32] = found.cpu().numpy()
        return vectors

    def embed_sound(
        self, sound: AnySound, *, cancel: CancelToken | None = None
    ) -> NDArray[np.float32]:
        """Unit embedding [E] of a whole sound among the words; errors as `hear`.

        By the imported sound encoder where there is one, else by what the audio tower heard.
        """
        encoder = self.networks.sound_encoder
        if encoder is None:
            return self.said_of(self.hear(sound, cancel=cancel))
        with torch.inference_mode():
            heard = encoded(encoder, sound, self._device, cancel=cancel)
            found: NDArray[np.float32] = encoder.said(heard[None])[0].cpu().numpy()
        return found

    def hear(self, sound: AnySound, *, cancel: CancelToken | None = None) -> NDArray[np.float32]:
        """Unit embedding [H] of a whole sound by the audio tower, by stretches of five seconds.

        SoundeditError for a loaded sound shorter than a spectrogram column.
        """
        total = self._listener.whole(sound, cancel=cancel)
        if not total.any():
            raise SoundeditError("The sound is too short to be heard; use 0.2 s or more.")
        vector: NDArray[np.float32] = (total / total.norm()).numpy()
        return vector

    def said_of(self, heard: NDArray[np.float32]) -> NDArray[np.float32]:
        """What the audio tower heard [H], among the words [E]: the same, but for an adapter."""
        adapter = self.networks.adapter
        if adapter is None:
            return heard
        with torch.inference_mode():
            said = adapter(torch.from_numpy(heard)[None].to(self._device))[0]
        found: NDArray[np.float32] = said.cpu().numpy()
        return found

    def class_embeddings(self) -> NDArray[np.float32]:
        """Unit embeddings [C, E] of the pack's classes, the mean of each one's prompts."""
        if self._classes is None:
            rows = []
            for name in self.manifest.classes:
                mean = self.embed_text(self.manifest.prompts.get(name, [name])).mean(0)
                rows.append(mean / np.linalg.norm(mean))
            self._classes = np.stack(rows)
        return self._classes

    @property
    def knows_classes(self) -> bool:
        """Whether a sound's classes can be told before the towers are built."""
        return self._kept_classes() is not None

    def heard_classes(self) -> NDArray[np.float32]:
        """The pack's classes as the audio tower tells them apart, unit vectors [C, H]: their words,
        which sound inversion keeps, or, where those are of another maker's towers, what the adapter
        keeps of its own.
        """
        kept = self._kept_classes()
        if kept is None:
            return self.class_embeddings()
        found: NDArray[np.float32] = kept.cpu().numpy()
        return found

    def _kept_classes(self) -> Tensor | None:
        if self.networks.adapter is not None:
            return self.networks.adapter.classes
        words = self.networks.inversion.class_words
        if len(words) != len(self.manifest.classes):
            return None
        return F.normalize(words, dim=1)
