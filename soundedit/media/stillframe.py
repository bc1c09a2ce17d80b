"""One picture out of a video, to look at."""

from pathlib import Path

from soundedit.errors import MediaError
from soundedit.media.ffmpeg import FFmpeg, file_argument, shown


def first_frame(path: Path) -> bytes:
    """The first frame of a video, upright, as a PNG file.

    MediaError if the file is missing or has no moving picture.
    """
    if not path.is_file():
        raise MediaError(f"There is no file {shown(path)}; check its name and folder.")
    arguments = [
        *("-loglevel", "error", "-protocol_whitelist", "file,pipe", "-i", file_argument(path)),
        *("-map", "0:V:0", "-frames:v", "1", "-f", "image2pipe", "-c:v", "png", "pipe:1"),
    ]
    with FFmpeg(arguments, read=True) as ffmpeg:
        picture: bytes = ffmpeg.stdout.read()
    if not picture:
        raise MediaError(f"{shown(path)} has no moving picture; open an MP4, MOV or WebM file.")
    return picture
