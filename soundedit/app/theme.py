"""Dark, light or as the system has it."""

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QColor, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

from soundedit.app.contrast import TEXT, contrast, towards
from soundedit.app.outlines import BASE, OutlinedStyle

SCHEMES = {
    "system": Qt.ColorScheme.Unknown,
    "light": Qt.ColorScheme.Light,
    "dark": Qt.ColorScheme.Dark,
}

HIGHLIGHT = QColor(40, 124, 180)
"""White text on it and itself on the greys of both schemes can be told apart."""


def scheme_names() -> dict[str, str]:
    """What the schemes are called."""
    tr = QCoreApplication.translate
    return {
        "system": tr("Theme", "As the system"),
        "light": tr("Theme", "Light"),
        "dark": tr("Theme", "Dark"),
    }


def set_colour_scheme(name: str) -> None:
    """Use the colours of a name of `SCHEMES`; unknown names mean the system's.

    Qt asks the desktop for the palette; where the desktop cannot give it, one is made here. What
    is hard to read in the desktop's is set apart.
    """
    wanted = SCHEMES.get(name, Qt.ColorScheme.Unknown)
    hints = QGuiApplication.styleHints()
    hints.setColorScheme(wanted)
    if wanted in (Qt.ColorScheme.Unknown, hints.colorScheme()):
        QApplication.setPalette(QPalette())
        QApplication.setPalette(_readable(QApplication.palette()))
        _outline()
        return
    QApplication.setStyle(OutlinedStyle())
    dark = wanted == Qt.ColorScheme.Dark
    QApplication.setPalette(_palette(45, 30, 235) if dark else _palette(240, 255, 20))


def _outline() -> None:
    style = QApplication.style()
    if style.name() == BASE and not isinstance(style, OutlinedStyle):
        QApplication.setStyle(OutlinedStyle())


def _readable(palette: QPalette) -> QPalette:
    """What to change in a palette so that hints and selected rows can be read.

    Windows greys the highlight of a window that is not in front, and waveform, playhead and curves
    would fade with it; the one of the window in front stays.
    """
    role, changed = QPalette.ColorRole, QPalette()
    front = QPalette.ColorGroup.Active
    mark, marked = palette.color(front, role.Highlight), palette.color(front, role.HighlightedText)
    for group in (QPalette.ColorGroup.Active, QPalette.ColorGroup.Inactive):
        base, window = palette.color(group, role.Base), palette.color(group, role.Window)
        text, hint = palette.color(group, role.Text), palette.color(group, role.PlaceholderText)
        away = QColor("black" if contrast(marked, QColor("black")) > TEXT else "white")
        for target, found in (
            (role.PlaceholderText, towards(hint, text, base, window, least=TEXT)),
            (role.Highlight, towards(mark, away, marked, least=TEXT)),
            (role.HighlightedText, marked),
        ):
            changed.setColor(group, target, found)
    return changed


def _palette(window: int, base: int, text: int) -> QPalette:
    """A palette from three greys, 0..255."""
    palette = QPalette(QColor(window, window, window), QColor(window, window, window))
    middle = (window + text) // 2
    role = QPalette.ColorRole
    for target, grey in (
        (role.Base, base),
        (role.AlternateBase, (base + window) // 2),
        (role.Text, text),
        (role.WindowText, text),
        (role.ButtonText, text),
        (role.ToolTipBase, base),
        (role.ToolTipText, text),
        (role.PlaceholderText, middle),
    ):
        palette.setColor(target, QColor(grey, grey, grey))
    for target in (role.Text, role.WindowText, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, target, QColor(middle, middle, middle))
    palette.setColor(role.Highlight, HIGHLIGHT)
    palette.setColor(role.HighlightedText, QColor(255, 255, 255))
    palette.setColor(role.Link, QColor(80, 160, 220))
    return _readable(palette).resolve(palette)
