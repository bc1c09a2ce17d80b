"""A colour for each thing that can be heard."""

import colorsys
from collections.abc import Iterable, Mapping

from PySide6.QtGui import QColor

GOLDEN = 0.618034
"""Steps of the golden ratio keep neighbours on the colour circle apart, however many there are."""


def label_colours(labels: Iterable[str]) -> Mapping[str, QColor]:
    """Colours of labels, decided by their order."""
    colours = {}
    for number, label in enumerate(dict.fromkeys(labels)):
        hue = (0.58 + number * GOLDEN) % 1
        colours[label] = QColor.fromRgbF(*colorsys.hsv_to_rgb(hue, 0.6, 0.85))
    return colours
