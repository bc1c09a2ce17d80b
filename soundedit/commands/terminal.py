"""What the commands say on a terminal."""

import json
import sys
import time
from typing import Any, TextIO

_BAR = 24
_REPAINT_SECONDS = 0.1


def complain(message: str) -> None:
    """Say on one line of stderr what is wrong."""
    print("soundedit:", " ".join(message.split()), file=sys.stderr, flush=True)


def print_json(data: Any) -> None:
    """Print `data` on stdout; NaN and infinity are not JSON and raise ValueError."""
    print(json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False))


def clock(seconds: float, *, tenths: bool = False) -> str:
    """Seconds as m:ss or h:mm:ss, with tenths of a second if asked."""
    count = max(0, round(seconds * 10)) if tenths else max(0, round(seconds)) * 10
    whole, tenth = divmod(count, 10)
    hours, minutes = whole // 3600, whole // 60 % 60
    text = f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"
    return f"{text}.{tenth}" if tenths else text


class ProgressBar:
    """A bar with the time left, on a terminal only; a context manager that takes it away.

    Called like a `soundedit.progress.Progress`: fraction 0..1 (-1 unknown) and a sentence.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = sys.stderr if stream is None else stream
        self._shown = self._stream.isatty()
        self._painted = -1e9
        self._text = ""
        self._begun = time.monotonic()

    def __call__(self, fraction: float, text: str) -> None:
        """Show how far the job called `text` is; the time left counts from its first call."""
        now = time.monotonic()
        if text != self._text:
            self._text, self._begun, self._painted = text, now, -1e9
        if not self._shown or now - self._painted < _REPAINT_SECONDS:
            return
        self._painted = now
        self._paint(progress_line(fraction, text, now - self._begun))

    def __enter__(self) -> "ProgressBar":
        return self

    def __exit__(self, *_: object) -> None:
        if self._shown:
            self._paint("")

    def _paint(self, line: str) -> None:
        self._stream.write(f"\r\x1b[2K{line}")
        self._stream.flush()


def progress_line(fraction: float, text: str, elapsed: float) -> str:
    """One line for a job that reached `fraction` (0..1, -1 unknown) after `elapsed` seconds."""
    if fraction < 0:
        return f"{text} {clock(elapsed)}"
    fraction = min(1.0, fraction)
    full = int(fraction * _BAR)
    line = f"{text} [{'#' * full}{'-' * (_BAR - full)}] {fraction:4.0%}"
    # The first moments say nothing about the rest.
    if fraction > 0 and elapsed > 0.5:
        line += f"  {clock(elapsed / fraction - elapsed)} left"
    return line
