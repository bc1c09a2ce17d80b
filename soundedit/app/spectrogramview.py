"""Pictures of a spectrogram in the palette's colours."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QColor, QImage

from soundedit.app.lane import blend

ACCENT_AT = 0.55
"""Share of the loudest level that has the accent's colour."""
QUIET, LOUD = 35, 230
"""Values up to the first look like silence; from the second on they look the same."""


def colour_table(quiet: QColor, accent: QColor, loud: QColor) -> list[int]:
    """256 colours from the background over the accent to the foreground."""
    table = []
    for value in range(256):
        share = min(max((value - QUIET) / (LOUD - QUIET), 0.0), 1.0)
        if share < ACCENT_AT:
            colour = blend(quiet, accent, share / ACCENT_AT)
        else:
            colour = blend(accent, loud, (share - ACCENT_AT) / (1 - ACCENT_AT))
        table.append(colour.rgba())
    return table


def spectrogram_image(values: NDArray[np.uint8], table: list[int]) -> QImage:
    """Picture of uint8 (bands, columns), the highest band first, in the table's colours."""
    values = np.ascontiguousarray(values)
    height, width = values.shape
    view = QImage(values.data, width, height, width, QImage.Format.Format_Indexed8)
    view.setColorTable(table)
    # The conversion owns its pixels; smooth scaling needs true colours anyway.
    return view.convertToFormat(QImage.Format.Format_RGB32)
