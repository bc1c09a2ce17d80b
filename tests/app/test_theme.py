"""Every text stays readable when the colours change while the window is open."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication, QWidget

from soundedit.app.editcard import EditCard
from soundedit.app.theme import _readable, set_colour_scheme

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
