"""Editing in the window with the real engine: a small pack of random weights, and what ships."""

import re
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QCoreApplication, QEvent
from pytestqt.qtbot import QtBot

from soundedit.app.devices import FoundDevices
from soundedit.app.exports.places import places_in
from soundedit.app.requests import Kind
from soundedit.app.settings import FIRST_START, Settings
from soundedit.app.window import MainWindow
from soundedit.document.model import Start, StartKind
from soundedit.engine.engine import Engine
from soundedit.errors import PackError
from soundedit.media.video import VideoWriter
from soundedit.packs import default_pack, open_pack
from soundedit.progress import Progress

from .conftest import Answers
from .test_with_engine import pixels

WAIT = 120_000
MakeSound = Callable[..., Path]


@pytest.fixture(params=["tiny", "shipped"])
def pack(request: pytest.FixtureRequest, tiny_pack: Path) -> Path:
    if request.param == "tiny":
        return tiny_pack
    try:
        path = Path(default_pack())
    except PackError as error:
        pytest.skip(f"no pack ships with this checkout: {error}")
    return path


class Desk:
    """Opens windows, one after another, on one state folder."""

    def __init__(self, pack: Path, folder: Path, qtbot: QtBot) -> None:
        self.pack, self.folder, self.qtbot = pack, folder, qtbot
        self.answers = Answers()
        self.windows: list[MainWindow] = []

    def open(self, path: Path | None = None) -> MainWindow:
        def load(progress: Progress) -> Engine:
            return Engine.load(self.pack, device="cpu", progress=progress)

        settings = Settings(self.folder / "settings.ini")
        settings.set(FIRST_START, False)
        window = MainWindow(
            settings,
            loader=load,
            find=lambda again: FoundDevices((), "No sound card.", "No microphone."),
            recordings=self.folder / "recordings",
            exports=places_in(self.folder / "exports"),
            dialogs=self.answers,
            state=self.folder / "state",
        )
        self.windows.append(window)
        window.show()
        window.begin(path)
        self.wait(lambda: window.controller.engine is not None)
        return window

    def generated(self, sound: Path) -> MainWindow:
        window = self.open(sound)
        self.wait(lambda: window.controller.still is not None)
        window.actions_by_id["generate"].trigger()
        self.wait(lambda: window.controller.movie is not None)
        return window

    def frame(self, window: MainWindow, seconds: float) -> np.ndarray:
        """The picture on show, once it is the project's as it is now."""
        controller = window.controller
        window.axis.seek(seconds)
        self.wait(lambda: not controller.is_running(Kind.REDRAW))
        self.wait(
            lambda: (
                controller.movie is not None
                and controller.movie.project.edits == window.session.project.edits
                and controller.movie.project.reactivity == window.session.project.reactivity
            )
        )
        feed = controller.feed
        self.wait(lambda: feed._key(feed.wanted) in feed.cache)
        self.wait(
            lambda: np.array_equal(
                pixels(window.viewer.image), feed.cache.get(feed._key(feed.wanted))
            )
        )
        return pixels(window.viewer.image)

    def wait(self, ready: Callable[[], bool]) -> None:
        self.qtbot.waitUntil(ready, timeout=WAIT)


@pytest.fixture
def desk(pack: Path, tmp_path: Path, qtbot: QtBot) -> Iterator[Desk]:
    made = Desk(pack, tmp_path, qtbot)
    yield made
    for window in made.windows:
        window.close()
        window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A wide photo, lying on its side as cameras save them: sky over a meadow."""
    y, x = np.mgrid[0:120, 0:200]
    image = np.stack([60 + x // 4, 120 + y // 2, 220 - y], axis=-1).astype(np.uint8)
    path = tmp_path / "meadow.jpg"
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(image).rotate(90, expand=True).save(path, exif=exif, quality=95)
    return path


def test_words_change_the_frame_strength_0_does_not_and_all_comes_back(
    desk: Desk, make_sound: MakeSound, tmp_path: Path
) -> None:
    window = desk.generated(make_sound(1.0))
    plain = desk.frame(window, 0.5)
    stack = window.editing.stack
    edit = stack.add_words("a thunderstorm")
    assert edit is not None
    strong = desk.frame(window, 0.5)
    assert not np.array_equal(strong, plain)
    stack.set_strength(edit, 0.0)
    assert np.array_equal(desk.frame(window, 0.5), plain)
    window.session.close_merge()
    window.session.undo()
    assert np.array_equal(desk.frame(window, 0.5), strong)
    window.session.undo()
    assert np.array_equal(desk.frame(window, 0.5), plain)
    window.session.redo()
    assert np.array_equal(desk.frame(window, 0.5), strong)
    desk.answers.save_path = tmp_path / "storm.soundedit"
    window.actions_by_id["save"].trigger()
    desk.wait(lambda: not window.session.modified)
    window.close()
    again = desk.open(tmp_path / "storm.soundedit")
    desk.wait(lambda: again.controller.movie is not None)
    assert np.array_equal(desk.frame(again, 0.5), strong)
    assert again.errors.dialog is None


def test_the_sound_moves_the_frame_less_far_and_as_far_again(
    desk: Desk, make_sound: MakeSound
) -> None:
    window = desk.generated(make_sound(1.0))
    controller, slider = window.controller, window.picture.reactivity.strength
    base = controller._base
    full = desk.frame(window, 0.5)
    slider.number.setValue(0.0)
    start = desk.frame(window, 0.5)
    movie = controller.movie
    assert movie is not None
    assert (movie.rendering.latents(0, movie.frames) == movie.rendering.latents(0, 1)).all()
    assert np.array_equal(desk.frame(window, 0.9), start)
    slider.number.setValue(0.5)
    half = desk.frame(window, 0.5)
    assert not np.array_equal(half, start) and not np.array_equal(half, full)
    window.session.close_merge()
    window.session.undo()
    assert np.array_equal(desk.frame(window, 0.5), full)
    assert controller._base is base


def test_photo_is_cropped_compared_refined_and_edited(
    desk: Desk, photo: Path, make_sound: MakeSound
) -> None:
    window = desk.open(make_sound(0.5))
    desk.wait(lambda: window.controller.still is not None)
    window.opener.open(photo)
    desk.wait(lambda: window.fine.dialog is not None)
    dialog = window.fine.dialog
    assert dialog is not None
    if "encoder" not in open_pack(desk.pack).manifest.components:
        desk.wait(lambda: "no photo encoder" in dialog.figure.text())
        dialog.reject()
        return
    desk.wait(lambda: dialog.use.isEnabled())
    first = pixels(dialog.found.image)
    left, top, side = dialog.wanted_crop()
    assert (left, side) == (pytest.approx(0.2, abs=0.01), pytest.approx(0.6, abs=0.01))
    assert top == 0.0
    told = dialog.figure.text()
    desk.qtbot.keyClick(dialog.crop, "-")
    assert not dialog.use.isEnabled()
    desk.wait(lambda: dialog.use.isEnabled())
    dialog.refine.click()
    desk.wait(lambda: dialog.use.isEnabled())
    assert dialog.figure.text() != told
    assert not np.array_equal(pixels(dialog.found.image), first)
    fitted = pixels(dialog.found.image)
    dialog.use.click()
    start = window.session.project.start
    assert start.kind is StartKind.PHOTO and start.latents is not None
    assert window.session.project.reactivity.strength == 0.5
    assert window.session.history.undo_name == "start from meadow.jpg"
    desk.wait(lambda: window.controller.movie is not None)
    shown = desk.frame(window, 0.0)
    assert shown.shape == fitted.shape
    window.editing.stack.add_words("night")
    assert not np.array_equal(desk.frame(window, 0.0), shown)
    window.session.undo()
    desk.wait(lambda: window.picture.still.accessibleName() == "What the pictures start from")
    window.picture.from_seed.click()
    assert window.session.project.start == Start(seed=start.seed)
    assert window.session.project.reactivity.strength == 1.0
    window.session.undo()
    window.session.undo()
    assert window.session.project.start.kind is StartKind.SEED


def test_edit_is_refined_taken_back_kept_and_used_again(desk: Desk, make_sound: MakeSound) -> None:
    window = desk.generated(make_sound(0.5))
    stack = window.editing.stack
    edit = stack.add_words("fire")
    assert edit is not None
    fast = desk.frame(window, 0.25)
    window.actions_by_id["refine_edit"].trigger()
    desk.wait(lambda: window.session.project.edits[0].refined is not None)
    assert window.session.history.undo_name == "refine fire"
    fine = desk.frame(window, 0.25)
    assert not np.array_equal(fine, fast)
    window.session.undo()
    assert np.array_equal(desk.frame(window, 0.25), fast)
    window.session.redo()
    assert np.array_equal(desk.frame(window, 0.25), fine)
    window.actions_by_id["keep_direction"].trigger()
    kept = desk.folder / "state" / "directions" / "fire.latents"
    desk.wait(kept.is_file)
    stack.remove(edit)
    desk.answers.open_path = kept
    window.actions_by_id["add_direction_edit"].trigger()
    assert [one.name for one in stack.edits] == ["fire"]
    assert np.array_equal(desk.frame(window, 0.25), fine)


def test_video_becomes_start_and_take(desk: Desk, make_sound: MakeSound, tmp_path: Path) -> None:
    sound, video = make_sound(1.0), tmp_path / "walk.mp4"
    with VideoWriter(video, width=96, height=64, fps=Fraction(12), sound=sound) as writer:
        for index in range(12):
            writer.write(np.full((64, 96, 3), (20 * index, 90, 160), np.uint8))
    window = desk.open()
    desk.answers.open_path = video
    window.actions_by_id["start_picture"].trigger()
    desk.wait(lambda: window.fine.dialog is not None and window.fine.dialog.use.isEnabled())
    assert window.fine.dialog is not None
    assert not window.fine.dialog.refine.isVisible()
    assert window.fine.dialog.refine_frames.isVisible()
    window.fine.dialog.use.click()
    desk.wait(lambda: window.controller.movie is not None)
    project = window.session.project
    assert project.start.kind is StartKind.VIDEO and project.take is not None
    assert project.take.media == project.start.media
    assert window.controller.movie is not None and window.controller.movie.frames == 24
    assert window.session.history.entries == ["start from walk.mp4"]
    assert not np.array_equal(desk.frame(window, 0.0), desk.frame(window, 0.9))


def test_a_videos_frames_are_brought_closer_while_the_person_goes_on(
    desk: Desk, tmp_path: Path
) -> None:
    video = tmp_path / "walk.mp4"
    y, x = np.mgrid[0:64, 0:64]
    with VideoWriter(video, width=64, height=64, fps=Fraction(12)) as writer:
        for index in range(12):
            sea = np.where(y > 36, 90, 60 + 8 * index)
            writer.write(np.stack([sea, 90 + y, 220 - x], axis=-1).astype(np.uint8))
    window = desk.open()
    assert not window.actions_by_id["refine_start"].isEnabled()
    desk.answers.open_path = video
    window.actions_by_id["start_picture"].trigger()
    desk.wait(lambda: window.fine.dialog is not None and window.fine.dialog.use.isEnabled())
    assert window.fine.dialog is not None
    window.fine.dialog.refine_frames.setChecked(True)
    window.fine.dialog.use.click()
    desk.wait(lambda: window.controller.is_running(Kind.REFINE))
    assert not window.actions_by_id["refine_start"].isEnabled()
    window.controller.stop(Kind.REFINE)
    desk.wait(lambda: window.controller.movie is not None)
    far = desk.frame(window, 0.5)
    assert window.session.project.start.latents is None
    shown: list[np.ndarray] = []
    window.controller.feed.shown.connect(lambda index, picture: shown.append(picture))
    window.actions_by_id["refine_start"].trigger()
    # The frame on show improves as the job runs, and is as before where it is given up.
    desk.wait(lambda: len(shown) > 1)
    assert window.controller.is_running(Kind.REFINE)
    assert np.array_equal(pixels(window.viewer.image), shown[-1])
    assert not np.array_equal(shown[0], far) and not np.array_equal(shown[-1], shown[0])
    window.controller.jobs.cancel_current()
    desk.wait(lambda: not window.controller.is_running(Kind.REFINE))
    assert np.array_equal(pixels(window.viewer.image), far)
    assert window.session.project.start.latents is None
    window.actions_by_id["refine_start"].trigger()
    edit = window.editing.stack.add_words("night")
    desk.wait(lambda: window.session.project.start.latents is not None)
    assert edit in {one.id for one in window.session.project.edits}
    before, after = re.findall(r"[0-9.]+", window.session.history.undo_name)
    assert float(after) < float(before)
    window.editing.stack.remove(edit)
    assert not np.array_equal(desk.frame(window, 0.5), far)
    for _ in range(3):
        window.session.undo()
    assert np.array_equal(desk.frame(window, 0.5), far)
