"""What each command changes, what it leaves, and what it refuses."""

import math
import pickle
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soundedit.document import commands as c
from soundedit.document import keyframes as k
from soundedit.document.model import (
    Bands,
    Easing,
    Keyframe,
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
    Unread,
)
from soundedit.errors import ProjectError
from tests.document.projects import changes, projects

RAIN, STORM, SUN = (c.text_edit(word) for word in ("rain", "storm", "sun"))
STACK = Project(edits=(RAIN, STORM, SUN))


def names(project: Project) -> list[str]:
    return [edit.name for edit in project.edits]


@given(st.data(), projects)
def test_every_command_keeps_the_rules_of_the_document(
    data: st.DataObject, project: Project
) -> None:
    new = data.draw(changes(project))
    ids = [edit.id for edit in new.edits]
    assert len(set(ids)) == len(ids)
    assert [m.seconds for m in new.markers] == sorted(m.seconds for m in new.markers)
    for edit in new.edits:
        seconds = [keyframe.seconds for keyframe in edit.keyframes]
        assert seconds == sorted(set(seconds))
        assert -2 <= edit.strength <= 2 and edit.parts
        assert edit.span.end is None or edit.span.end >= edit.span.start
    reach = new.reactivity
    for value in (reach.strength, reach.bands.coarse, reach.bands.mid, reach.bands.fine):
        assert 0 <= value <= 2
    if None not in (new.range.start, new.range.end):
        assert new.range.start <= new.range.end  # type: ignore[operator]
    assert hash(pickle.loads(pickle.dumps(new))) == hash(new)


def test_text_edit_tidies_its_words() -> None:
    edit = c.text_edit("  a  quiet\nsea ")
    assert edit.name == "a quiet sea"
    assert edit.parts == (Part(PartKind.TEXT, "a quiet sea"),)


def test_sound_edit_bears_the_name_of_its_file() -> None:
    media = Media(c.new_id(), "rain.ogg", MediaKind.SOUND)
    edit = c.sound_edit(media)
    assert (edit.name, edit.parts) == ("rain.ogg", (Part(PartKind.SOUND, media.id),))


def test_edits_are_added_moved_and_removed_in_order() -> None:
    fog = c.text_edit("fog")
    assert names(c.add_edit(STACK, fog)) == ["rain", "storm", "sun", "fog"]
    assert names(c.add_edit(STACK, fog, 1)) == ["rain", "fog", "storm", "sun"]
    assert names(c.move_edit(STACK, SUN.id, 0)) == ["sun", "rain", "storm"]
    assert names(c.move_edit(STACK, RAIN.id, 1)) == ["storm", "rain", "sun"]
    assert names(c.move_edit(STACK, RAIN.id, 9)) == ["storm", "sun", "rain"]
    assert names(c.remove_edit(STACK, STORM.id)) == ["rain", "sun"]


def test_duplicate_and_pasted_edits_get_ids_of_their_own() -> None:
    doubled = c.duplicate_edit(STACK, RAIN.id)
    assert names(doubled) == ["rain", "rain", "storm", "sun"]
    assert doubled.edits[0] == RAIN and doubled.edits[1].id != RAIN.id
    pasted = c.paste_edits(Project(edits=(SUN,)), (RAIN, SUN), 0)
    assert names(pasted) == ["rain", "sun", "sun"]
    assert len({edit.id for edit in pasted.edits}) == 3 and pasted.edits[2] == SUN


def test_no_change_gives_the_same_project_back() -> None:
    assert c.set_strength(STACK, RAIN.id, 1.0) is STACK
    assert c.move_edit(STACK, RAIN.id, 0) is STACK
    assert c.set_parts(STACK, RAIN.id, RAIN.parts) is STACK
    assert c.set_title(STACK, "") is STACK
    assert c.set_range(STACK, None, None) is STACK
    assert c.set_reactivity(STACK, 1.0) is STACK
    assert c.set_reactivity_bands(STACK, Bands()) is STACK


def test_what_did_not_change_is_shared() -> None:
    changed = c.set_strength(STACK, STORM.id, 0.5)
    assert changed.edits[0] is RAIN and changed.edits[2] is SUN
    assert STACK.edits[1].strength == 1.0


def test_values_past_their_range_stop_at_its_end() -> None:
    project = c.set_strength(STACK, RAIN.id, 7)
    project = c.set_bands(project, RAIN.id, Bands(-1, 3, 0.5))
    project = c.set_span(project, RAIN.id, Span(-2, -1, -3, 4))
    project = k.set_keyframe(project, RAIN.id, Keyframe(-1, -9))
    edit = project.edits[0]
    assert (edit.strength, edit.bands) == (2.0, Bands(0.0, 2.0, 0.5))
    assert edit.span == Span(0.0, 0.0, 0.0, 4.0)
    assert edit.keyframes == (Keyframe(0.0, -2.0),)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_refused(value: float) -> None:
    for change in (
        lambda: c.set_strength(STACK, RAIN.id, value),
        lambda: c.set_bands(STACK, RAIN.id, Bands(fine=value)),
        lambda: c.set_span(STACK, RAIN.id, Span(value)),
        lambda: k.set_keyframe(STACK, RAIN.id, Keyframe(value, 0)),
        lambda: k.set_keyframe(STACK, RAIN.id, Keyframe(0, value)),
        lambda: c.set_reactivity(STACK, value),
        lambda: c.set_reactivity_bands(STACK, Bands(mid=value)),
        lambda: c.add_marker(STACK, value),
        lambda: c.set_range(STACK, value, None),
    ):
        with pytest.raises(ProjectError, match="not a number"):
            change()


def test_an_unknown_id_is_an_error_of_the_caller() -> None:
    for change in (
        lambda: c.set_strength(STACK, "gone", 1),
        lambda: c.remove_marker(STACK, "gone"),
        lambda: k.remove_keyframe(STACK, RAIN.id, 1.0),
    ):
        with pytest.raises(KeyError):
            change()


def test_keyframes_are_set_moved_eased_and_removed() -> None:
    project = k.set_keyframe(STACK, RAIN.id, Keyframe(2, 1))
    project = k.set_keyframe(project, RAIN.id, Keyframe(1, 0.5))
    project = k.set_keyframe(project, RAIN.id, Keyframe(2, 0.75))
    assert project.edits[0].keyframes == (Keyframe(1, 0.5), Keyframe(2, 0.75))
    moved = k.move_keyframe(project, RAIN.id, 1, Keyframe(3, 0.25))
    assert moved.edits[0].keyframes == (Keyframe(2, 0.75), Keyframe(3, 0.25))
    onto = k.move_keyframe(project, RAIN.id, 1, Keyframe(2, 0.1))
    assert onto.edits[0].keyframes == (Keyframe(2, 0.1),)
    eased = k.set_easings(project, RAIN.id, {1}, Easing.HOLD)
    assert eased.edits[0].keyframes[0] == Keyframe(1, 0.5, Easing.HOLD)
    assert k.remove_keyframe(project, RAIN.id, 1).edits[0].keyframes == (Keyframe(2, 0.75),)


def test_other_parts_drop_the_direction_refined_for_the_old_ones() -> None:
    direction = Media(c.new_id(), "rain.npz", MediaKind.DIRECTION)
    project = c.set_refined(STACK, RAIN.id, direction)
    assert project.edits[0].refined == direction.id and project.media == (direction,)
    weaker = [Part(PartKind.TEXT, "rain", 0.5)]
    assert c.set_parts(project, RAIN.id, weaker).edits[0].refined is None
    assert c.set_refined(project, RAIN.id, None).edits[0].refined is None
    with pytest.raises(ProjectError, match="remove the edit"):
        c.set_parts(project, RAIN.id, [])


def test_markers_keep_the_order_of_their_times() -> None:
    project = c.add_marker(c.add_marker(Project(), 5, "b"), 2, "a")
    assert [m.name for m in project.markers] == ["a", "b"]
    first = project.markers[0].id
    project = c.rename_marker(c.move_marker(project, first, 9), first, "z")
    assert [(m.seconds, m.name) for m in project.markers] == [(5.0, "b"), (9.0, "z")]
    assert [m.name for m in c.remove_marker(project, first).markers] == ["b"]


def test_in_and_out_points() -> None:
    project = c.set_range(Project(), 5, 2)
    assert project.range == Range(2.0, 5.0)
    assert c.set_in(project, 3).range == Range(3.0, 5.0)
    assert c.set_in(project, 5).range == Range(5.0, None)
    assert c.set_out(project, 1).range == Range(None, 1.0)
    assert c.set_range(project, None, None).range == Range()


def test_take_start_and_media() -> None:
    sound = Media(c.new_id(), "sea.wav", MediaKind.SOUND)
    photo = Media(c.new_id(), "photo.jpg", MediaKind.PICTURE)
    project = c.set_take(Project(), Take(sound.id, 3.0), [sound])
    project = c.set_start(project, Start(StartKind.PHOTO, media=photo.id), [photo])
    assert project.media == (sound, photo)
    assert project.take == Take(sound.id, 3.0) and project.start.media == photo.id
    assert c.set_seed(project, -5).start == Start(seed=0)
    assert c.set_seed(project, 2**40).start == Start(seed=2**32 - 1)
    assert c.set_take(project, None).take is None
    renamed = Media(sound.id, "shore.wav", MediaKind.SOUND)
    assert c.add_media(project, renamed).media == (renamed, photo)
    with pytest.raises(ValueError, match="needs a media"):
        c.set_start(project, Start(StartKind.VIDEO))


def test_reactivity_and_its_bands_are_set_apart_and_stop_at_their_range() -> None:
    project = c.set_reactivity(STACK, 0.6)
    project = c.set_reactivity_bands(project, Bands(0.2, 1.0, 9.0))
    assert project.reactivity == Reactivity(0.6, Bands(0.2, 1.0, 2.0))
    assert c.set_reactivity(project, -1.0).reactivity == Reactivity(0.0, Bands(0.2, 1.0, 2.0))
    assert c.set_reactivity(project, 7.0).reactivity.strength == 2.0
    assert project.edits is STACK.edits


def test_a_photo_is_moved_half_as_far_as_long_as_nobody_says_otherwise() -> None:
    photo = Media(c.new_id(), "photo.jpg", MediaKind.PICTURE)
    start = Start(StartKind.PHOTO, media=photo.id)
    opened = c.set_start(Project(), start, [photo])
    assert opened.reactivity == Reactivity(0.5)
    assert c.set_start(opened, replace(start, kind=StartKind.VIDEO)).reactivity.strength == 0.5
    assert c.set_seed(opened, 3).reactivity == Reactivity(1.0)
    # What somebody set stays, whatever the start.
    for wanted in (Reactivity(0.8), Reactivity(1.0, Bands(coarse=0.5))):
        touched = c.set_start(replace(Project(), reactivity=wanted), start, [photo])
        assert touched.reactivity == wanted
        assert c.set_seed(touched, 3).reactivity == wanted
    full = c.set_reactivity(opened, 1.0)
    assert c.set_start(full, replace(start, crop=(0.0, 0.0, 0.5))).reactivity.strength == 1.0


def test_frame_rates() -> None:
    assert c.set_fps(Project(), "30000/1001").fps == "30000/1001"
    assert c.set_fps(Project(), "29.5").fps == "59/2"
    for wrong in ("0", "1/0", "fast", "1000", "nan"):
        with pytest.raises(ProjectError):
            c.set_fps(Project(), wrong)


def test_unread_fields_compare_by_what_they_hold() -> None:
    assert Unread({"a": [1]}) == Unread({"a": [1]}) != Unread({"a": [2]})
    assert hash(Unread({"a": [1]})) == hash(Unread({"a": [2]}))
    assert repr(Unread({"a": 1})) == "Unread({'a': 1})"
