"""A pack around a generator that another pack's sound networks never saw, within minutes.

Hearing, words and walks stay those of the pack that it is built on; a `LatentBridge` carries what
they say into the generator's latents, and directions are fitted to its samples. What training would
give beyond that, sounds and photos learned with its own pictures, is missing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from soundedit.engine.bridging import Charts, Seen, drawn, find_turns, mixed
from soundedit.engine.device import synthesis_dtype
from soundedit.engine.engine import TRUNCATION, Engine
from soundedit.engine.networks import load_networks
from soundedit.engine.region import Region
from soundedit.engine.synthesis import Synthesiser
from soundedit.engine.walk import placed
from soundedit.errors import PackError
from soundedit.nets import stylegan3
from soundedit.nets.bands import band_slices
from soundedit.nets.bridge import LatentBridge
from soundedit.nets.directions import DirectionMap
from soundedit.nets.generators import Generator, build_generator
from soundedit.nets.regression import Rows
from soundedit.packs.pack import Pack
from soundedit.progress import CancelToken, Progress
from soundedit.resources import resource_path

LEAST_SAMPLES = 200
SAMPLES, SLOW_SAMPLES = 800, 300
"""Pictures looked at by default; large ones, and those of StyleGAN3, take many times as long."""
LOOKED = 128
"""Size in pixels at which pictures are looked at."""
LENGTH, FLOOR = 0.9, 0.2
"""Of an offset of strength 1, and of one that says little, over the latents' own spread."""
_MAPPED = 8192
_SCENES, _JUDGED = 40, 6
_WALK_FPS, _WALK_SEEDS = 4, 2
_RANK, _RIDGE = 64, 1.0
_PICTURES_WEIGHT, _WORDS_WEIGHT = 2.0, 1.0
_BATCH = 8


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


class _Told:
    """Progress from `start` to `stop` of the whole, which can be cancelled."""

    def __init__(
        self, progress: Progress | None, cancel: CancelToken | None, start: float, stop: float
    ) -> None:
        self._progress, self._cancel = progress, cancel
        self._start, self._stop = start, stop

    def __call__(self, fraction: float, text: str) -> None:
        if self._cancel is not None:
            self._cancel.check()
        if self._progress is not None and self._stop > self._start:
            self._progress(self._start + fraction * (self._stop - self._start), text)

    def part(self, start: float, stop: float) -> "_Told":
        return _Told(self._progress, self._cancel, start, stop)


class Adoption:
    """Brings generators under the sounds and words of one pack; see the module."""

    def __init__(self, pack: Pack, device: torch.device) -> None:
        """PackError for a pack whose own generator was imported, or that knows no classes of
        sounds or no directions.
        """
        networks = load_networks(pack, device)
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
        self._engine = Engine(pack, device)
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
        told = _Told(progress, cancel, 0.0, 1.0)
        generator = build_generator(config)
        if samples is None:
            slow = generator.resolution > 256 or isinstance(generator, stylegan3.Generator)
            samples = SLOW_SAMPLES if slow else SAMPLES
        if samples < LEAST_SAMPLES:
            raise PackError(f"{samples} samples are too few; look at {LEAST_SAMPLES} or more.")
        if generator.num_ws < 7:
            raise PackError("A generator of fewer than 32 pixels has no layers for three bands.")
        generator.load_state_dict(dict(tensors))
        generator.eval().requires_grad_(False).to(self._device)
        draw = Synthesiser(generator.synthesis, self._device, synthesis_dtype(self._device))
        walked, classes = self._walked(told.part(0.0, 0.15))
        mapped = generator.mapping(_normal(_MAPPED, generator.z_dim, 1).to(self._device))
        charts = Charts(walked, mapped[:, 0].cpu(), generator.num_ws)
        before = drawn(walked, samples, np.random.default_rng(3))
        base = self._look(self._base_draw, before, told.part(0.15, 0.25))
        codes, coordinates = _style_mixed(generator, charts, samples)
        seen = self._look(draw, codes, told.part(0.25, 0.85))
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
            _normal(_JUDGED, generator.z_dim, 2).to(self._device), truncation=TRUNCATION
        )
        judge = told.part(0.85, 1.0)
        figures = {
            "classes_drawn": self._classes_drawn(draw, bridge, scenes, seen.mean(0), judge),
            "words_gain": self._words_gain(draw, directions, scenes, judge),
        }
        return Adopted(generator, bridge.cpu(), directions, figures)

    def _walked(self, told: _Told) -> tuple[Tensor, Tensor]:
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

    def _look(self, draw: Synthesiser, ws: Tensor, told: _Told) -> Tensor:
        """Unit embeddings [N, E] of the pictures of latents [N, L, D]."""
        size = min(LOOKED, draw.network.resolution)
        rows = []
        for i in range(0, len(ws), _BATCH):
            told(i / len(ws), f"Looking at picture {i + 1} of {len(ws)}")
            frames = list(draw.frames([ws[i : i + _BATCH].cpu().numpy()], size=size))
            rows.append(torch.from_numpy(self._engine.embed_image(np.stack(frames))))
        return torch.cat(rows)

    def _fit_directions(
        self, bridge: LatentBridge, codes: Tensor, embeddings: Tensor
    ) -> DirectionMap:
        """Directions from samples' pictures, and from where the base pack's words lead."""
        base = self._base_directions
        rows = Rows()
        rows.add(embeddings - embeddings.mean(0), codes - codes.mean(0), _PICTURES_WEIGHT)
        centre = bridge.walk_centre
        manifest = self._engine.manifest
        for name in manifest.classes:
            phrases = torch.from_numpy(self._engine.embed_text(manifest.prompts.get(name, [name])))
            said = base.text_difference(phrases.to(self._device))
            leads = base(said.mean(0, keepdim=True))[0].cpu()
            offset = bridge.to_pictures(centre + leads) - bridge.to_pictures(centre)
            rows.add(said.cpu(), offset, _WORDS_WEIGHT)
        down, up = rows.fit(_RIDGE, min(_RANK, base.shape[0]))
        found = DirectionMap(
            base.shape[0], codes.shape[1], codes.shape[2], len(down), len(base.keys)
        )
        for name in ("neutral_text", "neutral_sound", "keys", "meanings"):
            getattr(found, name).copy_(getattr(base, name))
        found.take(down, up, codes, LENGTH, FLOOR)
        return found

    def _classes_drawn(
        self, draw: Synthesiser, bridge: LatentBridge, scenes: Tensor, usual: Tensor, told: _Told
    ) -> float:
        told(0.0, "Drawing the sounds that are known")
        told_words = self._words - self._words.mean(0)
        right = []
        for i, one in enumerate(self._heard_classes()):
            w = placed(self._inversion, bridge, one.expand(len(scenes), -1), scenes)
            like = (self._look(draw, w, told.part(0.0, 0.0)) - usual) @ told_words.T
            right.append((like.argmax(1) == i).float().mean())
        return round(float(torch.stack(right).mean()), 3)

    def _words_gain(
        self, draw: Synthesiser, directions: DirectionMap, scenes: Tensor, told: _Told
    ) -> float:
        told(0.5, "Trying the words")
        region = Region.of_pack(directions)
        plain = scenes.cpu().numpy()
        before = self._look(draw, scenes, told.part(0.0, 0.0))
        gains = []
        for name in self._engine.manifest.classes:
            said = torch.from_numpy(self._engine.embed_text(name))
            if name == "other":
                continue
            offset = directions(directions.text_difference(said)).numpy()
            moved, _ = region.bound(plain + offset, plain)
            after = self._look(draw, torch.from_numpy(moved), told.part(0.0, 0.0))
            gains.append(((after - before) @ said[0]).mean())
        return round(float(torch.stack(gains).mean()), 3)


def _style_mixed(
    generator: Generator, charts: Charts, count: int
) -> tuple[Tensor, dict[str, Tensor]]:
    """Latents [count, L, D] of samples, each band of another z, and their coordinates."""
    codes, coordinates = {}, {}
    device = generator.mapping.w_avg.device
    for i, (name, part) in enumerate(band_slices(generator.num_ws).items()):
        w = generator.mapping(_normal(count, generator.z_dim, 10 + i).to(device))[:, part].cpu()
        codes[name], coordinates[name] = w, charts.pictures(w[:, 0])
    return mixed(codes), coordinates


def _normal(count: int, width: int, seed: int) -> Tensor:
    return torch.randn(count, width, generator=torch.Generator().manual_seed(seed))
