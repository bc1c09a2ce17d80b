"""The automation lane of one edit: its strength over time, with keyframes, span and fades."""

from collections.abc import Callable, Collection, Sequence

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt
from PySide6.QtGui import (
    QContextMenuEvent,
    QFocusEvent,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QApplication, QMenu, QToolTip, QWidget

from soundedit.app.clock import clock
from soundedit.app.curvelane import BAR, POINT, CurveLane, value_range
from soundedit.app.curves import Curves
from soundedit.app.grips import Grip, Hold, dragged_span, edges, held_at, own_times
from soundedit.app.keyframegroup import KeyframeGroup, copied_keyframes, copy_keyframes
from soundedit.app.keyframemenu import (
    VALUE_STEP,
    KeyframeMenu,
    easing_names,
    group_menu,
    next_easing,
)
from soundedit.app.lane import Stop, is_suspended
from soundedit.app.ownkeys import claims
from soundedit.app.speech import announce
from soundedit.app.timeaxis import TimeAxis
from soundedit.document.commands import STRENGTHS
from soundedit.document.curve import curve_at
from soundedit.document.keyframes import SAME
from soundedit.document.model import Easing, Edit, Keyframe
from soundedit.document.spans import is_whole, moved

REACH = 7.0
"""Pixels within which something is grabbed."""
TIME_STEP = 0.04
STEPS: dict[int, tuple[float, float]] = {
    Qt.Key.Key_Up: (0.0, VALUE_STEP),
    Qt.Key.Key_Down: (0.0, -VALUE_STEP),
    Qt.Key.Key_Right: (TIME_STEP, 0.0),
    Qt.Key.Key_Left: (-TIME_STEP, 0.0),
}
"""Seconds and value by which Alt with an arrow moves keyframes."""


class AutomationLane(CurveLane):
    """An edit's strength; keyframes and the span's edges are dragged.

    A double click or Enter sets a keyframe; with the focus, Delete removes the one at the playhead,
    Alt with arrows moves it, E changes how the strength goes on from it. Shift with a click, or
    dragged over several, chooses keyframes, which then move, go and are copied together.
    """

    def __init__(
        self, axis: TimeAxis, curves: Curves, edit: Edit, parent: QWidget | None = None
    ) -> None:
        super().__init__(axis, edit, parent)
        self._curves = curves
        self._hold: Hold | None = None
        self._group = KeyframeGroup()
        self._band: QRectF | None = None
        self._toggled: float | None = None
        self._pressed = QPointF()
        self.setToolTip(
            self.tr(
                "A double click or Enter sets a keyframe; drag it, or the edit's ends and fades;"
                " the bar below moves all of it. The right button and E offer other ways on."
                " Shift with a click or a drag chooses several keyframes."
            )
        )
        self.show_edit(edit)

    def show_edit(self, edit: Edit) -> None:
        """Show an edit as it is now."""
        self.edit = edit
        self._group.chosen(edit.keyframes)
        if self._hold is None:
            self._range = value_range(edit)
        self.setAccessibleName(self.tr("Strength of {0} over time").format(edit.name))
        if not self.hasFocus():
            count = len(edit.keyframes)
            self.setAccessibleDescription(self.tr("{0} keyframes").format(count))
        self.redraw()

    def stops(self) -> list[Stop]:
        """The keyframes, with what is said of them."""
        return [(keyframe.seconds, self._said(keyframe)) for keyframe in self.edit.keyframes]

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        ringed = self._group.chosen(self.edit.keyframes)
        if self._hold is not None and self._hold.grip is Grip.KEYFRAME and not ringed:
            held = self._keyframe(self._hold.seconds)
            ringed = [] if held is None else [held]
        painter = QPainter(self)
        painter.setPen(QPen(self.colour(), 1.5))
        for keyframe in ringed:
            painter.drawEllipse(self._point(keyframe), POINT + 3, POINT + 3)
        if self._band is not None:
            painter.setPen(QPen(self.colour(), 1, Qt.PenStyle.DashLine))
            painter.drawRect(self._band)
        painter.end()

    def _keyframe(self, seconds: float) -> Keyframe | None:
        near = [one for one in self.edit.keyframes if abs(one.seconds - seconds) < SAME]
        return near[0] if near else None

    def _hit(self, at: QPointF) -> Hold | None:
        """What lies under a point; keyframes before edges."""
        best: tuple[float, Keyframe] | None = None
        for keyframe in self.edit.keyframes:
            way = self._point(keyframe) - at
            distance = max(abs(way.x()), abs(way.y()))
            if distance <= REACH and (best is None or distance < best[0]):
                best = (distance, keyframe)
        if best is not None:
            return Hold(Grip.KEYFRAME, best[1].seconds)
        (start, end), span = edges(self.edit.span, self.axis.duration), self.edit.span
        fades = ((Grip.FADE_IN, start + span.fade_in), (Grip.FADE_OUT, end - span.fade_out))
        sides = ((Grip.START, start), (Grip.END, end))
        for grip, seconds in fades if at.y() <= REACH + 2 else sides:
            if abs(self.axis.to_x(seconds) - at.x()) <= REACH - 2:
                return Hold(grip)
        pointed = self.axis.to_time(at.x())
        low = at.y() >= self.height() - 1 - BAR
        if low and start < pointed < end and not is_whole(self.edit):
            return Hold(Grip.WHOLE, pointed, self.edit)
        return None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        hold = self._hit(event.position()) if self.axis.duration > 0 else None
        if event.button() != Qt.MouseButton.LeftButton:
            super().mousePressEvent(event)
            return
        self._pressed = event.position()
        shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        keyframe = self._keyframe(hold.seconds) if hold and hold.grip is Grip.KEYFRAME else None
        if keyframe is None and shift:
            self._band = QRectF(event.position(), event.position())
            return
        if keyframe is not None and keyframe.seconds in self._group.times:
            self._group.begin(self.edit.keyframes, keyframe)
        elif not shift:
            self._choose(frozenset())
        self._toggled = keyframe.seconds if keyframe is not None and shift else None
        if hold is None:
            super().mousePressEvent(event)
            return
        self._hold = hold
        self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        way = event.position() - self._pressed
        if self._toggled is not None and way.manhattanLength() < QApplication.startDragDistance():
            # A hand that clicks may move a little.
            return
        self._toggled = None
        if self._band is not None:
            self._band.setBottomRight(event.position())
            area = self._band.normalized()
            inside = [one for one in self.edit.keyframes if area.contains(self._point(one))]
            self._choose(frozenset(one.seconds for one in inside))
            return
        if self._hold is None:
            if not event.buttons():
                self._show_cursor(event.position())
            super().mouseMoveEvent(event)
            return
        seconds = self.dragged_time(event.position().x())
        if self._hold.edit is not None:
            self._drag_whole(event, seconds - self._hold.seconds, self._hold.edit)
            return
        own = [held_at(self._hold, self.edit.span, self.axis.duration)]
        if self._group.dragged:
            own = [*self._group.times]
        seconds = self.axis.marks.snap(seconds, suspended=is_suspended(event), own=own)
        seconds = min(max(seconds, 0.0), self.axis.duration)
        if self._hold.grip is Grip.KEYFRAME:
            self._drag_keyframe(event, seconds)
        else:
            span = dragged_span(self._hold.grip, seconds, self.edit.span, self.axis.duration)
            self._curves.set_span(self.edit.id, span)

    def _drag_whole(self, event: QMouseEvent, by: float, edit: Edit) -> None:
        """From how it was, so that keyframes that come to the take's beginning keep their ways."""
        start, own = edit.span.start, own_times(self.edit, self.axis.duration)
        to = self.axis.marks.snap(start + by, suspended=is_suspended(event), own=own)
        self._curves.move_in_time(moved(edit, to - start, self.axis.duration))
        at = event.globalPosition().toPoint()
        QToolTip.showText(at, clock(self.edit.span.start, 2), self)

    def _drag_keyframe(self, event: QMouseEvent, seconds: float) -> None:
        assert self._hold is not None
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            seconds = self._hold.seconds
        if self._group.dragged:
            to = Keyframe(seconds, self._pointed_value(event))
            self._curves.move_all(self.edit.id, self._group.drag(to, self.axis.duration))
            return
        keyframe = self._keyframe(self._hold.seconds)
        if keyframe is None:
            return
        others = [one.seconds for one in self.edit.keyframes if one is not keyframe]
        if any(abs(seconds - other) < SAME for other in others):
            # A drag over another keyframe must not swallow it.
            seconds = keyframe.seconds
        value = self._pointed_value(event)
        was, self._hold.seconds = self._hold.seconds, seconds
        self._curves.move(self.edit.id, was, Keyframe(seconds, value, keyframe.easing))
        at = event.globalPosition().toPoint()
        QToolTip.showText(at, f"{clock(seconds, 2)}  {value:g}", self)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._toggled is not None:
            self._group.toggle(self._toggled)
            self._toggled = None
        if event.button() == Qt.MouseButton.LeftButton and self._band is not None:
            self._band = None
            self.update()
            return
        if self._hold is None or event.button() != Qt.MouseButton.LeftButton:
            super().mouseReleaseEvent(event)
            return
        self._hold = None
        self._group.end()
        self.axis.marks.let_go()
        self._curves.let_go()
        self.show_edit(self.edit)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton or self.axis.duration <= 0:
            return
        hold = self._hit(event.position())
        if hold is None or hold.grip is not Grip.KEYFRAME:
            seconds = self.axis.to_time(event.position().x())
            # In the margins as at the ends: a click is not to change what the lane shows.
            value = min(max(self._pointed_value(event), self._range[0]), self._range[1])
            self._curves.add(self.edit.id, Keyframe(max(seconds, 0.0), value))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        at = QPointF(event.pos())
        if event.reason() is QContextMenuEvent.Reason.Keyboard:
            at = QPointF(self.axis.to_x(self.axis.playhead), at.y())
        here = self.mapToGlobal(at.toPoint())
        hold = self._hit(at)
        keyframe = None
        if event.reason() is QContextMenuEvent.Reason.Keyboard:
            keyframe = self._at_playhead()
        elif hold is not None and hold.grip is Grip.KEYFRAME:
            keyframe = self._keyframe(hold.seconds)
        times = self._group.times
        if keyframe is not None and keyframe.seconds in times and len(times) > 1:
            group_menu(self._curves, self.edit, times, self).popup(here)
            return
        if keyframe is not None:
            KeyframeMenu(self._curves, self.edit.id, keyframe, self).popup(here)
            return
        menu, edit_id = QMenu(self), self.edit.id
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        add = menu.addAction(self.tr("&Set a keyframe here"))
        add.triggered.connect(lambda: self._add_at(self.axis.to_time(at.x())))
        clear = menu.addAction(self.tr("Remove &all keyframes"))
        clear.setEnabled(bool(self.edit.keyframes))
        clear.triggered.connect(lambda: self._curves.clear(edit_id))
        menu.popup(here)

    def _add_at(self, seconds: float) -> None:
        """Set a keyframe on the curve, which so stays as it is."""
        value = float(curve_at(self.edit.keyframes, np.array([seconds]))[0])
        self._curves.add(self.edit.id, Keyframe(seconds, round(value, 2)))

    def _show_cursor(self, at: QPointF) -> None:
        hold = self._hit(at)
        shapes = {
            Grip.KEYFRAME: Qt.CursorShape.SizeAllCursor,
            Grip.WHOLE: Qt.CursorShape.OpenHandCursor,
        }
        if hold is None:
            self.unsetCursor()
        else:
            self.setCursor(shapes.get(hold.grip, Qt.CursorShape.SizeHorCursor))

    def focusInEvent(self, event: QFocusEvent) -> None:
        self._curves.select(self.edit.id)
        super().focusInEvent(event)

    def event(self, event: QEvent) -> bool:
        return claims(event, self._key) or super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        act = self._key(event)
        if act is None:
            super().keyPressEvent(event)
            return
        act()

    def _key(self, event: QKeyEvent) -> Callable[[], None] | None:
        """What a key does here, if anything."""
        here, keyframe = self.axis.playhead, self._at_playhead()
        of_group = self._key_of_group(event)
        if of_group is not None:
            return of_group
        key, alt = event.key(), event.modifiers() == Qt.KeyboardModifier.AltModifier
        shift = event.modifiers() == Qt.KeyboardModifier.ShiftModifier
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and shift and keyframe is not None:
            return lambda: self._toggle(keyframe)
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Insert):
            return lambda: self._add_at(here)
        if keyframe is None:
            return None
        if key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            return lambda: self._curves.remove(self.edit.id, keyframe.seconds)
        if key == Qt.Key.Key_E and not event.modifiers():
            return lambda: self._ease(next_easing(keyframe.easing), {keyframe.seconds})
        if alt and key in STEPS:
            return lambda: self._step(keyframe, *STEPS[key])
        return None

    def _key_of_group(self, event: QKeyEvent) -> Callable[[], None] | None:
        """What a key does to the chosen keyframes, or to those on the clipboard."""
        edit_id, key = self.edit.id, event.key()
        if event.matches(QKeySequence.StandardKey.Paste):
            copied, here = copied_keyframes(), self.axis.playhead
            longest = self.axis.duration
            return (lambda: self._curves.paste(edit_id, copied, here, longest)) if copied else None
        chosen = self._group.chosen(self.edit.keyframes)
        if not chosen:
            return None
        times = self._group.times
        if event.matches(QKeySequence.StandardKey.Copy):
            return lambda: copy_keyframes(chosen)
        if event.matches(QKeySequence.StandardKey.Cut):
            return lambda: self._cut(chosen)
        if key == Qt.Key.Key_Escape:
            return lambda: self._choose(frozenset())
        if key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            return lambda: self._curves.remove_all(edit_id, times)
        if key == Qt.Key.Key_E and not event.modifiers():
            return lambda: self._ease(next_easing(chosen[0].easing), times)
        if event.modifiers() == Qt.KeyboardModifier.AltModifier and key in STEPS:
            return lambda: self._step_group(*STEPS[key])
        return None

    def _choose(self, times: frozenset[float]) -> None:
        self._group.times = times
        self.update()

    def _toggle(self, keyframe: Keyframe) -> None:
        self._group.toggle(keyframe.seconds)
        chosen = keyframe.seconds in self._group.times
        said = self.tr("{0}, chosen") if chosen else self.tr("{0}, not chosen")
        announce(self, said.format(self._said(keyframe)))
        self.update()

    def _cut(self, chosen: Sequence[Keyframe]) -> None:
        copy_keyframes(chosen)
        self._curves.remove_all(self.edit.id, self._group.times)

    def _step_group(self, seconds: float, value: float) -> None:
        curve = self._group.step(self.edit.keyframes, seconds, value, self.axis.duration)
        self._curves.move_all(self.edit.id, curve)
        self._curves.let_go_soon()
        chosen = self._group.chosen(self.edit.keyframes)
        announce(
            self, self.tr("{0} keyframes, first {1}").format(len(chosen), self._said(chosen[0]))
        )

    def _at_playhead(self) -> Keyframe | None:
        here = self.axis.playhead
        return next((k for k in self.edit.keyframes if abs(k.seconds - here) < 1e-3), None)

    def _ease(self, easing: Easing, times: Collection[float]) -> None:
        self._curves.ease_all(self.edit.id, times, easing)
        announce(self, easing_names()[easing].replace("&", ""))

    def _step(self, keyframe: Keyframe, seconds: float, value: float) -> None:
        to = Keyframe(
            min(max(keyframe.seconds + seconds, 0.0), self.axis.duration),
            round(min(max(keyframe.value + value, STRENGTHS[0]), STRENGTHS[1]), 2),
            keyframe.easing,
        )
        self._curves.move(self.edit.id, keyframe.seconds, to)
        self._curves.let_go_soon()
        if seconds:
            self.axis.seek(to.seconds)
        announce(self, self._said(to))

    def _said(self, keyframe: Keyframe) -> str:
        easing = easing_names()[keyframe.easing].replace("&", "")
        at = clock(keyframe.seconds, 2)
        return self.tr("{0} at {1}, {2}").format(f"{keyframe.value:g}", at, easing)
