"""A pack whose words are those of an OpenCLIP model, for `soundedit packs import`."""

import argparse
import dataclasses
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from soundedit.commands.importcard import digest_of, write_card
from soundedit.packs import default_pack
from soundedit.packs.manifest import Component, Manifest
from soundedit.packs.modelfiles import weights_of
from soundedit.progress import CancelToken, Progress

if TYPE_CHECKING:
    from soundedit.engine.wording import Reworded
    from soundedit.packs.openclip import ForeignClip
    from soundedit.packs.pack import Pack

LICENCE = "that of the imported model"


def make(
    args: argparse.Namespace, name: str, folder: Path, progress: Progress, cancel: CancelToken
) -> "tuple[Pack, str]":
    """Make the pack; also tell what it is in a line."""
    from soundedit.packs.openclip import read_openclip

    clip = read_openclip(args.file, model=args.model)
    cancel.check()
    progress(0.0, "Starting")
    from soundedit.engine.device import choose_device
    from soundedit.engine.wording import Wording
    from soundedit.packs.pack import open_pack, save_pack

    base = open_pack(args.pack or default_pack())
    reworded = Wording(base, choose_device(args.device)).fit(
        clip, about=args.about, samples=args.samples, progress=progress, cancel=cancel
    )
    progress(1.0, "Writing the pack")
    digest = digest_of(weights_of(args.file))
    manifest = _manifest(args, name, base.manifest, clip, reworded, digest)
    own = {
        "clip": clip.tensors,
        "adapter": reworded.adapter.state_dict(),
        "directions": reworded.directions.state_dict(),
    }
    kept = {part: base.tensors(part) for part in base.manifest.components if part not in own}
    # What a pack holds already stays as it is stored there.
    pack = save_pack(folder, manifest, {**kept, **own}, exact=manifest.components.keys() - {"clip"})
    _describe(pack.path, pack.manifest, base.path, clip)
    before, gain = (reworded.figures[key] for key in ("words_gain_before", "words_gain"))
    return pack, (
        f"the words of {clip.name} for {base.manifest.title}; its words gain {gain:+.2f} "
        f"by its image tower, those of {base.manifest.name} {before:+.2f}"
    )


def _manifest(
    args: argparse.Namespace,
    name: str,
    base: Manifest,
    clip: "ForeignClip",
    reworded: "Reworded",
    digest: str,
) -> Manifest:
    adapter, directions = reworded.adapter, reworded.directions
    from_dim, to_dim = adapter.shape
    embed_dim, num_ws, w_dim = directions.shape
    configs = {
        "clip": clip.config,
        "adapter": {
            "from_dim": from_dim,
            "to_dim": to_dim,
            "words": len(adapter.keys),
            "classes": len(adapter.classes),
        },
        "directions": {
            "embed_dim": embed_dim,
            "num_ws": num_ws,
            "w_dim": w_dim,
            "rank": len(directions.down),
            "words": len(directions.keys),
        },
    }
    return dataclasses.replace(
        base,
        name=name,
        version="1",
        title=args.title or f"{base.title}, words of {clip.name}",
        licence=f"{base.licence}; words: {args.licence or LICENCE}",
        notice=(
            f"Its words are those of {clip.name}, imported from {args.file.name}, and have the "
            f"licence of its maker. Pictures and sounds are those of the pack {base.name} "
            f"{base.version}. {base.notice}"
        ),
        embed_dim=embed_dim,
        sources=[f"words: {args.file.name}, SHA-256 {digest}", *base.sources],
        figures=dict(reworded.figures),
        latent_space=base.latents,
        components={
            **base.components,
            **{part: Component(f"{part}.safetensors", config=c) for part, c in configs.items()},
        },
    )


def _describe(folder: Path, manifest: Manifest, base: Path, clip: "ForeignClip") -> None:
    """Write `MODEL_CARD.md`, and take over the sheet of samples."""
    if (base / "samples.jpg").is_file():
        shutil.copyfile(base / "samples.jpg", folder / "samples.jpg")
    write_card(
        folder,
        manifest,
        f"A soundedit pack of {manifest.resolution} x {manifest.resolution} pixels whose words are "
        "imported.",
        "uncurated samples",
        "words gain: similarity to its words that a scene gains by the direction of a class at "
        f"strength 1, by the image tower of {clip.name}; words gain before: the same by the "
        "directions of the pack that it is built on.",
        [
            "Words move the pictures only in ways that this generator has.",
            "A sound in an edit says what the words of its classes say: the imported model has not "
            "heard it.",
        ],
    )
