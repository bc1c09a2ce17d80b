"""Project files made to do harm: zip bombs, names that lead elsewhere, arrays that run code."""

import io
import json
import os
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from soundedit.document import archive, arrays
from soundedit.document.arrays import load_arrays, save_arrays
from soundedit.document.projectfile import open_project
from soundedit.errors import ProjectError


def project_text(**media: Any) -> bytes:
    one = {"id": "a", "name": "rain.ogg", "kind": "sound"} | media
    return json.dumps({"schema": 1, "media": [one]}).encode()


def write_zip(path: Path, members: dict[str, bytes], text: bytes | None = None) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        target.writestr("project.json", project_text() if text is None else text)
        for name, data in members.items():
            target.writestr(name, data)
    return path


def assert_refused(path: Path, folder: Path, says: str = "not safe to open") -> None:
    with pytest.raises(ProjectError, match=says) as caught:
        open_project(path, folder / "into")
    assert "\n" not in str(caught.value)
    assert [p.name for p in folder.rglob("*") if p.is_file()] == [path.name]


@pytest.mark.parametrize(
    "name",
    [
        "../evil.txt",
        "media/a/../../evil.txt",
        "/etc/evil.txt",
        "media//evil.txt",
        "media/a/./evil.txt",
        "..\\evil.txt",
        "C:/evil.txt",
        "media/a/rain.ogg:stream",
    ],
)
def test_members_that_lead_elsewhere_are_refused(tmp_path: Path, name: str) -> None:
    assert_refused(write_zip(tmp_path / "p.soundedit", {name: b"evil"}), tmp_path)


@pytest.mark.parametrize("name", ["../../evil", "/etc/evil", "..\\evil", "a\x00b", "nul", "a:b"])
def test_media_whose_names_lead_elsewhere_are_refused(tmp_path: Path, name: str) -> None:
    path = write_zip(
        tmp_path / "p.soundedit", {"media/a/rain.ogg": b"evil"}, project_text(name=name)
    )
    assert_refused(path, tmp_path)


@pytest.mark.parametrize("media_id", ["../a", "a/b", "", ".", "a" * 65, "ä"])
def test_media_whose_ids_lead_elsewhere_are_refused(tmp_path: Path, media_id: str) -> None:
    path = write_zip(tmp_path / "p.soundedit", {}, project_text(id=media_id))
    assert_refused(path, tmp_path, "not plain")


def test_a_link_in_the_zip_is_unpacked_as_a_plain_file(tmp_path: Path) -> None:
    info = zipfile.ZipInfo("media/a/rain.ogg")
    info.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "p.soundedit", "w") as target:
        target.writestr("project.json", project_text())
        target.writestr(info, "/etc/passwd")
    with open_project(tmp_path / "p.soundedit") as opened:
        unpacked = opened.files["a"]
        assert not unpacked.is_symlink() and unpacked.read_text() == "/etc/passwd"


def test_a_bomb_is_refused_before_anything_is_unpacked(tmp_path: Path) -> None:
    zeros = bytes(300 << 20)
    path = write_zip(tmp_path / "p.soundedit", {"media/a/rain.ogg": zeros})
    assert path.stat().st_size < 1 << 20
    assert_refused(path, tmp_path)


def test_a_bomb_in_the_text_is_refused(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "p.soundedit", {}, b" " * (65 << 20))
    assert_refused(path, tmp_path)


def test_a_bomb_that_lies_about_its_size_unpacks_no_more_than_it_said(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "p.soundedit", {"media/a/rain.ogg": bytes(9 << 20)})
    data = path.read_bytes()
    size = (9 << 20).to_bytes(4, "little")
    assert data.count(size) == 2
    path.write_bytes(data.replace(size, (1000).to_bytes(4, "little")))
    with open_project(path, tmp_path / "into") as opened:
        assert opened.files == {} and "damaged" in opened.missing[0]
    assert [p.name for p in tmp_path.rglob("*") if p.is_file()] == ["p.soundedit"]


def test_members_that_overlap_are_refused(tmp_path: Path) -> None:
    """Many entries that share one compressed stream, as in Fifield's bomb."""
    path = write_zip(tmp_path / "p.soundedit", {"media/a/rain.ogg": os.urandom(1 << 20)})
    with zipfile.ZipFile(path, "a") as target:
        shared = target.getinfo("media/a/rain.ogg")
        for number in range(50):
            copy = zipfile.ZipInfo(f"media/b{number}/rain.ogg")
            for field in ("compress_type", "CRC", "compress_size", "file_size", "header_offset"):
                setattr(copy, field, getattr(shared, field))
            target.filelist.append(copy)
            target.NameToInfo[copy.filename] = copy
        target._didModify = True  # type: ignore[attr-defined]
    assert_refused(path, tmp_path)


def test_doubled_members_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "p.soundedit"
    with zipfile.ZipFile(path, "w") as target, pytest.warns(UserWarning, match="Duplicate"):
        target.writestr("project.json", project_text())
        target.writestr("project.json", project_text(name="other.ogg"))
    assert_refused(path, tmp_path)


def test_too_many_members_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "_MEMBER_LIMIT", 5)
    path = write_zip(tmp_path / "p.soundedit", {f"media/{n}/x": b"" for n in range(5)})
    assert_refused(path, tmp_path)


def test_an_encrypted_project_is_told(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "p.soundedit", {})
    data = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(signature) + offset] |= 1
    path.write_bytes(data)
    assert_refused(path, tmp_path, "damaged")


class Evil:
    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (Path("evil-was-here"),))


def test_arrays_go_there_and_back(tmp_path: Path) -> None:
    given = {
        "w": np.linspace(-1, 1, 24, dtype=np.float32).reshape(2, 3, 4),
        "half": np.ones((1, 2), np.float16),
        "pack": np.array("landscapes-128"),
    }
    save_arrays(tmp_path / "a.npz", given)
    loaded = load_arrays(tmp_path / "a.npz")
    assert loaded.keys() == given.keys()
    for name, array in given.items():
        assert loaded[name].dtype == array.dtype and (loaded[name] == array).all()
    assert str(loaded["pack"]) == "landscapes-128"
    np.save(tmp_path / "b.npy", given["w"])
    assert (load_arrays(tmp_path / "b.npy")[""] == given["w"]).all()
    with pytest.raises(TypeError, match="dtype object"):
        save_arrays(tmp_path / "c.npz", {"x": np.array([Evil()])})


def test_arrays_that_hold_objects_are_refused_unread(tmp_path: Path) -> None:
    (tmp_path / "raw.npy").write_bytes(pickle.dumps(Evil()))
    np.save(tmp_path / "one.npy", np.array([Evil()], object), allow_pickle=True)
    np.savez(tmp_path / "many.npz", w=np.array([Evil()], object))
    for name in ("raw.npy", "one.npy", "many.npz"):
        with pytest.raises(ProjectError, match="cannot be read or is damaged"):
            load_arrays(tmp_path / name)
    assert not Path("evil-was-here").exists()


def test_arrays_that_are_damaged_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.npz"
    for array in (np.array([1, np.nan]), np.array([1j]), np.array(["2026"], "datetime64[D]")):
        np.savez(path, w=array)
        with pytest.raises(ProjectError):
            load_arrays(path)
    save_arrays(path, {"w": np.zeros(1000)})
    data = path.read_bytes()
    for length in range(0, len(data), 499):
        path.write_bytes(data[:length])
        with pytest.raises(ProjectError):
            load_arrays(path)
    path.unlink()
    with pytest.raises(ProjectError):
        load_arrays(path)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, w=np.zeros(1 << 20))
    path.write_bytes(buffer.getvalue())
    monkeypatch.setattr(arrays, "ARRAYS_LIMIT", 1 << 20)
    with pytest.raises(ProjectError):
        load_arrays(path)
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (9999999999,), }"
    huge = b"\x93NUMPY\x01\x00\x76\x00" + header.ljust(117) + b"\n" + bytes(64)
    (tmp_path / "huge.npy").write_bytes(huge)
    with pytest.raises(ProjectError):
        load_arrays(tmp_path / "huge.npy")
