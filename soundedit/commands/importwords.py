"""A pack whose words are those of an OpenCLIP model, for `soundedit packs import`."""

import argparse
import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from soundedit.commands import importsounds
from soundedit.commands.importcard import digest_of, told_before, write_card
from soundedit.packs import default_pack
from soundedit.packs.manifest import Component, Manifest
from soundedit.packs.modelfiles import name_of, weights_of
from soundedit.progress import CancelToken, Progress

if TYPE_CHECKING:
    from soundedit.engine.wording import Reworded
    from soundedit.packs.openclip import ForeignClip
    from soundedit.packs.pack import Pack

LICENCE = "that of the imported model"
_WORDS = "words: "
_GONE = {importsounds.PART, "vocabulary"}
"""An encoder of sounds spoke the words that go, and these were they."""
_BEFORE = "before_words"
"""What the manifest keeps of the pack's own title, licence and notice."""


def make(
    args: argparse.Namespace, name: str, folder: Path, progress: Progress, cancel: CancelToken
) -> "tuple[Pack, str]":
    """Make the pack; also tell what it is in a line."""
    from soundedit.packs.openclip import read_openclip

    clip = read_openclip(args.file, model=args.model)
    digest = digest_of(weights_of(args.file))
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
    manifest = _manifest(args, name, base.manifest, clip, reworded, digest)
    own = {
        "clip": clip.tensors,
        "adapter": reworded.adapter.state_dict(),
        "directions": reworded.directions.state_dict(),
    }
    left = base.manifest.components.keys() - own.keys() - _GONE
    kept = {part: base.tensors(part) for part in left}
    # What a pack holds already stays as it is stored there.
    samples = base.path / "samples.jpg"
    # Read first: the pack may take the place of the one that it is built on.
    sheet = samples.read_bytes() if samples.is_file() else b""
    pack = save_pack(folder, manifest, {**kept, **own}, exact=manifest.components.keys() - {"clip"})
    _describe(pack.path, pack.manifest, sheet, clip)
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
    # Words that were imported before are gone.
    told = told_before(base, "adapter", _BEFORE)
    gone = (_WORDS, importsounds.SOURCE)
    sources = [line for line in base.sources if not line.startswith(gone)]
    extra = {k: v for k, v in base.extra.items() if k != importsounds.BEFORE}
    from_dim, to_dim = adapter.shape
    configs = {
        "clip": clip.config,
        "adapter": {
            "from_dim": from_dim,
            "to_dim": to_dim,
            "words": len(adapter.keys),
            "classes": len(adapter.classes),
        },
        "directions": directions.config,
    }
    return dataclasses.replace(
        base,
        name=name,
        version="1",
        title=args.title or f"{told['title']}, words of {clip.name}",
        licence=f"{told['licence']}; words: {args.licence or LICENCE}",
        notice=(
            f"Its words are those of {clip.name}, imported from {name_of(args.file)}, and have the "
            f"licence of its maker. Pictures and sounds are those of the pack {base.name} "
            f"{base.version}. {told['notice']}"
        ),
        embed_dim=to_dim,
        sources=[f"{_WORDS}{name_of(args.file)}, SHA-256 {digest}", *sources],
        extra={**extra, _BEFORE: told},
        figures=dict(reworded.figures),
        latent_space=base.latents,
        components={
            **{k: v for k, v in base.components.items() if k not in _GONE},
            **{part: Component(f"{part}.safetensors", config=c) for part, c in configs.items()},
        },
    )


def _describe(folder: Path, manifest: Manifest, sheet: bytes, clip: "ForeignClip") -> None:
    """Write `MODEL_CARD.md`, and take over the sheet of samples."""
    if sheet:
        (folder / "samples.jpg").write_bytes(sheet)
    else:
        (folder / "samples.jpg").unlink(missing_ok=True)
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
