"""Another maker's image and text towers for a pack: its words come to mean what they know.

Generator, hearing and walks stay. Directions are fitted anew, from samples as the new towers see
them and from where the pack's own words lead; sounds are said by the words that they are like.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from soundedit.engine.device import synthesis_dtype
from soundedit.engine.engine import TRUNCATION, Engine
from soundedit.engine.looking import (
    LOOKED,
    PICTURES_WEIGHT,
    RANK,
    RIDGE,
    WORDS_WEIGHT,
    Looker,
    Told,
    mixed,
    normal,
    samples_of,
    style_mixed,
)
from soundedit.engine.photo_start import as_pictures
from soundedit.engine.region import Region
from soundedit.engine.synthesis import Synthesiser
from soundedit.errors import PackError
from soundedit.nets.adapter import SoundAdapter
from soundedit.nets.clip import build_clip, embed_pictures, embed_text
from soundedit.nets.directions import NEUTRAL, DirectionMap
from soundedit.nets.regression import Rows
from soundedit.packs.openclip import ForeignClip
from soundedit.packs.pack import Pack
from soundedit.progress import CancelToken, Progress

_JUDGED = 6
_TRIED = ("a storm over the sea", "a bird")
"""Towers that work tell these apart."""


@dataclass(frozen=True)
class Reworded:
    """What a pack needs to speak with other towers, and how well that works.

    figures: `words_gain`, the similarity to its words that a scene gains by a class's direction at
    strength 1; `words_gain_before`, the same by the directions that the pack had.
    """

    adapter: SoundAdapter
    directions: DirectionMap
    figures: dict[str, float]


class Wording:
    """Fits towers to the generator and the hearing of one pack; see the module."""

    def __init__(self, pack: Pack, device: torch.device) -> None:
        """PackError for a pack that knows no classes of sounds, no directions or no words of its
        classes.
        """
        self._engine = Engine(pack, device)
        self._base = self._engine.direction_map
        self._classes = [n for n in pack.manifest.classes if n != "other"]
        if not self._classes:
            raise PackError(
                f"The pack {pack.manifest.name} knows no classes of sounds, so choose another."
            )
        heard = self._engine.networks.adapter
        self._keys = self._base.keys if heard is None else heard.keys
        if len(self._keys) != len(pack.manifest.classes):
            raise PackError(
                f"The pack {pack.manifest.name} says nothing of what its sounds are like, so "
                "choose another."
            )
        self._device = device

    @torch.inference_mode()
    def fit(
        self,
        clip: ForeignClip,
        *,
        about: str | None = None,
        samples: int | None = None,
        progress: Progress | None = None,
        cancel: CancelToken | None = None,
    ) -> Reworded:
        """Adapter and directions for other towers, from `samples` of the pack's pictures (800 if
        None, of slow generators 300), which take most of the time; deterministic.

        `about` says in words what the pictures show ("a face"), landscapes if None: what other
        words are compared with. PackError for fewer samples than 200.
        """
        told = Told(progress, cancel)
        generator = self._engine.networks.generator
        samples = samples_of(generator, samples)
        told(0.0, f"Building {clip.name}")
        towers = _Towers(clip, self._device)
        draw = Synthesiser(generator.synthesis, self._device, synthesis_dtype(self._device))
        looker = Looker(draw, towers.look)
        codes = mixed(style_mixed(generator.mapping, samples))
        seen = looker.look(codes, told.part(0.05, 0.85))
        neutrals = towers.say(_neutrals(about))
        directions = self._fit_directions(towers, neutrals, codes, seen)
        adapter = self._fit_adapter(towers, neutrals.mean(0))
        scenes = generator.mapping(
            normal(_JUDGED, generator.z_dim, 2).to(self._device), truncation=TRUNCATION
        )
        judge = told.part(0.85, 1.0)
        region = Region.of_pack(directions)
        rivals = {"words_gain": directions, "words_gain_before": None}
        figures = {}
        for i, (name, rival) in enumerate(rivals.items()):
            judge(i / 2, "Trying the words")
            figures[name] = looker.words_gain(region, scenes, self._moves(towers, rival), judge)
        return Reworded(adapter.cpu(), directions.cpu(), figures)

    def _fit_directions(
        self, towers: "_Towers", neutrals: Tensor, codes: Tensor, seen: Tensor
    ) -> DirectionMap:
        """The map of differences [E] in the new space, for what the base pack trusts of W+."""
        base, manifest, neutral = self._base, self._engine.manifest, neutrals.mean(0)
        rows = Rows()
        rows.add(seen - seen.mean(0), codes - codes.mean(0), PICTURES_WEIGHT)
        for name in manifest.classes:
            phrases = manifest.prompts.get(name, [name])
            said = towers.say(phrases) - neutral
            leads = base(base.text_difference(self._own(phrases).mean(0, keepdim=True)))
            rows.add(said, leads[0].cpu(), WORDS_WEIGHT)
        rows.add(neutrals - neutral, torch.zeros_like(codes[0]), WORDS_WEIGHT)
        _, num_ws, w_dim = base.shape
        down, up = rows.fit(RIDGE, min(RANK, len(neutral)))
        found = DirectionMap(len(neutral), num_ws, w_dim, len(down), 0)
        for name in ("length", "floor", "centre", "axes", "spread", "radius"):
            getattr(found, name).copy_(getattr(base, name))
        found.down.copy_(down)
        found.up.copy_(up.view(found.up.shape))
        found.neutral_text.copy_(neutral)
        return found

    def _fit_adapter(self, towers: "_Towers", neutral: Tensor) -> SoundAdapter:
        """What the audio tower likens sounds to stays; the meanings are those of the new words."""
        engine, base, manifest = self._engine, self._base, self._engine.manifest
        heard = engine.networks.adapter
        keys = self._keys
        means = [towers.say(manifest.prompts.get(n, [n])).mean(0) for n in manifest.classes]
        words = F.normalize(torch.stack(means), dim=1)
        meanings = words - neutral
        for i, name in enumerate(manifest.classes):
            if name not in self._classes:
                meanings[i] = 0
        classes = engine.heard_classes()
        found = SoundAdapter(keys.shape[1], len(neutral), len(keys), len(classes))
        found.neutral.copy_(base.neutral_sound if heard is None else heard.neutral)
        found.keys.copy_(keys)
        found.classes.copy_(torch.from_numpy(classes))
        found.said_neutral.copy_(neutral)
        found.meanings.copy_(meanings)
        return found

    def _own(self, phrases: list[str]) -> Tensor:
        return torch.from_numpy(self._engine.embed_text(phrases)).to(self._device)

    def _moves(
        self, towers: "_Towers", directions: DirectionMap | None
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """Each class's word in the new space [E], and its offset by a map, or by the pack's own."""
        for name in self._classes:
            said = towers.say([name])
            if directions is None:
                offset = self._base(self._base.text_difference(self._own([name])))
            else:
                offset = directions(directions.text_difference(said))
            yield offset[0], said[0]


class _Towers:
    """The new towers on a device; what they say comes back on the CPU."""

    def __init__(self, clip: ForeignClip, device: torch.device) -> None:
        """PackError for towers that do not answer as towers do."""
        self._config, self._device = clip.config, device
        try:
            model = build_clip(clip.config)
            model.load_state_dict(clip.tensors)
            self._model: nn.Module = model.eval().requires_grad_(False).to(device)
            grey = np.full((1, LOOKED, LOOKED, 3), 128, np.uint8)
            said, seen = self.say(_TRIED), torch.from_numpy(self.look(grey))
            wrong = said.shape[1:] != seen.shape[1:] or said.shape[1] != clip.config["embed_dim"]
            if wrong or not (said.isfinite().all() and seen.isfinite().all()):
                raise ValueError("what they say is no embedding")
            if torch.equal(said[0], said[1]):
                raise ValueError("all words say the same")
        except Exception as error:  # A config can ask for anything of open_clip and timm.
            why = str(error).partition("\n")[0] or type(error).__name__
            raise PackError(
                f"The towers of {clip.name} do not work as they are described ({why}), so get the "
                "model again, with its config."
            ) from error

    def say(self, phrases: Sequence[str]) -> Tensor:
        """Unit embeddings [n, E] of phrases."""
        return embed_text(self._model, self._config, phrases).cpu()

    def look(self, frames: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Unit embeddings [n, E] of uint8 pictures [n, H, W, 3]."""
        pictures = as_pictures(frames).to(self._device)
        found: NDArray[np.float32] = (
            embed_pictures(self._model, self._config, pictures).cpu().numpy()
        )
        return found


def _neutrals(about: str | None) -> Sequence[str]:
    """Phrases that say nothing of pictures beyond what all of them show."""
    if about is None:
        return NEUTRAL
    return (about, f"a photo of {about}", f"a picture of {about}")
