"""Edits copied as text and pasted here and elsewhere."""

from dataclasses import replace
from pathlib import Path

import pytest

from soundedit.document.clipboard import copied_edits, pasted_edits
from soundedit.document.commands import add_media
from soundedit.document.mediafiles import media_from_file
from soundedit.document.model import MediaKind, PartKind, Project
from soundedit.document.schema import project_text
from soundedit.errors import ProjectError
from tests.document.projects import whole_project


def test_paste_in_the_same_project_doubles_the_edits_and_no_media(tmp_path: Path) -> None:
    project, files = whole_project(tmp_path)
    text = copied_edits(project, [edit.id for edit in project.edits], files)
    pasted, new = pasted_edits(project, text, 1)
    assert [edit.name for edit in pasted.edits] == [
        "rain and storm",
        "rain and storm",
        "sunset",
        "sunset",
    ]
    assert len({edit.id for edit in pasted.edits}) == 4
    assert replace(pasted.edits[1], id=project.edits[0].id) == project.edits[0]
    assert pasted.media == project.media and new == {}


def test_paste_in_another_project_brings_the_media_along(tmp_path: Path) -> None:
    project, files = whole_project(tmp_path)
    text = copied_edits(project, [project.edits[0].id], files)
    pasted, new = pasted_edits(Project(title="other"), text)
    assert pasted.title == "other" and pasted.edits == project.edits[:1]
    assert [media.name for media in pasted.media] == ["rain.ogg", "photo.jpg", "refined.npz"]
    assert new == {media.id: files[media.id] for media in pasted.media}
    files[pasted.media[0].id].unlink()
    _, fewer = pasted_edits(Project(), text)
    assert len(fewer) == 2


def test_a_media_of_the_same_content_is_used_instead(tmp_path: Path) -> None:
    project, files = whole_project(tmp_path)
    rain = project.media[1]
    here = media_from_file(files[rain.id], MediaKind.SOUND)
    with_sum = add_media(project, replace(rain, sha256=here.sha256))
    text = copied_edits(with_sum, [project.edits[0].id], files)
    pasted, new = pasted_edits(add_media(Project(), here), text)
    sound = next(part for part in pasted.edits[0].parts if part.kind is PartKind.SOUND)
    assert sound.value == here.id and rain.id not in new
    assert [media.name for media in pasted.media].count("rain.ogg") == 1


def test_other_text_is_told() -> None:
    for text in ("", "storm", "{}", "[1]", '{"soundedit": "edits", "schema": 1}', "\udcff"):
        with pytest.raises(ProjectError, match="no edits; copy one first"):
            pasted_edits(Project(), text)
    with pytest.raises(ProjectError, match="no edits"):
        pasted_edits(Project(), project_text(Project()).decode())
