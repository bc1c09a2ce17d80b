"""Every text stays readable when the colours change while the window is open."""

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QAbstractButton, QApplication, QDockWidget, QWidget

from soundedit.app.contrast import TEXT, contrast
from soundedit.app.editcard import EditCard
from soundedit.app.theme import _readable, set_colour_scheme
from soundedit.app.timefield import TimeField

from .conftest import Rig


@pytest.fixture
def scheme(qapp: QApplication) -> Iterator[Callable[[str], None]]:
    yield set_colour_scheme
    set_colour_scheme("system")


def text_of(widget: QWidget) -> QColor:
    return widget.palette().color(QPalette.ColorRole.Text)


def test_highlight_stays_where_the_window_is_not_in_front(
    qapp: QApplication, scheme: Callable[[str], None]
) -> None:
    faded = QPalette(qapp.palette())
    for role in (QPalette.ColorRole.Highlight, QPalette.ColorRole.HighlightedText):
        faded.setColor(QPalette.ColorGroup.Inactive, role, QColor(240, 240, 240))
    qapp.setPalette(_readable(faded))
    for role in (QPalette.ColorRole.Highlight, QPalette.ColorRole.HighlightedText):
        shown = qapp.palette().color(QPalette.ColorGroup.Inactive, role)
        assert shown == qapp.palette().color(QPalette.ColorGroup.Active, role)
        assert shown != QColor(240, 240, 240)


def test_name_of_an_edit_follows_the_colours(
    rig: Rig, make_sound: Callable[..., Path], scheme: Callable[[str], None]
) -> None:
    scheme("light")
    rig.begin()
    rig.open(make_sound())
    rig.window.editing.stack.add_words("storm")
    name = rig.window.findChildren(EditCard)[0].name
    for colours, bright in (("light", False), ("dark", True), ("light", False)):
        scheme(colours)
        rig.wait(lambda bright=bright: (text_of(rig.window).lightness() > 128) is bright)
        assert text_of(name) == text_of(rig.window), colours
        assert name.palette().color(QPalette.ColorRole.Base).alpha() == 0
    assert name.font().bold()


def seen(widget: QWidget) -> float:
    """Contrast of what is painted with the ground it is on."""
    image = widget.grab().toImage()
    points = [(x, y) for x in range(image.width()) for y in range(image.height())]
    colours = Counter(image.pixel(*point) for point in points)
    ground = QColor(colours.most_common(1)[0][0])
    return max(contrast(ground, QColor(one)) for one in colours)


def test_what_is_small_follows_the_colours(
    rig: Rig, make_sound: Callable[..., Path], scheme: Callable[[str], None]
) -> None:
    scheme("light")
    rig.begin()
    rig.open(make_sound())
    rig.window.editing.stack.add_words("storm")
    card = rig.window.findChildren(EditCard)[0]
    dock = rig.window.findChildren(QDockWidget)[0]
    close = dock.findChild(QAbstractButton, "qt_dockwidget_closebutton")
    time = rig.window.findChildren(TimeField)[0]
    card.solo.setChecked(True)
    for colours, bright in (("light", False), ("dark", True), ("light", False)):
        scheme(colours)
        rig.wait(lambda bright=bright: (text_of(rig.window).lightness() > 128) is bright)
        assert text_of(time) == text_of(rig.window)
        for widget in (time, card.mute, card.solo, close):
            assert seen(widget) >= TEXT, (colours, widget)
