"""A pack whose edits hear sounds by an imported encoder, for `soundedit packs import`."""

import argparse
import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from soundedit.commands.importcard import digest_of, told_before, write_card
from soundedit.packs import default_pack
from soundedit.packs.manifest import Component, Manifest
from soundedit.progress import CancelToken, Progress, part_of

if TYPE_CHECKING:
    from soundedit.engine.listening import Listening
    from soundedit.media.sound import Sound
    from soundedit.packs.pack import Pack

PART = "sound_encoder"
SOURCE = "sounds in edits: "
BEFORE = "before_sounds"
"""What the manifest keeps of the pack's own title, licence and notice."""
LICENCE = "that of its authors, not for commercial use"
_SECONDS = 10.0


def make(
    args: argparse.Namespace, name: str, folder: Path, progress: Progress, cancel: CancelToken
) -> "tuple[Pack, str]":
    """Make the pack; also tell what it is in a line."""
    from soundedit.packs.soundclip import read_sound_encoder

    tensors = read_sound_encoder(args.file)
    digest = digest_of(args.file)
    cancel.check()
    progress(0.0, "Starting")
    from soundedit.engine.device import choose_device
    from soundedit.engine.listening import check_words, fit_encoder
    from soundedit.packs.pack import open_pack, save_pack

    base = open_pack(args.pack or default_pack())
    check_words(base.manifest)
    found = fit_encoder(
        base,
        tensors,
        _known_sounds(part_of(progress, 0.0, 0.5), cancel),
        choose_device(args.device),
        progress=part_of(progress, 0.5, 1.0),
        cancel=cancel,
    )
    progress(1.0, "Writing the pack")
    manifest = manifest_of(args, name, base.manifest, found, digest)
    kept = {part: base.tensors(part) for part in base.manifest.components if part != PART}
    samples = base.path / "samples.jpg"
    # Read first: the pack may take the place of the one that it is built on.
    sheet = samples.read_bytes() if samples.is_file() else b""
    parts = {**kept, PART: found.encoder.state_dict()}
    pack = save_pack(folder, manifest, parts, exact=manifest.components.keys())
    _describe(pack.path, pack.manifest, sheet)
    told, before = (found.figures[key] for key in ("sounds_told", "sounds_told_before"))
    return pack, (
        f"sounds in edits of {base.manifest.title} by the encoder of {args.file.name}; it tells "
        f"{told:.0%} of made sounds by their words, {base.manifest.name} {before:.0%}"
    )


def _known_sounds(progress: Progress, cancel: CancelToken) -> "list[tuple[Sound, str]]":
    """Sounds made from nothing, ten seconds each, and their classes."""
    import numpy as np

    from soundedit.media.dsp import SAMPLE_RATE
    from soundedit.media.sound import Sound
    from soundedit.train.procedural import ROUND, sound_round

    sounds: list[tuple[Sound, str]] = []
    for samples, shares in sound_round(np.random.default_rng(0), round(_SECONDS * SAMPLE_RATE)):
        cancel.check()
        progress(len(sounds) / ROUND, "Making sounds")
        peak = float(np.abs(samples).max())
        loud = (samples / max(peak, 1e-6)).astype(np.float32)
        sounds.append((Sound(loud[None], SAMPLE_RATE), max(shares, key=lambda k: shares[k])))
    return sounds


def manifest_of(
    args: argparse.Namespace, name: str, base: Manifest, found: "Listening", digest: str
) -> Manifest:
    """What the pack says of itself, of a `base` that may have an encoder already."""
    file = args.file.name
    told = told_before(base, PART, BEFORE)
    sources = [line for line in base.sources if not line.startswith(SOURCE)]
    return dataclasses.replace(
        base,
        name=name,
        version="1",
        title=args.title or f"{told['title']}, sounds of {args.file.stem}",
        licence=f"{told['licence']}; sounds in edits: {args.licence or LICENCE}",
        notice=(
            f"What a sound in an edit says is told by the audio encoder imported from {file}, "
            f"whose authors allow no commercial use. {told['notice']}"
        ),
        sources=[f"{SOURCE}{file}, SHA-256 {digest}", *sources],
        figures={**base.figures, **found.figures},
        extra={**base.extra, BEFORE: told},
        components={
            **base.components,
            PART: Component(f"{PART}.safetensors", config={"embed_dim": found.encoder.embed_dim}),
        },
    )


def _describe(folder: Path, manifest: Manifest, sheet: bytes) -> None:
    """Write `MODEL_CARD.md`, and take over the sheet of samples."""
    if sheet:
        (folder / "samples.jpg").write_bytes(sheet)
    write_card(
        folder,
        manifest,
        f"A soundedit pack of {manifest.resolution} x {manifest.resolution} pixels that hears "
        "sounds in edits by an imported encoder.",
        "uncurated samples",
        "sounds told: share of sounds made by soundedit itself that are nearest to the words of "
        "their own class; sounds told before: the same as the pack that it is built on hears them.",
        [
            "Labels, pictures and walks follow the pack's own hearing; only sounds dropped on an "
            "edit are heard by the encoder.",
            "Sounds move the pictures only in ways that this generator has.",
        ],
    )
