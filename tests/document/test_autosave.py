"""Autosaves: what is written, thinned out, recovered after a crash, discarded."""

import itertools
import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soundedit.document.autosave import (
    Autosaver,
    discard,
    kept_autosaves,
    recover,
    recoverable,
    state_folder,
    versions,
)
from soundedit.document.commands import set_title
from soundedit.document.history import History
from soundedit.document.model import Project
from soundedit.document.projectfile import open_project, save_project
from soundedit.errors import ProjectError
from tests.document.projects import whole_project

MINUTE = 60.0
SEA = Project(title="Sea")


class Clock:
    def __init__(self) -> None:
        self.now = 1.7e9

    def __call__(self) -> float:
        return self.now


def crash(autosaver: Autosaver) -> None:
    """Let go of the lock, as the system does for a killed process."""
    os.close(autosaver._lock._descriptor)


def test_a_crash_is_recovered_with_time_title_picture_and_media(tmp_path: Path) -> None:
    clock = Clock()
    project, files = whole_project(tmp_path)
    autosaver = Autosaver(tmp_path / "state", clock)
    assert autosaver.write(project, files, path=tmp_path / "sea.soundedit", picture=b"\x89PNG1")
    clock.now += MINUTE
    changed = set_title(project, "At the shore")
    assert autosaver.write(changed, files, path=tmp_path / "sea.soundedit", picture=b"\x89PNG2")
    assert recoverable(tmp_path / "state") == []  # It is at work.
    crash(autosaver)
    (found,) = recoverable(tmp_path / "state")
    assert (found.time, found.title) == (1.7e9 + MINUTE, "At the shore")
    assert found.path == tmp_path / "sea.soundedit"
    assert found.picture is not None and found.picture.read_bytes() == b"\x89PNG2"
    again, opened = recover(found, clock)
    assert opened.project == changed and opened.files == files and opened.missing == []
    assert History(opened.project, saved=False).modified
    assert recoverable(tmp_path / "state") == []
    crash(again)  # Until it is saved, it can be recovered again.
    assert [recovery.title for recovery in recoverable(tmp_path / "state")] == ["At the shore"]
    older = versions(found)[1]
    again, opened = recover(older, clock)
    assert opened.project == project
    assert again.write(set_title(project, "third"), files)
    crash(again)
    titles = [recovery.title for recovery in versions(recoverable(tmp_path / "state")[0])]
    assert titles == ["third", "At the shore", "At the sea"]


def test_work_without_a_title_is_called_as_its_sound(tmp_path: Path) -> None:
    project, files = whole_project(tmp_path)
    autosaver = Autosaver(tmp_path / "state")
    assert autosaver.write(set_title(project, ""), files)
    crash(autosaver)
    assert [recovery.title for recovery in recoverable(tmp_path / "state")] == ["K\u00fcste 1"]


def test_unpacked_media_outlive_a_crash(tmp_path: Path) -> None:
    project, files = whole_project(tmp_path)
    save_project(tmp_path / "p.soundedit", project, files)
    for file in files.values():
        file.unlink()
    autosaver = Autosaver(tmp_path / "state")
    opened = open_project(tmp_path / "p.soundedit", autosaver.media)
    autosaver.write(opened.project, opened.files, path=tmp_path / "p.soundedit")
    (tmp_path / "p.soundedit").unlink()
    crash(autosaver)
    again, recovered = recover(recoverable(tmp_path / "state")[0])
    assert recovered.files == opened.files and recovered.missing == []
    assert save_project(tmp_path / "q.soundedit", recovered.project, recovered.files) == []
    again.close()
    with open_project(tmp_path / "q.soundedit") as last:
        assert last.project.edits == project.edits and not last.missing


def test_media_gone_since_the_crash_are_told(tmp_path: Path) -> None:
    project, files = whole_project(tmp_path)
    autosaver = Autosaver(tmp_path / "state")
    autosaver.write(project, files)
    crash(autosaver)
    files[project.media[1].id].unlink()
    _, opened = recover(recoverable(tmp_path / "state")[0])
    assert len(opened.missing) == 1 and '"rain.ogg" is not at' in opened.missing[0]
    assert opened.project == project and len(opened.files) == len(files) - 1


def test_nothing_is_written_where_nothing_changed(tmp_path: Path) -> None:
    autosaver = Autosaver(tmp_path)
    assert autosaver.write(SEA, {})
    assert not autosaver.write(replace(SEA), {})
    assert autosaver.write(SEA, {}, path=tmp_path / "p.soundedit")
    assert len(list(autosaver.folder.glob("*.json"))) == 2
    autosaver.close()
    assert list((tmp_path / "sessions").iterdir()) == []


def test_after_saving_there_is_nothing_to_recover(tmp_path: Path) -> None:
    autosaver = Autosaver(tmp_path)
    autosaver.write(SEA, {}, picture=b"p")
    autosaver.clear()
    assert autosaver.write(SEA, {})  # Undone or not, what comes next is written.
    autosaver.clear()
    crash(autosaver)
    assert recoverable(tmp_path) == []
    assert not autosaver.folder.exists()


def test_sessions_are_listed_newest_first_and_discarded_one_by_one(tmp_path: Path) -> None:
    clock = Clock()
    for title in ("first", "second", "third"):
        autosaver = Autosaver(tmp_path, clock)
        autosaver.write(Project(title=title), {})
        crash(autosaver)
        clock.now += MINUTE
    found = recoverable(tmp_path)
    assert [recovery.title for recovery in found] == ["third", "second", "first"]
    discard(found[1])
    assert [recovery.title for recovery in recoverable(tmp_path)] == ["third", "first"]
    alive, _ = recover(found[0])
    discard(found[0])
    with pytest.raises(ProjectError, match="being recovered in another window"):
        recover(found[0])
    assert alive.folder.exists()
    alive.close()


def test_a_damaged_autosave_gives_way_to_the_one_before(tmp_path: Path) -> None:
    autosaver = Autosaver(tmp_path)
    for title in ("good", "better", "best"):
        autosaver.write(Project(title=title), {})
    crash(autosaver)
    newest = sorted(autosaver.folder.glob("*.json"))
    newest[2].write_bytes(newest[2].read_bytes()[:100])
    (found,) = recoverable(tmp_path)
    assert found.title == "better"
    for text in ("{}", '{"time": 1.0, "path": null, "files": {"a": 1}, "project": {}}', "[]"):
        newest[1].write_text(text)
        assert recoverable(tmp_path)[0].title == "good"
    with pytest.raises(ProjectError):
        recover(found)
    newest[0].write_text("")
    assert recoverable(tmp_path) == []
    assert len(list(autosaver.folder.glob("*.json"))) == 3  # Perhaps somebody can repair them.


def test_the_state_folder_is_the_persons_own(tmp_path: Path) -> None:
    assert "soundedit" in state_folder().parts
    assert recoverable(tmp_path / "not there") == []
    autosaver = Autosaver(tmp_path / "deep" / "state")
    if sys.platform != "win32":  # where a person's folders are the person's own anyway
        assert autosaver.folder.parent.stat().st_mode & 0o077 == 0
    autosaver.close()


@given(st.lists(st.floats(0, 1e6), max_size=60))
def test_thinning_keeps_the_newest_and_the_last_minutes(ages: list[float]) -> None:
    times = {number: 1.7e9 - age for number, age in enumerate(sorted(ages, reverse=True))}
    kept = kept_autosaves(times, 1.7e9)
    assert kept <= set(times)
    if times:
        assert max(times) in kept
    assert {n for n, time in times.items() if 1.7e9 - time <= 10 * MINUTE} <= kept
    assert kept_autosaves({n: times[n] for n in kept}, 1.7e9) == kept


def test_a_long_session_keeps_few_autosaves_and_no_long_gap(tmp_path: Path) -> None:
    kept: dict[int, float] = {}
    for number in range(3 * 24 * 60):
        now = 1.7e9 + number * MINUTE
        kept[number] = now
        keep = kept_autosaves(kept, now)
        kept = {number: time for number, time in kept.items() if number in keep}
    ages = sorted(now - time for time in kept.values())
    assert len(kept) < 50
    assert ages[:11] == [minute * MINUTE for minute in range(11)]
    gaps = [old - new for new, old in itertools.pairwise(ages)]
    assert max(g for g, age in zip(gaps, ages, strict=False) if age < 2 * 3600) <= 20 * MINUTE
    assert max(g for g, age in zip(gaps, ages, strict=False) if age < 23 * 3600) <= 2 * 3600
    assert ages[-1] > 1.9 * 86400


def test_a_clock_set_back_loses_no_order(tmp_path: Path) -> None:
    clock = Clock()
    autosaver = Autosaver(tmp_path, clock)
    autosaver.write(Project(title="before"), {})
    clock.now -= 1e7
    autosaver.write(Project(title="after"), {})
    crash(autosaver)
    assert recoverable(tmp_path)[0].title == "after"
    discard(recoverable(tmp_path)[0])
    assert recoverable(tmp_path) == []
