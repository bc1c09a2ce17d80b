"""Looks while live runs: what is set is kept under a number, and called up again by a glide."""

import time
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal

from soundedit.app.live.panel import EDIT_TARGET, REACTIVITY, LivePanel
from soundedit.app.session import ProjectSession
from soundedit.document.looks import look_at, make_look, remove_look, set_look
from soundedit.document.model import Look, StartKind

GLIDE_SECONDS = 1.0
TICK_MILLISECONDS = 40


class LiveLooks(QObject):
    """Those of the project, in one live window at a time."""

    seed_wanted = Signal(int)
    """Go over to the scene of a seed."""

    def __init__(
        self,
        session: ProjectSession,
        move: Callable[[str, float], None],
        parent: QObject,
    ) -> None:
        """`move`: takes a slider's target and its value, as when the person moves it."""
        super().__init__(parent)
        self._session, self._move, self._clock = session, move, time.monotonic
        self._panel: LivePanel | None = None
        self._ways: dict[str, tuple[float, float]] = {}
        self._begun = 0.0
        self._timer = QTimer(self, interval=TICK_MILLISECONDS)
        self._timer.timeout.connect(self._glide)

    def attach(self, panel: LivePanel) -> None:
        """Serve a new window's panel."""
        self._panel = panel
        panel.looks.called.connect(self.call)
        panel.looks.kept.connect(self.keep)
        panel.looks.forgotten.connect(self.forget)
        # What the person moves goes its own way.
        panel.moved.connect(self.let_go)
        self.follow()

    def follow(self) -> None:
        """Show which looks there are."""
        if self._panel is not None:
            self._panel.looks.show_kept({look.slot for look in self._session.project.looks})

    def close(self) -> None:
        """The window is gone."""
        self._panel = None
        self._timer.stop()
        self._ways = {}

    def let_go(self, target: str, _value: float = 0.0) -> None:
        """What moves a slider besides has it from now on."""
        self._ways.pop(target, None)

    def call(self, slot: int) -> None:
        """Glide to the look of a number; where there is none, keep what is set as it."""
        if look_at(self._session.project, slot) is None:
            self.keep(slot)
        else:
            self.go_to(slot)

    def go_to(self, slot: int) -> None:
        """Glide to the look of a number, if there is one."""
        look = look_at(self._session.project, slot)
        if look is not None and self._panel is not None:
            self._begin(look)

    def keep(self, slot: int) -> None:
        """Make what is set now the look of a number."""
        if self._panel is None:
            return
        values = {name: row.slider.number.value() for name, row in self._panel.rows.items()}
        strengths = {
            name.removeprefix(EDIT_TARGET): value
            for name, value in values.items()
            if name.startswith(EDIT_TARGET)
        }
        start = self._session.project.start
        seed = start.seed if start.kind is StartKind.SEED else None
        look = make_look(slot, strengths, values[REACTIVITY], seed)
        step = self.tr("keep look {0}").format(slot)
        self._session.do(step, set_look(self._session.project, look))

    def forget(self, slot: int) -> None:
        """Let the look of a number go."""
        step = self.tr("forget look {0}").format(slot)
        self._session.do(step, remove_look(self._session.project, slot))

    def _begin(self, look: Look) -> None:
        assert self._panel is not None
        levels = {EDIT_TARGET + level.edit: level.strength for level in look.levels}
        self._ways = {}
        for target, row in self._panel.rows.items():
            if target == REACTIVITY:
                end = look.reactivity
            elif target.startswith(EDIT_TARGET):
                # An edit that was not there then does nothing in it.
                end = levels.get(target, 0.0)
            else:
                continue
            self._ways[target] = (row.slider.number.value(), end)
        self._begun = self._clock()
        self._timer.start()
        start = self._session.project.start
        if look.seed is not None and (start.kind, start.seed) != (StartKind.SEED, look.seed):
            self.seed_wanted.emit(look.seed)

    def _glide(self) -> None:
        way = min((self._clock() - self._begun) / GLIDE_SECONDS, 1.0)
        share = way * way * (3 - 2 * way)
        if self._panel is not None:
            for target, (begin, end) in self._ways.items():
                row = self._panel.rows.get(target)
                if row is not None:
                    value = begin + share * (end - begin)
                    row.slider.set_value(value)
                    self._move(target, value)
        if way >= 1:
            self._timer.stop()
            self._ways = {}
