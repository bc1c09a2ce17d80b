"""One running ffmpeg: started, drained, cancelled and reaped without leaving a process behind.

The executable is the one that the imageio-ffmpeg wheel carries, so every machine decodes alike.
"""

import contextlib
import os
import re
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import imageio_ffmpeg

from soundedit.errors import MediaError
from soundedit.errors import shown as shown
from soundedit.progress import CancelToken

if sys.platform == "linux":
    import fcntl

_HEAD_LINES = 300
# What is asked of the log comes after a file's tags, of which there can be thousands of lines.
_ALWAYS_KEPT = re.compile(r"Input #0|Stream mapping:| Stream #0:| Duration: | low score of ")
_TAIL_LINES = 60
_CANCEL_POLL_SECONDS = 0.05
_YIELDING, _NICEST = 10, 19
_PIPE_BYTES = 1 << 20


@cache
def ffmpeg_exe() -> str:
    """Path of the ffmpeg executable; `MediaError` where imageio-ffmpeg carries none.

    imageio-ffmpeg would run the one that it carries to see whether it works, each time anew.
    """
    carried = list((Path(imageio_ffmpeg.__file__).parent / "binaries").glob("ffmpeg-*"))
    if len(carried) == 1 and not os.environ.get("IMAGEIO_FFMPEG_EXE"):
        return str(carried[0])
    try:
        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError as error:
        raise MediaError(
            "No ffmpeg was found; run 'pip install --force-reinstall imageio-ffmpeg'."
        ) from error


def file_argument(path: Path) -> str:
    """`path` as an ffmpeg argument that is never taken for an option, a protocol or a pattern."""
    return f"file:{path.absolute()}"


def _widen(pipe: IO[bytes] | None) -> None:
    """Let the two ends run further apart, on Linux and where it is allowed."""
    if pipe is not None and sys.platform == "linux":
        with contextlib.suppress(OSError):
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)


class FFmpeg:
    """A running ffmpeg whose stderr is drained by a thread.

    A context manager: leaving it by any way kills the process if it still runs and reaps it.
    The process is in its own session, so Ctrl-C on a terminal reaches Python alone, which then
    stops ffmpeg. When `cancel` is set, the process is killed and a blocked read or write returns.

    Args:
        args: arguments after the executable and the common flags.
        feed: open a pipe to its standard input (`stdin`).
        read: open a pipe from its standard output (`stdout`).
        yielding: let it take only the processor time that others leave, as far as the system can.

    Raises `MediaError` if the executable cannot be started.
    """

    def __init__(
        self,
        args: Sequence[str],
        *,
        feed: bool = False,
        read: bool = False,
        yielding: bool = False,
        cancel: CancelToken | None = None,
    ) -> None:
        command = [ffmpeg_exe(), "-hide_banner", "-nostats", *([] if feed else ["-nostdin"])]
        platform: dict[str, Any] = {"start_new_session": True}
        if sys.platform == "win32":
            platform = {
                "creationflags": subprocess.CREATE_NO_WINDOW
                | subprocess.CREATE_NEW_PROCESS_GROUP
                | (subprocess.BELOW_NORMAL_PRIORITY_CLASS if yielding else 0)
            }
        try:
            self._process = subprocess.Popen(
                [*command, *args],
                stdin=subprocess.PIPE if feed else subprocess.DEVNULL,
                stdout=subprocess.PIPE if read else subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                **platform,
            )
        except OSError as error:
            raise MediaError(
                f"The ffmpeg program could not be started ({error.strerror}); "
                "run 'pip install --force-reinstall imageio-ffmpeg'."
            ) from error
        for pipe in (self._process.stdin, self._process.stdout):
            _widen(pipe)
        if yielding and sys.platform != "win32":
            # It may have ended already.
            with contextlib.suppress(OSError):
                nice = os.getpriority(os.PRIO_PROCESS, 0) + _YIELDING
                os.setpriority(os.PRIO_PROCESS, self._process.pid, min(nice, _NICEST))
        self._said = threading.Condition()
        self._ended = False
        self._head: list[str] = []
        self._tail: deque[str] = deque(maxlen=_TAIL_LINES)
        self._threads = [threading.Thread(target=self._drain, name="ffmpeg-log", daemon=True)]
        if cancel is not None:
            self._threads.append(
                threading.Thread(
                    target=self._watch, args=(cancel,), name="ffmpeg-cancel", daemon=True
                )
            )
        for thread in self._threads:
            thread.start()

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    @property
    def stdin(self) -> IO[bytes]:
        """Pipe to the process; only with `feed`."""
        assert self._process.stdin is not None
        return self._process.stdin

    @property
    def stdout(self) -> IO[bytes]:
        """Pipe from the process; only with `read`."""
        assert self._process.stdout is not None
        return self._process.stdout

    @property
    def log(self) -> str:
        """What ffmpeg said so far: its first lines, what it said of streams, and its last lines.

        Complete after `wait`.
        """
        with self._said:
            return "\n".join([*self._head, *self._tail])

    @property
    def last_words(self) -> str:
        """The last line ffmpeg said, without the addresses of its parts; may be empty."""
        lines = [re.sub(r"\[[^\]]*@ [^\]]*\] *", "", line).strip() for line in self.log.split("\n")]
        said = [line for line in lines if line and line != "Conversion failed!"]
        return said[-1].rstrip(".") if said else ""

    def wait_for(self, text: str) -> None:
        """Block until the first lines of the log hold `text` or ffmpeg falls silent for good."""
        with self._said:
            self._said.wait_for(lambda: self._ended or any(text in line for line in self._head))

    def wait(self) -> int:
        """Close its input, wait for its end; exit code, negative if a signal ended it."""
        if self._process.stdin is not None:
            # The pipe may still hold bytes for a process that died: its exit code tells that.
            with contextlib.suppress(OSError):
                self._process.stdin.close()
        code = self._process.wait()
        for thread in self._threads:
            thread.join()
        return code

    def close(self) -> None:
        """Kill it if it still runs, reap it, and close every pipe; may be called again."""
        if self._process.poll() is None:
            self._process.kill()
        self.wait()
        for pipe in (self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _drain(self) -> None:
        assert self._process.stderr is not None
        for raw in self._process.stderr:
            line = raw.decode("utf-8", "replace").rstrip()
            with self._said:
                if len(self._head) < _HEAD_LINES or _ALWAYS_KEPT.search(line):
                    self._head.append(line)
                else:
                    self._tail.append(line)
                self._said.notify_all()
        with self._said:
            self._ended = True
            self._said.notify_all()

    def _watch(self, cancel: CancelToken) -> None:
        while True:
            if cancel.cancelled:
                self._process.kill()
                return
            try:
                self._process.wait(_CANCEL_POLL_SECONDS)
                return
            except subprocess.TimeoutExpired:
                continue
