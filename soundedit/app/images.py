"""Numpy pictures as Qt images."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage


def to_image(picture: NDArray[np.uint8]) -> QImage:
    """A QImage that owns a copy of an RGB picture, uint8 (H, W, 3)."""
    picture = np.ascontiguousarray(picture)
    height, width, _ = picture.shape
    view = QImage(picture.data, width, height, 3 * width, QImage.Format.Format_RGB888)
    return view.copy()


def thumbnail(picture: NDArray[np.uint8], height: int) -> QImage:
    """A small image of a picture, `height` pixels high."""
    return to_image(picture).scaledToHeight(
        max(height, 1), Qt.TransformationMode.SmoothTransformation
    )
