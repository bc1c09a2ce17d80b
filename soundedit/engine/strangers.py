"""What of a project a pack does not know, latents of another one and words: a sentence for each."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from soundedit.document.model import Edit, PartKind, Project
from soundedit.engine.latents import other_maker


def strangers(project: Project, files: Mapping[str, Path], space: str) -> dict[str, str]:
    """A sentence for whatever has latents that mean something else in the latent space `space`.

    Keys are "start", "take" and the ids of edits. `files` has the file of each media id.
    """
    found: dict[str, str] = {}
    start = _maker(project.start.latents, files, space)
    if start is not None:
        found["start"] = (
            f"The picture to start from was fitted with another version of the pack ({start}), "
            "so it may look different; bring it closer again."
        )
    take = None if project.take is None else _maker(project.take.latents, files, space)
    if take is not None:
        found["take"] = (
            f"The live take was played with another version of the pack ({take}), so it may look "
            "different; load that version to see it as it was played."
        )
    for edit in project.edits:
        makers = [_maker(media, files, space) for media in _kept(edit)]
        maker = next((one for one in makers if one is not None), None)
        if maker is not None:
            found[edit.id] = (
                f"The direction was kept with another version of the pack ({maker}), so it may "
                "do something else; refine or keep it anew if it does."
            )
    return found


def unknown_words(edits: Sequence[Edit], unknown: Callable[[str], Sequence[str]]) -> dict[str, str]:
    """A sentence for each edit, by its id, some of whose words nothing taught the pack.

    `unknown` gives those of a phrase. Refined edits were fitted by what pictures show.
    """
    found: dict[str, str] = {}
    for edit in edits:
        texts = [part.value for part in edit.parts if part.kind is PartKind.TEXT]
        words = dict.fromkeys(word for text in texts for word in unknown(text))
        if words and edit.refined is None:
            names = ", ".join(f"“{word}”" for word in words)
            found[edit.id] = (
                f"The pack does not know {names}, so what this does is left to chance; "
                "try other English words."
            )
    return found


def _kept(edit: Edit) -> Iterator[str]:
    """Media of the latents that an edit acts by."""
    if edit.refined is not None:
        yield edit.refined
        return
    for part in edit.parts:
        if part.kind is PartKind.DIRECTION:
            yield part.value


def _maker(media: str | None, files: Mapping[str, Path], space: str) -> str | None:
    file = None if media is None else files.get(media)
    return None if file is None else other_maker(file, space)
