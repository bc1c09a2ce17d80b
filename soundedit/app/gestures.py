"""Wheel, touchpad and pinch on the timeline: zoom about the pointer and pan."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QNativeGestureEvent, QWheelEvent

from soundedit.app.timeaxis import TimeAxis

WHEEL_STEP = 120
ZOOM_STEP = 1.25
PIXELS_A_STEP = 60.0
"""How far two fingers go on a touchpad for one step of a wheel."""
PAN_SHARE = 0.1
"""Share of the view that a step of the wheel moves it by."""


def wheel(axis: TimeAxis, event: QWheelEvent) -> None:
    """Ctrl zooms about the pointer; all else pans, a touchpad by as much as the fingers moved."""
    pixels, angle = event.pixelDelta(), event.angleDelta()
    if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
        steps = angle.y() / WHEEL_STEP if pixels.isNull() else pixels.y() / PIXELS_A_STEP
        axis.zoom(ZOOM_STEP**steps, axis.to_time(event.position().x()))
    elif pixels.isNull():
        # Some systems turn the wheel's axis themselves while Shift is held.
        steps = (angle.x() or angle.y()) / WHEEL_STEP
        axis.pan(-steps * axis.span * PAN_SHARE)
    else:
        moved = pixels.x() if abs(pixels.x()) >= abs(pixels.y()) else pixels.y()
        axis.pan(-moved * axis.span / axis.width)
    event.accept()


def pinch(axis: TimeAxis, event: QNativeGestureEvent) -> bool:
    """Two fingers apart zoom about the pointer; two taps show all. False for other gestures."""
    kind = event.gestureType()
    if kind == Qt.NativeGestureType.ZoomNativeGesture:
        axis.zoom(max(1.0 + event.value(), 0.1), axis.to_time(event.position().x()))
    elif kind == Qt.NativeGestureType.SmartZoomNativeGesture:
        axis.fit()
    else:
        return False
    return True
