"""The model card of a pack: what it is, what it was trained on, its figures and its limits."""

from collections.abc import Sequence
from pathlib import Path

import torch
from PIL import Image

from soundedit.nets.stylegan2 import Generator
from soundedit.packs.manifest import Manifest
from soundedit.train.grid import picture_grid


def write_card(folder: Path, manifest: Manifest, limits: Sequence[str]) -> Path:
    """Write `MODEL_CARD.md` into a pack's folder from its manifest and known `limits`."""
    lines = [
        f"# {manifest.title} {manifest.version}",
        "",
        f"A soundedit pack of {manifest.resolution} x {manifest.resolution} pixels, "
        f"{manifest.num_ws} style layers of {manifest.w_dim} values, trained by `soundedit train` "
        "from the photos and recordings below; it holds no weights from elsewhere.",
        "",
        f"Licence: {manifest.licence}. {manifest.notice}",
        "",
        "![64 uncurated samples at truncation 0.7](samples.jpg)",
        "",
        "## Parts",
        "",
        "| part | file | MB |",
        "|---|---|---|",
    ]
    for name, part in manifest.components.items():
        lines.append(f"| {name} | {part.file} | {part.bytes / 1e6:.1f} |")
    lines += ["", "## Figures", "", *figure_lines(manifest)]
    if limits:
        lines += ["", "## Known limits", "", *(f"- {limit}" for limit in limits)]
    lines += [
        "",
        "## Teachers",
        "",
        "While training only, and none of their weights are inside:",
        "",
        *(f"- {teacher}" for teacher in manifest.teachers),
        "",
        "## Sources of the training data",
        "",
        *(f"- {source}" for source in manifest.sources),
        "",
    ]
    file = folder / "MODEL_CARD.md"
    file.write_text("\n".join(lines), encoding="utf-8")
    return file


def figure_lines(manifest: Manifest) -> list[str]:
    """What stands below the card's "Figures": a table, and the classes that they are about."""
    rows = [f"| {name.replace('_', ' ')} | {value} |" for name, value in manifest.figures.items()]
    classes = "Sound classes: " + ", ".join(manifest.classes) + "."
    return ["| what | measured |", "|---|---|", *rows, "", classes]


@torch.inference_mode()
def write_samples(folder: Path, generator: Generator, truncation: float = 0.7) -> Path:
    """Write `samples.jpg`: 64 uncurated samples, seeds 0 to 63."""
    z = torch.randn(64, generator.z_dim, generator=torch.Generator().manual_seed(0))
    pictures = torch.cat([generator(part, truncation=truncation) for part in z.split(8)])
    grid: Image.Image = picture_grid(pictures, 8)
    file = folder / "samples.jpg"
    grid.save(file, quality=88)
    return file
