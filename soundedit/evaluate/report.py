"""What was found as tables, and in the model card of the pack."""

from dataclasses import replace
from pathlib import Path

from soundedit.errors import PackError
from soundedit.evaluate.figures import number, table
from soundedit.evaluate.judging import RENDERED, Judgement
from soundedit.media.whole import publish_part, start_part
from soundedit.packs.pack import open_pack, save_pack
from soundedit.train.card import figure_lines

FIGURES, JUDGED = "Figures", "Judged"
_COLUMNS = (
    ("class_share", "class seen"),
    ("class_share_photographs", "as photographs"),
    ("similarity", "similarity"),
    ("shuffled", "shuffled"),
    ("frechet", "Frechet video distance"),
    ("correlation", "loudness and change"),
    ("lag", "lag, frames"),
    ("flash_delay", "flash delay, frames"),
)


def lines(found: Judgement) -> list[str]:
    """Both tables and every shortfall, in Markdown."""
    effort = found.effort
    rows = [
        *table(found.figures).split("\n"),
        "",
        f"Pictures are judged on EfficientNet-Lite2 features at {effort.side} pixels, that nothing "
        f"was trained with. Sounds are of the valid split. {effort.clips} clips a class of 4 s; "
        "every row below is made over the same generator, for the same sounds. Classes are named "
        "by a classifier that learned from weathered stills and from the same stills as the "
        'generator draws them; "as photographs" by one that knows the stills alone.',
        "",
        "| video | " + " | ".join(title for _, title in _COLUMNS) + " |",
        "|---" * (len(_COLUMNS) + 1) + "|",
    ]
    for row in found.videos:
        facts = row.facts()
        cells = ["-" if facts[name] is None else number(facts[name]) for name, _ in _COLUMNS]
        rows.append(f"| {row.method} | " + " | ".join(cells) + " |")
    rows += [
        "",
        f'"{RENDERED}" is the data engine itself, so what a perfect pupil would reach; its Frechet '
        "distance is that of two halves of its clips, which are fewer than the clips of a row.",
    ]
    short = found.shortfalls()
    return [*rows, "", "Shortfalls:", "", *(f"- {text}" for text in short)] if short else rows


def write_into_card(pack: str | Path, found: Judgement) -> Path:
    """Put the tables into a pack's `MODEL_CARD.md` and the single figures into its manifest.

    An earlier judgement is replaced. PackError if the pack has no card or cannot be written.
    """
    opened = open_pack(pack)
    card = opened.path / "MODEL_CARD.md"
    try:
        text = card.read_text(encoding="utf-8")
    except OSError as error:
        raise PackError(
            f"{card} cannot be read ({error.strerror}); make the pack with: soundedit train pack."
        ) from error
    known = {k: v for k, v in found.named().items() if v is not None}
    figures = {**opened.manifest.figures, **known}
    saved = save_pack(opened.path, replace(opened.manifest, figures=figures), {})
    card = saved.path / card.name
    part = start_part(card, [".md"])
    text = with_section(text, FIGURES, figure_lines(saved.manifest))
    text = with_section(text, JUDGED, lines(found))
    part.write_text(text, encoding="utf-8")
    publish_part(part, card)
    return card


def with_section(card: str, title: str, section: list[str]) -> str:
    """The card with a section of level two in place of the one so called.

    Where there is none it comes after the figures, or else last.
    """
    parts = card.rstrip("\n").split("\n## ")
    titles = [part.partition("\n")[0] for part in parts]
    new = f"{title}\n\n" + "\n".join(section) + "\n"
    if title in titles[1:]:
        parts[titles.index(title)] = new
    elif FIGURES in titles:
        parts.insert(titles.index(FIGURES) + 1, new)
    else:
        parts.append(new)
    return "\n## ".join(parts).rstrip("\n") + "\n"
