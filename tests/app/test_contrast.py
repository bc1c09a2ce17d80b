"""Outlines, hints and selected rows can be told from what is around them, as painted."""

from collections import Counter
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint, QRect
from PySide6.QtGui import QColor, QFont, QImage
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QLineEdit,
    QListWidget,
    QRadioButton,
    QStyle,
    QStyleOptionButton,
    QWidget,
)
from pytestqt.qtbot import QtBot

from soundedit.app.contrast import OUTLINE, TEXT, contrast, towards
from soundedit.app.theme import SCHEMES, set_colour_scheme
from soundedit.app.viewer import Viewer

LARGE = 28
"""Pixels of a font whose strokes are wide enough to be painted in full colour."""


@pytest.fixture(params=sorted(SCHEMES))
def scheme(qapp: QApplication, request: pytest.FixtureRequest) -> Iterator[str]:
    set_colour_scheme(request.param)
    yield request.param
    set_colour_scheme("system")


@pytest.fixture
def place(qtbot: QtBot, scheme: str) -> QWidget:
    """Somewhere to put widgets on, in each scheme."""
    widget = QWidget()
    widget.resize(300, 120)
    font = widget.font()
    font.setPixelSize(LARGE)
    widget.setFont(font)
    qtbot.addWidget(widget)
    return widget


def best(image: QImage, area: QRect) -> tuple[QColor, float]:
    """The ground of an area, what most of it is painted in, and the most contrast with it."""
    colours = Counter(
        image.pixel(x, y)
        for x in range(area.left(), area.right() + 1)
        for y in range(area.top(), area.bottom() + 1)
    )
    ground = QColor(colours.most_common(1)[0][0])
    return ground, max(contrast(ground, QColor(one)) for one in colours)


@pytest.mark.parametrize("kind", [QCheckBox, QRadioButton])
def test_outlines(place: QWidget, kind: type[QCheckBox | QRadioButton]) -> None:
    button = kind("", place)
    button.setGeometry(20, 20, 60, 40)
    option = QStyleOptionButton()
    button.initStyleOption(option)
    box = kind is QCheckBox
    part = (
        QStyle.SubElement.SE_CheckBoxIndicator if box else QStyle.SubElement.SE_RadioButtonIndicator
    )
    area = button.style().subElementRect(part, option, button).translated(button.pos())
    image = place.grab().toImage()
    window = image.pixelColor(area.left() - 4, area.center().y())
    inside = image.pixelColor(area.center())
    edge = [image.pixelColor(x, area.center().y()) for x in range(area.left() - 1, area.left() + 3)]
    assert max(min(contrast(one, window), contrast(one, inside)) for one in edge) >= OUTLINE


def test_hints(place: QWidget) -> None:
    field = QLineEdit(place)
    field.setPlaceholderText("Add a word")
    field.setGeometry(10, 10, 280, 60)
    inner = field.geometry().adjusted(8, 8, -8, -8)
    assert best(place.grab().toImage(), inner)[1] >= TEXT


def test_hint_of_the_viewer(place: QWidget) -> None:
    viewer = Viewer(place)
    viewer.resize(place.size())
    viewer.setFont(QFont(viewer.font().family(), LARGE))
    viewer.set_hint("Open a sound")
    assert best(viewer.grab().toImage(), viewer.rect())[1] >= TEXT


def test_selected_row(place: QWidget) -> None:
    rows = QListWidget(place)
    rows.setGeometry(10, 10, 280, 100)
    rows.addItems(["chosen", "other"])
    rows.setCurrentRow(0)
    image = place.grab().toImage()
    chosen, other = (
        rows.visualItemRect(rows.item(row)).translated(rows.viewport().mapTo(place, QPoint(0, 0)))
        for row in (0, 1)
    )
    ground, text = best(image, chosen.adjusted(2, 2, -2, -2))
    unchosen, _ = best(image, other.adjusted(2, 2, -2, -2))
    assert text >= TEXT
    assert contrast(ground, unchosen) >= OUTLINE


def test_ratio_is_that_of_the_standard() -> None:
    assert contrast(QColor("white"), QColor("black")) == pytest.approx(21)
    assert contrast(QColor("#777777"), QColor("white")) == pytest.approx(4.48, abs=0.01)


def test_colour_goes_no_farther_than_it_must() -> None:
    white, black = QColor("white"), QColor("black")
    assert towards(black, white, white, least=TEXT) == black
    faint = QColor(200, 200, 200)
    found = towards(faint, black, white, least=TEXT)
    assert TEXT <= contrast(found, white) < TEXT + 0.6
    assert towards(faint, white, white, least=TEXT) == white
