"""Write a movie with its sound to a video file: whole or nothing."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from soundedit.app.requests import ExportRequest
from soundedit.media.video import VideoWriter
from soundedit.progress import Progress


def write_movie(
    request: ExportRequest, pictures: Iterator[NDArray[np.uint8]], size: int, progress: Progress
) -> None:
    """Write the movie's pictures, (size, size, 3) uint8, and its sound to `request.path`.

    Called on the engine worker. `progress` is called after each frame and may raise.

    Raises:
        ExportError: the file could not be written; nothing is left of it.
        Cancelled: the person stopped it; nothing is left of it.
    """
    movie = request.movie
    writer = VideoWriter(
        request.path,
        width=size,
        height=size,
        fps=movie.fps,
        sound=movie.sound,
        start=0.0,
        end=movie.seconds,
        cancel=request.cancel,
    )
    with writer:
        for count, picture in enumerate(pictures, start=1):
            writer.write(picture)
            progress(count / movie.frames, request.path.name)
