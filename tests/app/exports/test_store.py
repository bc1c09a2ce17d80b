import json
import os
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from soundedit.app.exports import store as store_module
from soundedit.app.exports.job import JobState
from soundedit.app.exports.store import QueueStore, claim, job_facts, job_from
from soundedit.document.model import Project
from soundedit.errors import ExportError, MediaError
from soundedit.media.presets import PRESETS

from .conftest import MakeJob

MakeSound = Callable[..., Path]


def test_job_goes_through_json_unharmed(make_job: MakeJob) -> None:
    job = make_job(
        settings=PRESETS["gif"],
        fps=Fraction(30000, 1001),
        state=JobState.FAILED,
        overwrite=True,
        done=7,
        spent=1.25,
        crashes=1,
        error="No.",
        log="a\nb",
        size=12,
    )
    assert job_from(json.loads(json.dumps(job_facts(job)))) == job


def test_jobs_are_kept_in_order_and_those_without_a_project_go(
    tmp_path: Path, make_job: MakeJob, project: Project
) -> None:
    store = QueueStore(tmp_path / "q")
    first, second, done = make_job(), make_job(), make_job(state=JobState.DONE)
    store.keep(second.id, project, {})
    store.keep(first.id, project, {})
    lost = make_job()
    store.save([second, lost, first, done])
    assert store.load() == [second, first, done]


def test_snapshot_holds_the_media_as_they_were(
    tmp_path: Path, make_sound: MakeSound, project: Project
) -> None:
    store = QueueStore(tmp_path / "q")
    sound = make_sound(1.0)
    content = sound.read_bytes()
    store.keep("a", project, {"m1": sound, "unused": tmp_path / "gone.wav"})
    sound.write_bytes(b"another sound")
    again, files = store.snapshot("a")
    assert again == project
    assert {name: path.read_bytes() for name, path in files.items()} == {"m1": content}
    assert files["m1"].suffix == ".wav"


def test_large_media_are_linked_and_a_change_of_them_is_told(
    tmp_path: Path, make_sound: MakeSound, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "COPY_BELOW", 10)
    store = QueueStore(tmp_path / "q")
    sound = make_sound(1.0)
    store.keep("a", project, {"m1": sound})
    store.keep("b", project, {"m1": sound})
    _, files = store.snapshot("a")
    assert files == store.snapshot("b")[1]
    assert files["m1"].stat().st_ino == sound.stat().st_ino
    with sound.open("ab") as file:
        file.write(b"more")
    with pytest.raises(MediaError, match=r"^The file tone\.wav was changed after the export was"):
        store.snapshot("a")
    sound.unlink()
    store.keep("c", project, {"m1": make_sound(1.0)})
    assert store.snapshot("c")[1]["m1"].is_file()


def test_tidy_removes_what_no_job_needs(
    tmp_path: Path, make_job: MakeJob, make_sound: MakeSound, project: Project
) -> None:
    store = QueueStore(tmp_path / "q")
    first, second = make_job(), make_job()
    store.keep(first.id, project, {"m1": make_sound(1.0, "one.wav")})
    store.keep(second.id, project, {"m1": make_sound(1.0, "two.wav")})
    store.tidy([replace(first, state=JobState.DONE), second])
    assert [path.stem for path in (store.folder / "projects").iterdir()] == [second.id]
    assert len(list((store.folder / "media").iterdir())) == 1
    assert store.snapshot(second.id)[1]["m1"].is_file()
    store.tidy([replace(second, state=JobState.CANCELLED)])
    assert store.snapshot(second.id)[1]["m1"].is_file()
    store.tidy([])
    assert not any((store.folder / "media").iterdir())


@pytest.mark.parametrize("text", ["", "{", "[]", '{"schema": 99, "jobs": []}', '{"jobs": [1]}'])
def test_damaged_list_is_put_aside(tmp_path: Path, text: str) -> None:
    store = QueueStore(tmp_path)
    (tmp_path / "jobs.json").write_text(text)
    with pytest.raises(ExportError, match=r"jobs\.json\.damaged; add the exports again\.$"):
        store.load()
    assert (tmp_path / "jobs.json.damaged").read_text() == text
    assert store.load() == []


def test_damaged_snapshot_is_told(tmp_path: Path, project: Project) -> None:
    store = QueueStore(tmp_path)
    store.keep("a", project, {})
    (tmp_path / "projects" / "a.json").write_text("{}")
    for id_ in ("a", "b"):
        with pytest.raises(ExportError, match=r"is lost .*; add the export again"):
            store.snapshot(id_)


def test_two_programs_have_a_list_each_and_what_one_left_is_adopted(
    tmp_path: Path, make_job: MakeJob, project: Project, make_sound: MakeSound
) -> None:
    first, left = claim(tmp_path)
    second, also_left = claim(tmp_path)
    assert (first.folder.name, second.folder.name, left, also_left) == ("1", "2", [], [])
    job = make_job()
    second.keep(job.id, project, {"m1": make_sound(1.0)})
    second.save([job])
    first.close()
    second.close()
    third, found = claim(tmp_path)
    assert (third.folder.name, [one.folder.name for one in found]) == ("1", ["2"])
    assert third.adopt(found[0]) == [job]
    assert third.snapshot(job.id)[1]["m1"].is_file()
    found[0].close(remove=True)
    third.close()
    assert not (tmp_path / "2").exists()


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="the right to write is another matter there")
def test_no_place_for_the_list_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ExportError, match=r"cannot be kept in .*; make room or allow writing"):
        claim(tmp_path / "file" / "exports")
