"""Files that are dropped on the window."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication

from .conftest import Rig

MakeSound = Callable[..., Path]


# Qt 6.12 has a constructor with a QPointF, older ones have only this.
@pytest.mark.filterwarnings("ignore:.*QDragEnterEvent:DeprecationWarning")
def test_drop_opens_a_file(rig: Rig, make_sound: MakeSound) -> None:
    rig.begin()
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(make_sound(1.0, "dröp ä.wav")))])
    viewer = rig.window.viewer
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(9, 9), Qt.DropAction.CopyAction, mime, buttons, keys)
    QApplication.sendEvent(viewer, enter)
    assert enter.isAccepted()
    drop = QDropEvent(QPointF(9, 9), Qt.DropAction.CopyAction, mime, buttons, keys)
    QApplication.sendEvent(viewer, drop)
    rig.wait(lambda: rig.controller.sound is not None)
    assert rig.window.windowTitle() == "dröp ä.wav - soundedit"


def test_files_dropped_together_are_opened_each_as_what_it_is(
    rig: Rig, make_sound: MakeSound, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.begin()
    sounds = [make_sound(1.0, name) for name in ("one.wav", "two.wav", "three.wav")]
    photos = [tmp_path / "lake.png", tmp_path / "hill.png"]
    started: list[Path] = []
    monkeypatch.setattr(rig.window.opener, "_photo", started.append)
    rig.window.viewer.files_dropped.emit([sounds[0], photos[0], *sounds[1:], photos[1]])
    rig.wait(lambda: rig.window.windowTitle().startswith("one.wav"))
    assert started == photos[:1]
    group = rig.window.sounds.list.topLevelItem(0)
    assert group is not None
    names = [group.child(n).text(0) for n in range(group.childCount())]
    assert names == ["one.wav", "two.wav", "three.wav"]
    rig.wait(lambda: rig.controller.jobs.current() is None)
    assert rig.window.status.jobs.text.text() == (
        "Other sounds, now among the recent ones: 2; Not opened, one of a kind at a time: hill.png"
    )
    # A project brings what belongs to it.
    opened: list[Path] = []
    monkeypatch.setattr(rig.window.projects, "open", opened.append)
    rig.window.viewer.files_dropped.emit([sounds[1], tmp_path / "a.soundedit"])
    assert opened == [tmp_path / "a.soundedit"]
    assert rig.window.windowTitle().startswith("one.wav")


def test_the_others_are_told_where_the_first_cannot_be_read(
    rig: Rig, make_sound: MakeSound, tmp_path: Path
) -> None:
    rig.begin()
    (tmp_path / "no.wav").write_text("no sound")
    rig.window.viewer.files_dropped.emit([tmp_path / "no.wav", make_sound(1.0, "two.wav")])
    said = rig.window.status.jobs.text
    rig.wait(lambda: said.text() == "Other sounds, now among the recent ones: 1")
    rig.open(make_sound(1.0, "later.wav"))
    rig.wait(lambda: rig.controller.jobs.current() is None)
    assert said.text() == ""
