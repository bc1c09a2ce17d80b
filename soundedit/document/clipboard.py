"""Edits as text for the clipboard, to be pasted here, in another window or into a message."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path

from soundedit.document.commands import add_media, paste_edits
from soundedit.document.mediafiles import used_media
from soundedit.document.model import Media, Project
from soundedit.document.schema import (
    object_from_text,
    object_text,
    project_from_object,
    project_object,
)
from soundedit.errors import ProjectError


def copied_edits(project: Project, edit_ids: Collection[str], files: Mapping[str, Path]) -> str:
    """Edits of a project, in its order, as text.

    Args:
        edit_ids: the edits to copy.
        files: media id -> its file, from which the other project takes it.
    """
    copied = Project(
        edits=tuple(edit for edit in project.edits if edit.id in edit_ids), media=project.media
    )
    used = used_media(copied)
    media = tuple(
        replace(one, path=str(files[one.id].absolute())) if one.id in files else one
        for one in project.media
        if one.id in used
    )
    text = {"soundedit": "edits", **project_object(replace(copied, media=media))}
    return object_text(text).decode()


def pasted_edits(
    project: Project, text: str, index: int | None = None
) -> tuple[Project, dict[str, Path]]:
    """The project with the edits of `copied_edits` text at `index`, None the end, and new files.

    A media that the project has already, by id or by content, is not added again.

    Returns:
        The new project, and media id -> file for the media it adds, where the file is there.

    Raises `ProjectError` if the text holds no edits.
    """
    try:
        fields = object_from_text(text.encode(errors="surrogatepass"))
        if fields.pop("soundedit", None) != "edits":
            raise ProjectError("not edits")
        pasted = project_from_object(fields)
    except ProjectError as error:
        raise ProjectError("The clipboard holds no edits; copy one first.") from error
    if not pasted.edits:
        raise ProjectError("The clipboard holds no edits; copy one first.")
    ids: dict[str, str] = {}
    files: dict[str, Path] = {}
    for media in pasted.media:
        here = _same(project, media)
        if here is None:
            project = add_media(project, media)
            if media.path and Path(media.path).is_file():
                files[media.id] = Path(media.path)
        else:
            ids[media.id] = here.id
    edits = (
        replace(
            edit,
            parts=tuple(
                replace(part, value=ids.get(part.value, part.value)) for part in edit.parts
            ),
            refined=None if edit.refined is None else ids.get(edit.refined, edit.refined),
        )
        for edit in pasted.edits
    )
    return paste_edits(project, edits, index), files


def _same(project: Project, media: Media) -> Media | None:
    for one in project.media:
        if one.id == media.id or (media.sha256 and one.sha256 == media.sha256):
            return one
    return None
