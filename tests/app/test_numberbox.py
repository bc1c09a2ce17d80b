"""What is typed into a box means what it says, in any language."""

import pytest
from PySide6.QtCore import QLocale, Qt
from pytestqt.qtbot import QtBot

from soundedit.app.numberbox import NumberBox, TimeSpin


@pytest.mark.parametrize("language", ["en_US", "de_DE"])
@pytest.mark.parametrize(
    ("typed", "wanted"), [("0.5", 0.5), ("0,5", 0.5), ("-0,4", -0.4), ("1.25", 1.25), ("12", 12.0)]
)
def test_a_point_and_a_comma_are_the_same(
    qtbot: QtBot, language: str, typed: str, wanted: float
) -> None:
    box = NumberBox()
    qtbot.addWidget(box)
    box.setLocale(QLocale(language))
    box.setRange(-2, 20)
    box.show()
    box.selectAll()
    qtbot.keyClicks(box, typed)
    qtbot.keyClick(box, Qt.Key.Key_Return)
    assert box.value() == wanted
    assert box.text() == QLocale(language).toString(wanted, "f", 2)


@pytest.mark.parametrize("language", ["en_US", "de_DE"])
@pytest.mark.parametrize(
    ("typed", "wanted"),
    [("2,5", 2.5), ("1:03.5", 63.5), ("0:03,25", 3.25), ("1:00:02", 3602.0), ("99:59:59", 5000.0)],
)
def test_times_are_typed_as_at_the_playhead(
    qtbot: QtBot, language: str, typed: str, wanted: float
) -> None:
    box = TimeSpin()
    qtbot.addWidget(box)
    box.setLocale(QLocale(language))
    box.setRange(-0.01, 5000)
    box.setSuffix(" s")
    box.setSpecialValueText("end")
    box.show()
    box.selectAll()
    qtbot.keyClicks(box, typed)
    qtbot.keyClick(box, Qt.Key.Key_Return)
    assert box.value() == wanted


def test_what_is_no_time_leaves_what_was(qtbot: QtBot) -> None:
    box = TimeSpin()
    qtbot.addWidget(box)
    box.setRange(0, 5000)
    box.setValue(7)
    box.show()
    box.selectAll()
    qtbot.keyClicks(box, "1:x:")
    qtbot.keyClick(box, Qt.Key.Key_Return)
    assert box.value() == 7
