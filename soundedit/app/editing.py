"""Editing in one window: the stack, its panel and commands, and what the engine says of them."""

from collections.abc import Callable, Mapping
from pathlib import Path

from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

from soundedit.app.controller import Controller
from soundedit.app.dialogs import Dialogs
from soundedit.app.editspanel import EditsPanel
from soundedit.app.editstack import EditStack
from soundedit.app.heardpanel import shares
from soundedit.app.samples import PICTURE_SUFFIXES
from soundedit.app.settings import LAST_FOLDER, PICTURE_FOLDER, Settings
from soundedit.document.model import PartKind, Range
from soundedit.document.projectfile import SUFFIX
from soundedit.errors import SoundeditError

MEASURE_MILLISECONDS = 120
"""How long a frame rests on screen before it is measured."""
WORTH_SUGGESTING = 0.1
OF_SELECTED = (
    "cut_edit",
    "copy_edit",
    "duplicate_edit",
    "edit_up",
    "edit_down",
    "blend_sound",
    "span_to_range",
    "span_to_all",
    "remove_edit",
)


class Editing(QObject):
    """Connects the edits with the controller, the panel and the menus."""

    def __init__(
        self,
        window: QWidget,
        controller: Controller,
        actions: Mapping[str, QAction],
        settings: Settings,
        dialogs: Dialogs,
    ) -> None:
        super().__init__(window)
        self._window, self._controller, self._actions = window, controller, actions
        self._settings, self._dialogs = settings, dialogs
        self.session = controller.session
        self.stack = EditStack(self.session, self)
        self.panel = EditsPanel(self.stack, actions, window)
        self._warned: list[object] = []
        self._rest = QTimer(self, singleShot=True, interval=MEASURE_MILLISECONDS)
        self._rest.timeout.connect(controller.measure)
        self.panel.files_dropped.connect(self.add_files)
        self.stack.selected_changed.connect(self._refresh)
        self.session.state_changed.connect(self._refresh)
        controller.feed.shown.connect(self._frame_shown)
        controller.measured.connect(self.panel.meter.show_measure)
        controller.heard_changed.connect(self._heard_changed)
        controller.engine_changed.connect(self._engine_changed)
        controller.movie_changed.connect(self._show_problems)
        controller.redrawn.connect(self._show_problems)
        self._refresh()

    def handlers(self) -> dict[str, Callable[[], object]]:
        """What to call for each command's id."""
        stack = self.stack

        def selected(call: Callable[[str], object]) -> Callable[[], object]:
            return lambda: call(stack.selected) if stack.selected is not None else None

        return {
            "undo": self.session.undo,
            "redo": self.session.redo,
            "new_edit": self._new_edit,
            "add_sound_edit": self._add_sound,
            "add_picture_edit": self._add_picture,
            "add_seed_edit": self._add_seed,
            "blend_sound": selected(self._blend_sound),
            "cut_edit": selected(stack.cut),
            "copy_edit": selected(stack.copy),
            "paste_edit": self._paste,
            "duplicate_edit": selected(stack.duplicate),
            "remove_edit": selected(stack.remove),
            "span_to_range": selected(self._span_to_range),
            "span_to_all": selected(lambda edit_id: stack.place(edit_id, Range())),
            "edit_up": selected(lambda edit_id: stack.move(edit_id, -1)),
            "edit_down": selected(lambda edit_id: stack.move(edit_id, 1)),
        }

    def close(self) -> None:
        """Stop the timer."""
        self._rest.stop()

    def add_files(self, files: list[Path]) -> None:
        """Make an edit of each dropped file: a picture's style, or a sound."""
        for path in files:
            if path.suffix.lower() == SUFFIX:
                continue
            if path.suffix.lower() in PICTURE_SUFFIXES:
                self.stack.add_picture(path)
            else:
                self.stack.add_sound(path)

    def _new_edit(self) -> None:
        dock = self.panel.parentWidget()
        if dock is not None:
            dock.show()
            dock.raise_()
        self.panel.begin_typing()

    def _add_sound(self) -> None:
        path = self._dialogs.sound_to_open(self._window, self._settings.get(LAST_FOLDER))
        if path is not None:
            self.stack.add_sound(path)

    def _add_picture(self) -> None:
        path = self._dialogs.picture_to_open(self._window, self._settings.get(PICTURE_FOLDER))
        if path is not None:
            self._settings.set(PICTURE_FOLDER, str(path.parent))
            self.stack.add_picture(path)

    def _add_seed(self) -> None:
        seed = self._dialogs.seed_to_mix(self._window, self._controller.seed)
        if seed is not None:
            name = self.tr("seed {0}").format(seed)
            self.stack.add_part(PartKind.SEED, str(seed), name)

    def _blend_sound(self, edit_id: str) -> None:
        path = self._dialogs.sound_to_open(self._window, self._settings.get(LAST_FOLDER))
        if path is not None:
            self.stack.blend_sound(edit_id, path)

    def _span_to_range(self, edit_id: str) -> None:
        self.stack.place(edit_id, self.session.project.range)

    def _paste(self) -> None:
        try:
            self.stack.paste()
        except SoundeditError as error:
            self._controller.failed.emit(error)

    def _frame_shown(self) -> None:
        if self.session.project.edits:
            self._rest.start()

    def _heard_changed(self) -> None:
        heard = self._controller.heard or ()
        words = [label for label, share in shares(heard) if share >= WORTH_SUGGESTING]
        self.panel.suggest([word for word in words if word != "other"])

    def _engine_changed(self) -> None:
        if self._controller.engine is not None:
            self.panel.new.field.set_words(self._controller.engine.words)

    def _show_problems(self) -> None:
        movie = self._controller.movie
        if movie is None:
            self.panel.show_problems({})
            self.panel.meter.clear()
            return
        self.panel.show_problems({**movie.cautions, **movie.faults})
        warned: list[object] = [self.session.path]
        told = [movie.cautions[key] for key in ("start", "take") if key in movie.cautions]
        warned += told
        if told and warned != self._warned:
            # Once for a project, however often its movie is made.
            self._warned = warned
            self._controller.failed.emit(SoundeditError("\n".join(told)))

    def _refresh(self) -> None:
        history, actions = self.session.history, self._actions
        writable = not self.session.read_only
        actions["undo"].setEnabled(history.can_undo)
        actions["redo"].setEnabled(history.can_redo)
        actions["undo"].setText(self.tr("&Undo {0}").format(history.undo_name).rstrip())
        actions["redo"].setText(self.tr("&Redo {0}").format(history.redo_name).rstrip())
        for id_ in OF_SELECTED:
            actions[id_].setEnabled(writable and self.stack.selected is not None)
        if self.session.project.range == Range():
            actions["span_to_range"].setEnabled(False)
        self.panel.setEnabled(writable)
