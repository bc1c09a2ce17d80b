"""Projects with damaged values: each is told, has its default, and the rest is opened."""

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from soundedit.document.autosave import Autosaver, recover, recoverable
from soundedit.document.model import Bands, Project, StartKind
from soundedit.document.projectfile import open_project, save_project
from soundedit.document.schema import project_from_text, project_text
from soundedit.errors import ProjectError
from tests.document.projects import whole_project, without_paths


def damaged(folder: Path, *places: str, value: Any) -> tuple[Path, Project]:
    """A whole project in a file, with `value` at a place such as "edits/0/strength"."""
    project, files = whole_project(folder)
    path = folder / "p.soundedit"
    save_project(path, project, files)
    with zipfile.ZipFile(path) as source:
        members = {name: source.read(name) for name in source.namelist()}
    fields = json.loads(members["project.json"])
    for place in places:
        *way, last = (int(step) if step.isdigit() else step for step in place.split("/"))
        inner = fields
        for step in way:
            inner = inner[step]
        inner[last] = value
    members["project.json"] = json.dumps(fields).encode()
    with zipfile.ZipFile(path, "w") as target:
        for name, data in members.items():
            target.writestr(name, data)
    return path, without_paths(project)


@pytest.mark.parametrize(
    ("place", "value", "says"),
    [
        ("start/crop", [0.5, -0.2, 1], "start.crop (0.5, -0.2, 1) lies outside its picture"),
        ("start/crop", [0, 0], "start.crop is not a list of 3"),
        ("start/crop", [0, 0, "x"], "start.crop[2] is not a number"),
        ("start/seed", "seven", "start.seed is not a whole number"),
        ("start", 5, "start is not an object"),
        ("reactivity/strength", 2.5, "reactivity.strength (2.5) lies outside its range; 2 is"),
        ("reactivity/bands/fine", -1, "reactivity.bands.fine (-1) lies outside its range; 0 is"),
        ("reactivity", "less", "reactivity is not an object"),
        ("take", {"media": "a"}, "take.seconds is not there"),
        ("title", None, "title is not text"),
        ("fps", "0", "'0' is no frame rate"),
        ("fps", 24, "fps is not text"),
        ("edits/0/strength", "strong", "edits[0].strength is not a number"),
        ("edits/0/strength", float("nan"), "holds NaN, no number"),
        ("edits/0/name", 7, "edits[0].name is not text"),
        ("edits/0/id", None, "edits[0].id is not text"),
        ("edits/0/id", "../a", 'the id of "rain and storm" is doubled or not plain'),
        ("edits/0/bands/mid", [], "edits[0].bands.mid is not a number"),
        ("edits/0/span", "all", "edits[0].span is not an object"),
        ("edits/0/follow", 1, "edits[0].follow is not true or false"),
        ("edits/0/parts/1/kind", "smell", "edits[0].parts[1].kind is not one of text"),
        ("edits/0/parts", [], 'the edit "rain and storm" has no parts'),
        ("edits/0/keyframes/1/value", {}, "edits[0].keyframes[1].value is not a number"),
        ("edits/0/keyframes/0/easing", "slow", "edits[0].keyframes[0].easing is not one of"),
        ("edits/1", "storm", "edits[1] is not an object"),
        ("edits", {}, "edits is not a list"),
        ("markers/0/seconds", "1", "markers[0].seconds is not a number"),
        ("range/end", True, "range.end is not a number"),
        ("media/5/kind", "smell", "media[5].kind is not one of"),
        ("start/seed", -4, "start.seed (-4) lies outside its range; 0 is taken"),
        ("start/seed", 10**30, "start.seed (10000000000000000000) lies outside"),
        ("take/seconds", -1.5, "take.seconds (-1.5) lies outside its range; 0 is taken"),
        ("edits/0/strength", 7, 'strength of the edit "rain and storm" (7) lies outside its range'),
        ("edits/0/bands/fine", 2.5, "bands.fine of the edit"),
        ("edits/0/span/fade_in", -1, "span.fade_in of the edit"),
        ("edits/0/parts/1/weight", -9, "parts[1].weight of the edit"),
        ("edits/0/keyframes/1/value", 3, "keyframes[1].value of the edit"),
        ("edits/0/keyframes/1/seconds", -3, "keyframes[1].seconds of the edit"),
        ("markers/0/seconds", -1, 'seconds of the marker "wave" (-1) lies outside'),
        ("range/start", -2, "range.start (-2) lies outside"),
    ],
)
def test_one_bad_value_is_told_and_the_rest_opened(
    tmp_path: Path, place: str, value: Any, says: str
) -> None:
    path, whole = damaged(tmp_path, place, value=value)
    before = path.read_bytes()
    with open_project(path) as opened:
        assert any(says in sentence for sentence in opened.damage)
        for sentence in opened.damage:
            assert "\n" not in sentence and sentence.endswith(".") and len(sentence) < 250
        assert "damaged in part" in opened.read_only and "another name" in opened.read_only
        found = without_paths(opened.project)
        part = place.partition("/")[0]
        for name in (
            "title",
            "fps",
            "take",
            "start",
            "reactivity",
            "edits",
            "markers",
            "range",
            "media",
        ):
            if name != part:
                assert getattr(found, name) == getattr(whole, name)
        # What was opened is a sound project from now on.
        assert project_from_text(project_text(opened.project)) == opened.project
    assert path.read_bytes() == before


def test_only_the_bad_value_is_lost(tmp_path: Path) -> None:
    path, whole = damaged(tmp_path, "start/crop", value=[2, 0, 1])
    with open_project(path) as opened:
        start = opened.project.start
        assert (start.kind, start.seed, start.crop) == (StartKind.PHOTO, 7, None)
        assert opened.damage[0].endswith("the middle is taken instead.")
    path, whole = damaged(tmp_path, "edits/0/bands", "edits/0/keyframes/1/seconds", value="x")
    with open_project(path) as opened:
        first, second = opened.project.edits
        assert first.bands == Bands() and second == whole.edits[1]
        assert first.keyframes == (whole.edits[0].keyframes[0], whole.edits[0].keyframes[2])
        assert (first.parts, first.span) == (whole.edits[0].parts, whole.edits[0].span)
        assert len(opened.damage) == 2
    path, whole = damaged(tmp_path, "edits/1/id", "markers/1/id", value="a b")
    with open_project(path) as opened:
        assert [edit.name for edit in opened.project.edits] == ["rain and storm", "sunset"]
        assert opened.project.edits[0] == whole.edits[0]
        assert [marker.name for marker in opened.project.markers] == ["wave", "gull"]


def test_order_is_no_damage(tmp_path: Path) -> None:
    path, _ = damaged(tmp_path, "range", value={"start": 3, "end": 1})
    with open_project(path) as opened:
        assert (opened.project.range.start, opened.project.range.end) == (1, 3)
        assert opened.damage == [] and opened.read_only == ""


def test_a_lot_of_damage_is_told_shortly(tmp_path: Path) -> None:
    path, _ = damaged(tmp_path, "markers", value=[0] * 5000)
    with open_project(path) as opened:
        assert len(opened.damage) == 9 and opened.damage[-1].startswith("4992 more")


def test_what_is_no_project_at_all_is_still_refused(tmp_path: Path) -> None:
    for text in (b"no json", b"[1]", b"{}", b'{"schema": 99}'):
        path = tmp_path / "p.soundedit"
        with zipfile.ZipFile(path, "w") as target:
            target.writestr("project.json", text)
        with pytest.raises(ProjectError):
            open_project(path)


def test_a_damaged_autosave_is_offered_where_there_is_no_better_one(tmp_path: Path) -> None:
    project, files = whole_project(tmp_path)
    saver = Autosaver(tmp_path / "state")
    saver.write(project, files)
    saver.write(Project(title="later", media=project.media), files)
    saver.leave()
    older, newer = sorted(saver.folder.glob("*.json"))

    def spoil(file: Path) -> None:
        fields = json.loads(file.read_bytes())
        fields["project"]["start"]["crop"] = [9, 9, 9]
        file.write_text(json.dumps(fields))

    spoil(newer)
    assert [one.title for one in recoverable(tmp_path / "state")] == ["At the sea"]
    spoil(older)
    (found,) = recoverable(tmp_path / "state")
    again, opened = recover(found)
    assert opened.project.title == "later" and "start.crop" in opened.damage[0]
    again.close()
