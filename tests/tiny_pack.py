"""A whole pack with random weights, small enough to build in a test."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

from soundedit.nets.audio_tower import AudioTower
from soundedit.nets.bands import BANDS
from soundedit.nets.clip import build_clip
from soundedit.nets.directions import DirectionMap
from soundedit.nets.frames import FrameGenerator
from soundedit.nets.inversion import SoundInversion
from soundedit.nets.picture_encoder import PictureEncoder
from soundedit.nets.stylegan2 import Generator
from soundedit.nets.vocabulary import numbers
from soundedit.packs import Bands, Component, Manifest, MelSettings, Pack, save_pack

RESOLUTION, NUM_WS, W_DIM, EMBED_DIM, N_MELS = 64, 10, 16, 12, 64
CLASSES = ["rain", "wind", "birds"]


def tiny_directions() -> DirectionMap:
    """Random directions; latents within about two deviations are trusted."""
    directions = DirectionMap(EMBED_DIM, NUM_WS, W_DIM, rank=4, words=3)
    for name in ("down", "up", "keys", "meanings"):
        getattr(directions, name).normal_()
    directions.floor.fill_(0.2)
    directions.spread.fill_(0.1)
    directions.radius.fill_(8.0)
    return directions


def _inversion(tower: AudioTower, config: dict[str, Any]) -> SoundInversion:
    """As freshly made; one that knows classes has random ones and moves scenes."""
    made = SoundInversion(tower.pyramid_channels, **config)
    if len(made.class_words):
        made.class_words.normal_()
        made.class_sounds.normal_()
        for name in BANDS:
            made.band(name).mix[-1].weight.data.mul_(100)  # type: ignore[operator,union-attr]
    return made


def save_tiny_pack(folder: Path, *, editing: bool = True, known: bool = False) -> Pack:
    """Save a pack of 64 x 64 pixels whose pictures are noise but differ with sound and seed.

    Without `editing` it lacks the parts that a pack may lack: directions and a photo encoder.
    Its inversion has sounds of the classes if they are to be `known`.
    """
    torch.manual_seed(0)
    clip = {
        "embed_dim": EMBED_DIM,
        "vision_cfg": {
            "image_size": 32, "patch_size": 16, "width": 16, "layers": 1, "head_width": 8
        },
        "text_cfg": {
            "context_length": 16, "vocab_size": 49408, "width": 16, "heads": 2, "layers": 1
        },
    }  # fmt: skip
    audio = {"n_mels": N_MELS, "embed_dim": EMBED_DIM, "width": 4}
    tower = AudioTower(N_MELS, EMBED_DIM, width=4)
    inversion: dict[str, Any] = {
        "embed_dim": EMBED_DIM, "w_dim": W_DIM, "num_ws": NUM_WS, "width": 8, "hidden": 16
    }  # fmt: skip
    if known:
        inversion |= {"classes": len(CLASSES), "known_summaries": True}
    frames = {"w_dim": W_DIM, "num_ws": NUM_WS, "hidden": 16, "inner": 16}
    generator = {
        "z_dim": 8,
        "w_dim": W_DIM,
        "resolution": RESOLUTION,
        "channels": [16, 16, 8, 8, 8],
        "mapping_layers": 2,
    }
    parts: dict[str, tuple[dict[str, object], nn.Module]] = {
        "generator": (generator, Generator(8, W_DIM, RESOLUTION, [16, 16, 8, 8, 8],
                                           mapping_layers=2)),
        "clip": (clip, build_clip(clip)),
        "audio": (audio, tower),
        "inversion": (inversion, _inversion(tower, inversion)),
        "frames": (frames, FrameGenerator(W_DIM, NUM_WS, hidden=16, inner=16)),
    }  # fmt: skip
    if editing:
        encoder = {
            "w_dim": W_DIM, "num_ws": NUM_WS, "image_size": 32,
            "widths": [8, 8, 8, 8], "repeats": [1, 1, 1, 1], "hidden": 16, "rank": 4,
        }  # fmt: skip
        directions = {
            "embed_dim": EMBED_DIM,
            "num_ws": NUM_WS,
            "w_dim": W_DIM,
            "rank": 4,
            "words": 3,
        }
        parts["directions"] = (directions, tiny_directions())
        looking = PictureEncoder(**encoder)  # type: ignore[arg-type]
        # Freshly made it answers every picture alike.
        looking.to_w.weight.data.mul_(30)
        parts["encoder"] = (encoder, looking)
    manifest = Manifest(
        name=folder.name,
        version="1.0",
        title="Tiny",
        licence="CC0-1.0",
        notice="Random weights, for tests.",
        resolution=RESOLUTION,
        z_dim=8,
        w_dim=W_DIM,
        num_ws=NUM_WS,
        bands=Bands((0, 3), (3, 6), (6, NUM_WS)),
        mel=MelSettings(32000, 1024, 320, N_MELS, 50.0, 14000.0),
        embed_dim=EMBED_DIM,
        lookahead_seconds=0.0,
        classes=CLASSES,
        prompts={name: [f"the sound of {name}"] for name in CLASSES},
        sources=[],
        figures={},
        components={
            name: Component(f"{name}.safetensors", config=config)
            for name, (config, _) in parts.items()
        },
    )
    weights = {name: network.state_dict() for name, (_, network) in parts.items()}
    # Freshly made networks answer every sound alike; a pack's do not.
    for name in ("inversion", "frames"):
        weights[name] = {
            key: value + 0.05 * torch.randn_like(value) if value.is_floating_point() else value
            for key, value in weights[name].items()
        }
    return save_pack(folder, manifest, weights)


def with_vocabulary(pack: Pack, words: Iterable[str]) -> Pack:
    """The same pack, in its place, with words that it was taught as several tokens."""
    taught = numbers(words)
    part = Component("vocabulary.safetensors", config={"words": len(taught)})
    manifest = replace(pack.manifest, components={**pack.manifest.components, "vocabulary": part})
    return save_pack(pack.path, manifest, {"vocabulary": {"words": taught}})
