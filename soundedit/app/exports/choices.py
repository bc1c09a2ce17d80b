"""The choices the export dialog offers, with their names in the person's language."""

from fractions import Fraction

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

from soundedit.media.formats import FORMATS, Quality, available
from soundedit.media.presets import Fit

CONTEXT = "Export"


def _(text: str) -> str:
    return str(QT_TRANSLATE_NOOP(CONTEXT, text))


PRESET_TITLES = {
    "web": _("Web"),
    "1080p": _("1080p"),
    "square": _("Square"),
    "story": _("Story 9:16"),
    "master": _("Master"),
    "gif": _("GIF"),
}

FIT_TITLES = {
    Fit.CROP: _("Fill it, cutting off what stands out"),
    Fit.LETTERBOX: _("Show all of the picture, black beside it"),
    Fit.MIRROR: _("Show all of the picture, mirrored beside it"),
}

QUALITY_TITLES = {
    Quality.SMALL: _("Small file"),
    Quality.GOOD: _("Good"),
    Quality.BEST: _("Best"),
}

SIZES = (
    (256, 256),
    (720, 720),
    (1080, 1080),
    (1280, 720),
    (1920, 1080),
    (2560, 1440),
    (3840, 2160),
    (720, 1280),
    (1080, 1920),
)

RATES = tuple(
    Fraction(text)
    for text in (
        *("12", "15", "20", "24000/1001", "24", "25", "30000/1001", "30"),
        *("48", "50", "60000/1001", "60"),
    )
)


def shown(text: str) -> str:
    """A text of this file in the person's language."""
    return QCoreApplication.translate(CONTEXT, text)


def format_titles() -> dict[str, str]:
    """The formats that can be made here: name -> title."""
    return {name: form.title for name, form in FORMATS.items() if available(form)}
