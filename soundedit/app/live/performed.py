"""Performances recorded live: where they go, and how they become the project's take."""

from datetime import datetime
from pathlib import Path
from typing import Any

from soundedit.app.session import ProjectSession
from soundedit.app.settings import Settings
from soundedit.document.ids import new_id
from soundedit.document.model import Media, MediaKind, Take
from soundedit.document.performance import with_performance
from soundedit.document.performancelog import PerformanceLog
from soundedit.errors import MediaError
from soundedit.media.decode import MIN_SECONDS


class Performed:
    """The performances of one window; their logs stay locked until the window closes."""

    def __init__(self, session: ProjectSession, settings: Settings, folder: Path) -> None:
        self._session, self._settings, self._folder = session, settings, folder
        self._logs: list[PerformanceLog] = []

    def new_file(self) -> Path:
        """A FLAC file that is not there yet; OSError where the folder cannot be made."""
        self._folder.mkdir(parents=True, exist_ok=True)
        name = datetime.now().strftime("live %Y-%m-%d %H.%M.%S")
        path, number = self._folder / f"{name}.flac", 2
        while path.exists():
            path, number = self._folder / f"{name} ({number}).flac", number + 1
        return path

    def take_over(self, step: str, take: Any, log: PerformanceLog) -> bool:
        """Make a `soundedit.engine.liverun.LiveTake` the project's, as the undoable `step`.

        False where the project can only be looked at; the next start offers it then. MediaError
        for one that is too short to be a take.
        """
        if take.seconds < MIN_SECONDS:
            log.discard()
            raise MediaError("That was too short for a performance; record a longer one.")
        self._settings.add_recent(take.sound)
        session = self._session
        sound = Media(new_id(), take.sound.name, MediaKind.SOUND, path=str(take.sound))
        latents = Media(new_id(), take.latents.name, MediaKind.LATENTS, path=str(take.latents))
        session.bring({sound.id: take.sound, latents.id: take.latents})
        own = Take(sound.id, take.seconds, latents=latents.id)
        media = (sound, latents)
        made = with_performance(session.project, own, media, take.fps, take.moves)
        if not session.do(step, made):
            log.close()
            return False
        self._logs.append(log)
        return True

    def close(self, *, keep: bool) -> None:
        """The projects they became were saved, or are not wanted: their logs go.

        With `keep`, what was not saved is offered by the next start, which needs them until it
        finds the performances autosaved.
        """
        for log in self._logs:
            if keep:
                log.close()
            else:
                log.discard()
        self._logs = []
