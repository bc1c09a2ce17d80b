import numpy as np
from PySide6.QtGui import QColor

from soundedit.app.waveform import waveform_image

OUTER, INNER = QColor(10, 20, 30), QColor(40, 50, 60)


def column(low: float, high: float, rms: float, height: int = 21) -> list[str]:
    values = [np.array([value], np.float32) for value in (low, high, rms)]
    image = waveform_image(*values, height, OUTER, INNER)
    names = {OUTER.rgba(): "o", INNER.rgba(): "i", 0: "."}
    return [names[image.pixel(0, y)] for y in range(height)]


def test_full_scale_fills_the_column_and_rms_half_of_it() -> None:
    assert "".join(column(-1, 1, 0.5)) == "ooooo" + "i" * 11 + "ooooo"


def test_silence_is_a_line() -> None:
    assert "".join(column(0, 0, 0)) == "." * 10 + "i" + "." * 10


def test_rms_never_reaches_beyond_the_extremes() -> None:
    drawn = "".join(column(0.4, 0.6, 0.5))
    assert drawn.index("o") == 4
    assert "o" not in drawn[9:]


def test_values_beyond_full_scale_are_clipped() -> None:
    assert "".join(column(-3, 3, 0)).count("o") == 20
