"""Live pictures as a webcam for other programs, through pyvirtualcam."""

import importlib
import logging

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QImage, QPainter

from soundedit.app.images import to_image
from soundedit.errors import DeviceError

log = logging.getLogger(__name__)

WIDTH, HEIGHT, FPS = 1280, 720, 30


class VirtualCamera:
    """Sends each picture, whole, in the middle of a black frame."""

    def __init__(self) -> None:
        """DeviceError where the package or the system's virtual camera is missing."""
        try:
            module = importlib.import_module("pyvirtualcam")
        except ImportError as error:
            raise DeviceError(
                "The virtual camera needs the package pyvirtualcam; install it with "
                "`python -m pip install pyvirtualcam`."
            ) from error
        try:
            self._camera = module.Camera(width=WIDTH, height=HEIGHT, fps=FPS)
        except Exception as error:  # each system's backend has kinds of its own
            log.info("virtual camera: %s", error)
            raise DeviceError(
                "No virtual camera can be used; install OBS Studio, or on Linux the module "
                "v4l2loopback, which `sudo modprobe v4l2loopback` starts."
            ) from error

    def send(self, picture: NDArray[np.uint8]) -> None:
        """Send a picture, uint8 (H, W, 3); DeviceError once the camera is gone."""
        try:
            self._camera.send(in_frame(picture))
        except Exception as error:  # as above
            raise DeviceError(
                f"The virtual camera stopped ({error}); switch it on again."
            ) from error

    def close(self) -> None:
        """Let the camera go."""
        self._camera.close()


def in_frame(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A picture (H, W, 3) as large as it fits in the middle of a frame (HEIGHT, WIDTH, 3)."""
    frame = QImage(WIDTH, HEIGHT, QImage.Format.Format_RGB888)
    frame.fill(Qt.GlobalColor.black)
    scale = min(WIDTH / picture.shape[1], HEIGHT / picture.shape[0])
    width, height = picture.shape[1] * scale, picture.shape[0] * scale
    area = QRectF((WIDTH - width) / 2, (HEIGHT - height) / 2, width, height)
    painter = QPainter(frame)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.drawImage(area, to_image(picture))
    painter.end()
    rows = np.frombuffer(frame.constBits(), np.uint8).reshape(HEIGHT, frame.bytesPerLine())
    return rows[:, : 3 * WIDTH].reshape(HEIGHT, WIDTH, 3).copy()
