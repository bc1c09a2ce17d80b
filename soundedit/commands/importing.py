"""`soundedit packs import`: a pack around a generator of another program."""

import argparse
import contextlib
import dataclasses
import hashlib
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from soundedit.commands import options
from soundedit.commands.interrupt import cancel_on_interrupt
from soundedit.commands.terminal import ProgressBar
from soundedit.errors import PackError
from soundedit.packs import default_pack, find_packs, read_pack_manifest, shipped_dirs
from soundedit.packs.manifest import Bands, Component, Manifest

if TYPE_CHECKING:
    from soundedit.engine.adopting import Adopted
    from soundedit.packs.foreign import ForeignGenerator

KEPT = ("clip", "audio", "inversion", "frames", "encoder")
"""Parts of the pack that it is built on."""
LICENCE = "that of the imported network"
_SAMPLES = 16
_SHEET_SIZE = 256


def add_to(actions: "argparse._SubParsersAction[Any]") -> None:
    """Declare the action."""
    parser = actions.add_parser(
        "import",
        help="make a pack around a StyleGAN network",
        description=(
            "Make a pack around a generator of StyleGAN2-ADA or StyleGAN3 (a network .pkl of "
            "NVIDIA's programs) or of rosinality's StyleGAN2 (.pt). Nothing in the file is run. It "
            "is driven by the sounds and words of an own pack, without training: its pictures are "
            "looked at for some minutes."
        ),
    )
    parser.add_argument("file", metavar="FILE", type=Path, help="the network's file")
    parser.add_argument("--name", help="short name of the pack (default: that of the file)")
    parser.add_argument("--title", help="title that the app shows (default: the name of the file)")
    parser.add_argument(
        "--out", metavar="FOLDER", type=Path, help="folder of the pack (default: with your packs)"
    )
    parser.add_argument(
        "--licence", default=LICENCE, metavar="TEXT", help="terms of the network, for the card"
    )
    parser.add_argument(
        "--label",
        type=options.count_of(0),
        metavar="N",
        help="class of a conditional network (default: 0)",
    )
    parser.add_argument(
        "--samples",
        type=options.count_of(200),
        metavar="N",
        help="pictures to look at, 200 or more (default: 800, of slow networks 300)",
    )
    options.add_engine(parser)
    parser.add_argument("--overwrite", action="store_true", help="replace the pack of that name")
    parser.add_argument(
        "--json-lines", action="store_true", help="print progress and the result as lines of JSON"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Read the network, fit what it needs, write the pack."""
    from soundedit.packs.foreign import read_foreign

    name, folder = place_of(args)
    bar = contextlib.nullcontext(_tell) if args.json_lines else ProgressBar()
    with cancel_on_interrupt() as cancel, bar as progress:
        progress(0.0, "Reading the network")
        foreign = read_foreign(args.file, label=args.label)
        cancel.check()
        progress(0.0, "Starting")
        from soundedit.engine.adopting import Adoption
        from soundedit.engine.device import choose_device
        from soundedit.packs.pack import open_pack, save_pack

        base = open_pack(args.pack or first_of_its_own())
        device = choose_device(args.device)
        adopted = Adoption(base, device).adopt(
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
        pack = save_pack(folder, manifest, {**shared, **own}, exact=own)
        _describe(pack.path, pack.manifest, adopted, base.manifest)
    if args.json_lines:
        print(json.dumps({"pack": str(pack.path), "figures": pack.manifest.figures}), flush=True)
    else:
        drawn, gain = adopted.figures["classes_drawn"], adopted.figures["words_gain"]
        print(
            f"{pack.path}: {foreign.origin}, {manifest.resolution} x {manifest.resolution}; "
            f"{drawn:.0%} of the sounds' classes are drawn so that they can be told, "
            f"words gain {gain:+.2f}"
        )
    return 0


def place_of(args: argparse.Namespace) -> tuple[str, Path]:
    """Name and folder of the new pack: those asked for, or the first that are free."""
    taken = {pack.name for pack in find_packs()}
    wanted = args.name or slug(args.file.stem)
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", wanted):
        raise PackError(f"{wanted!r} cannot be a pack's name; use letters, digits and hyphens.")
    packs = shipped_dirs()[-1]
    name, number = wanted, 1
    while not (args.name or args.out or args.overwrite) and (
        name in taken or (packs / name).exists()
    ):
        number += 1
        name = f"{wanted}-{number}"
    folder = (args.out or packs / name).absolute()
    if not args.overwrite and (folder.exists() or (name in taken and not args.out)):
        raise PackError(
            f"There is a pack {folder.name} already, so choose another name, or --overwrite it."
        )
    return name, folder


def first_of_its_own() -> Path:
    """The first pack whose sounds were learned with its own generator."""
    for folder in find_packs():
        with contextlib.suppress(PackError):
            if "bridge" not in read_pack_manifest(folder).components:
                return folder
    return default_pack()


def slug(text: str) -> str:
    """A pack's name made of a file's."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:64] or "imported"


def _tell(fraction: float, text: str) -> None:
    print(json.dumps({"progress": round(fraction, 4), "text": text}), flush=True)


def _manifest(
    args: argparse.Namespace,
    name: str,
    base: Manifest,
    foreign: "ForeignGenerator",
    adopted: "Adopted",
) -> Manifest:
    from soundedit.nets.bands import band_slices

    generator, bridge, directions = adopted.generator, adopted.bridge, adopted.directions
    embed_dim, num_ws, w_dim = directions.shape
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
        "directions": {
            "embed_dim": embed_dim,
            "num_ws": num_ws,
            "w_dim": w_dim,
            "rank": len(directions.down),
            "words": len(directions.keys),
        },
    }
    with args.file.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    slices = {key: (part.start, part.stop) for key, part in band_slices(num_ws).items()}
    return dataclasses.replace(
        base,
        name=name,
        version="1",
        title=args.title or args.name or args.file.stem,
        licence=args.licence,
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
        sources=[f"generator: {args.file.name}, SHA-256 {digest}", *base.sources],
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
    from soundedit.train.card import figure_lines
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
    lines = [
        f"# {manifest.title}",
        "",
        f"A soundedit pack of {manifest.resolution} x {manifest.resolution} pixels around an "
        f"imported generator. {manifest.notice}",
        "",
        f"![{_SAMPLES} uncurated samples at truncation 0.7](samples.jpg)",
        "",
        "## Figures",
        "",
        *figure_lines(manifest),
        "",
        "classes drawn: share of the classes' sounds whose picture, on six scenes, is nearest to "
        "its own class's words; by chance one of the number of classes. words gain: similarity to "
        "its words that a scene gains by the direction of a class at strength 1. Both are by the "
        f"image tower of {base.name}, which knows landscapes.",
        "",
        "## Known limits",
        "",
        "- Sounds were not learned with this generator: a bridge carries what they do to the "
        f"pictures of {base.name} over to changes that look alike to its image tower.",
        "- Photos and videos as a start come over that bridge too, and are like it rather than "
        "near it until they are refined.",
        "",
        "## Sources",
        "",
        *(f"- {source}" for source in manifest.sources),
        "",
    ]
    (folder / "MODEL_CARD.md").write_text("\n".join(lines), encoding="utf-8")
