"""What a pack that was imported says of itself."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from soundedit.packs.manifest import Manifest


def digest_of(file: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def told_before(base: Manifest, part: str, key: str) -> dict[str, str]:
    """Title, licence and notice of a pack without an imported `part`, whose manifest keeps those
    that it had before under `key`.
    """
    told = {"title": base.title, "licence": base.licence, "notice": base.notice}
    before = base.extra.get(key)
    return told | before if part in base.components and isinstance(before, dict) else told


def write_card(
    folder: Path,
    manifest: Manifest,
    intro: str,
    sheet: str,
    figures: str,
    limits: Sequence[str],
) -> None:
    """Write `MODEL_CARD.md`; `sheet` says what `samples.jpg` shows, `figures` what they mean."""
    from soundedit.train.card import figure_lines

    lines = [
        f"# {manifest.title}",
        "",
        f"{intro} {manifest.notice}",
        "",
        f"![{sheet}](samples.jpg)",
        "",
        "## Figures",
        "",
        *figure_lines(manifest),
        "",
        figures,
        "",
        "## Known limits",
        "",
        *(f"- {limit}" for limit in limits),
        "",
        "## Sources",
        "",
        *(f"- {source}" for source in manifest.sources),
        "",
    ]
    (folder / "MODEL_CARD.md").write_text("\n".join(lines), encoding="utf-8")
