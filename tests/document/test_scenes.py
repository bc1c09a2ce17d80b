"""Scenes that follow each other, whatever order they are added in."""

from dataclasses import replace

from soundedit.document.commands import add_edit, text_edit
from soundedit.document.model import Part, PartKind, Project, Span
from soundedit.document.scenes import GLIDE_SECONDS, add_scenes, is_scene, scene_edit


def test_a_scene_is_reached_by_a_glide_and_stays() -> None:
    scene = scene_edit(7, 3.0, "scene 7")
    assert scene.parts == (Part(PartKind.SEED, "7"),)
    assert scene.span == Span(3.0, None, GLIDE_SECONDS)
    assert is_scene(scene)


def test_later_scenes_lie_above_earlier_ones() -> None:
    words = text_edit("storm")
    project = add_edit(Project(), words)
    scenes = {start: scene_edit(int(start), start, f"at {start:g}") for start in (2.0, 4.0, 6.0)}
    project = add_scenes(project, [scenes[4.0]])
    project = add_scenes(project, [scenes[6.0], scenes[2.0]])
    assert project.edits == (words, scenes[2.0], scenes[4.0], scenes[6.0])
    # What mixes words and a seed is no scene, and keeps its place.
    mixed = replace(words, id="mixed", parts=(*words.parts, Part(PartKind.SEED, "1")))
    assert not is_scene(mixed)
    project = add_edit(project, replace(mixed, span=Span(9.0)))
    last = scene_edit(8, 8.0, "last")
    assert add_scenes(project, [last]).edits[-1] is last
