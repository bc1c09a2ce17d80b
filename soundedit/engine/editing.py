"""What an engine does to pictures with words, sounds, photos and videos."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from fractions import Fraction
from functools import cached_property, partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from soundedit.document.model import Part, PartKind
from soundedit.engine.directions import SAID, Direction, Locate, direction_of, target_of
from soundedit.engine.embedding import Embedding
from soundedit.engine.photo_start import (
    SMOOTH_SECONDS,
    Fitter,
    OnChange,
    PictureFit,
    Sampled,
    VideoFit,
    batches,
    between,
    encode,
    smooth,
)
from soundedit.engine.refine import Refined, RefineSettings, optimise_direction
from soundedit.engine.region import Region
from soundedit.errors import PackError, SoundeditError
from soundedit.media.picture import Crop, read_square, video_squares
from soundedit.media.probe import probe_video
from soundedit.nets.bridge import LatentBridge
from soundedit.nets.directions import DirectionMap
from soundedit.nets.generators import Generator
from soundedit.nets.picture_encoder import PictureEncoder
from soundedit.progress import CancelToken, OnPicture, Progress, part_of

_REFINE_SCENES = 3


class Editing(Embedding, ABC):
    """The editing part of `Engine`, which loads the networks."""

    _generator: Generator
    _directions: DirectionMap | None
    _encoder: PictureEncoder | None
    _bridge: LatentBridge | None

    @abstractmethod
    def sample(self, seed: int, truncation: float = ...) -> NDArray[np.float32]:
        """Latents [L, D] of the scene that a seed stands for."""

    @cached_property
    def region(self) -> Region:
        """The part of W+ that edits do not leave."""
        if self._directions is None:
            return Region.of_mapping(self._generator.mapping)
        return Region.of_pack(self._directions)

    @property
    def direction_map(self) -> DirectionMap:
        """What words and sounds do to the latents; PackError for a pack that does not say."""
        if self._directions is None:
            raise PackError(
                f"The pack {self.manifest.name} has no directions, so words and sounds cannot "
                "edit its pictures; choose another pack."
            )
        return self._directions

    def direction(self, parts: Sequence[Part], locate: Locate) -> Direction:
        """What words, sounds and saved directions add to the latents at strength 1, together.

        `locate` gives the file of a media id. Fast: a linear map of the joint embedding. PackError
        if the pack has no directions, MediaError for a sound that cannot be read.
        """

        directions = self._directions
        if any(part.kind in SAID for part in parts):
            directions = self.direction_map
        embed = partial(self._embed, locate)
        return direction_of(parts, self.region, directions, embed, locate, self.manifest)

    def refine_direction(
        self,
        parts: Sequence[Part],
        locate: Locate,
        scenes: NDArray[np.float32] | None = None,
        *,
        settings: RefineSettings | None = None,
        progress: Progress | None = None,
        cancel: CancelToken | None = None,
        on_picture: OnPicture | None = None,
    ) -> Refined:
        """The fine direction of words and sounds, by optimisation from the fast one.

        `scenes` [n, L, D] or [L, D] are those it shall suit, a few seeds' if None; `on_picture`
        gets the first one's picture as it improves. A job of seconds. Errors as `direction`, and
        SoundeditError where no part is a word or a sound.
        """
        directions = self.direction_map
        target = target_of(parts, directions, partial(self._embed, locate))
        if target is None:
            raise SoundeditError("Only words and sounds can be refined; add one to the edit.")
        if scenes is None:
            scenes = np.stack([self.sample(seed) for seed in range(_REFINE_SCENES)])
        return optimise_direction(
            self._generator.synthesis,
            self._towers.model,
            self._towers.config,
            self.region,
            scenes.reshape(-1, *self.region.centre.shape),
            target,
            self.direction(parts, locate).dw,
            settings=settings,
            progress=progress,
            cancel=cancel,
            on_picture=on_picture,
        )

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
        return self._codes(image[None])[0]

    def refine_picture(
        self,
        image: NDArray[np.uint8],
        w: NDArray[np.float32] | None = None,
        *,
        steps: int = 80,
        progress: Progress | None = None,
        cancel: CancelToken | None = None,
        on_change: OnChange | None = None,
    ) -> PictureFit:
        """Latents nearer to a square picture than the encoder's (or than `w`); a job of seconds.

        Also tells how far their picture is from it, by the pack's own features. `on_change` gets
        what is added to them as they improve, which is the same for each frame.
        """
        begun = (self.encode_picture(image) if w is None else w)[None]
        fitter = self._fitter()

        def tell(now: NDArray[np.float32]) -> None:
            if on_change is not None:
                on_change(lambda frame: now[0] - begun[0])

        found = fitter.fit(
            begun, image[None], steps, progress=progress, cancel=cancel, on_found=tell
        )
        before, after = (float(fitter.distance(x, image[None])[0]) for x in (begun, found))
        if after > before:
            found, after = begun, before
        return PictureFit(found[0], before, after)

    def picture_distance(self, w: NDArray[np.float32], image: NDArray[np.uint8]) -> float:
        """How far the picture of latents [L, D] is from a square one uint8 [S, S, 3]; 0 is equal.

        Like LPIPS, in the features of the pack's image tower.
        """
        return float(self._fitter().distance(w[None], image[None])[0])

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
        return self._video_codes(path, fps, crop, progress, cancel)[0]

    def refine_video(
        self,
        path: Path,
        fps: Fraction,
        crop: Crop | None = None,
        w: NDArray[np.float32] | None = None,
        *,
        steps: int = 12,
        progress: Progress | None = None,
        cancel: CancelToken | None = None,
        on_change: OnChange | None = None,
    ) -> VideoFit:
        """Latents nearer to a video's frames than the encoder's (or than `w` [T, L, D], whose last
        one is held where the video is longer); a job of seconds to minutes.

        Frames every `KEY_SECONDS` are refined by so many steps, each from the one before, and what
        that adds is led over to the frames between. The distances are those of the frames refined
        and those halfway. `on_change` gets what is added as the job goes along the video; frames
        it has not come to have what was added to the last one before. MediaError.
        """

        looking = fitting = None
        if progress is not None:
            looking, fitting = part_of(progress, 0.0, 0.1), part_of(progress, 0.1, 1.0)
        codes, sampled = self._video_codes(path, fps, crop, looking, cancel)
        if w is not None:
            codes = w[np.minimum(np.arange(len(codes)), len(w) - 1)]
        at, frames = sampled.frames()
        keys = sorted({*range(0, len(at), 2), len(at) - 1})
        fitter = self._fitter()

        def tell(added: NDArray[np.float32]) -> None:
            if on_change is not None:
                begun = at[keys][: len(added)]
                on_change(lambda frame: between(begun, added, np.array([frame]))[0])

        added = fitter.follow(codes[at[keys]], frames[keys], steps, fitting, cancel, tell)
        refined = codes + between(at[keys], added, np.arange(len(codes)))

        def away(w: NDArray[np.float32]) -> float:
            pairs = zip(w[at], frames, strict=True)
            return float(np.mean([fitter.distance(code[None], one[None]) for code, one in pairs]))

        before, after = away(codes), away(refined)
        if after > before:
            refined, after = codes, before
        return VideoFit(refined, before, after)

    def _video_codes(
        self,
        path: Path,
        fps: Fraction,
        crop: Crop | None,
        progress: Progress | None,
        cancel: CancelToken | None,
    ) -> tuple[NDArray[np.float32], Sampled]:
        """A video's codes [T, L, D], and some of its frames."""
        encoder = self._need_encoder()
        total = max(round(probe_video(path).seconds * fps), 1)
        sampled, codes, done = Sampled(total, fps), [], 0
        for some in batches(video_squares(path, encoder.image_size, fps, crop, cancel=cancel)):
            for frame in some:
                sampled.see(frame)
            codes.append(self._codes(some))
            done += len(some)
            if progress is not None:
                progress(min(done / total, 1.0), f"{done} of {total} frames looked at")
        return smooth(np.concatenate(codes), float(fps), SMOOTH_SECONDS), sampled

    def _codes(self, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Pictures [n, S, S, 3] -> latents [n, L, D]; over the bridge where there is one, whose
        other side the encoder knows.
        """
        codes = encode(self._need_encoder(), pictures)
        if self._bridge is None:
            return codes
        with torch.inference_mode():
            carried = self._bridge.to_pictures(torch.from_numpy(codes).to(self._bridge.centre))
        found: NDArray[np.float32] = carried.cpu().numpy()
        return found

    def _fitter(self) -> Fitter:
        synthesis = self._generator.synthesis
        return Fitter(synthesis, self._towers.model, self._towers.config, self.region)

    def _embed(self, locate: Locate, part: Part) -> NDArray[np.float32]:
        if part.kind == PartKind.TEXT:
            return self.embed_text(part.value)[0]
        return self.embed_sound(locate(part.value))

    def _need_encoder(self) -> PictureEncoder:
        if self._encoder is None:
            raise PackError(
                f"The pack {self.manifest.name} has no photo encoder, so start from a seed or "
                "choose another pack."
            )
        return self._encoder
