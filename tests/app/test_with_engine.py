"""The window with the real engine: a small pack of random weights, and the pack that ships."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from soundedit.app.devices import FoundDevices
from soundedit.app.exports.places import places_in
from soundedit.app.settings import Settings
from soundedit.app.window import MainWindow
from soundedit.engine.engine import Engine
from soundedit.errors import PackError
from soundedit.media.probe import probe_video
from soundedit.packs import default_pack
from soundedit.progress import Progress

WAIT = 120_000


@pytest.fixture(params=["tiny", "shipped"])
def pack(request: pytest.FixtureRequest, tiny_pack: Path) -> Path:
    if request.param == "tiny":
        return tiny_pack
    try:
        return Path(default_pack())
    except PackError as error:
        pytest.skip(f"no pack ships with this checkout: {error}")


@pytest.fixture
def window(pack: Path, settings: Settings, tmp_path: Path, qtbot: QtBot) -> Iterator[MainWindow]:
    def load(progress: Progress) -> Engine:
        return Engine.load(pack, device="cpu", progress=progress)

    made = MainWindow(
        settings,
        loader=load,
        find=lambda again: FoundDevices((), "No sound card.", "No microphone."),
        recordings=tmp_path / "recordings",
        exports=places_in(tmp_path / "exports"),
        state=tmp_path / "state",
    )
    made.show()
    yield made
    made.close()
    made.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def pixels(image: QImage | None) -> np.ndarray:
    assert image is not None
    image = image.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1)
    return rows[:, : image.width() * 3].reshape(image.height(), image.width(), 3).copy()


def test_open_invert_generate_scrub_export(
    window: MainWindow, make_sound: Callable[..., Path], tmp_path: Path, qtbot: QtBot
) -> None:
    controller, viewer = window.controller, window.viewer
    window.begin(make_sound(1.5))
    qtbot.waitUntil(lambda: controller.still is not None, timeout=WAIT)
    assert controller.engine is not None
    side = controller.engine.resolution
    still = pixels(viewer.image)
    assert still.shape == (side, side, 3)
    assert still.std() > 1
    window.actions_by_id["generate"].trigger()
    qtbot.waitUntil(lambda: controller.movie is not None, timeout=WAIT)
    movie = controller.movie
    assert movie is not None and movie.frames == 36
    window.axis.seek(1.0)
    qtbot.waitUntil(lambda: len(controller.feed.cache) == 36, timeout=WAIT)
    shown = {}
    for seconds in (0.0, 1.0, 1.49, 1.0):
        window.axis.seek(seconds)
        picture = pixels(viewer.image)
        assert np.array_equal(shown.setdefault(seconds, picture), picture)
    assert not np.array_equal(shown[0.0], shown[1.49])
    qtbot.waitUntil(lambda: controller.heard is not None, timeout=WAIT)
    assert {item.label for item in controller.heard or ()} <= set(controller.engine.labels)
    video = tmp_path / "film.mp4"
    window.exporter.export_to(video)
    qtbot.waitUntil(lambda: window.exporter.queue.idle, timeout=WAIT)
    assert window.errors.dialog is None
    info = probe_video(video)
    assert (info.frames, info.width, info.has_sound) == (36, side, True)
    assert info.seconds == pytest.approx(1.5, abs=1 / 24)


def test_cancel_and_close_in_the_middle_of_an_export(
    window: MainWindow, make_sound: Callable[..., Path], tmp_path: Path, qtbot: QtBot
) -> None:
    controller = window.controller
    window.begin(make_sound(8.0))
    qtbot.waitUntil(lambda: controller.still is not None, timeout=WAIT)
    window.actions_by_id["generate"].trigger()
    qtbot.waitUntil(lambda: controller.movie is not None, timeout=WAIT)
    folder = tmp_path / "films"
    folder.mkdir()
    for _ in range(2):
        window.exporter.export_to(folder / "film.mp4")
        qtbot.waitUntil(lambda: any(folder.iterdir()), timeout=WAIT)
        window.actions_by_id["cancel"].trigger()
        qtbot.waitUntil(lambda: window.exporter.queue.idle, timeout=WAIT)
        assert list(folder.iterdir()) == []
    window.exporter.export_to(folder / "film.mp4")
    qtbot.waitUntil(lambda: any(folder.iterdir()), timeout=WAIT)
    window.close()
    assert list(folder.iterdir()) == []


def test_same_sound_and_seed_give_the_same_movie(
    window: MainWindow, make_sound: Callable[..., Path], qtbot: QtBot
) -> None:
    controller = window.controller
    window.begin(make_sound(1.0))
    movies = []
    for seed in (3, 4, 3):
        qtbot.waitUntil(lambda: controller.sound is not None, timeout=WAIT)
        window.picture.seed.setValue(seed)
        window.actions_by_id["generate"].trigger()
        qtbot.waitUntil(lambda: controller.movie is not None, timeout=WAIT)
        movie = controller.movie
        assert movie is not None and movie.project.start.seed == seed
        movies.append(movie.rendering.latents(0, movie.frames))
    assert np.array_equal(movies[0], movies[2])
    assert not np.array_equal(movies[0], movies[1])
