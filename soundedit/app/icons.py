"""Icons painted from the palette, so that they are sharp and right in dark and light."""

from collections.abc import Callable

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QGuiApplication,
    QIcon,
    QIconEngine,
    QPainter,
    QPainterPath,
    QPalette,
    QPen,
    QPixmap,
    QPolygonF,
)

from soundedit.resources import resource_path

Draw = Callable[[QPainter, QColor], None]


def _play(p: QPainter, colour: QColor) -> None:
    p.drawPolygon(QPolygonF([QPointF(5, 3), QPointF(13.5, 8), QPointF(5, 13)]))


def _pause(p: QPainter, colour: QColor) -> None:
    p.drawRect(QRectF(4, 3, 3, 10))
    p.drawRect(QRectF(9, 3, 3, 10))


def _to_start(p: QPainter, colour: QColor) -> None:
    p.drawRect(QRectF(3, 3.5, 2, 9))
    p.drawPolygon(QPolygonF([QPointF(13, 3.5), QPointF(6, 8), QPointF(13, 12.5)]))


def _to_end(p: QPainter, colour: QColor) -> None:
    p.drawRect(QRectF(11, 3.5, 2, 9))
    p.drawPolygon(QPolygonF([QPointF(3, 3.5), QPointF(10, 8), QPointF(3, 12.5)]))


def _record(p: QPainter, colour: QColor) -> None:
    p.setBrush(QColor(214, 58, 58))
    p.drawEllipse(QPointF(8, 8), 5, 5)


def _stop(p: QPainter, colour: QColor) -> None:
    p.drawRect(QRectF(3.5, 3.5, 9, 9))


def _generate(p: QPainter, colour: QColor) -> None:
    star = [(8, 1), (9.6, 6.4), (15, 8), (9.6, 9.6), (8, 15), (6.4, 9.6), (1, 8), (6.4, 6.4)]
    p.drawPolygon(QPolygonF([QPointF(x, y) for x, y in star]))


def _live(p: QPainter, colour: QColor) -> None:
    p.drawEllipse(QPointF(8, 8), 2.2, 2.2)
    p.setPen(QPen(colour, 1.6))
    p.setBrush(Qt.BrushStyle.NoBrush)
    for size in (4.6, 7.0):
        around = QRectF(8 - size, 8 - size, 2 * size, 2 * size)
        for begin in (-45, 135):
            p.drawArc(around, begin * 16, 90 * 16)


def _export(p: QPainter, colour: QColor) -> None:
    p.drawRect(QRectF(7, 2, 2, 6))
    p.drawPolygon(QPolygonF([QPointF(3.5, 7), QPointF(12.5, 7), QPointF(8, 11.5)]))
    p.drawRect(QRectF(2, 12.5, 12, 1.8))


def _open(p: QPainter, colour: QColor) -> None:
    p.drawPolygon(
        QPolygonF(
            [QPointF(x, y) for x, y in [(1, 3), (6, 3), (7.5, 5), (15, 5), (15, 13), (1, 13)]]
        )
    )


def _dice(p: QPainter, colour: QColor) -> None:
    p.setPen(QPen(colour, 1.4))
    p.setBrush(Qt.BrushStyle.NoBrush)
    p.drawRoundedRect(QRectF(2, 2, 12, 12), 2, 2)
    p.setPen(Qt.PenStyle.NoPen)
    p.setBrush(colour)
    for x, y in ((5.2, 5.2), (10.8, 5.2), (8, 8), (5.2, 10.8), (10.8, 10.8)):
        p.drawEllipse(QPointF(x, y), 1.2, 1.2)


def _retry(p: QPainter, colour: QColor) -> None:
    p.setPen(QPen(colour, 1.8))
    p.setBrush(Qt.BrushStyle.NoBrush)
    p.drawArc(QRectF(3, 3, 10, 10), 30 * 16, 290 * 16)
    p.setPen(Qt.PenStyle.NoPen)
    p.setBrush(colour)
    p.drawPolygon(QPolygonF([QPointF(14.6, 2), QPointF(14.2, 7.4), QPointF(9.4, 5)]))


def _up(p: QPainter, colour: QColor) -> None:
    p.drawPolygon(QPolygonF([QPointF(3, 9), QPointF(8, 3), QPointF(13, 9)]))
    p.drawRect(QRectF(6.8, 8, 2.4, 5))


def _down(p: QPainter, colour: QColor) -> None:
    p.drawPolygon(QPolygonF([QPointF(3, 7), QPointF(8, 13), QPointF(13, 7)]))
    p.drawRect(QRectF(6.8, 3, 2.4, 5))


def _details(p: QPainter, colour: QColor) -> None:
    for y, width in ((3, 12), (7.1, 12), (11.2, 7)):
        p.drawRect(QRectF(2, y, width, 1.8))


def _remove(p: QPainter, colour: QColor) -> None:
    p.setPen(QPen(colour, 2))
    p.drawLine(QPointF(4, 4), QPointF(12, 12))
    p.drawLine(QPointF(12, 4), QPointF(4, 12))


def _clear(p: QPainter, colour: QColor) -> None:
    _details(p, colour)
    p.setPen(QPen(colour, 1.6))
    p.drawLine(QPointF(10.5, 10.5), QPointF(14.5, 14.5))
    p.drawLine(QPointF(14.5, 10.5), QPointF(10.5, 14.5))


def _magnet(p: QPainter, colour: QColor) -> None:
    p.setBrush(Qt.BrushStyle.NoBrush)
    p.setPen(QPen(colour, 3, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap))
    path = QPainterPath(QPointF(4, 2))
    path.lineTo(4, 8)
    path.arcTo(QRectF(4, 4.5, 8, 8), 180, 180)
    path.lineTo(12, 2)
    p.drawPath(path)
    p.setPen(QPen(colour, 1.2))
    p.drawLine(QPointF(2.2, 5.4), QPointF(5.8, 5.4))
    p.drawLine(QPointF(10.2, 5.4), QPointF(13.8, 5.4))


def _loop(p: QPainter, colour: QColor) -> None:
    p.setBrush(Qt.BrushStyle.NoBrush)
    p.setPen(QPen(colour, 1.8))
    p.drawArc(QRectF(2.5, 4, 11, 8.5), 60 * 16, 250 * 16)
    p.drawArc(QRectF(2.5, 4, 11, 8.5), -30 * 16, 70 * 16)
    p.setPen(Qt.PenStyle.NoPen)
    p.setBrush(colour)
    p.drawPolygon(QPolygonF([QPointF(10.5, 0.8), QPointF(10.5, 7.2), QPointF(6.4, 4)]))


def _compare(p: QPainter, colour: QColor) -> None:
    p.fillRect(QRectF(2.5, 3.5, 5.5, 9), colour)
    p.setBrush(Qt.BrushStyle.NoBrush)
    p.setPen(QPen(colour, 1.4))
    p.drawRect(QRectF(2.5, 3.5, 11, 9))
    p.drawLine(QPointF(8, 1.5), QPointF(8, 14.5))


def _window(p: QPainter, colour: QColor) -> None:
    p.setBrush(Qt.BrushStyle.NoBrush)
    p.setPen(QPen(colour, 1.4))
    p.drawRect(QRectF(2.5, 5.5, 8, 8))
    p.drawPolyline(QPolygonF([QPointF(x, y) for x, y in ((5.5, 2.5), (13.5, 2.5), (13.5, 10.5))]))


def _close(p: QPainter, colour: QColor) -> None:
    p.setPen(QPen(colour, 1.8))
    p.drawLine(QPointF(3.5, 3.5), QPointF(12.5, 12.5))
    p.drawLine(QPointF(12.5, 3.5), QPointF(3.5, 12.5))


_DRAWINGS: dict[str, Draw] = {
    "window": _window,
    "close": _close,
    "compare": _compare,
    "play": _play,
    "pause": _pause,
    "to_start": _to_start,
    "to_end": _to_end,
    "record": _record,
    "stop": _stop,
    "generate": _generate,
    "live": _live,
    "export": _export,
    "open": _open,
    "dice": _dice,
    "retry": _retry,
    "up": _up,
    "down": _down,
    "details": _details,
    "remove": _remove,
    "clear": _clear,
    "magnet": _magnet,
    "loop": _loop,
}


class _PaintedEngine(QIconEngine):
    def __init__(self, draw: Draw) -> None:
        super().__init__()
        self._draw = draw

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        group = (
            QPalette.ColorGroup.Disabled
            if mode == QIcon.Mode.Disabled
            else QPalette.ColorGroup.Active
        )
        palette = QGuiApplication.palette()
        on = state == QIcon.State.On and mode != QIcon.Mode.Disabled
        role = QPalette.ColorRole.Highlight if on else QPalette.ColorRole.ButtonText
        colour = palette.color(group, role)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.translate(rect.topLeft())
        painter.scale(rect.width() / 16, rect.height() / 16)
        painter.setOpacity(0.4 if mode == QIcon.Mode.Disabled else 1.0)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        self._draw(painter, colour)
        painter.restore()

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        pixmap = QPixmap(size)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        self.paint(painter, QRect(0, 0, size.width(), size.height()), mode, state)
        painter.end()
        return pixmap

    def clone(self) -> "_PaintedEngine":
        return _PaintedEngine(self._draw)


def icon(name: str) -> QIcon:
    """The icon of a name.

    Raises:
        KeyError: there is no such icon.
    """
    return QIcon(_PaintedEngine(_DRAWINGS[name]))


def app_icon() -> QIcon:
    """The icon of soundedit itself."""
    return QIcon(str(resource_path("icons", "soundedit.png")))
