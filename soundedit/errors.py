"""Errors a person can cause; each message is one sentence: what is wrong and what to do."""


class SoundeditError(Exception):
    """Base of every error that is shown to the person as a sentence, never as a traceback."""


class MediaError(SoundeditError):
    """A sound or video file that cannot be read or is outside the supported range."""


class PackError(SoundeditError):
    """A model pack that is missing, altered, truncated or not understood."""


class DeviceError(SoundeditError):
    """A sound or compute device that is absent, busy or refuses the request."""


class ExportError(SoundeditError):
    """A video or picture that could not be written."""


class TrainingError(SoundeditError):
    """A training run that cannot start or go on."""


class Cancelled(SoundeditError):
    """The person stopped a job; nothing was written."""
