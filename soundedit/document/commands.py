"""Everything that changes a project, as pure functions from `Project` to `Project`.

Values outside their range are moved to its end, as a drag does; a value that is not a finite number
raises `ProjectError`; the id of something that is not in the project raises `KeyError`. What did
not change is shared between the old project and the new one; where nothing changes, the old project
itself comes back.
"""

import math
import re
from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from soundedit.document.ids import new_id
from soundedit.document.model import (
    Bands,
    Edit,
    Marker,
    Media,
    Part,
    PartKind,
    Project,
    Reactivity,
    Span,
    Start,
    StartKind,
    Take,
)
from soundedit.errors import ProjectError

STRENGTHS = (-2.0, 2.0)
REACTIVITIES = (0.0, 2.0)
BANDS = (0.0, 2.0)
WEIGHTS = (-2.0, 2.0)
FRAME_RATES = (1, 240)
# Fraction would work out every digit of 1e999999999.
_RATE = re.compile(r"\s*\d{1,18}(\.\d{0,18}|/\d{1,18})?\s*", re.ASCII)
START_REACTIVITY = {StartKind.SEED: 1.0, StartKind.PHOTO: 0.5, StartKind.VIDEO: 0.5}
"""How far the sound goes from each kind of start until somebody says otherwise: half of the way
shows both the photo and the sound, all of it leaves little of the photo."""
SEEDS = (0, 2**32 - 1)


def limited(value: float, limits: tuple[float, float]) -> float:
    """`value` as a float inside `limits`; raises `ProjectError` where it is not finite."""
    if not math.isfinite(value):
        raise ProjectError(f"{value} is not a number that can be used; type another one.")
    return float(min(max(value, limits[0]), limits[1]))


def checked_time(seconds: float) -> float:
    """`seconds` as a float that is 0 or more; raises `ProjectError` where it is not finite."""
    return limited(seconds, (0.0, math.inf))


def check_crop(start: Start) -> None:
    """Raises `ProjectError` where the crop is no square within a picture."""
    if start.crop is None:
        return
    left, top, side = start.crop
    most = 1 + 1e-6  # shares were rounded
    if not (1 - most <= left <= most and 1 - most <= top <= most and 0 < side <= most):
        raise ProjectError(
            f"The crop of the start ({left:g}, {top:g}, {side:g}) lies outside its picture; "
            "choose the start again."
        )


def changed(project: Project, edit: Edit) -> Project:
    """`project` with `edit` in the place of the one that has its id."""
    index = edit_index(project, edit.id)
    if project.edits[index] == edit:
        return project
    return replace(project, edits=(*project.edits[:index], edit, *project.edits[index + 1 :]))


def edit_index(project: Project, edit_id: str) -> int:
    """Place of an edit in the stack, 0 first; `KeyError` where there is none of that id."""
    for index, edit in enumerate(project.edits):
        if edit.id == edit_id:
            return index
    raise KeyError(edit_id)


def find_edit(project: Project, edit_id: str) -> Edit:
    """The edit of that id; `KeyError` where there is none."""
    return project.edits[edit_index(project, edit_id)]


def find_media(project: Project, media_id: str) -> Media:
    """The media of that id; `KeyError` where there is none."""
    for media in project.media:
        if media.id == media_id:
            return media
    raise KeyError(media_id)


def take_name(project: Project) -> str:
    """The name of the sound that moves the pictures, without its ending; empty without one."""
    take = None if project.take is None else project.take.media
    return next((Path(media.name).stem for media in project.media if media.id == take), "")


def text_edit(words: str) -> Edit:
    """A new edit made of one word or phrase, named after it."""
    words = " ".join(words.split())
    return Edit(new_id(), words, (Part(PartKind.TEXT, words),))


def sound_edit(media: Media) -> Edit:
    """A new edit made of one sound, named after its file."""
    return Edit(new_id(), media.name, (Part(PartKind.SOUND, media.id),))


def add_edit(project: Project, edit: Edit, index: int | None = None) -> Project:
    """Put an edit of a new id at `index` of the stack; None is the end."""
    return paste_edits(project, (edit,), index)


def paste_edits(project: Project, edits: Iterable[Edit], index: int | None = None) -> Project:
    """Put edits at `index` of the stack, in order; those whose id is taken get a new one."""
    taken = {edit.id for edit in project.edits}
    new = []
    for edit in edits:
        new.append(replace(edit, id=new_id()) if edit.id in taken else edit)
        taken.add(edit.id)
    at = len(project.edits) if index is None else index
    return replace(project, edits=(*project.edits[:at], *new, *project.edits[at:]))


def duplicate_edit(project: Project, edit_id: str) -> Project:
    """Put a copy of an edit, with a new id, behind it."""
    index = edit_index(project, edit_id)
    return paste_edits(project, (project.edits[index],), index + 1)


def remove_edit(project: Project, edit_id: str) -> Project:
    """Take an edit off the stack; its media stay until the project is saved."""
    index = edit_index(project, edit_id)
    return replace(project, edits=project.edits[:index] + project.edits[index + 1 :])


def move_edit(project: Project, edit_id: str, index: int) -> Project:
    """Give an edit the place `index` in the stack; past an end is that end."""
    at = edit_index(project, edit_id)
    rest = [*project.edits[:at], *project.edits[at + 1 :]]
    index = min(max(index, 0), len(rest))
    if index == at:
        return project
    rest.insert(index, project.edits[at])
    return replace(project, edits=tuple(rest))


def replace_edit(project: Project, edit: Edit) -> Project:
    """Put `edit` in the place of the one that has its id."""
    return changed(project, edit)


def rename_edit(project: Project, edit_id: str, name: str) -> Project:
    """Name an edit."""
    return changed(project, replace(find_edit(project, edit_id), name=name))


def set_strength(project: Project, edit_id: str, strength: float) -> Project:
    """Set how far an edit pushes, -2 to 2."""
    strength = limited(strength, STRENGTHS)
    return changed(project, replace(find_edit(project, edit_id), strength=strength))


def set_bands(project: Project, edit_id: str, bands: Bands) -> Project:
    """Set the weights of the coarse, mid and fine layers, each 0 to 2."""
    bands = _limited_bands(bands)
    return changed(project, replace(find_edit(project, edit_id), bands=bands))


def set_span(project: Project, edit_id: str, span: Span) -> Project:
    """Set where an edit acts; an end before the start is moved to it, fades are 0 or more."""
    start = checked_time(span.start)
    end = None if span.end is None else max(checked_time(span.end), start)
    fade_in, fade_out = checked_time(span.fade_in), checked_time(span.fade_out)
    span = replace(span, start=start, end=end, fade_in=fade_in, fade_out=fade_out)
    return changed(project, replace(find_edit(project, edit_id), span=span))


def set_follow(project: Project, edit_id: str, follow: bool) -> Project:
    """Set whether an edit follows the envelope of its first sound part."""
    return changed(project, replace(find_edit(project, edit_id), follow=follow))


def set_mute(project: Project, edit_id: str, mute: bool) -> Project:
    """Silence an edit or let it act again."""
    return changed(project, replace(find_edit(project, edit_id), mute=mute))


def set_solo(project: Project, edit_id: str, solo: bool) -> Project:
    """Let only soloed edits act, this one among them, or no longer this one."""
    return changed(project, replace(find_edit(project, edit_id), solo=solo))


def set_parts(project: Project, edit_id: str, parts: Iterable[Part]) -> Project:
    """Set what an edit is made of, weights -2 to 2; a direction refined for other parts goes."""
    edit = find_edit(project, edit_id)
    parts = tuple(replace(part, weight=limited(part.weight, WEIGHTS)) for part in parts)
    if not parts:
        raise ProjectError("An edit needs a word, a sound or a picture; remove the edit instead.")
    return (
        project
        if parts == edit.parts
        else changed(project, replace(edit, parts=parts, refined=None))
    )


def set_refined(project: Project, edit_id: str, direction: Media | None) -> Project:
    """Give an edit the direction that the fine way found for it, or take it away."""
    if direction is not None:
        project = add_media(project, direction)
    refined = None if direction is None else direction.id
    return changed(project, replace(find_edit(project, edit_id), refined=refined))


def add_marker(project: Project, seconds: float, name: str = "") -> Project:
    """Set a new marker; markers are kept in the order of their times."""
    return _with_markers(project, (*project.markers, Marker(new_id(), checked_time(seconds), name)))


def move_marker(project: Project, marker_id: str, seconds: float) -> Project:
    """Give a marker another time."""
    seconds = checked_time(seconds)
    return _with_marker(project, replace(_find_marker(project, marker_id), seconds=seconds))


def rename_marker(project: Project, marker_id: str, name: str) -> Project:
    """Name a marker."""
    return _with_marker(project, replace(_find_marker(project, marker_id), name=name))


def remove_marker(project: Project, marker_id: str) -> Project:
    """Take a marker away."""
    gone = _find_marker(project, marker_id)
    return replace(project, markers=tuple(m for m in project.markers if m is not gone))


def set_range(project: Project, start: float | None, end: float | None) -> Project:
    """Set the in and out point; None is the take's start or end, and the two may come swapped."""
    start = None if start is None else checked_time(start)
    end = None if end is None else checked_time(end)
    if start is not None and end is not None and end < start:
        start, end = end, start
    return _with(project, range=replace(project.range, start=start, end=end))


def set_in(project: Project, seconds: float) -> Project:
    """Set the in point; an out point that is not behind it goes."""
    end = project.range.end
    return set_range(project, seconds, None if end is None or end <= seconds else end)


def set_out(project: Project, seconds: float) -> Project:
    """Set the out point; an in point that is not before it goes."""
    start = project.range.start
    return set_range(project, None if start is None or start >= seconds else start, seconds)


def set_start(project: Project, start: Start, media: Iterable[Media] = ()) -> Project:
    """Set what the pictures start from, and add the `media` it names.

    Another kind of start brings its own reactivity where that of the old kind was untouched.
    Raises `ProjectError` where the crop is none.
    """
    check_crop(start)
    if start.kind is not StartKind.SEED and start.media is None:
        raise ValueError(f"a start of kind {start.kind} needs a media")
    for one in media:
        project = add_media(project, one)
    if start.kind is not project.start.kind:
        untouched = Reactivity(START_REACTIVITY[project.start.kind])
        if project.reactivity == untouched:
            project = set_reactivity(project, START_REACTIVITY[start.kind])
    return _with(project, start=start)


def set_seed(project: Project, seed: int) -> Project:
    """Start from a seed, 0 to 2**32 - 1."""
    return set_start(project, Start(seed=min(max(seed, SEEDS[0]), SEEDS[1])))


def set_reactivity(project: Project, strength: float) -> Project:
    """Set how far the sound moves the pictures away from their start, 0 to 2."""
    strength = limited(strength, REACTIVITIES)
    return _with(project, reactivity=replace(project.reactivity, strength=strength))


def set_reactivity_bands(project: Project, bands: Bands) -> Project:
    """Set how much of that the coarse, mid and fine layers take, each 0 to 2."""
    return _with(project, reactivity=replace(project.reactivity, bands=_limited_bands(bands)))


def set_take(project: Project, take: Take | None, media: Iterable[Media] = ()) -> Project:
    """Set the sound of the project, and add the `media` it names; None is a project without."""
    for one in media:
        project = add_media(project, one)
    return _with(project, take=take)


def add_media(project: Project, media: Media) -> Project:
    """Add a file, or replace the entry that has its id."""
    for index, old in enumerate(project.media):
        if old.id == media.id:
            rest = (*project.media[:index], media, *project.media[index + 1 :])
            return _with(project, media=rest)
    return replace(project, media=(*project.media, media))


def set_title(project: Project, title: str) -> Project:
    """Name the project."""
    return _with(project, title=title)


def set_notes(project: Project, notes: str) -> Project:
    """Set the person's notes, any text."""
    return _with(project, notes=notes)


def set_pack(project: Project, pack: str) -> Project:
    """Set the name of the pack that makes the pictures."""
    return _with(project, pack=pack)


def set_fps(project: Project, fps: str | Fraction) -> Project:
    """Set the frame rate, 1 to 240, as a number or a fraction such as "30000/1001"."""
    return _with(project, fps=str(frame_rate(fps)))


def frame_rate(fps: str | Fraction) -> Fraction:
    """The fraction that a frame rate's text says; `ProjectError` where it is none of 1 to 240."""
    try:
        if isinstance(fps, str) and not _RATE.fullmatch(fps):
            raise ValueError(fps)
        rate = Fraction(fps)
    except (ValueError, ZeroDivisionError) as error:
        raise ProjectError(
            f"{fps!r} is not a frame rate; type a number such as 24 or 30000/1001."
        ) from error
    if not FRAME_RATES[0] <= rate <= FRAME_RATES[1]:
        raise ProjectError(f"A frame rate lies between 1 and 240; {fps} does not.")
    return rate


def _limited_bands(bands: Bands) -> Bands:
    return replace(
        bands,
        coarse=limited(bands.coarse, BANDS),
        mid=limited(bands.mid, BANDS),
        fine=limited(bands.fine, BANDS),
    )


def _with(project: Project, **values: object) -> Project:
    new = replace(project, **values)  # type: ignore[arg-type]
    return project if new == project else new


def _find_marker(project: Project, marker_id: str) -> Marker:
    for marker in project.markers:
        if marker.id == marker_id:
            return marker
    raise KeyError(marker_id)


def _with_marker(project: Project, marker: Marker) -> Project:
    return _with_markers(project, (marker if m.id == marker.id else m for m in project.markers))


def _with_markers(project: Project, markers: Iterable[Marker]) -> Project:
    return _with(project, markers=tuple(sorted(markers, key=lambda marker: marker.seconds)))
