"""Putting a pack together from the checkpoints of its parts."""

import csv
import json
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from soundedit.errors import TrainingError
from soundedit.nets.bands import band_slices
from soundedit.nets.stylegan2 import Generator, num_ws_for
from soundedit.packs.manifest import Bands, Component, Manifest
from soundedit.packs.manifest import MelSettings as PackMel
from soundedit.packs.pack import save_pack
from soundedit.train.card import write_card, write_samples
from soundedit.train.layers import fitted
from soundedit.train.picture_encoder import load_encoder
from soundedit.train.prompts import CLASSES, PROMPTS
from soundedit.train.sounds import MelSettings

TEACHERS = (
    "EfficientNet-Lite0 image features (Apache-2)",
    "aiSFX sound-effect embeddings (CC BY 4.0)",
    "all-MiniLM-L6-v2 sentence embeddings (Apache-2)",
)
TEACHERS_OF_WINDOWS = ("SoundNet (MIT)", "YAMNet (Apache-2)")
"""Those that the sound tower also learned from where windows taught it."""


@dataclass(frozen=True)
class PackSettings:
    """Settings of `train pack`; the shipped TOML file explains each."""

    generator: str = "runs/generator/generator-final.pt"
    embedding: str = "runs/embedding/embedding.pt"
    motion: str = "runs/motion/motion.pt"
    directions: str = ""
    encoder: str = ""
    photos: str = ""
    sounds: str = ""
    out: str = "weights/landscapes"
    name: str = "landscapes"
    title: str = "Landscapes"
    version: str = "0.1"
    latent_space: str = ""
    lookahead: float = 1.0
    figures: str = ""
    limits: tuple[str, ...] = ()


def _read(file: str) -> dict[str, Any]:
    path = Path(file)
    if not path.exists():
        raise TrainingError(f"The checkpoint {path} is missing; train that part first.")
    state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    return state


def _figures(file: str) -> dict[str, Any]:
    if not file:
        return {}
    try:
        figures: dict[str, Any] = json.loads(Path(file).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise TrainingError(f"The figures {file} cannot be read ({error}).") from error
    return figures


def sources_of(folder: str) -> list[str]:
    """One line for each source and licence that an `index.csv` names, most used first."""
    index = Path(folder) / "index.csv"
    if not folder or not index.exists():
        return []
    with index.open(newline="", encoding="utf-8") as rows:
        counts = Counter((r["source"], r["licence"]) for r in csv.DictReader(rows))
    return [f"{source} ({licence}): {n} files" for (source, licence), n in counts.most_common()]


def teachers_of(embedding: dict[str, Any]) -> list[str]:
    """Who taught the networks of a pack with these towers."""
    known: list[str] = embedding.get("teachers", [])
    windows = TEACHERS_OF_WINDOWS if "audio_guess" in embedding else ()
    return known or [*TEACHERS, *windows]


def generator_weights(state: dict[str, Any]) -> dict[str, Tensor]:
    """The averaged generator of a `train generator` checkpoint."""
    prefix = "0."
    return {k[len(prefix) :]: v for k, v in state["averages"].items() if k.startswith(prefix)}


def build_pack(settings: PackSettings) -> Path:
    """Write a pack from its checkpoints; TrainingError names what is missing."""
    generator, embedding = _read(settings.generator), _read(settings.embedding)
    motion = _read(settings.motion)
    g = generator["settings"]
    num_ws = num_ws_for(g["resolution"])
    slices = {k: (v.start, v.stop) for k, v in band_slices(num_ws).items()}
    mel = MelSettings()
    components: dict[str, dict[str, Any]] = {
        "generator": {
            "z_dim": g["z_dim"],
            "w_dim": g["w_dim"],
            "resolution": g["resolution"],
            "channels": list(g["channels"]),
            "mapping_layers": g["mapping_layers"],
        },
        "clip": embedding["config"],
        "audio": {
            "n_mels": mel.n_mels,
            "embed_dim": embedding["config"]["embed_dim"],
            "width": embedding["audio_width"],
        },
        "inversion": motion["inversion_config"],
        "frames": motion["frames_config"],
    }
    tensors = {
        "generator": generator_weights(generator),
        "clip": embedding["clip"],
        "audio": embedding["audio"],
        "inversion": motion["inversion"],
        "frames": motion["frames"],
    }
    if "vocabulary" in embedding:
        words = embedding["vocabulary"]
        components["vocabulary"], tensors["vocabulary"] = {"words": len(words)}, {"words": words}
    if settings.directions:
        found = _read(settings.directions)
        components["directions"], tensors["directions"] = found["config"], found["directions"]
    if settings.encoder:
        components["encoder"], tensors["encoder"] = load_encoder(Path(settings.encoder))
    for name in ("inversion", "frames", "directions", "encoder"):
        if name in components:
            # What was trained on a generator before it was grown.
            part = fitted(name, components[name], tensors[name], num_ws)
            components[name], tensors[name] = part
    manifest = Manifest(
        name=settings.name,
        version=settings.version,
        title=settings.title,
        licence="research and personal use",
        notice=(
            "Trained on photographs and recordings some of which are licensed for research or "
            "non-commercial use, or state no licence: for research and personal use only."
        ),
        resolution=g["resolution"],
        z_dim=g["z_dim"],
        w_dim=g["w_dim"],
        num_ws=num_ws,
        latent_space=settings.latent_space,
        bands=Bands(**slices),
        mel=PackMel(**asdict(mel)),
        embed_dim=embedding["config"]["embed_dim"],
        lookahead_seconds=settings.lookahead,
        classes=list(CLASSES),
        prompts={k: list(v) for k, v in PROMPTS.items()},
        sources=[*sources_of(settings.photos), *sources_of(settings.sounds)],
        teachers=teachers_of(embedding),
        figures={**_figures(settings.figures), "pictures_seen_by_the_generator": generator["seen"]},
        components={
            name: Component(f"{name}.safetensors", config=config)
            for name, config in components.items()
        },
    )
    pack = save_pack(settings.out, manifest, tensors)
    network = Generator(**components["generator"])
    network.load_state_dict(tensors["generator"])
    write_samples(pack.path, network)
    write_card(pack.path, pack.manifest, settings.limits)
    return pack.path
