from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QHelpEvent, QImage, QMouseEvent, QNativeGestureEvent, QPointingDevice
from PySide6.QtWidgets import QApplication, QToolTip, QWidget
from pytestqt.qtbot import QtBot

from soundedit.app.labelcolours import label_colours
from soundedit.app.ruler import HANDLE_PIXELS, RANGE_PIXELS
from soundedit.app.waveform import SPECTROGRAM, WAVEFORM

from .timelinedesk import Desk

CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def desk(qtbot: QtBot) -> Iterator[Desk]:
    made = Desk()
    yield made
    made.close()


@dataclass(frozen=True)
class Heard:
    start: float
    end: float
    label: str
    score: float


def picture(widget: QWidget) -> QImage:
    return widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)


def test_wheel_zooms_about_the_pointer_and_pans(desk: Desk) -> None:
    desk.wheel(300, angle=(0, 240), keys=CONTROL)
    assert desk.axis.span == pytest.approx(10 / 1.25**2)
    assert desk.axis.to_time(300) == pytest.approx(3.0)
    start = desk.axis.start
    desk.wheel(300, angle=(0, -120), keys=SHIFT)
    assert desk.axis.start == pytest.approx(start + 0.1 * desk.axis.span)
    desk.wheel(300, angle=(120, 0), keys=SHIFT)
    assert desk.axis.start == pytest.approx(start)


def test_touchpad_moves_by_as_much_as_the_fingers(desk: Desk) -> None:
    desk.axis.zoom(5, 0.0)
    desk.wheel(300, pixels=(-250, 4), angle=(-240, 0))
    assert desk.axis.start == pytest.approx(0.5)
    desk.wheel(500, pixels=(0, 60), angle=(0, 120), keys=CONTROL)
    assert desk.axis.span == pytest.approx(2 / 1.25)
    assert desk.axis.to_time(500) == pytest.approx(1.5)


@pytest.mark.parametrize(
    ("kind", "value", "span"),
    [
        (Qt.NativeGestureType.ZoomNativeGesture, 0.25, 4.0),
        (Qt.NativeGestureType.ZoomNativeGesture, -0.5, 10.0),
        (Qt.NativeGestureType.SmartZoomNativeGesture, 0.0, 10.0),
    ],
)
def test_pinch_zooms_about_the_pointer(
    desk: Desk, kind: Qt.NativeGestureType, value: float, span: float
) -> None:
    desk.axis.zoom(2, 5.0)
    lane = desk.timeline.waveform
    at = QPointF(500, 20)
    event = QNativeGestureEvent(
        kind, QPointingDevice.primaryPointingDevice(), 2, at, at, at, value, QPointF()
    )
    QApplication.sendEvent(lane, event)
    assert desk.axis.span == pytest.approx(span)
    assert desk.axis.to_time(500) == pytest.approx(5.0)


def test_view_moved_away_from_the_playhead_stays_while_playing(desk: Desk) -> None:
    desk.axis.zoom(5, 0.0)
    desk.axis.move_playhead(1.0)
    desk.axis.pan(5.0)
    desk.axis.move_playhead(1.1)
    assert desk.axis.start == pytest.approx(5.0)
    desk.axis.seek(1.2)
    assert desk.axis.start <= 1.2 <= desk.axis.end
    desk.axis.set_follows(False)
    desk.axis.move_playhead(4.0)
    assert desk.axis.end < 4.0


def test_hover_over_the_ruler_shows_the_time(desk: Desk) -> None:
    ruler = desk.timeline.ruler
    # Without the frame that shows the focus.
    inside = QRect(600, 12, 80, 20)
    # The pointer may rest on the ruler from an earlier test.
    QApplication.sendEvent(ruler, QEvent(QEvent.Type.Leave))
    before = picture(ruler).copy(inside)
    # Sent at once: the system's own pointer moves when it likes, after the Leave too.
    at, none = QPointF(620, 25), Qt.MouseButton.NoButton
    move = QMouseEvent(
        QEvent.Type.MouseMove, at, ruler.mapToGlobal(at), none, none, Qt.KeyboardModifier.NoModifier
    )
    QApplication.sendEvent(ruler, move)
    assert picture(ruler).copy(inside) != before
    QApplication.sendEvent(ruler, QEvent(QEvent.Type.Leave))
    assert picture(ruler).copy(inside) == before


def test_tool_tip_of_the_heard_lane_has_all_scores(desk: Desk) -> None:
    heard = [
        Heard(0, 1, "wind", 0.25),
        Heard(0, 1, "rain", 0.7),
        Heard(1, 2, "thunder", 0.9),
        Heard(1, 2, "rain", 0.1),
    ]
    lane = desk.timeline.heard
    lane.set_heard(heard, label_colours(["wind", "rain", "thunder"]))
    assert lane.scores_at(0.5) == "0:00.0-0:01.0\nrain 0.70\nwind 0.25"
    assert lane.scores_at(1.0).splitlines()[1] == "thunder 0.90"
    assert lane.scores_at(2.5) == ""
    at = QPoint(50, 10)
    QApplication.sendEvent(lane, QHelpEvent(QEvent.Type.ToolTip, at, lane.mapToGlobal(at)))
    assert QToolTip.text().startswith("0:00.0-0:01.0")
    QToolTip.hideText()


def test_up_and_down_go_through_the_focused_lane_and_say_it(desk: Desk, qtbot: QtBot) -> None:
    lane = desk.timeline.heard
    heard = [Heard(0, 1, "wind", 0.8), Heard(1, 2, "wind", 0.7), Heard(2, 3, "rain", 0.9)]
    lane.set_heard(heard, label_colours(["wind", "rain"]))
    lane.setFocus()
    qtbot.keyClick(lane, Qt.Key.Key_Down)
    assert desk.axis.playhead == 2.0
    assert lane.accessibleDescription() == "rain 0.90, 0:02.0"
    qtbot.keyClick(lane, Qt.Key.Key_Up)
    assert desk.axis.playhead == 0.0
    wave = desk.timeline.waveform
    wave.setFocus()
    qtbot.keyClick(wave, Qt.Key.Key_Down)
    assert desk.axis.playhead == 2.5
    assert wave.accessibleDescription() == "Onset 1, 0:02.50"


def test_every_lane_can_have_the_focus_and_has_a_name(desk: Desk) -> None:
    timeline = desk.timeline
    lanes = (
        timeline.ruler,
        timeline.markers,
        timeline.waveform,
        timeline.heard,
        timeline.thumbnails,
    )
    for lane in lanes:
        assert lane.focusPolicy() == Qt.FocusPolicy.StrongFocus
        assert lane.accessibleName()


def test_spectrogram_is_another_view_of_the_sound(desk: Desk) -> None:
    lane = desk.timeline.waveform
    lane.setFocus()
    wave = picture(lane)
    lane.set_view(SPECTROGRAM)
    assert lane.accessibleName() == "Spectrogram"
    shown = picture(lane)
    assert shown != wave
    # The tone of 300 Hz is one line in the lower part.
    base = lane.palette().color(lane.backgroundRole()).lightness()
    rows = [abs(shown.pixelColor(400, y).lightness() - base) for y in range(shown.height() - 2)]
    assert 0.75 < rows.index(max(rows)) / shown.height() < 0.95
    lane.set_view(WAVEFORM)
    assert lane.accessibleName() == "Waveform"
    assert picture(lane) == wave


def test_onsets_are_ticks_at_the_foot(desk: Desk) -> None:
    lane = desk.timeline.waveform
    with_ticks = picture(lane)
    y = lane.height() - 3
    text = lane.palette().color(lane.foregroundRole())
    near = [abs(with_ticks.pixelColor(x, y).lightness() - text.lightness()) for x in (250, 750)]
    far = abs(with_ticks.pixelColor(400, y).lightness() - text.lightness())
    assert max(near) < far


@pytest.mark.parametrize("span", [10.0, 2.0, 0.2])
def test_the_playhead_covers_no_label(desk: Desk, span: float) -> None:
    desk.axis.zoom(desk.axis.span / span, 4.0)
    ruler = desk.timeline.ruler
    labels = QRect(0, RANGE_PIXELS, ruler.width(), ruler.height() - RANGE_PIXELS - HANDLE_PIXELS)
    assert labels.height() >= ruler.fontMetrics().height()
    pictures = []
    for part in (0.0, 0.003, 0.01, 0.5):
        desk.axis.seek(4.0 + part * span)
        QApplication.sendEvent(ruler, QEvent(QEvent.Type.Leave))
        pictures.append(picture(ruler))
    assert all(one.copy(labels) == pictures[0].copy(labels) for one in pictures)
    assert all(one != pictures[0] for one in pictures[1:])
