"""The small picture of how frames are filled."""

import numpy as np
import pytest
from PySide6.QtGui import QColor, QImage
from pytestqt.qtbot import QtBot

from soundedit.app.exports.framing import AREA, FramingView
from soundedit.media.presets import Fit

RED, GREEN, BLUE, BLACK = (200, 0, 0), (0, 200, 0), (0, 0, 200), (0, 0, 0)
WIDE, TALL, SQUARE = (1920, 1080), (1080, 1920), (720, 720)


@pytest.fixture
def view(qtbot: QtBot) -> FramingView:
    """Of a picture whose upper quarter is red, its middle green and its lower quarter blue."""
    picture = np.zeros((64, 64, 3), np.uint8)
    for rows, colour in ((slice(0, 16), RED), (slice(16, 48), GREEN), (slice(48, 64), BLUE)):
        picture[rows] = colour
    made = FramingView(picture)
    qtbot.addWidget(made)
    made.show()
    return made


def seen(view: FramingView) -> QImage:
    return view.grab().toImage()


def near(image: QImage, x: float, y: float, colour: tuple[int, int, int]) -> bool:
    """Whether the frame's place (x, y), in shares of the area, is of a colour."""
    found = image.pixelColor(round(x * (AREA.width() - 1)), round(y * (AREA.height() - 1)))
    return found.rgb() == QColor(*colour).rgb()


def test_a_wide_frame_cuts_off_what_stands_out(view: FramingView) -> None:
    view.show_frame(WIDE, Fit.CROP)
    image = seen(view)
    # 9/16 of the height are seen: from 7/32 to 25/32, and red ends at 8/32.
    assert near(image, 0.05, 0.02, RED) and near(image, 0.95, 0.02, RED)
    assert near(image, 0.5, 0.12, GREEN) and near(image, 0.5, 0.88, GREEN)
    assert near(image, 0.5, 0.99, BLUE)


def test_bars_and_mirrors_show_all_of_the_picture(view: FramingView) -> None:
    view.show_frame(WIDE, Fit.LETTERBOX)
    image = seen(view)
    assert near(image, 0.05, 0.5, BLACK) and near(image, 0.95, 0.5, BLACK)
    assert near(image, 0.5, 0.1, RED) and near(image, 0.5, 0.5, GREEN)
    view.show_frame(TALL, Fit.MIRROR)
    image = seen(view)
    # The picture has the middle 9/16 of the height; above it is red again, and then green.
    assert near(image, 0.5, 0.26, RED) and near(image, 0.5, 0.18, RED)
    assert near(image, 0.5, 0.02, GREEN) and near(image, 0.5, 0.98, GREEN)
    # Beside a tall frame there is nothing.
    assert near(image, 0.1, 0.5, image.pixelColor(0, 0).toTuple()[:3])
    assert not near(image, 0.1, 0.5, GREEN)


def test_frames_of_another_shape_follow_each_other(view: FramingView) -> None:
    view.show_frame(SQUARE, Fit.CROP)
    square = seen(view)
    assert near(square, 0.5, 0.01, RED) and near(square, 0.5, 0.99, BLUE)
    view.show_frame(None, Fit.CROP)
    assert not near(seen(view), 0.5, 0.5, GREEN)
    view.show_frame(SQUARE, Fit.LETTERBOX)
    assert seen(view) == square


def test_without_a_picture_there_is_nothing_to_see(qtbot: QtBot) -> None:
    view = FramingView(None)
    qtbot.addWidget(view)
    view.show_frame(WIDE, Fit.CROP)
    assert view.isHidden()
