"""Ctrl-C while a file is being written."""

import contextlib
import signal
from collections.abc import Iterator

from soundedit.progress import CancelToken


@contextlib.contextmanager
def cancel_on_interrupt() -> Iterator[CancelToken]:
    """Give a token that Ctrl-C or SIGTERM cancels instead of raising KeyboardInterrupt.

    An exception out of nowhere could strike between making a file and remembering to remove it;
    a cancelled job cleans up. A second Ctrl-C raises all the same. Main thread only.
    """
    token = CancelToken()

    def cancel(*_: object) -> None:
        if token.cancelled:
            raise KeyboardInterrupt
        token.cancel()

    stops = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(stop, cancel) for stop in stops]
    try:
        yield token
    finally:
        for stop, handler in zip(stops, before, strict=True):
            signal.signal(stop, handler)
