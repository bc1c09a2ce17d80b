"""Projects for the tests: whole ones, random ones, and random changes of them."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from hypothesis import strategies as st

from soundedit.document import commands as c
from soundedit.document import keyframes as k
from soundedit.document.looks import remove_look, set_look
from soundedit.document.model import (
    Bands,
    Easing,
    Edit,
    Keyframe,
    Level,
    Look,
    Marker,
    Media,
    MediaKind,
    Part,
    PartKind,
    Project,
    Range,
    Reactivity,
    Span,
    Start,
    StartKind,
    Take,
)

times = st.floats(0.0, 1000.0)
strengths = st.floats(-2.0, 2.0)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
spans = st.builds(
    lambda start, length, fade_in, fade_out: Span(
        start, None if length is None else start + length, fade_in, fade_out
    ),
    times,
    st.none() | times,
    times,
    times,
)
keyframe_lists = st.lists(
    st.builds(Keyframe, times, strengths, st.sampled_from(Easing)),
    max_size=6,
    unique_by=lambda keyframe: keyframe.seconds,
).map(lambda found: tuple(sorted(found, key=lambda keyframe: keyframe.seconds)))
parts = st.builds(Part, st.just(PartKind.TEXT), texts, strengths)
bands = st.builds(Bands, *[st.floats(0.0, 2.0)] * 3)
reactivities = st.builds(Reactivity, st.floats(0.0, 2.0), bands)
edits = st.builds(
    lambda **fields: Edit(c.new_id(), **fields),
    name=texts,
    parts=st.lists(parts, min_size=1, max_size=3).map(tuple),
    strength=strengths,
    keyframes=keyframe_lists,
    bands=bands,
    span=spans,
    follow=st.booleans(),
    mute=st.booleans(),
    solo=st.booleans(),
)
looks = st.builds(
    Look,
    st.integers(1, 8),
    st.floats(0.0, 2.0),
    st.lists(st.builds(Level, texts, strengths), max_size=3).map(tuple),
    st.none() | st.integers(0, 2**32 - 1),
)
projects = st.builds(
    Project,
    looks=st.lists(looks, max_size=3, unique_by=lambda look: look.slot).map(
        lambda found: tuple(sorted(found, key=lambda look: look.slot))
    ),
    title=texts,
    notes=texts,
    fps=st.sampled_from(["24", "30000/1001", "60"]),
    edits=st.lists(edits, max_size=4).map(tuple),
    start=st.builds(Start, seed=st.integers(0, 2**32 - 1)),
    reactivity=reactivities,
    markers=st.lists(times, max_size=3).map(
        lambda found: tuple(Marker(c.new_id(), seconds) for seconds in sorted(found))
    ),
)

media = st.builds(
    Media,
    st.sampled_from(["m1", "m2", "m3"]),
    texts,
    st.sampled_from(MediaKind),
    sha256=st.sampled_from(["", "0" * 64]),
    inside=st.booleans(),
)
crops = st.none() | st.tuples(st.floats(0, 1), st.floats(0, 1), st.floats(0.1, 1))


def _with_take(project: Project, sound: Media, seconds: float) -> Project:
    return c.set_take(project, Take(sound.id, seconds), (sound,))


def _with_start(
    project: Project, source: Media, latents: Media, crop: tuple[float, float, float] | None
) -> Project:
    kind = StartKind.PHOTO if source.kind is MediaKind.PICTURE else StartKind.VIDEO
    start = Start(kind, media=source.id, crop=crop, latents=latents.id)
    return c.set_start(project, start, (source, latents))


Change = Callable[[Project], Project]


@st.composite
def changes(draw: st.DrawFn, project: Project) -> Project:
    """A project that some command made of `project`."""
    free: list[Change] = [
        lambda p: c.add_edit(p, draw(edits), draw(st.none() | st.integers(0, 3))),
        lambda p: c.add_marker(p, draw(times), draw(texts)),
        lambda p: c.set_range(p, draw(st.none() | times), draw(st.none() | times)),
        lambda p: c.set_in(p, draw(times)),
        lambda p: c.set_out(p, draw(times)),
        lambda p: c.set_seed(p, draw(st.integers(0, 99))),
        lambda p: c.set_reactivity(p, draw(st.floats(-1.0, 3.0))),
        lambda p: c.set_reactivity_bands(p, draw(bands)),
        lambda p: set_look(p, draw(looks)),
        lambda p: remove_look(p, draw(st.integers(1, 8))),
        lambda p: c.set_title(p, draw(texts)),
        lambda p: c.set_notes(p, draw(texts)),
        lambda p: c.set_fps(p, draw(st.sampled_from(["12", "24", "25"]))),
        lambda p: c.set_pack(p, draw(texts)),
        lambda p: c.add_media(p, draw(media)),
        lambda p: _with_take(p, draw(media), draw(times)),
        lambda p: c.set_take(p, None),
        lambda p: _with_start(p, draw(media), draw(media), draw(crops)),
        lambda p: c.paste_edits(p, draw(st.lists(edits, max_size=2)), draw(st.integers(0, 3))),
    ]
    if project.edits:
        edit = draw(st.sampled_from(project.edits))
        one = edit.id
        free += [
            lambda p: c.remove_edit(p, one),
            lambda p: c.duplicate_edit(p, one),
            lambda p: c.move_edit(p, one, draw(st.integers(-1, 5))),
            lambda p: c.rename_edit(p, one, draw(texts)),
            lambda p: c.set_strength(p, one, draw(strengths)),
            lambda p: c.set_bands(p, one, draw(bands)),
            lambda p: c.set_span(p, one, draw(spans)),
            lambda p: c.set_follow(p, one, draw(st.booleans())),
            lambda p: c.set_mute(p, one, draw(st.booleans())),
            lambda p: c.set_solo(p, one, draw(st.booleans())),
            lambda p: c.set_parts(p, one, draw(st.lists(parts, min_size=1, max_size=3))),
            lambda p: k.set_keyframe(p, one, Keyframe(draw(times), draw(strengths))),
            lambda p: k.set_keyframes(p, one, draw(keyframe_lists)),
            lambda p: k.paste_keyframes(p, one, draw(keyframe_lists), draw(times)),
            lambda p: c.replace_edit(p, replace(draw(edits), id=one)),
            lambda p: c.set_refined(p, one, draw(st.none() | media)),
            lambda p: c.paste_edits(p, (edit, edit)),
        ]
        if edit.keyframes:
            at = draw(st.sampled_from(edit.keyframes)).seconds
            free += [
                lambda p: k.remove_keyframe(p, one, at),
                lambda p: k.remove_keyframes(p, one, {at}),
                lambda p: k.set_easings(p, one, {at}, draw(st.sampled_from(Easing))),
                lambda p: k.move_keyframe(p, one, at, Keyframe(draw(times), draw(strengths))),
            ]
    if project.markers:
        marker = draw(st.sampled_from(project.markers)).id
        free += [
            lambda p: c.remove_marker(p, marker),
            lambda p: c.move_marker(p, marker, draw(times)),
            lambda p: c.rename_marker(p, marker, draw(texts)),
        ]
    return draw(st.sampled_from(free))(project)


def whole_project(folder: Path) -> tuple[Project, dict[str, Path]]:
    """A project in which every field differs from its default, and its media's files."""
    files = {}
    media = []
    for name, kind in [
        ("Küste 1.wav", MediaKind.SOUND),
        ("rain.ogg", MediaKind.SOUND),
        ("photo.jpg", MediaKind.PICTURE),
        ("refined.npz", MediaKind.DIRECTION),
        ("start.npz", MediaKind.LATENTS),
        ("take.npz", MediaKind.LATENTS),
    ]:
        path = folder / "made" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode() * 1000)
        media.append(Media(c.new_id(), name, kind))
        files[media[-1].id] = path
    sea, rain, photo, refined, start, take = media
    edit = Edit(
        c.new_id(),
        "rain and storm",
        (
            Part(PartKind.SOUND, rain.id, 0.5),
            Part(PartKind.TEXT, "storm ⛈", -1.5),
            Part(PartKind.PICTURE, photo.id),
            Part(PartKind.SEED, "42"),
        ),
        strength=-0.75,
        keyframes=(
            Keyframe(0.5, 0.0, Easing.SMOOTH),
            Keyframe(1.25, 1.5, Easing.HOLD),
            Keyframe(3.0, -1.0),
        ),
        bands=Bands(0.2, 1.0, 1.9),
        span=Span(0.25, 4.75, 0.5, 1.0),
        follow=True,
        mute=True,
        solo=True,
        refined=refined.id,
    )
    project = Project(
        title="At the sea",
        pack="landscapes-128",
        take=Take(sea.id, 12.5, take.id),
        start=Start(StartKind.PHOTO, 7, photo.id, (0.1, 0.2, 0.5), start.id),
        reactivity=Reactivity(0.6, Bands(0.3, 1.7, 0.9)),
        fps="30000/1001",
        edits=(edit, replace(c.text_edit("sunset"), strength=0.3)),
        markers=(Marker(c.new_id(), 1.5, "wave"), Marker(c.new_id(), 2.5, "gull")),
        range=Range(1.0, 11.0),
        media=tuple(media),
        notes="First line\nsecond",
    )
    return project, files


def without_paths(project: Project) -> Project:
    """A project without what a file does not keep of media inside, or adds to them."""
    media = tuple(
        replace(one, path="" if one.inside else one.path, sha256="") for one in project.media
    )
    return replace(project, media=media)
