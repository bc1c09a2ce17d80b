"""Frames kept on disk come back bit for bit, survive a crash, and stay within their room."""

import os
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from soundedit.media import framestore
from soundedit.media.framestore import FrameStore, frame_key


def frames(count: int, side: int = 32) -> list[NDArray[np.uint8]]:
    rng = np.random.default_rng(0)
    return [rng.integers(0, 256, (side, side + 2, 3), np.uint8) for _ in range(count)]


def keys(count: int) -> list[bytes]:
    return [frame_key(b"pack", bytes([k])) for k in range(count)]


def test_frames_come_back(tmp_path: Path) -> None:
    made = frames(9)
    with FrameStore(tmp_path / "new" / "store") as store:
        for key, frame in zip(keys(9), made, strict=True):
            assert store.get(key) is None
            store.put(key, frame)
            store.put(key, np.zeros_like(frame))  # the first one stays
            assert np.array_equal(store.get(key), frame)
    with FrameStore(tmp_path / "new" / "store") as store:
        assert len(store) == 9
        for key, frame in zip(keys(9), made, strict=True):
            found = store.get(key)
            assert found is not None and found.dtype == np.uint8
            assert np.array_equal(found, frame)
    assert frame_key(b"ab", b"c") != frame_key(b"a", b"bc")


def test_smooth_frames_take_half(tmp_path: Path) -> None:
    ramp = np.add.outer(np.arange(64), np.arange(64)).astype(np.uint8)
    with FrameStore(tmp_path) as store:
        store.put(keys(1)[0], np.stack([ramp, ramp // 2, 255 - ramp], axis=2))
    (file,) = tmp_path.iterdir()
    assert file.stat().st_size < 64 * 64 * 3 / 2


@pytest.mark.parametrize("lost", [1, 40, 3000])
def test_a_file_cut_short_keeps_the_rest(tmp_path: Path, lost: int) -> None:
    made = frames(3)
    with FrameStore(tmp_path) as store:
        for key, frame in zip(keys(3), made, strict=True):
            store.put(key, frame)
    (file,) = tmp_path.iterdir()
    os.truncate(file, file.stat().st_size - lost)
    with FrameStore(tmp_path) as store:
        found = [store.get(key) for key in keys(3)]
        assert np.array_equal(found[0], made[0]) and np.array_equal(found[1], made[1])
        assert found[2] is None
        store.put(keys(3)[2], made[2])
        assert np.array_equal(store.get(keys(3)[2]), made[2])


def test_damage_is_noticed(tmp_path: Path) -> None:
    made = frames(2)
    with FrameStore(tmp_path) as store:
        for key, frame in zip(keys(2), made, strict=True):
            store.put(key, frame)
    (file,) = tmp_path.iterdir()
    data = bytearray(file.read_bytes())
    data[500] ^= 1
    file.write_bytes(data)
    (tmp_path / "other.frames").write_bytes(b"no frames at all" * 9)
    with FrameStore(tmp_path) as store:
        assert store.get(keys(2)[0]) is None
        assert np.array_equal(store.get(keys(2)[1]), made[1])


def test_the_oldest_go_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(framestore, "_FILE_BYTES", 10_000)
    made = frames(40)
    with FrameStore(tmp_path, most_bytes=50_000) as store:
        for key, frame in zip(keys(40), made, strict=True):
            store.put(key, frame)
        assert store.get(keys(40)[0]) is None
        assert np.array_equal(store.get(keys(40)[39]), made[39])
    assert sum(file.stat().st_size for file in tmp_path.iterdir()) <= 60_000


@pytest.mark.skipif(sys.platform != "linux", reason="needs a device that is always full")
def test_a_full_disk_only_stops_keeping(tmp_path: Path) -> None:
    with FrameStore(tmp_path) as store:
        with Path("/dev/full").open("wb", buffering=0) as full:
            store._out = full
            store.put(keys(1)[0], frames(1)[0])
            assert not store.kept and store.get(keys(1)[0]) is None
            store._out = None
        store.put(keys(1)[0], frames(1)[0])
    assert list(tmp_path.iterdir()) == []
