"""The text of a project: every field there and back, old schemas, newer fields, damage."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from soundedit.document.commands import set_strength
from soundedit.document.fields import to_json
from soundedit.document.model import Bands, Easing, Keyframe, Project, Reactivity
from soundedit.document.schema import SINCE, UPGRADES, project_from_text, project_text
from soundedit.errors import ProjectError
from tests.document.projects import projects, whole_project

SCHEMA_1 = Path(__file__).with_name("schema1.json")


@given(projects)
def test_text_gives_the_same_project_back(project: Project) -> None:
    assert project_from_text(project_text(project)) == project


def test_every_field_goes_there_and_back(tmp_path: Path) -> None:
    project, _ = whole_project(tmp_path)
    text = project_text(project)
    assert project_from_text(text) == project
    assert "storm ⛈".encode() in text and text.endswith(b"}\n")


def test_names_that_are_no_text_go_there_and_back() -> None:
    project = Project(title="caf\udce9")
    assert project_from_text(project_text(project)) == project


def test_a_project_of_schema_1_still_opens() -> None:
    project = project_from_text(SCHEMA_1.read_bytes())
    assert (project.title, project.pack, project.fps) == ("Storm", "landscapes-128", "24")
    assert project.take is not None and project.take.seconds == 12.5
    edit = project.edits[0]
    assert [part.value for part in edit.parts] == ["storm", "5eed"]
    assert edit.keyframes == (Keyframe(0.5, 0.0, Easing.SMOOTH), Keyframe(2.0, 1.0, Easing.HOLD))
    assert (edit.strength, edit.span.end, edit.bands.coarse) == (0.8, 5.0, 0.2)
    assert [marker.name for marker in project.markers] == ["flash"]
    assert project.media[0].name == "thunder.ogg" and not project.media[0].inside
    written = json.loads(project_text(project))
    assert written.pop("needs_soundedit") == "0.1"
    assert project.reactivity == Reactivity(1.0, Bands(1.0, 1.0, 1.0))  # The file says nothing.
    assert written.pop("reactivity") == to_json(Reactivity())
    assert written.pop("beats") is None
    assert written.pop("looks") == []
    assert written == json.loads(SCHEMA_1.read_bytes())


def test_every_schema_has_its_file_version_and_way_up() -> None:
    newest = len(UPGRADES) + 1
    assert len(SINCE) == newest
    for schema in range(1, newest + 1):
        file = SCHEMA_1.with_name(f"schema{schema}.json")
        assert json.loads(file.read_bytes())["schema"] == schema
        project_from_text(file.read_bytes())


@pytest.mark.parametrize("schema", [0, -1, None, 1.0, "1", True])
def test_schemas_that_never_were_are_refused(schema: object) -> None:
    for damage in (None, []):
        with pytest.raises(ProjectError, match="no schema number; open an older copy"):
            project_from_text(json.dumps({"schema": schema}).encode(), damage=damage)


def _title_was_name(fields: dict[str, Any]) -> dict[str, Any]:
    return {("title" if key == "name" else key): value for key, value in fields.items()}


def _strength_was_percent(fields: dict[str, Any]) -> dict[str, Any]:
    edits = [edit | {"strength": edit["strength"] / 100} for edit in fields["edits"]]
    return fields | {"edits": edits}


def test_old_schemas_go_through_every_upgrade_that_follows() -> None:
    upgrades = (_title_was_name, _strength_was_percent)
    edit = {"id": "a", "name": "rain", "parts": [{"kind": "text", "value": "rain"}]}
    for schema, title, strength in [(1, "name", 50), (2, "title", 50), (3, "title", 0.5)]:
        text = json.dumps(
            {"schema": schema, title: "Sea", "edits": [edit | {"strength": strength}]}
        )
        project = project_from_text(text.encode(), upgrades)
        assert (project.title, project.edits[0].strength) == ("Sea", 0.5)
    assert json.loads(project_text(Project(), upgrades))["schema"] == 3


def test_an_upgrade_that_meets_damage_says_so() -> None:
    with pytest.raises(ProjectError, match="schema 1 cannot be brought up to date"):
        project_from_text(b'{"schema": 1, "edits": 5}', (_strength_was_percent,))


def test_a_newer_schema_asks_for_an_update() -> None:
    newer = len(UPGRADES) + 2
    with pytest.raises(ProjectError, match=f"newer soundedit .schema {newer}.*update"):
        project_from_text(json.dumps({"schema": newer}).encode())
    for needs, said in [
        ("2.3", "update soundedit to 2.3 or newer"),
        (["2"], "update soundedit to"),
    ]:
        with pytest.raises(ProjectError, match=said):
            project_from_text(json.dumps({"schema": newer, "needs_soundedit": needs}).encode())


def test_fields_of_a_newer_version_are_kept_everywhere(tmp_path: Path) -> None:
    project, _ = whole_project(tmp_path)
    fields = json.loads(project_text(project))

    def add_to(value: Any) -> None:
        if isinstance(value, dict):
            for inner in value.values():
                add_to(inner)
            value["from the future"] = {"deep": [1, 2.5, None, "x"]}
        elif isinstance(value, list):
            for inner in value:
                add_to(inner)

    add_to(fields)
    text = json.dumps(fields).encode()
    opened = project_from_text(text)
    changed = set_strength(opened, opened.edits[0].id, 0.125)
    again = json.loads(project_text(changed))
    fields["edits"][0]["strength"] = 0.125
    assert again == fields


def test_numbers_outside_their_range_are_moved_to_its_end() -> None:
    edit = {
        "id": "a",
        "name": "rain",
        "parts": [{"kind": "text", "value": "rain", "weight": 100}],
        "strength": -50,
        "keyframes": [{"seconds": 2, "value": 1}, {"seconds": 1, "value": 9}],
        "span": {"start": 4, "end": 3},
        "refined": "b",
    }
    fields = {"schema": 1, "edits": [edit], "range": {"start": 3, "end": 1}, "start": {"seed": -1}}
    fields["reactivity"] = {"strength": 3, "bands": {"mid": -1}}
    project = project_from_text(json.dumps(fields).encode())
    read = project.edits[0]
    assert (read.strength, read.parts[0].weight, read.refined) == (-2.0, 2.0, "b")
    assert read.keyframes == (Keyframe(1.0, 2.0), Keyframe(2.0, 1.0))
    assert (read.span.start, read.span.end) == (4.0, 4.0)
    assert (project.range.start, project.range.end, project.start.seed) == (1.0, 3.0, 0)
    assert project.reactivity == Reactivity(2.0, Bands(1.0, 0.0, 1.0))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"", "cannot be read"),
        (b"[1]", "no object"),
        (b'{"schema": 1', "cannot be read"),
        (b'{"schema": 1, "title": "\xff"}', "cannot be read"),
        (b'{"schema": 1, "take": {"media": "a", "seconds": NaN}}', "cannot be read"),
        (b'{"schema": 1, "take": {"media": "a", "seconds": 1e999}}', "cannot be read"),
        (b"[" * 100_000, "cannot be read"),
        (b"1" * 5_000, "cannot be read"),
        (b"{}", "no schema number"),
        (b'{"schema": "1"}', "no schema number"),
        (b'{"schema": true}', "no schema number"),
        (b'{"schema": 1, "title": 3}', "title is not text"),
        (b'{"schema": 1, "take": {"media": "a"}}', "take.seconds is not there"),
        (b'{"schema": 1, "take": [1]}', "take is not an object"),
        (b'{"schema": 1, "edits": {}}', "edits is not a list"),
        (b'{"schema": 1, "start": {"kind": "dream"}}', "start.kind is not one of seed, photo"),
        (b'{"schema": 1, "start": {"seed": 1.5}}', "start.seed is not a whole number"),
        (b'{"schema": 1, "start": {"crop": [1, 2]}}', "start.crop is not a list of 3"),
        (b'{"schema": 1, "start": {"crop": [1, 2, "x"]}}', r"start.crop\[2\] is not a number"),
        (b'{"schema": 1, "start": {"crop": [0.5, -0.2, 1]}}', "lies outside its picture"),
        (b'{"schema": 1, "start": {"crop": [0.5, 0.5, 0]}}', "lies outside its picture"),
        (b'{"schema": 1, "reactivity": 1}', "reactivity is not an object"),
        (b'{"schema": 1, "reactivity": {"strength": "x"}}', "reactivity.strength is not a number"),
        (b'{"schema": 1, "fps": "0"}', "frame rate"),
        (b'{"schema": 1, "markers": [{"id": "../a", "seconds": 1}]}', "doubled or not plain"),
        (
            b'{"schema": 1, "markers": [{"id": "a", "seconds": 1}, {"id": "a", "seconds": 2}]}',
            "doubled or not plain",
        ),
        (
            b'{"schema": 1, "take": {"media": "a", "seconds": 1' + b"0" * 400 + b"}}",
            "take.seconds is not a number that can be used",
        ),
    ],
)
def test_damage_is_told_in_one_sentence(text: bytes, says: str) -> None:
    with pytest.raises(ProjectError, match=says) as caught:
        project_from_text(text)
    message = str(caught.value)
    assert "\n" not in message and message.endswith(".") and len(message) < 250


def test_extra_fields_never_hide_known_ones() -> None:
    project = replace(Project(title="kept"), extra={"title": "other", "mood": "calm"})
    fields = json.loads(project_text(project))
    assert (fields["title"], fields["mood"]) == ("kept", "calm")
