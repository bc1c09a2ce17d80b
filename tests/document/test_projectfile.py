"""The project file: there and back, missing and damaged media, what is inside and what is not."""

import io
import json
import os
import stat
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from soundedit.document.commands import add_edit, add_media, remove_edit, sound_edit, text_edit
from soundedit.document.mediafiles import (
    collect_media,
    media_from_file,
    reference_media,
    safe_name,
    used_media,
)
from soundedit.document.model import Media, MediaKind, Project, Take, Unread
from soundedit.document.projectfile import open_project, project_picture, save_project
from soundedit.errors import Cancelled, ProjectError
from soundedit.progress import CancelToken
from tests.document.projects import projects, whole_project, without_paths


def test_whole_project_goes_there_and_back(tmp_path: Path) -> None:
    project, files = whole_project(tmp_path)
    path = tmp_path / "Küste.soundedit"
    assert save_project(path, project, files, picture=b"\x89PNG") == []
    with open_project(path) as opened:
        assert without_paths(opened.project) == project
        assert (opened.missing, opened.read_only, opened.picture) == ([], "", b"\x89PNG")
        for media, file in files.items():
            assert opened.files[media].read_bytes() == file.read_bytes()
            assert opened.files[media].name == file.name
        unpacked = opened.own_folder
    assert unpacked is not None and not unpacked.exists()
    assert project_picture(path) == b"\x89PNG"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["Küste.soundedit", "made"]


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(projects)
def test_any_project_goes_there_and_back(tmp_path: Path, project: Project) -> None:
    path = tmp_path / "any.soundedit"
    save_project(path, project, {})
    with open_project(path) as opened:
        assert opened.project == project
    assert project_picture(path) is None


def test_any_zip_program_reads_it(tmp_path: Path) -> None:
    project, files = whole_project(tmp_path)
    path = tmp_path / "p.soundedit"
    save_project(path, project, files)
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        fields = json.loads(archive.read("project.json"))
        first = project.media[0]
        assert fields["schema"] == 1 and fields["take"]["media"] == first.id
        stored = archive.getinfo(f"media/{first.id}/{first.name}")
        assert stored.compress_type == zipfile.ZIP_STORED
        # Nobody else needs to know where on this machine the file was.
        assert fields["media"][0]["path"] == ""
        assert len(fields["media"][0]["sha256"]) == 64


def test_a_project_packed_anew_by_another_program_opens(tmp_path: Path) -> None:
    project, files = whole_project(tmp_path)
    save_project(tmp_path / "p.soundedit", project, files)
    other = tmp_path / "packed.soundedit"
    with (
        zipfile.ZipFile(tmp_path / "p.soundedit") as old,
        zipfile.ZipFile(other, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        new.mkdir("media")
        for info in reversed(old.infolist()):
            # As macOS spells names.
            new.writestr(info.filename.replace("ü", "u\u0308"), old.read(info))
    with open_project(other, tmp_path / "unpacked") as opened:
        assert without_paths(opened.project) == project and not opened.missing
        assert opened.files.keys() == files.keys()


def test_media_outside_are_found_relative_to_the_project(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "rain.ogg").write_bytes(b"rain")
    media = media_from_file(home / "rain.ogg", MediaKind.SOUND)
    project = add_media(Project(take=Take(media.id, 1.0)), media)
    project = reference_media(project, media.id, home / "rain.ogg")
    save_project(home / "p.soundedit", project, {media.id: home / "rain.ogg"})
    with zipfile.ZipFile(home / "p.soundedit") as archive:
        assert archive.namelist() == ["project.json"]
        assert json.loads(archive.read("project.json"))["media"][0]["path"] == "rain.ogg"
    moved = home.rename(tmp_path / "moved")
    with open_project(moved / "p.soundedit") as opened:
        assert opened.files == {media.id: moved / "rain.ogg"}
        # Saved elsewhere, the way to it is another.
        (tmp_path / "else").mkdir()
        save_project(tmp_path / "else" / "q.soundedit", opened.project, opened.files)
    with open_project(tmp_path / "else" / "q.soundedit") as opened:
        assert opened.files == {media.id: moved / "rain.ogg"}
        collected = collect_media(opened.project, opened.files)
        save_project(tmp_path / "else" / "q.soundedit", collected, opened.files)
    (moved / "rain.ogg").unlink()
    with open_project(tmp_path / "else" / "q.soundedit") as opened:
        assert opened.files[media.id].read_bytes() == b"rain"


def test_a_missing_file_is_told_and_the_rest_opened(tmp_path: Path) -> None:
    (tmp_path / "sounds").mkdir()
    sound = tmp_path / "sounds" / "rain.ogg"
    sound.write_bytes(b"rain")
    media = media_from_file(sound, MediaKind.SOUND)
    project = add_edit(add_media(Project(title="kept"), media), sound_edit(media))
    project = reference_media(project, media.id, sound)
    path = tmp_path / "p.soundedit"
    save_project(path, project, {media.id: sound})
    sound.unlink()
    with open_project(path) as opened:
        assert opened.project.title == "kept" and len(opened.project.edits) == 1
        assert opened.files == {}
        assert opened.missing == [
            f'The file of "rain.ogg" is not at {sound} any more; put it back or choose it anew.'
        ]
        save_project(path, opened.project, opened.files)  # The way to it is not forgotten.
    (tmp_path / "rain.ogg").write_bytes(b"another sound")
    with open_project(path) as opened:
        assert len(opened.missing) == 1
    (tmp_path / "rain.ogg").write_bytes(b"rain")
    with open_project(path) as opened:  # Beside the project, with the content it had.
        assert opened.files == {media.id: tmp_path / "rain.ogg"}


def test_a_file_gone_meanwhile_is_taken_from_the_old_project(tmp_path: Path) -> None:
    project, files = whole_project(tmp_path)
    path = tmp_path / "p.soundedit"
    save_project(path, project, files)
    sea = project.media[0]
    content = files[sea.id].read_bytes()
    files[sea.id].unlink()
    assert save_project(path, replace(project, title="again"), files) == []
    with open_project(path) as opened:
        assert opened.project.title == "again"
        assert opened.files[sea.id].read_bytes() == content
    lacking = save_project(tmp_path / "new.soundedit", project, files)
    assert lacking == ['The file of "Küste 1.wav" is gone, so it was not saved.']
    with open_project(tmp_path / "new.soundedit") as opened:
        assert opened.missing == ['The file of "Küste 1.wav" is not in the project; add it anew.']


def test_damaged_media_are_told_and_never_overwritten(tmp_path: Path) -> None:
    project, files = whole_project(tmp_path)
    path = tmp_path / "p.soundedit"
    save_project(path, project, files)
    data = bytearray(path.read_bytes())
    at = data.index(b"rain.ogg" * 10)
    data[at + 5] ^= 0xFF
    path.write_bytes(data)
    with open_project(path) as opened:
        assert opened.missing == ['The file of "rain.ogg" in the project is damaged.']
        assert "saving over it would lose" in opened.read_only
        assert len(opened.files) == len(files) - 1
        before = path.read_bytes()
        with pytest.raises(ProjectError, match="nothing was saved"):
            save_project(path, opened.project, opened.files)
    assert path.read_bytes() == before


def test_media_that_nothing_uses_stay_out(tmp_path: Path) -> None:
    project, files = whole_project(tmp_path)
    assert used_media(project) == set(files)
    less = remove_edit(project, project.edits[0].id)
    gone = {media.name for media in project.media if media.id not in used_media(less)}
    assert gone == {"rain.ogg", "refined.npz"}
    future = replace(less, extra=Unread({"layers": [{"sound": project.media[1].id}]}))
    assert len(used_media(future)) == len(used_media(less)) + 1
    save_project(tmp_path / "p.soundedit", less, files)
    with open_project(tmp_path / "p.soundedit") as opened:
        assert {media.name for media in opened.project.media} == {
            media.name for media in project.media
        } - gone


@pytest.mark.skipif(sys.platform == "win32", reason="permissions and links of POSIX")
def test_permissions_and_links_are_kept(tmp_path: Path) -> None:
    real = tmp_path / "real.soundedit"
    save_project(real, Project(title="1"), {})
    real.chmod(0o640)
    link = tmp_path / "link.soundedit"
    link.symlink_to(real)
    save_project(link, Project(title="2"), {})
    assert link.is_symlink() and stat.S_IMODE(real.stat().st_mode) == 0o640
    with open_project(real) as opened:
        assert opened.project.title == "2"


def test_cancel_leaves_the_old_file(tmp_path: Path) -> None:
    project, files = whole_project(tmp_path)
    path = tmp_path / "p.soundedit"
    save_project(path, project, files)
    before = path.read_bytes()
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(Cancelled):
        save_project(path, replace(project, title="new"), files, cancel=cancel)
    with pytest.raises(Cancelled):
        open_project(path, cancel=cancel)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir() if "part" in p.name] == []


def test_progress_goes_to_the_end(tmp_path: Path) -> None:
    project, files = whole_project(tmp_path)
    told: list[float] = []
    save_project(
        tmp_path / "p.soundedit", project, files, progress=lambda share, text: told.append(share)
    )
    assert told == sorted(told) and told[-1] == 1.0 and len(told) == len(files) + 1


def test_leftovers_of_a_killed_program_are_removed(tmp_path: Path) -> None:
    path = tmp_path / "p.soundedit"
    old = tmp_path / f".p.soundedit.{'a' * 32}.part"
    fresh = tmp_path / f".p.soundedit.{'b' * 32}.part"
    other = tmp_path / f".q.soundedit.{'a' * 32}.part"
    for part in (old, fresh, other):
        part.write_bytes(b"half")
    for part in (old, other):
        os.utime(part, (0, 0))
    save_project(path, Project(), {})
    assert not old.exists() and fresh.exists() and other.exists()


def test_wrong_names_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="must end in"):
        save_project(tmp_path / "p.zip", Project(), {})
    (tmp_path / "f.soundedit").mkdir()
    with pytest.raises(ProjectError, match="is a folder"):
        save_project(tmp_path / "f.soundedit", Project(), {})
    with pytest.raises(ProjectError, match='folder "gone" does not exist'):
        save_project(tmp_path / "gone" / "p.soundedit", Project(), {})


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("rain.ogg", "rain.ogg"),
        ("../../rain.ogg", ".._.._rain.ogg"),
        ("a/b\\c:d?.wav", "a_b_c_d_.wav"),
        ("..", "file"),
        ("", "file"),
        ("nul.wav", "_nul.wav"),
        ("Aux", "_Aux"),
        ("caf\udce9.wav", "caf_.wav"),
        ("trailing. ", "trailing"),
        ("ü" * 300 + ".wav", "ü" * 88 + ".wav"),
    ],
)
def test_names_that_every_system_takes(name: str, safe: str) -> None:
    assert safe_name(name) == safe == safe_name(safe)


def test_media_with_a_name_no_file_may_have_is_saved_under_another(tmp_path: Path) -> None:
    sound = tmp_path / "sound"
    sound.write_bytes(b"x")
    media = Media("a", 'what? "rain".ogg', MediaKind.SOUND)
    project = add_edit(add_media(Project(), media), sound_edit(media))
    save_project(tmp_path / "p.soundedit", project, {"a": sound})
    with open_project(tmp_path / "p.soundedit") as opened:
        assert opened.files["a"].name == "what_ _rain_.ogg"


def test_a_file_that_is_no_project_is_told(tmp_path: Path) -> None:
    path = tmp_path / "p.soundedit"
    with pytest.raises(ProjectError, match="cannot be opened"):
        open_project(path)
    for content in (b"", b"RIFF....WAVE", b"PK\x03\x04" + bytes(100)):
        path.write_bytes(content)
        with pytest.raises(ProjectError, match="not a soundedit project or is damaged"):
            open_project(path)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("word/document.xml", "<x/>")
    path.write_bytes(buffer.getvalue())
    with pytest.raises(ProjectError, match="not a soundedit project; choose"):
        open_project(path)


def test_a_file_cut_anywhere_never_opens_as_something_else(tmp_path: Path) -> None:
    project = add_edit(Project(title="whole"), text_edit("rain"))
    path = tmp_path / "p.soundedit"
    save_project(path, project, {}, picture=bytes(200))
    data = path.read_bytes()
    for length in range(0, len(data), 13):
        path.write_bytes(data[:length])
        with pytest.raises(ProjectError):
            open_project(path)


def test_a_flipped_bit_is_told_or_harmless(tmp_path: Path) -> None:
    project, files = whole_project(tmp_path)
    path = tmp_path / "p.soundedit"
    save_project(path, project, files)
    data = path.read_bytes()
    for at in range(3, len(data), 997):
        path.write_bytes(data[:at] + bytes([data[at] ^ 0x10]) + data[at + 1 :])
        try:
            with open_project(path) as opened:
                harmed = opened.missing
        except ProjectError as error:
            assert "\n" not in str(error)
        else:
            assert harmed or without_paths(opened.project) == project
