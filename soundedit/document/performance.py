"""A recorded performance as part of a project: its take, and slider moves as keyframes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

from soundedit.document.commands import set_fps, set_take
from soundedit.document.model import Edit, Keyframe, Media, Project, Span, Take

Corner = tuple[float, float]
"""Seconds and strength, joined by straight lines."""


def with_performance(
    project: Project,
    take: Take,
    media: Iterable[Media],
    fps: Fraction,
    moves: Mapping[str, Sequence[Corner]],
) -> Project:
    """The project with a live take in the place of its own, its edits as they were played.

    Edits that the performance does not know stay as they are. `media` are the sound's and the
    latents' of the take.
    """
    edits = tuple(
        played(edit, moves[edit.id]) if edit.id in moves else edit for edit in project.edits
    )
    return set_take(set_fps(replace(project, edits=edits), fps), take, media)


def played(edit: Edit, corners: Sequence[Corner]) -> Edit:
    """An edit whose strength goes along the corners, over the whole take.

    The greatest strength becomes the edit's, and the curve a share of it.
    """
    greatest = max((value for _, value in corners), key=abs, default=0.0)
    keyframes: tuple[Keyframe, ...] = ()
    if len(corners) > 1 and greatest:
        keyframes = tuple(Keyframe(seconds, value / greatest) for seconds, value in corners)
    return replace(edit, strength=greatest, keyframes=keyframes, span=Span(), follow=False)
