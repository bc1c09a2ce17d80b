import numpy as np
import pytest
from PySide6.QtCore import QSize
from pytestqt.qtbot import QtBot

from soundedit.app.images import to_image
from soundedit.app.viewer import Viewer


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
