"""Looks are kept by their number, within their ranges, through a project's text."""

import json

import pytest

from soundedit.document.looks import look_at, make_look, remove_look, set_look
from soundedit.document.model import Level, Look, Project
from soundedit.document.schema import project_from_text, project_text
from soundedit.errors import ProjectError


def test_a_look_takes_the_place_of_the_one_of_its_number() -> None:
    first = make_look(3, {"rain": 0.5}, 0.8, 7)
    assert first == Look(3, 0.8, (Level("rain", 0.5),), 7)
    project = set_look(set_look(Project(), first), make_look(1, {}, 1.0, None))
    assert [look.slot for look in project.looks] == [1, 3]
    other = make_look(3, {"rain": -9.0}, 5.0, None)
    assert other == Look(3, 2.0, (Level("rain", -2.0),))
    project = set_look(project, other)
    assert look_at(project, 3) == other and look_at(project, 2) is None
    assert set_look(project, other) is project
    assert remove_look(project, 3).looks == (Look(1),)
    assert remove_look(project, 2) is project


def test_no_number_is_no_strength() -> None:
    with pytest.raises(ProjectError, match="is not a number"):
        make_look(1, {"rain": float("nan")}, 1.0, None)


def test_looks_of_a_file_are_moved_into_their_ranges_and_told() -> None:
    fields = json.loads(project_text(set_look(Project(), make_look(2, {"rain": 1.0}, 1.0, 5))))
    (look,) = fields["looks"]
    look["slot"], look["levels"][0]["strength"] = 12, 3
    damage: list[str] = []
    project = project_from_text(json.dumps(fields).encode(), damage=damage)
    assert project.looks == (Look(8, 1.0, (Level("rain", 2.0),), 5),)
    assert len(damage) == 2
    assert any("looks[0].slot (12) lies outside its range; 8 is taken" in one for one in damage)
