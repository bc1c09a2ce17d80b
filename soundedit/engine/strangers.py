"""Latents of a project that another pack made: what to expect of each, in a sentence."""

from collections.abc import Iterator, Mapping
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
