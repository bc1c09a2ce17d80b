"""Performances that a crash cut short, made into autosaves that the recovery offers."""

import logging
from pathlib import Path

from soundedit.document.autosave import Autosaver, autosaved_files
from soundedit.document.ids import new_id
from soundedit.document.model import Media, MediaKind, Take
from soundedit.document.performance import with_performance
from soundedit.document.performancelog import left_logs, read_performance
from soundedit.engine.latents import SUFFIX, mend_latents
from soundedit.engine.moves import Moves
from soundedit.errors import SoundeditError
from soundedit.media.sound import probe_sound

logger = logging.getLogger(__name__)


def keep_performances(recordings: Path, state: Path) -> int:
    """Make what is left in the recordings' folder recoverable; returns how many there were.

    One that became a project that was autosaved needs no more. One that cannot be used stays as it
    is, which the log tells; its sound is a recording anyway.
    """
    kept = 0
    logs = left_logs(recordings)
    autosaved = autosaved_files(state) if logs else set()
    for path, lock in logs:
        try:
            if path.with_suffix(".flac").absolute() not in autosaved:
                _keep(path, state)
                kept += 1
            path.unlink()
        except (SoundeditError, OSError) as error:
            logger.info("The performance %s cannot be recovered: %s", path.name, error)
        finally:
            lock.release()
    return kept


def _keep(path: Path, state: Path) -> None:
    left = read_performance(path)
    sound, latents = path.with_suffix(".flac"), path.with_suffix(SUFFIX)
    frames = mend_latents(latents)
    moves = Moves(float(left.fps))
    for frame, strengths in left.moves:
        moves.add(frame, strengths)
    seconds = min(probe_sound(sound).seconds, frames / float(left.fps))
    heard = Media(new_id(), sound.name, MediaKind.SOUND, path=str(sound))
    drawn = Media(new_id(), latents.name, MediaKind.LATENTS, path=str(latents))
    take = Take(heard.id, seconds, latents=drawn.id)
    project = with_performance(
        left.project, take, (heard, drawn), left.fps, moves.lines(max(frames, 1))
    )
    files = {**left.files, heard.id: sound, drawn.id: latents}
    saver = Autosaver(state)
    try:
        saver.write(project, files)
    finally:
        saver.leave()
