"""How far the sound moves the picture, in the window: the stand-in's start is index 0, its sound
adds the frame's index to the green.
"""

from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from soundedit.app.reactivitybox import ReactivityBox
from soundedit.app.settings import EXPORT_FOLDER
from soundedit.document.commands import set_start
from soundedit.document.model import Bands, MediaKind, Reactivity, Start, StartKind

from .conftest import Rig
from .standin import PUSH

MakeSound = Callable[..., Path]


@pytest.fixture
def made(rig: Rig, make_sound: MakeSound) -> Rig:
    """A window with a generated movie, the playhead at 1 s."""
    rig.begin()
    rig.open(make_sound(2.0))
    rig.generate()
    rig.window.axis.seek(1.0)
    rig.wait(lambda: rig.shown() == (0, 24, 0))
    return rig


def box(rig: Rig) -> ReactivityBox:
    return rig.window.picture.reactivity


def drag(rig: Rig, *values: int) -> None:
    slider = box(rig).strength.slider
    slider.setSliderDown(True)
    for value in values:
        slider.setValue(value)
    slider.setSliderDown(False)


def test_a_drag_changes_the_frame_without_a_new_movie_and_is_one_step(made: Rig) -> None:
    session = made.window.session
    drag(made, 90, 70, 50)
    made.wait(lambda: made.shown() == (0, 12, 0))
    assert session.project.reactivity == Reactivity(0.5)
    assert session.history.entries[-1] == "set reactivity to 0.5"
    drag(made, 0)
    made.wait(lambda: made.shown() == (0, 0, 0))
    made.do("undo")
    made.wait(lambda: made.shown() == (0, 12, 0))
    assert (box(made).strength.slider.value(), box(made).strength.number.value()) == (50, 0.5)
    made.do("undo")
    made.wait(lambda: made.shown() == (0, 24, 0))
    assert session.project.reactivity == Reactivity(1.0)
    made.do("redo")
    made.wait(lambda: made.shown() == (0, 12, 0))
    assert made.engine.calls.count("generate") == 1


def test_thumbnails_and_the_frames_of_other_times_follow(made: Rig) -> None:
    made.wait(lambda: len(made.controller.feed.cache) == 48)
    drag(made, 50)
    made.wait(lambda: made.shown() == (0, 12, 0))
    made.window.axis.seek(1.5)
    made.wait(lambda: made.shown() == (0, 18, 0))
    thumbnails, axis = made.window.timeline.thumbnails, made.window.axis

    def green() -> int:
        image = thumbnails.grab().toImage()
        return image.pixelColor(round(axis.to_x(1.7)), image.height() // 2).green()

    made.wait(lambda: 14 < green() <= 21)
    drag(made, 100)
    made.wait(lambda: 28 < green() <= 42)
    drag(made, 0)
    made.wait(lambda: green() == 0)


def test_bands_open_by_key_and_reset_takes_all_back_in_one_step(made: Rig) -> None:
    shown, session = box(made), made.window.session
    made.window.activateWindow()
    shown.more.setFocus()
    made.wait(shown.more.hasFocus)
    assert not shown.bands.isVisible()
    made.qtbot.keyClick(shown.more, Qt.Key.Key_Return)
    still = made.window.picture.still
    assert shown.bands.isVisible() and not still.isVisible()
    made.wait(lambda: made.window.minimumSizeHint().height() <= 720)
    coarse = shown.bands.sliders["coarse"]
    coarse.number.setValue(0.25)
    made.wait(lambda: made.shown() == (0, 6, 0))
    # The middle layers show nothing in the stand-in's pictures.
    shown.bands.sliders["mid"].number.setValue(0.0)
    drag(made, 200)
    made.wait(lambda: made.shown() == (0, 12, 0))
    assert session.project.reactivity == Reactivity(2.0, Bands(0.25, 0.0, 1.0))
    assert session.history.entries[-3:] == [
        "set coarse of the reactivity to 0.25",
        "set mid of the reactivity to 0",
        "set reactivity to 2",
    ]
    shown.reset.click()
    made.wait(lambda: made.shown() == (0, 24, 0))
    assert session.project.reactivity == Reactivity()
    assert not shown.reset.isEnabled()
    made.do("undo")
    made.wait(lambda: made.shown() == (0, 12, 0))
    assert coarse.slider.value() == 25
    made.qtbot.keyClick(shown.more, Qt.Key.Key_Return)
    assert still.isVisible() and not shown.bands.isVisible()


def test_before_and_after_differ_by_the_edits_alone(made: Rig) -> None:
    made.window.editing.stack.add_words("storm")
    drag(made, 50)
    made.wait(lambda: made.shown() == (PUSH, 12, 0))
    viewer = made.window.viewer
    made.do("compare")

    def colour(share: float) -> tuple[int, int]:
        area, image = viewer.picture_area(), viewer.grab().toImage()
        at = round(area.left() + area.width() * share), round(area.top() + area.height() * 0.8)
        return image.pixelColor(*at).red(), image.pixelColor(*at).green()

    made.wait(lambda: (colour(0.3), colour(0.7)) == ((0, 12), (PUSH, 12)))
    drag(made, 25)
    made.wait(lambda: (colour(0.3), colour(0.7)) == ((0, 6), (PUSH, 6)))


def test_an_export_obeys_it(made: Rig, tmp_path: Path) -> None:
    made.window.settings.set(EXPORT_FOLDER, str(tmp_path))
    drag(made, 0)
    made.do("export_again")
    drag(made, 200)
    made.do("export_again")
    queue = made.window.exporter.queue
    made.wait(lambda: len(queue.jobs) == 2 and not any(job.open for job in queue.jobs))

    def last(name: str) -> float:
        with av.open(str(tmp_path / name)) as file:
            *_, frame = file.decode(video=0)
        return float(np.mean(frame.to_ndarray(format="rgb24")[..., 1]))

    assert last("tone.mp4") == pytest.approx(0, abs=3)
    assert last("tone 2.mp4") == pytest.approx(94, abs=3)


def test_it_waits_for_a_sound_and_says_what_it_is(rig: Rig, make_sound: MakeSound) -> None:
    rig.begin()
    shown = box(rig)
    assert not shown.isEnabled()
    rig.open(make_sound(1.0))
    assert shown.isEnabled() and not shown.reset.isEnabled()
    chain: list[QWidget] = [shown.strength.slider, shown.strength.number, shown.reset, shown.more]
    for widget in chain:
        assert widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        assert widget.accessibleName() and widget.toolTip()
    rig.do("undo")  # Of opening the sound.
    assert not shown.isEnabled()


def test_a_photo_brings_its_own_until_somebody_says_otherwise(
    rig: Rig, make_sound: MakeSound, tmp_path: Path
) -> None:
    rig.begin()
    rig.open(make_sound(1.0))
    session, shown = rig.window.session, box(rig)
    photo = tmp_path / "photo.png"
    photo.write_bytes(b"not looked at here")

    def start_from_photo() -> None:
        project, media = session.adopt(photo, MediaKind.PICTURE)
        session.do("start from photo.png", set_start(project, Start(StartKind.PHOTO, 7, media)))
        rig.controller.jobs.cancel_current()

    # Only the document and the panel are looked at; the stand-in reads no photos.
    rig.controller.failed.disconnect()
    entries = len(session.history.entries)
    start_from_photo()
    assert len(session.history.entries) == entries + 1
    assert shown.strength.number.value() == 0.5
    assert "A double click sets 0.5" in shown.strength.slider.toolTip()
    assert not shown.reset.isEnabled()
    rig.window.picture.from_seed.click()
    assert shown.strength.number.value() == 1.0
    rig.do("undo")
    assert shown.strength.number.value() == 0.5
    shown.strength.number.setValue(0.8)
    shown.strength.slider.reset.emit()
    assert session.project.reactivity.strength == 0.5
    shown.strength.number.setValue(0.8)
    rig.window.picture.from_seed.click()
    assert session.project.reactivity.strength == 0.8
