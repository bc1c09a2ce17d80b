"""A pack around a generator that another pack's sound networks never saw, within minutes.

Hearing, words and walks stay those of the pack that it is built on; a `LatentBridge` carries what
they say into the generator's latents, and directions are fitted to its samples. What training would
give beyond that, sounds and photos learned with its own pictures, is missing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from soundedit.engine.bridging import Charts, Seen, drawn, find_turns
from soundedit.engine.device import synthesis_dtype
from soundedit.engine.engine import TRUNCATION, Engine
from soundedit.engine.looking import (
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
from soundedit.engine.region import Region
from soundedit.engine.synthesis import Synthesiser
from soundedit.engine.walk import placed
from soundedit.errors import PackError
from soundedit.nets.bridge import LatentBridge
from soundedit.nets.directions import DirectionMap
from soundedit.nets.generators import Generator, build_generator
from soundedit.nets.regression import Rows
from soundedit.packs.pack import Pack
from soundedit.progress import CancelToken, Progress
from soundedit.resources import resource_path

LENGTH, FLOOR = 0.9, 0.2
"""Of an offset of strength 1, and of one that says little, over the latents' own spread."""
_MAPPED = 8192
_SCENES, _JUDGED = 40, 6
_WALK_FPS, _WALK_SEEDS = 4, 2


@dataclass(frozen=True)
class Adopted:
    """What a generator needs to be driven by sound, and how well that works.

    classes_drawn: share of the classes' sounds, on six scenes, whose picture is nearest to its own
    class's words among all; by chance 1 of the number of classes.
    words_gain: similarity to its words that a scene gains by a class's direction at strength 1.
    """

    generator: Generator
    bridge: LatentBridge
    directions: DirectionMap
    figures: dict[str, float]


class Adoption:
    """Brings generators under the sounds and words of one pack; see the module."""

    def __init__(self, pack: Pack, device: torch.device) -> None:
        """PackError for a pack whose own generator was imported, or that knows no classes of
        sounds or no directions.
        """
        engine = Engine(pack, device)
        networks = engine.networks
        name = pack.manifest.name
        if networks.bridge is not None:
            raise PackError(
                f"The pack {name} is around an imported generator itself, so choose one whose "
                "sounds were learned with its own pictures, as landscapes."
            )
        if networks.directions is None or not len(networks.inversion.class_words):
            raise PackError(
                f"The pack {name} knows no classes of sounds or no directions, so choose another."
            )
        self._device = device
        self._inversion, self._base_directions = networks.inversion, networks.directions
        self._base_draw = Synthesiser(networks.generator.synthesis, device, synthesis_dtype(device))
        self._engine = engine
        self._words = torch.from_numpy(self._engine.class_embeddings())

    @torch.inference_mode()
    def adopt(
        self,
        config: Mapping[str, Any],
        tensors: Mapping[str, Tensor],
        *,
        samples: int | None = None,
        progress: Progress | None = None,
        cancel: CancelToken | None = None,
    ) -> Adopted:
        """Bridge and directions for the generator of `config` (see `build_generator`) and its
        `tensors`, from `samples` of its pictures (800 if None, of slow ones 300), which take most
        of the time; deterministic.

        PackError for a generator with fewer than 7 style layers or fewer samples than 200.
        """
        told = Told(progress, cancel)
        generator = build_generator(config)
        samples = samples_of(generator, samples)
        if generator.num_ws < 7:
            raise PackError("A generator of fewer than 32 pixels has no layers for three bands.")
        generator.load_state_dict(dict(tensors))
        generator.eval().requires_grad_(False).to(self._device)
        drawing = Synthesiser(generator.synthesis, self._device, synthesis_dtype(self._device))
        looker = Looker(drawing, self._engine.embed_image)
        walked, classes = self._walked(told.part(0.0, 0.15))
        mapped = generator.mapping(normal(_MAPPED, generator.z_dim, 1).to(self._device))
        charts = Charts(walked, mapped[:, 0].cpu(), generator.num_ws)
        before = drawn(walked, samples, np.random.default_rng(3))
        base = Looker(self._base_draw, self._engine.embed_image).look(before, told.part(0.15, 0.25))
        bands = style_mixed(generator.mapping, samples)
        codes = mixed(bands)
        # All layers of a band have one w.
        coordinates = {name: charts.pictures(w[:, 0]) for name, w in bands.items()}
        seen = looker.look(codes, told.part(0.25, 0.85))
        middles = {
            name: along.view(*classes.shape[:2], -1).mean(1)
            for name, along in charts.walk(classes.flatten(0, 1)).items()
        }
        turns = find_turns(
            Seen(charts.walk(before), base), Seen(coordinates, seen), middles, self._words
        )
        bridge = charts.bridge(turns)
        directions = self._fit_directions(bridge, codes, seen)
        bridge.to(self._device)
        scenes = generator.mapping(
            normal(_JUDGED, generator.z_dim, 2).to(self._device), truncation=TRUNCATION
        )
        judge = told.part(0.85, 1.0)
        drawn_share = self._classes_drawn(looker, bridge, scenes, seen.mean(0), judge)
        judge(0.5, "Trying the words")
        region, moves = Region.of_pack(directions), self._moves(directions)
        figures = {
            "classes_drawn": drawn_share,
            "words_gain": looker.words_gain(region, scenes, moves, judge),
        }
        return Adopted(generator, bridge.cpu(), directions, figures)

    def _walked(self, told: Told) -> tuple[Tensor, Tensor]:
        """Latents [N, L, D] that walks pass through; of each class on scenes [C, S, L, D]."""
        engine, inversion = self._engine, self._inversion
        sounds = sorted(resource_path("sounds").glob("*.ogg"))
        rows = []
        for i, sound in enumerate(sounds):
            told(i / len(sounds), f"Walking through {sound.stem}")
            for seed in range(_WALK_SEEDS):
                walk = engine.generate(sound, fps=_WALK_FPS, seed=seed)
                rows.append(torch.from_numpy(np.array(walk.w)))
        scenes = torch.from_numpy(
            np.stack([engine.sample(_WALK_SEEDS + i) for i in range(_SCENES)])
        )
        heard = self._heard_classes()
        classes = torch.stack(
            [
                inversion.place(one.expand(_SCENES, -1), scenes.to(self._device)).cpu()
                for one in heard
            ]
        )
        return torch.cat([*rows, classes.flatten(0, 1), scenes]), classes

    def _heard_classes(self) -> Tensor:
        """What is heard of each class's sounds in the mean [C, 1, H]."""
        known = self._inversion.class_sounds
        # Inversions that know embeddings alone have silent summaries.
        return F.pad(known, (self._inversion.heard_dim - known.shape[1], 0))[:, None]

    def _fit_directions(
        self, bridge: LatentBridge, codes: Tensor, embeddings: Tensor
    ) -> DirectionMap:
        """Directions from samples' pictures, and from where the base pack's words lead."""
        base = self._base_directions
        rows = Rows()
        rows.add(embeddings - embeddings.mean(0), codes - codes.mean(0), PICTURES_WEIGHT)
        centre = bridge.walk_centre
        manifest = self._engine.manifest
        for name in manifest.classes:
            phrases = torch.from_numpy(self._engine.embed_text(manifest.prompts.get(name, [name])))
            said = base.text_difference(phrases.to(self._device))
            leads = base(said.mean(0, keepdim=True))[0].cpu()
            offset = bridge.to_pictures(centre + leads) - bridge.to_pictures(centre)
            rows.add(said.cpu(), offset, WORDS_WEIGHT)
        down, up = rows.fit(RIDGE, min(RANK, base.shape[0]))
        found = DirectionMap(
            base.shape[0], codes.shape[1], codes.shape[2], len(down), len(base.keys)
        )
        for name in ("neutral_text", "neutral_sound", "keys", "meanings"):
            getattr(found, name).copy_(getattr(base, name))
        found.take(down, up, codes, LENGTH, FLOOR)
        return found

    def _classes_drawn(
        self, looker: Looker, bridge: LatentBridge, scenes: Tensor, usual: Tensor, told: Told
    ) -> float:
        told(0.0, "Drawing the sounds that are known")
        told_words = self._words - self._words.mean(0)
        right = []
        for i, one in enumerate(self._heard_classes()):
            w = placed(self._inversion, bridge, one.expand(len(scenes), -1), scenes)
            like = (looker.look(w, told.part(0.0, 0.0)) - usual) @ told_words.T
            right.append((like.argmax(1) == i).float().mean())
        return round(float(torch.stack(right).mean()), 3)

    def _moves(self, directions: DirectionMap) -> Iterator[tuple[Tensor, Tensor]]:
        """The offset [L, D] of each class's word, and its embedding [E]."""
        for name in self._engine.manifest.classes:
            if name != "other":
                said = torch.from_numpy(self._engine.embed_text(name))
                yield directions(directions.text_difference(said))[0], said[0]
