"""What the pictures start from is seen in the Picture panel, and the seed is a click away."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtGui import QAction
from pytestqt.qtbot import QtBot

from soundedit.app.filework import FileWork
from soundedit.app.jobs import Jobs
from soundedit.app.picturepanel import PicturePanel
from soundedit.app.reacting import Reacting
from soundedit.app.session import ProjectSession
from soundedit.app.startpicture import StartPicture
from soundedit.document.commands import set_start
from soundedit.document.model import MediaKind, Start, StartKind
from soundedit.media.video import VideoWriter

SKY, SEA = (40, 120, 220), (10, 60, 90)
STILL = np.full((8, 8, 3), (7, 0, 0), np.uint8)


class Desk:
    """A panel that shows what the project of a session starts from."""

    def __init__(self, qtbot: QtBot) -> None:
        self.qtbot, self.session = qtbot, ProjectSession()
        self.work = FileWork(Jobs())
        actions = QAction("New seed"), QAction("Photo")
        self.panel = PicturePanel(*actions, Reacting(self.session))
        qtbot.addWidget(self.panel)
        self.panel.show()
        show = self.panel.show_start_picture
        self.follower = StartPicture(self.session, self.work, show, self.panel)

    def start_from(
        self, path: Path, kind: StartKind, crop: tuple[float, float, float] | None = None
    ) -> None:
        media_kind = MediaKind.VIDEO if kind is StartKind.VIDEO else MediaKind.PICTURE
        project, media = self.session.adopt(path, media_kind)
        assert self.session.do(path.name, set_start(project, Start(kind, 7, media, crop)))
        self.panel.show_start(path.name)
        self.qtbot.waitUntil(lambda: not self.work.busy)

    def middle(self) -> tuple[int, ...]:
        image = self.panel.still.image
        assert image is not None
        return image.pixelColor(image.width() // 2, image.height() // 2).getRgb()[:3]


@pytest.fixture
def desk(qtbot: QtBot) -> Iterator[Desk]:
    made = Desk(qtbot)
    yield made
    made.work.close()


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """Sky in the left half, sea in the right one."""
    pixels = np.empty((100, 200, 3), np.uint8)
    pixels[:, :100], pixels[:, 100:] = SKY, SEA
    path = tmp_path / "bay.png"
    Image.fromarray(pixels).save(path)
    return path


def test_the_chosen_square_of_a_photo_stands_before_the_sounds_picture(
    desk: Desk, photo: Path
) -> None:
    panel = desk.panel
    panel.show_still(STILL)
    for left, colour in ((0.0, SKY), (0.5, SEA)):
        desk.start_from(photo, StartKind.PHOTO, (left, 0.0, 0.5))
        assert desk.middle() == colour
    assert panel.still.accessibleName() == "What the pictures start from"
    panel.show_still(None)
    assert desk.middle() == SEA
    panel.show_still(STILL)
    desk.session.do("start from seed 7", set_start(desk.session.project, Start(seed=7)))
    assert (desk.middle(), panel.still.accessibleName()) == ((7, 0, 0), "Inverted picture")
    desk.session.undo()
    desk.qtbot.waitUntil(lambda: desk.middle() == SEA)


def test_the_first_frame_of_a_video(desk: Desk, tmp_path: Path) -> None:
    video = tmp_path / "bay.mp4"
    with VideoWriter(video, width=64, height=64, fps=Fraction(4)) as writer:
        for grey in (200, 20, 20, 20):
            writer.write(np.full((64, 64, 3), grey, np.uint8))
    desk.start_from(video, StartKind.VIDEO)
    assert all(abs(part - 200) <= 4 for part in desk.middle())


def test_a_damaged_photo_leaves_the_hint(desk: Desk, photo: Path, tmp_path: Path) -> None:
    desk.start_from(photo, StartKind.PHOTO)
    assert desk.panel.still.image is not None
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    desk.start_from(broken, StartKind.PHOTO)
    assert desk.panel.still.image is None


def test_the_seed_is_asked_for_only_where_something_else_is_the_start(desk: Desk) -> None:
    panel, wanted = desk.panel, []
    panel.seed_wanted.connect(wanted.append)
    panel.set_values(7, "24")
    assert not panel.from_seed.isVisible()
    panel.show_start("bay.png")
    panel.from_seed.click()
    assert wanted == [7]
    panel.show_start("")
    assert not panel.from_seed.isVisible()
