"""Errors a person can cause; each message is one sentence: what is wrong and what to do."""

from pathlib import PurePath


class SoundeditError(Exception):
    """Base of every error that is shown to the person as a sentence, never as a traceback."""


class MediaError(SoundeditError):
    """A sound or video file that cannot be read or is outside the supported range."""


class PackError(SoundeditError):
    """A model pack that is missing, altered, truncated or not understood."""


class ProjectError(SoundeditError):
    """A project file that cannot be read or written, or a change that it does not allow."""


class DeviceError(SoundeditError):
    """A sound or compute device that is absent, busy or refuses the request."""


class ExportError(SoundeditError):
    """A video or picture that could not be written; `details` is what the encoder said."""

    def __init__(self, message: str, details: str = "") -> None:
        super().__init__(message)
        self.details = details


class TrainingError(SoundeditError):
    """A training run that cannot start or go on."""


class Cancelled(SoundeditError):
    """The person stopped a job; nothing was written."""


def shown(path: PurePath) -> str:
    """File name in quotes for a message, unprintable characters replaced, always on one line."""
    return '"' + "".join(c if c.isprintable() else "?" for c in path.name) + '"'
