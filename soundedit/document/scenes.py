"""Scenes that follow each other: edits of a seed each, from a moment on."""

from collections.abc import Iterable

from soundedit.document.commands import add_edit
from soundedit.document.ids import new_id
from soundedit.document.model import Edit, Part, PartKind, Project, Span

GLIDE_SECONDS = 1.5
"""How long the way to a scene takes, as in live."""


def scene_edit(seed: int, start: float, name: str) -> Edit:
    """The scene of a seed, which is reached `GLIDE_SECONDS` after `start` and stays."""
    parts = (Part(PartKind.SEED, str(seed)),)
    return Edit(new_id(), name, parts, span=Span(start=start, fade_in=GLIDE_SECONDS))


def is_scene(edit: Edit) -> bool:
    """Whether an edit goes over to the scene of a seed alone."""
    return [part.kind for part in edit.parts] == [PartKind.SEED]


def add_scenes(project: Project, scenes: Iterable[Edit]) -> Project:
    """Put scenes in the stack, each before those that begin later: the last one of all is seen."""
    for scene in scenes:
        later = (
            index
            for index, edit in enumerate(project.edits)
            if is_scene(edit) and edit.span.start > scene.span.start
        )
        project = add_edit(project, scene, next(later, None))
    return project
