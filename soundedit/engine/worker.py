"""A process that renders jobs: `python -m soundedit.engine.worker`.

It reads one job a line, as JSON, from its standard input, and writes what becomes of it, one JSON
object a line: `{"progress": 0.5}`, then `{"report": ...}` or `{"error": ..., "details": ...}`. When
its input ends, so does it, and leaves no half file.
"""

import contextlib
import json
import os
import queue
import signal
import sys
import threading
import time
from typing import Any, TextIO

from soundedit.errors import Cancelled, SoundeditError
from soundedit.progress import CancelToken

_TOLD_SECONDS = 0.2


def main() -> None:
    """Render jobs until there are no more."""
    # Ctrl-C on the terminal is for whoever feeds this process.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    # What a library prints is no answer.
    os.dup2(2, 1)
    cancel = CancelToken()
    signal.signal(signal.SIGTERM, lambda *_: cancel.cancel())
    lines: queue.Queue[str | None] = queue.Queue()
    threading.Thread(target=_read, args=(lines, cancel), daemon=True).start()
    # Seconds of import, while the first job is being read.
    from soundedit.engine.job import Engines, job_from, report_facts, run_job

    with contextlib.suppress(BrokenPipeError), Engines() as engines:
        while (line := lines.get()) is not None:
            try:
                told = _Progress(out)
                report = run_job(job_from(json.loads(line)), engines, progress=told, cancel=cancel)
                _say(out, {"report": report_facts(report)})
            except Cancelled:
                return
            except SoundeditError as error:
                _say(out, {"error": str(error), "details": getattr(error, "details", "")})


def _read(lines: "queue.Queue[str | None]", cancel: CancelToken) -> None:
    for line in sys.stdin:
        lines.put(line)
    cancel.cancel()
    lines.put(None)


class _Progress:
    def __init__(self, out: TextIO) -> None:
        self._out, self._told = out, 0.0

    def __call__(self, fraction: float, text: str) -> None:
        now = time.monotonic()
        if text == "Rendering" and now - self._told > _TOLD_SECONDS:
            self._told = now
            _say(self._out, {"progress": fraction})


def _say(out: TextIO, what: dict[str, Any]) -> None:
    out.write(json.dumps(what) + "\n")
    out.flush()


if __name__ == "__main__":
    main()
