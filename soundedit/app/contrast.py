"""How far two colours are apart for the eye (WCAG 2.2), and colours that are far enough apart."""

from PySide6.QtGui import QColor

TEXT = 4.5
"""Least contrast of text, WCAG 2.2 criterion 1.4.3."""
OUTLINE = 3.0
"""Least contrast of the outline of a control, WCAG 2.2 criterion 1.4.11."""
STEPS = 40


def luminance(colour: QColor) -> float:
    """Relative luminance 0..1 of an opaque sRGB colour."""
    linear = [
        one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4
        for one in (colour.redF(), colour.greenF(), colour.blueF())
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: QColor, second: QColor) -> float:
    """Contrast ratio of two colours, 1..21."""
    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


def towards(colour: QColor, far: QColor, *grounds: QColor, least: float) -> QColor:
    """The nearest colour on the way from `colour` to `far` that stands out from all `grounds`.

    `far` itself where none of them does by `least`; `colour` is drawn over the first of `grounds`
    where it can be seen through.
    """
    share = colour.alphaF()
    start = [
        share * own + (1 - share) * under
        for own, under in zip(_parts(colour), _parts(grounds[0]), strict=True)
    ]
    for step in range(STEPS):
        part = step / STEPS
        mixed = [(1 - part) * a + part * b for a, b in zip(start, _parts(far), strict=True)]
        # In the eight bits that are painted.
        found = QColor(*(round(255 * one) for one in mixed))
        if all(contrast(found, ground) >= least for ground in grounds):
            return found
    return QColor(far)


def _parts(colour: QColor) -> tuple[float, float, float]:
    return colour.redF(), colour.greenF(), colour.blueF()
