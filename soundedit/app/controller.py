"""What is made of the open project: the one way from a sound to a movie in the app."""

from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Qt, QTimer, Signal

from soundedit.app.exports.render import Exported
from soundedit.app.finejobs import EditRefined, Fitted, Improving, StartRefined
from soundedit.app.framefeed import FrameFeed
from soundedit.app.live.requests import LiveAnswer
from soundedit.app.movie import Movie
from soundedit.app.opensound import OpenSound
from soundedit.app.requests import (
    Advanced,
    Answer,
    Ended,
    FrameReady,
    FramesDone,
    FramesRequest,
    Generated,
    GenerateRequest,
    HeardLike,
    Inverted,
    InvertRequest,
    Kind,
    Listened,
    ListenRequest,
    Loaded,
    LoadFailed,
    Loading,
    LoadingStopped,
    Measured,
    MeasureRequest,
    Redrawn,
    RedrawRequest,
)
from soundedit.app.session import ProjectSession
from soundedit.app.worker import Loader, load_engine
from soundedit.document.commands import set_fps, set_seed, set_take
from soundedit.document.model import MediaKind, Project, Start, StartKind, Take
from soundedit.media.sound import SoundInfo

REST_MILLISECONDS = 250
"""After a change nothing is made ahead for so long, since the next one may follow."""

KEPT_MOVIES = 3
"""Movies made before that are kept, so that undoing a seed brings back its movie at once."""

Base = tuple[Path | None, Take | None, Start, str]


class Controller(OpenSound):
    """Follows the session's project and talks to the worker; lives in the GUI thread.

    Every answer carries its request's id; answers to requests that were overtaken are dropped.
    """

    sound_replaced = Signal(str)
    """Another sound, of this name, took the place of the one of a project that has a file."""
    still_changed = Signal()
    heard_changed = Signal()
    movie_changed = Signal()
    """Another movie is there, or none."""
    redrawn = Signal()
    """The movie is the same with other edits or another reactivity."""
    fine_answered = Signal(object)
    """An answer to a request of `finejobs`, or the `Ended` of one."""
    frame_ready = Signal(object)
    """A `FrameReady` of any movie came back."""
    measured = Signal(object)
    """A `Measured` of the frame under the playhead."""
    export_answered = Signal(object)
    """The engine worker got further with an export."""
    live_answered = Signal(object)
    """Live got further, or ended."""
    stopped = Signal(Kind)
    """The person stopped a job of this kind."""

    def __init__(
        self,
        session: ProjectSession,
        cache_bytes: int,
        loader: Loader = load_engine,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(loader, parent)
        self.session = session
        self.feed = FrameFeed(self.submit, cache_bytes, self)
        self.still: NDArray[np.uint8] | None = None
        self.heard: Sequence[HeardLike] | None = None
        self.movie: Movie | None = None
        self.plain: Movie | None = None
        """The movie without edits."""
        self._taking = False
        self._unreadable: Path | None = None
        self._base: Base | None = None
        self._drawn: Project | None = None
        self._kept: OrderedDict[Base, tuple[Movie, Movie]] = OrderedDict()
        self._rest = QTimer(self, singleShot=True, interval=REST_MILLISECONDS)
        self._rest.timeout.connect(lambda: self.feed.set_resting(False))
        queued = Qt.ConnectionType.QueuedConnection
        self.worker.answered.connect(self._on_answer, queued)
        session.replaced.connect(self._forget_unreadable)
        session.changed.connect(self._follow)

    @property
    def seed(self) -> int:
        """The seed the pictures start from."""
        return self.session.project.start.seed

    @property
    def rate(self) -> str:
        """Frames per second, as a fraction in text."""
        return self.session.project.fps

    def load(self, loader: Loader) -> None:
        """Let the engine go and load another; what the old one made goes with it."""
        for kind in list(self._latest):
            self.stop(kind)
        had = self.movie is not None
        self.engine = self.engine_error = self._base = None
        self.movie = self.still = self.heard = None
        self._kept.clear()
        self.worker.reload(loader)
        self.engine_changed.emit()
        self.still_changed.emit()
        self.heard_changed.emit()
        self._begin_base()
        if self.sound is not None:
            self._listen()
            if had and not self.is_running(Kind.GENERATE):
                self.generate()

    def close(self) -> None:
        """Stop all work and wait for the threads."""
        self._closed = True
        self._rest.stop()
        self.opener.stop()
        self.worker.stop()

    def open_sound(self, path: Path, *, generate: bool = False) -> None:
        """Make a sound the take; what is open stays until the file proves readable."""
        self._open(path, take=True, generate=generate or bool(self.session.project.edits))

    def set_seed(self, seed: int) -> None:
        """Begin from the scene of a seed; the movie made from the old one goes."""
        start = self.session.project.start
        seeded = start.kind is StartKind.SEED
        step = self.tr("change the seed to {0}") if seeded else self.tr("start from seed {0}")
        name = step.format(seed)
        self.session.do(name, set_seed(self.session.project, seed), "seed")
        self.session.close_merge_soon()

    def set_rate(self, rate: str) -> None:
        """Show so many frames a second."""
        name = self.tr("change the frame rate to {0}").format(rate)
        self.session.do(name, set_fps(self.session.project, rate))

    def generate(self) -> None:
        """Make the movie of the project."""
        if not self.can_generate:
            return
        snapshot = self.session.snapshot()
        request = GenerateRequest(snapshot.project, snapshot.files, self._take_path())
        self.begin(request, self.tr("Generating the video"))

    @property
    def can_generate(self) -> bool:
        """True where there is something to make a movie of."""
        project = self.session.project
        if project.take is not None:
            return self.sound is not None
        return project.start.kind is not StartKind.SEED or bool(project.edits)

    def on_show(self) -> tuple[Movie, int] | None:
        """The movie and its frame under the playhead; may be asked from any thread."""
        movie = self.movie
        return None if movie is None else (movie, min(self.feed.wanted, movie.frames - 1))

    def ask_plain(self, index: int) -> None:
        """Ask for a frame without edits."""
        if self.plain is not None:
            self.submit(FramesRequest(self.plain, (index,), urgent=True, plain=True))

    def measure(self) -> None:
        """Ask how far the edits moved the frame under the playhead."""
        if self.movie is not None and self.movie.project.edits:
            files = self.session.snapshot().files
            self.submit(MeasureRequest(self.movie, files, self.feed.wanted))

    def labels(self) -> tuple[str, ...]:
        """All labels there can be, in the pack's order, then those only this sound has."""
        known = self.engine.labels if self.engine is not None else ()
        return (*known, *sorted({item.label for item in self.heard or ()} - set(known)))

    def _take_path(self) -> Path | None:
        take = self.session.project.take
        return None if take is None else self.session.locate(take.media)

    def _base_now(self) -> Base:
        project = self.session.project
        return (self._take_path(), project.take, project.start, project.fps)

    def _follow(self) -> None:
        """The project changed: make again what depends on the change, and nothing else."""
        if self._closed or self._taking:
            return
        path = self._take_path()
        held = self.sound.path if self.sound is not None else None
        if path != held:
            if path is None:
                self._drop_sound()
            elif path not in (self._opening, self._unreadable):
                self._open(path, take=False, generate=True)
            return
        if self._opening is not None:
            self._stop_opening()
        if self._base_now() != self._base:
            self._begin_base()
        elif self._changes_pictures():
            self._redraw()

    def _changes_pictures(self) -> bool:
        project, drawn = self.session.project, self._drawn
        return drawn is None or project.media != drawn.media or self._is_other(drawn)

    def _is_other(self, drawn: Project) -> bool:
        """Whether the project shows its trajectory otherwise than `drawn` does."""
        project = self.session.project
        return (project.edits, project.reactivity) != (drawn.edits, drawn.reactivity)

    def _begin_base(self) -> None:
        """Take, start or frame rate are other ones: what was made of them is no use."""
        had = self.movie is not None or self.is_running(Kind.GENERATE)
        for kind in (Kind.INVERT, Kind.GENERATE):
            self.stop(kind)
        self._keep()
        old, self._base = self._base, self._base_now()
        self._drawn = self.session.project
        kept = self._kept.get(self._base)
        self._set_movie(*(kept or (None, None)))
        start = self.session.project.start
        if self.sound is not None and start.kind is StartKind.SEED:
            if old is None or old[:3] != self._base[:3]:
                self._invert()
        elif self.still is not None:
            self.still = None
            self.still_changed.emit()
        if kept is not None:
            if self._is_other(kept[0].project):
                self._redraw()
        elif had or self.session.project.edits or start.kind is not StartKind.SEED:
            self.generate()

    def _keep(self) -> None:
        if self._base is not None and self.movie is not None and self.plain is not None:
            self._kept[self._base] = (self.movie, self.plain)
            self._kept.move_to_end(self._base)
            while len(self._kept) > KEPT_MOVIES:
                self._kept.popitem(last=False)

    def _redraw(self) -> None:
        """The movie is shown otherwise: the frame under the playhead first, the newest wins."""
        self._drawn = self.session.project
        if self.movie is None:
            # A movie that is being made is drawn again when it is there.
            if self.session.project.edits and not self.is_running(Kind.GENERATE):
                self.generate()
            return
        snapshot = self.session.snapshot()
        self.feed.set_resting(True)
        self._rest.start()
        request = RedrawRequest(
            self.movie, snapshot.project, snapshot.files, self.feed.wanted, self.feed.preview
        )
        self._latest[Kind.REDRAW] = request
        self.submit(request)

    def _invert(self) -> None:
        assert self.sound is not None
        if self.engine_error is None:
            request = InvertRequest(self.sound.path, self.seed)
            self.begin(request, self.tr("Inverting the sound"), can_stop=False)

    def _listen(self) -> None:
        assert self.sound is not None
        if self.engine_error is None:
            request = ListenRequest(self.sound.path)
            self.begin(request, self.tr("Listening"), can_stop=False)

    def _set_movie(self, movie: Movie | None, plain: Movie | None) -> None:
        self._latest.pop(Kind.REDRAW, None)
        self.movie, self.plain = movie, plain
        self.feed.set_movie(movie)
        self.movie_changed.emit()
        self.work_changed.emit()

    def _take_sound(self, info: SoundInfo) -> None:
        for kind in (Kind.INVERT, Kind.LISTEN, Kind.GENERATE):
            self.stop(kind)
        self._keep()
        self.movie = self.plain = self._base = None
        replaces = self._opening is None and self.session.path is not None
        replaces = replaces and self.session.project.take is not None
        if self._opening is None:
            self._make_take(info)
        self._opening = None
        self._hold(info)
        if replaces:
            self.sound_replaced.emit(info.path.name)
        self._begin_base()
        if self._generate_after_open and self.movie is None:
            self.generate()
        self._listen()

    def _make_take(self, info: SoundInfo) -> None:
        project, media = self.session.adopt(info.path, MediaKind.SOUND)
        name = self.tr("open {0}").format(info.path.name)
        self._taking = True
        self.session.do(name, set_take(project, Take(media, info.seconds)))
        self._taking = False

    def _refuse_take(self, path: Path) -> None:
        # Told once, and not tried again at each change; the last project's pictures go.
        self._unreadable = path
        self._drop_sound()

    def _forget_unreadable(self) -> None:
        self._unreadable = None

    def _drop_sound(self) -> None:
        for kind in (Kind.INVERT, Kind.LISTEN, Kind.GENERATE):
            self.stop(kind)
        self._stop_opening()
        self._hold(None)
        self._begin_base()

    def _hold(self, info: SoundInfo | None) -> None:
        self.still = self.heard = None
        super()._hold(info)
        self.still_changed.emit()
        self.heard_changed.emit()

    def _on_answer(self, answer: Answer) -> None:
        if self._closed:
            return
        match answer:
            case Exported() | Advanced(kind=Kind.EXPORT) | Ended(kind=Kind.EXPORT):
                self.export_answered.emit(answer)
            case LiveAnswer() | Ended(kind=Kind.LIVE):
                self.live_answered.emit(answer)
            case FrameReady():
                self.feed.on_frame(answer)
                self.frame_ready.emit(answer)
            case FramesDone():
                self.feed.on_done(answer)
            case Advanced():
                self.jobs.advance(answer.id, answer.fraction)
            case Inverted():
                if self.finish(answer, Kind.INVERT):
                    self.still = answer.picture
                    self.still_changed.emit()
            case Listened():
                if self.finish(answer, Kind.LISTEN):
                    self.heard = answer.heard
                    self.heard_changed.emit()
            case Generated():
                if self.finish(answer, Kind.GENERATE):
                    self._set_movie(answer.movie, answer.plain)
                    if self._is_other(answer.movie.project):
                        self._redraw()
            case Measured():
                if self.movie is not None and answer.movie == self.movie.key:
                    self.measured.emit(answer)
            case Improving() | Fitted() | EditRefined() | StartRefined():
                self.fine_answered.emit(answer)
            case Redrawn():
                self._on_redrawn(answer)
            case Ended():
                self._on_ended(answer)
            case Loading() | LoadingStopped() | Loaded():
                self.on_loading(answer)
            case LoadFailed():
                self.on_loading(answer)
                self.heard_changed.emit()
                self.failed.emit(answer.error)

    def _on_redrawn(self, answer: Redrawn) -> None:
        latest = self._latest.get(Kind.REDRAW)
        # One that was overtaken is shown on the way; one of another movie never.
        if latest is None or answer.id > latest.id:
            return
        self.movie, self.plain = answer.movie, answer.plain
        if latest.id == answer.id:
            del self._latest[Kind.REDRAW]
        self.feed.change_movie(answer.movie, answer.index)
        self.redrawn.emit()

    def _on_ended(self, answer: Ended) -> None:
        self.feed.on_stopped(answer.id)
        latest = self.finish(answer, answer.kind)
        if answer.kind in (Kind.FIT, Kind.REFINE):
            self.fine_answered.emit(answer)
            return
        if answer.error is not None:
            self.failed.emit(answer.error)
        elif latest:
            self.stopped.emit(answer.kind)
