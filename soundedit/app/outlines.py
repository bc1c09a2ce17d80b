"""What the basic style draws too faintly to be seen in dark and in light."""

from PySide6.QtCore import QRectF
from PySide6.QtGui import QIcon, QPainter, QPalette, QPen
from PySide6.QtWidgets import QDockWidget, QProxyStyle, QStyle, QStyleOption, QWidget

from soundedit.app.contrast import TEXT, towards
from soundedit.app.icons import icon

_DOCK_ICONS = {
    QStyle.StandardPixmap.SP_TitleBarNormalButton: "window",
    QStyle.StandardPixmap.SP_TitleBarCloseButton: "close",
}
BASE = "fusion"
"""The style whose outlines are too faint; those of a desktop's own style are left alone."""


class OutlinedStyle(QProxyStyle):
    """Fusion with an outline around what can be ticked, as strong as the text needs it, and with
    buttons of docks in the colour of the text.
    """

    def __init__(self) -> None:
        super().__init__(BASE)

    def standardIcon(
        self,
        kind: QStyle.StandardPixmap,
        option: QStyleOption | None = None,
        widget: QWidget | None = None,
    ) -> QIcon:
        if isinstance(widget, QDockWidget) and kind in _DOCK_ICONS:
            return icon(_DOCK_ICONS[kind])
        return super().standardIcon(kind, option, widget)

    def drawPrimitive(
        self,
        element: QStyle.PrimitiveElement,
        option: QStyleOption,
        painter: QPainter,
        widget: QWidget | None = None,
    ) -> None:
        super().drawPrimitive(element, option, painter, widget)
        box = element == QStyle.PrimitiveElement.PE_IndicatorCheckBox
        if not box and element != QStyle.PrimitiveElement.PE_IndicatorRadioButton:
            return
        palette = option.palette
        window, base = (
            palette.color(role) for role in (QPalette.ColorRole.Window, QPalette.ColorRole.Base)
        )
        text = palette.color(QPalette.ColorRole.WindowText)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        # Stronger than an outline must be, since smoothing takes from a round one.
        painter.setPen(QPen(towards(window, text, window, base, least=TEXT), 1))
        area = QRectF(option.rect).adjusted(0.5, 0.5, -0.5, -0.5)
        if box:
            painter.drawRect(area)
        else:
            painter.drawEllipse(area)
        painter.restore()
