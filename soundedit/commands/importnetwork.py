"""A pack around a StyleGAN generator of another program, for `soundedit packs import`."""

import argparse
import contextlib
import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from soundedit.commands.importcard import digest_of, write_card
from soundedit.errors import PackError
from soundedit.packs import default_pack, find_packs, read_pack_manifest
from soundedit.packs.manifest import Bands, Component, Manifest
from soundedit.progress import CancelToken, Progress

if TYPE_CHECKING:
    from soundedit.engine.adopting import Adopted
    from soundedit.packs.foreign import ForeignGenerator
    from soundedit.packs.pack import Pack

KEPT = (
    *("clip", "vocabulary", "audio", "adapter", "sound_encoder", "inversion", "frames"),
    "encoder",
)
"""Parts of the pack that it is built on."""
LICENCE = "that of the imported network"
_SAMPLES = 16
_SHEET_SIZE = 256


def make(
    args: argparse.Namespace, name: str, folder: Path, progress: Progress, cancel: CancelToken
) -> "tuple[Pack, str]":
    """Make the pack; also tell what it is in a line."""
    from soundedit.packs.foreign import read_foreign

    foreign = read_foreign(args.file, label=args.label)
    cancel.check()
    progress(0.0, "Starting")
    from soundedit.engine.adopting import Adoption
    from soundedit.engine.device import choose_device
    from soundedit.packs.pack import open_pack, save_pack

    base = open_pack(args.pack or first_of_its_own())
    adopted = Adoption(base, choose_device(args.device)).adopt(
        foreign.component,
        foreign.tensors,
        samples=args.samples,
        progress=progress,
        cancel=cancel,
    )
    progress(1.0, "Writing the pack")
    manifest = _manifest(args, name, base.manifest, foreign, adopted)
    shared = {part: base.tensors(part) for part in KEPT if part in base.manifest.components}
    own = {
        "generator": foreign.tensors,
        "bridge": adopted.bridge.state_dict(),
        "directions": adopted.directions.state_dict(),
    }
    # What a pack holds already stays as it is stored there.
    pack = save_pack(folder, manifest, {**shared, **own}, exact=manifest.components)
    _describe(pack.path, pack.manifest, adopted, base.manifest)
    drawn, gain = adopted.figures["classes_drawn"], adopted.figures["words_gain"]
    return pack, (
        f"{foreign.origin}, {manifest.resolution} x {manifest.resolution}; "
        f"{drawn:.0%} of the sounds' classes are drawn so that they can be told, "
        f"words gain {gain:+.2f}"
    )


def first_of_its_own() -> Path:
    """The first pack whose sounds were learned with its own generator."""
    for folder in find_packs():
        with contextlib.suppress(PackError):
            if "bridge" not in read_pack_manifest(folder).components:
                return folder
    return default_pack()


def _manifest(
    args: argparse.Namespace,
    name: str,
    base: Manifest,
    foreign: "ForeignGenerator",
    adopted: "Adopted",
) -> Manifest:
    from soundedit.nets.bands import band_slices

    generator, bridge, directions = adopted.generator, adopted.bridge, adopted.directions
    num_ws, w_dim = bridge.shape
    walk_ws, walk_dim = bridge.walk_shape
    configs = {
        "generator": foreign.component,
        "bridge": {
            "walk_ws": walk_ws,
            "walk_dim": walk_dim,
            "num_ws": num_ws,
            "w_dim": w_dim,
            "rank": bridge.rank,
        },
        "directions": directions.config,
    }
    slices = {key: (part.start, part.stop) for key, part in band_slices(num_ws).items()}
    return dataclasses.replace(
        base,
        name=name,
        version="1",
        title=args.title or args.name or args.file.stem,
        licence=args.licence or LICENCE,
        notice=(
            f"The generator was imported from {args.file.name} ({foreign.origin}) and has the "
            f"licence of its maker. Sounds and words are those of the pack {base.name} "
            f"{base.version}: {base.licence}."
        ),
        resolution=generator.resolution,
        z_dim=generator.z_dim,
        w_dim=w_dim,
        num_ws=num_ws,
        bands=Bands(**slices),
        sources=[f"generator: {args.file.name}, SHA-256 {digest_of(args.file)}", *base.sources],
        figures=dict(adopted.figures),
        latent_space="",
        extra={},
        bands_extra={},
        components={
            **{part: base.components[part] for part in KEPT if part in base.components},
            **{part: Component(f"{part}.safetensors", config=c) for part, c in configs.items()},
        },
    )


def _describe(folder: Path, manifest: Manifest, adopted: "Adopted", base: Manifest) -> None:
    """Write `samples.jpg` and `MODEL_CARD.md`."""
    import torch

    from soundedit.engine.synthesis import Synthesiser
    from soundedit.train.grid import picture_grid

    generator = adopted.generator
    device = generator.mapping.w_avg.device
    draw = Synthesiser(generator.synthesis, device)
    z = torch.randn(_SAMPLES, manifest.z_dim, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        ws = generator.mapping(z.to(device), truncation=0.7)
        size = min(_SHEET_SIZE, manifest.resolution)
        pictures = torch.cat([draw.pictures(part, size=size) for part in ws.split(4)])
    picture_grid(pictures, 4).save(folder / "samples.jpg", quality=88)
    write_card(
        folder,
        manifest,
        f"A soundedit pack of {manifest.resolution} x {manifest.resolution} pixels around an "
        "imported generator.",
        f"{_SAMPLES} uncurated samples at truncation 0.7",
        "classes drawn: share of the classes' sounds whose picture, on six scenes, is nearest to "
        "its own class's words; by chance one of the number of classes. words gain: similarity to "
        "its words that a scene gains by the direction of a class at strength 1. Both are by the "
        f"image tower of {base.name}.",
        [
            "Sounds were not learned with this generator: a bridge carries what they do to the "
            f"pictures of {base.name} over to changes that look alike to its image tower.",
            "Photos and videos as a start come over that bridge too, and are like it rather than "
            "near it until they are refined.",
        ],
    )
