from pathlib import Path

import pytest
from PySide6.QtCore import QByteArray, QSettings

from soundedit.app.settings import (
    CACHE_MEGABYTES,
    FIRST_START,
    GEOMETRY,
    RECENT,
    RECENT_LIMIT,
    Settings,
)


def test_values_survive_a_restart_with_their_types(tmp_path: Path) -> None:
    path = tmp_path / "a folder" / "settings.ini"
    first = Settings(path)
    first.set(FIRST_START, False)
    first.set(CACHE_MEGABYTES, 42)
    first.set(GEOMETRY, QByteArray(b"\x00\x01\xff"))
    first.set(RECENT, ["/one, two.wav"])
    first.save()
    again = Settings(path)
    assert again.get(FIRST_START) is False
    assert again.get(CACHE_MEGABYTES) == 42
    assert again.get(GEOMETRY) == QByteArray(b"\x00\x01\xff")
    assert again.get(RECENT) == ["/one, two.wav"]


def test_defaults_where_nothing_or_nonsense_is_stored(tmp_path: Path) -> None:
    path = tmp_path / "settings.ini"
    store = QSettings(str(path), QSettings.Format.IniFormat)
    store.setValue(CACHE_MEGABYTES.key, "many")
    store.sync()
    settings = Settings(path)
    assert settings.get(CACHE_MEGABYTES) == CACHE_MEGABYTES.default
    assert settings.get(FIRST_START) is True
    assert settings.get(RECENT) == []


def test_recent_sounds_newest_first_once_each_and_only_those_there(tmp_path: Path) -> None:
    settings = Settings(tmp_path / "settings.ini")
    paths = [tmp_path / f"{number}.wav" for number in range(RECENT_LIMIT + 3)]
    for path in paths:
        path.touch()
        settings.add_recent(path)
    settings.add_recent(paths[5])
    assert settings.recent()[:2] == [paths[5], paths[-1]]
    assert len(settings.recent()) == RECENT_LIMIT
    paths[-1].unlink()
    assert paths[-1] not in settings.recent()


def test_recent_sounds_name_each_file_once_and_no_sample(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(tmp_path / "settings.ini")
    monkeypatch.chdir(tmp_path)
    sound, sample, link = (tmp_path / name for name in ("a.wav", "fire.wav", "link.wav"))
    sound.touch()
    sample.touch()
    link.symlink_to(sample)
    for path in (sound, Path("a.wav"), sample, link):
        settings.add_recent(path)
    assert settings.recent() == [link, sound]
    assert settings.recent([sample]) == [sound]
