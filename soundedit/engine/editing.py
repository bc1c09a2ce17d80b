"""What an engine does to pictures with words, sounds, photos and videos."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from fractions import Fraction
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from soundedit.document.model import Part, PartKind
from soundedit.engine.directions import Direction, Locate, direction_of
from soundedit.engine.hearing import AnySound
from soundedit.engine.photo_start import SMOOTH_SECONDS, encode, smooth
from soundedit.engine.region import Region
from soundedit.errors import PackError
from soundedit.media.picture import Crop, read_square, video_squares
from soundedit.nets.directions import DirectionMap
from soundedit.nets.picture_encoder import PictureEncoder
from soundedit.nets.stylegan2 import Generator
from soundedit.packs.manifest import Manifest
from soundedit.progress import CancelToken, Progress


class Editing(ABC):
    """The editing half of `Engine`, which loads the networks and embeds words and sounds."""

    manifest: Manifest
    _device: torch.device
    _generator: Generator
    _directions: DirectionMap | None
    _encoder: PictureEncoder | None

    @abstractmethod
    def embed_text(self, text: str | Sequence[str]) -> NDArray[np.float32]:
        """Unit embeddings [n, E] of one or several phrases."""

    @abstractmethod
    def embed_sound(
        self, sound: AnySound, *, cancel: CancelToken | None = None
    ) -> NDArray[np.float32]:
        """Unit embedding [E] of a whole sound."""

    @cached_property
    def region(self) -> Region:
        """The part of W+ that edits do not leave."""
        if self._directions is None:
            return Region.of_mapping(self._generator.mapping)
        return Region.of_pack(self._directions)

    def direction(self, parts: Sequence[Part], locate: Locate) -> Direction:
        """What words, sounds and saved directions add to the latents at strength 1, together.

        `locate` gives the file of a media id. Fast: a linear map of the joint embedding. PackError
        if the pack has no directions, MediaError for a sound that cannot be read.
        """

        def embed(part: Part) -> NDArray[np.float32]:
            if self._directions is None:
                raise PackError(
                    f"The pack {self.manifest.name} has no directions, so words and sounds cannot "
                    "edit its pictures; choose another pack."
                )
            if part.kind == PartKind.TEXT:
                return self.embed_text(part.value)[0]
            return self.embed_sound(locate(part.value))

        return direction_of(parts, self.region, self._directions, embed, locate)

    def bound(
        self, w: NDArray[np.float32], base: NDArray[np.float32] | None = None
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Latents [..., L, D] kept in the trusted region, and the share of their way taken back.

        The way from `base` (latents before an edit; the centre if None) is shortened where it
        leads out, smoothly; what stays inside is returned bit for bit. See `Region.bound`.
        """
        return self.region.bound(w, base)

    def encode_picture(self, image: NDArray[np.uint8]) -> NDArray[np.float32]:
        """A square picture uint8 [S, S, 3] -> its latents [L, D]; PackError without an encoder."""
        code: NDArray[np.float32] = encode(self._need_encoder(), [image], self._device)[0]
        return code

    def encode_photo(self, path: Path, crop: Crop | None = None) -> NDArray[np.float32]:
        """A picture file, upright and cropped -> its latents [L, D]; MediaError as reading does."""
        size = self._need_encoder().image_size
        return self.encode_picture(read_square(path, size, crop))

    def encode_video(
        self,
        path: Path,
        fps: Fraction,
        crop: Crop | None = None,
        *,
        progress: Progress | None = None,
        cancel: CancelToken | None = None,
    ) -> NDArray[np.float32]:
        """The frames of a video at `fps` -> latents [T, L, D], smooth in time; MediaError."""
        encoder = self._need_encoder()
        frames = video_squares(path, encoder.image_size, fps, crop, cancel=cancel)
        if progress is not None:
            progress(-1, "Looking at the video")
        return smooth(encode(encoder, frames, self._device), float(fps), SMOOTH_SECONDS)

    def _need_encoder(self) -> PictureEncoder:
        if self._encoder is None:
            raise PackError(
                f"The pack {self.manifest.name} has no photo encoder, so start from a seed or "
                "choose another pack."
            )
        return self._encoder
