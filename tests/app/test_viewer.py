import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, QSize, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from soundedit.app.images import to_image
from soundedit.app.viewer import LARGEST_ZOOM, ZOOM_STEP, Viewer


@pytest.mark.parametrize(
    ("picture", "size"), [((40, 40), (576, 576)), ((20, 40), (976, 488)), ((40, 20), (288, 576))]
)
def test_picture_is_as_large_as_fits_in_the_middle_with_its_aspect(
    qtbot: QtBot, picture: tuple[int, int], size: tuple[int, int]
) -> None:
    viewer = Viewer()
    qtbot.addWidget(viewer)
    viewer.resize(QSize(1000, 600))
    viewer.show_picture(np.zeros((*picture, 3), np.uint8))
    found = viewer.picture_area()
    assert (found.width(), found.height()) == size
    assert found.center().x() == pytest.approx(500, abs=1)
    assert found.center().y() == pytest.approx(300, abs=1)


def test_image_has_the_pictures_colours_and_outlives_it() -> None:
    picture = np.zeros((5, 7, 3), np.uint8)
    picture[2, 3] = 10, 200, 30
    # An odd width and a view that is not contiguous.
    image = to_image(picture[:, ::-1])
    picture[:] = 0
    colour = image.pixelColor(3, 2)
    assert (image.width(), image.height()) == (7, 5)
    assert (colour.red(), colour.green(), colour.blue()) == (10, 200, 30)


def test_without_a_picture_nothing_is_painted_over_the_hint(qtbot: QtBot) -> None:
    viewer = Viewer()
    qtbot.addWidget(viewer)
    viewer.set_hint("Drop a sound here")
    assert viewer.picture_area().isEmpty()
    assert viewer.accessibleDescription() == "Drop a sound here"
    with qtbot.waitSignal(viewer.painted):
        viewer.show()


def test_the_wheel_enlarges_what_is_under_the_pointer_and_a_drag_moves_it(qtbot: QtBot) -> None:
    viewer = Viewer()
    qtbot.addWidget(viewer)
    viewer.resize(QSize(400, 300))
    picture = np.zeros((100, 100, 3), np.uint8)
    picture[70:, 70:] = 250
    viewer.show_picture(picture)
    viewer.show()
    whole = viewer.picture_area()
    point = QPointF(whole.left() + 0.8 * whole.width(), whole.top() + 0.8 * whole.height())

    def wheel(notches: int, modifiers: Qt.KeyboardModifier) -> None:
        turned = QPoint(0, 120 * notches)
        event = QWheelEvent(point, point, QPoint(), turned, Qt.MouseButton.NoButton, modifiers,
                            Qt.ScrollPhase.NoScrollPhase, False)  # fmt: skip
        QApplication.sendEvent(viewer, event)

    wheel(4, Qt.KeyboardModifier.NoModifier)
    assert viewer.zoom == 1
    wheel(4, Qt.KeyboardModifier.ControlModifier)
    area = viewer.picture_area()
    assert viewer.zoom == pytest.approx(ZOOM_STEP**4)
    assert area.width() == pytest.approx(whole.width() * viewer.zoom)
    assert (point.x() - area.left()) / area.width() == pytest.approx(0.8)
    assert (point.y() - area.top()) / area.height() == pytest.approx(0.8)
    assert viewer.grab().toImage().pixelColor(point.toPoint()).red() == 250
    left, start = Qt.MouseButton.LeftButton, point.toPoint()
    qtbot.mousePress(viewer, left, pos=start)
    qtbot.mouseMove(viewer, start + QPoint(60, 20))
    qtbot.mouseRelease(viewer, left, pos=start + QPoint(60, 20))
    moved = viewer.picture_area()
    assert (moved.left() - area.left(), moved.top() - area.top()) == pytest.approx((60, 20))
    # The edge of the picture is not drawn away from the edge of the viewer.
    qtbot.mousePress(viewer, left, pos=start)
    qtbot.mouseMove(viewer, start + QPoint(5000, 5000))
    qtbot.mouseRelease(viewer, left, pos=start)
    assert viewer.picture_area().topLeft().toTuple() == pytest.approx((0, 0))
    wheel(99, Qt.KeyboardModifier.ControlModifier)
    assert viewer.zoom == LARGEST_ZOOM
    viewer.show_whole()
    assert viewer.picture_area() == whole
