"""Names that are longer than their place end in an ellipsis and are whole in the tool tip."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtWidgets import QListView, QWidget
from pytestqt.qtbot import QtBot

from soundedit.app.editcard import EditCard
from soundedit.app.eliding import ElidedLabel, NameField
from soundedit.app.historypanel import HistoryPanel

from .conftest import Rig

MakeSound = Callable[..., Path]
LONG = "a storm that comes over the hills in the evening while the last birds are still singing"
ENDS = "\N{HORIZONTAL ELLIPSIS}"


@pytest.fixture
def named(rig: Rig, make_sound: MakeSound) -> Rig:
    """A window with one edit of a long name."""
    rig.begin()
    rig.open(make_sound())
    rig.generate()
    rig.window.editing.stack.add_words(LONG)
    rig.wait(lambda: bool(rig.window.findChildren(EditCard)))
    return rig


def test_card_shows_the_whole_name_only_while_it_is_typed(named: Rig, qtbot: QtBot) -> None:
    (card,) = named.window.findChildren(EditCard)
    assert card.name.text() == card.name.toolTip() == LONG
    assert card.name.shown_text().endswith(ENDS)
    assert LONG.startswith(card.name.shown_text()[:-1])
    at_rest = card.name.grab().toImage()
    card.name.setText(card.name.shown_text())
    assert card.name.grab().toImage() == at_rest
    card.name.setText(LONG)
    card.name.setFocus()
    qtbot.waitUntil(card.name.hasFocus)
    assert card.name.grab().toImage() != at_rest


def test_lane_elides_by_the_font_it_has_now(named: Rig) -> None:
    lanes = named.window.edit_lanes
    (label,) = lanes.findChildren(ElidedLabel)
    for selected in (named.window.editing.stack.edits[0].id, None):
        named.window.editing.stack.select(selected)
        assert label.font().bold() is (selected is not None)
        assert label.text() == label.toolTip() == LONG
        assert label.shown_text().endswith(ENDS)
        assert label.fontMetrics().horizontalAdvance(label.shown_text()) <= label.width()


def test_history_elides_within_the_list(named: Rig) -> None:
    panel = named.window.findChild(HistoryPanel)
    assert isinstance(panel, HistoryPanel)
    panel.setParent(None)
    panel.resize(160, 300)
    panel.show()
    named.wait(lambda: panel.list.viewport().width() < 160)
    last = panel.list.item(panel.list.count() - 1)
    assert LONG in last.toolTip() == last.text()
    assert panel.list.fontMetrics().horizontalAdvance(last.text()) > 160
    assert_rows_fit(panel.list)
    panel.deleteLater()


def assert_rows_fit(view: QListView) -> None:
    """No row is wider than the list, so what it shows is elided and not cut."""
    assert view.horizontalScrollBar().maximum() == 0
    for row in range(view.model().rowCount()):
        assert view.visualRect(view.model().index(row, 0)).right() < view.viewport().width()


def test_short_names_are_left_alone(qtbot: QtBot) -> None:
    place = QWidget()
    qtbot.addWidget(place)
    label, field = ElidedLabel("rain", place), NameField("rain", place)
    for widget in (label, field):
        widget.resize(120, 24)
        assert widget.shown_text() == "rain"
