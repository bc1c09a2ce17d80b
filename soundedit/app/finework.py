"""Photo and video starts, refined edits and saved directions, as one window offers them."""

import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction, QImage, QImageReader
from PySide6.QtWidgets import QDialog, QWidget

from soundedit.app.controller import Controller
from soundedit.app.dialogs import Dialogs
from soundedit.app.editstack import EditStack
from soundedit.app.filework import FileWork
from soundedit.app.finejobs import (
    FIT_STEPS,
    EditRefined,
    FitRequest,
    Fitted,
    Improving,
    RefineRequest,
    RefineStartRequest,
    StartRefined,
)
from soundedit.app.requests import Ended, Kind
from soundedit.app.samples import VIDEO_SUFFIXES
from soundedit.app.settings import PICTURE_FOLDER, Settings
from soundedit.app.startdialog import StartDialog
from soundedit.document.commands import find_edit, set_refined, set_start, set_take
from soundedit.document.ids import new_id
from soundedit.document.mediafiles import safe_name
from soundedit.document.model import Edit, Media, MediaKind, PartKind, Start, StartKind, Take
from soundedit.errors import MediaError, SoundeditError
from soundedit.media.sound import probe_sound
from soundedit.media.stillframe import first_frame

SHOWN_PIXELS = 1400
REFINABLE = (PartKind.TEXT, PartKind.SOUND)


class FineWork(QObject):
    """Asks the engine for what takes seconds, shows how far it is, and makes the result a step.

    Args:
        place: gives a folder for files that belong to the project until it is saved.
        library: the person's folder of saved directions.
    """

    told = Signal(str)
    """A sentence for the status bar."""

    def __init__(
        self,
        window: QWidget,
        controller: Controller,
        stack: EditStack,
        work: FileWork,
        actions: Mapping[str, QAction],
        settings: Settings,
        dialogs: Dialogs,
        place: Callable[[], Path],
        library: Path,
    ) -> None:
        super().__init__(window)
        self._window, self._controller, self._stack = window, controller, stack
        self._session, self._work, self._actions = controller.session, work, actions
        self._settings, self._dialogs = settings, dialogs
        self._place, self._library = place, library
        self.dialog: StartDialog | None = None
        self._source = Path()
        self._video = False
        self._fit: FitRequest | None = None
        self._fitted: Fitted | None = None
        self._refine: RefineRequest | RefineStartRequest | None = None
        controller.fine_answered.connect(self._answered)
        controller.work_changed.connect(self._refresh)
        stack.selected_changed.connect(self._refresh)
        self._session.changed.connect(self._refresh)
        self._refresh()

    def handlers(self) -> dict[str, Callable[[], object]]:
        """What to call for each command's id."""
        return {
            "start_picture": self._ask_start,
            "refine_start": self._refine_start,
            "refine_edit": self._refine_selected,
            "unrefine_edit": self._unrefine_selected,
            "keep_direction": self._keep_selected,
            "add_direction_edit": self._add_direction,
        }

    def close(self) -> None:
        """Close the dialog."""
        if self.dialog is not None:
            self.dialog.reject()

    def start_from(self, path: Path) -> None:
        """Let the person choose a part of a photo or video, and start from it."""
        self._video = path.suffix.lower() in VIDEO_SUFFIXES

        def read(progress: Any, cancel: Any) -> QImage:
            image = QImage.fromData(first_frame(path)) if self._video else _photo(path)
            if image.isNull():
                raise MediaError(
                    f"{path.name} is damaged or no picture; open a JPEG, PNG or WebP file."
                )
            return image

        text = self.tr("Opening {0}").format(path.name)
        failed = self._controller.failed.emit
        self._work.do(read, lambda image: self._show(path, image), failed, text)

    def _show(self, path: Path, image: QImage) -> None:
        self.close()
        self._source, self._fitted = path, None
        dialog = StartDialog(path, image, video=self._video, parent=self._window)
        dialog.crop_settled.connect(self._look)
        dialog.refine_wanted.connect(lambda: self._look(FIT_STEPS))
        dialog.stop_wanted.connect(lambda: self._controller.stop(Kind.FIT))
        dialog.stop_wanted.connect(lambda: dialog.set_working(False))
        dialog.finished.connect(self._chosen)
        self.dialog = dialog
        dialog.open()
        self._look()

    def _look(self, steps: int = 0) -> None:
        assert self.dialog is not None
        self.dialog.set_working(True, refining=steps > 0)
        out = self._place() / f"{self._source.stem}.latents" if steps else None
        crop = self.dialog.wanted_crop()
        self._fit = FitRequest(self._source, crop, self._video, steps, out)
        text = self.tr("Refining the picture") if steps else self.tr("Looking at the picture")
        self._controller.begin(self._fit, text)

    def _chosen(self, result: int) -> None:
        dialog, self.dialog = self.dialog, None
        self._controller.stop(Kind.FIT)
        if dialog is None or result != QDialog.DialogCode.Accepted:
            return
        if self._video:
            self._start_video(self._source, dialog)
        else:
            self._start_photo(self._source, dialog)

    def _start_photo(self, path: Path, dialog: StartDialog) -> None:
        project, media = self._session.adopt(path, MediaKind.PICTURE)
        refined = []
        if self._fitted is not None and self._fitted.out is not None:
            refined.append(self._media(self._fitted.out, MediaKind.LATENTS))
        start = Start(
            StartKind.PHOTO,
            self._session.project.start.seed,
            media=media,
            crop=dialog.wanted_crop(),
            latents=refined[0].id if refined else None,
        )
        name = self.tr("start from {0}").format(path.name)
        self._session.do(name, set_start(project, start, refined))

    def _start_video(self, path: Path, dialog: StartDialog) -> None:
        crop, refining = dialog.wanted_crop(), dialog.refine_frames.isChecked()

        def read(progress: Any, cancel: Any) -> float | None:
            try:
                return probe_sound(path, cancel).seconds
            except SoundeditError:
                return None

        def done(seconds: float | None) -> None:
            project, media = self._session.adopt(path, MediaKind.VIDEO)
            start = Start(StartKind.VIDEO, project.start.seed, media=media, crop=crop)
            project = set_start(project, start)
            # A video without a sound moves by itself.
            take = None if seconds is None else Take(media, seconds)
            name = self.tr("start from {0}").format(path.name)
            if self._session.do(name, set_take(project, take)) and refining:
                self._refine_start()

        self._work.do(read, done, self._controller.failed.emit)

    def _media(self, path: Path, kind: MediaKind) -> Media:
        media = Media(new_id(), path.name, kind)
        self._session.bring({media.id: path})
        return media

    def _answered(self, answer: object) -> None:
        match answer:
            case Improving() if self._is_fit(answer.id) and self.dialog is not None:
                self.dialog.show_picture(answer.picture)
            case Improving() if self._refine is not None and answer.id == self._refine.id:
                self._controller.feed.show_for_now(answer.picture, answer.frame)
            case Fitted() if self._controller.finish(answer, Kind.FIT) and self.dialog is not None:
                self._fitted = answer
                self.dialog.show_picture(answer.picture)
                self.dialog.show_distance(answer.distance)
                self.dialog.set_working(False)
            case EditRefined() if self._controller.finish(answer, Kind.REFINE):
                if not self._take_refined(answer):
                    self._controller.feed.show_again()
            case StartRefined() if self._controller.finish(answer, Kind.REFINE):
                if not self._take_start(answer):
                    self._controller.feed.show_again()
            case Ended():
                self._on_ended(answer)

    def _is_fit(self, request_id: int) -> bool:
        return self._fit is not None and self._fit.id == request_id

    def _on_ended(self, answer: Ended) -> None:
        if self._refine is not None and answer.id == self._refine.id:
            self._controller.feed.show_again()
        if answer.error is None:
            return
        if self._is_fit(answer.id) and self.dialog is not None:
            if not isinstance(answer.error, SoundeditError):
                self._controller.failed.emit(answer.error)
            self.dialog.show_problem(str(answer.error))
        else:
            self._controller.failed.emit(answer.error)

    def _refine_start(self) -> None:
        """Bring the photo's picture or the video's frames nearer, while the person goes on."""
        start = self._session.project.start
        file = None if start.media is None else self._session.locate(start.media)
        if file is None:
            return
        out = self._place() / f"{file.stem}.latents"
        files = self._session.snapshot().files
        fps, on_show = Fraction(self._session.project.fps), self._controller.on_show
        self._refine = RefineStartRequest(start, files, fps, out, on_show)
        self._controller.begin(self._refine, self.tr("Bringing {0} closer").format(file.name))

    def _take_start(self, answer: StartRefined) -> bool:
        """Start from what was found, if it is nearer; says whether that changed the start."""
        project, changed = self._session.project, False
        if project.start != answer.start:
            # Another start was chosen meanwhile.
            return changed
        figures = f"{answer.before:.2f}", f"{answer.distance:.2f}"
        if answer.distance < answer.before:
            media = self._media(answer.out, MediaKind.LATENTS)
            name = self.tr("bring the start closer, {0} to {1}").format(*figures)
            refined = replace(project.start, latents=media.id)
            changed = self._session.do(name, set_start(project, refined, [media]))
        text = self.tr(
            "The start's distance went from {0} to {1}: 0 is the same picture, 1 an unlike one."
        )
        self.told.emit(text.format(*figures))
        return changed

    def _refine_selected(self) -> None:
        edit_id, movie = self._stack.selected, self._controller.movie
        if edit_id is None or movie is None:
            return
        edit = find_edit(self._session.project, edit_id)
        out = self._place() / f"{safe_name(edit.name)}.latents"
        self._refine = RefineRequest(edit, self._session.snapshot().files, movie, out)
        self._controller.begin(self._refine, self.tr("Refining {0}").format(edit.name))

    def _take_refined(self, answer: EditRefined) -> bool:
        """Use what was found for an edit; says whether that changed the edit."""
        project, asked = self._session.project, self._refine
        if answer.edit not in {edit.id for edit in project.edits}:
            return False
        edit = find_edit(project, answer.edit)
        if not isinstance(asked, RefineRequest) or edit.parts != asked.edit.parts:
            # The blend was changed meanwhile: what was found is not of these words.
            return False
        media = self._media(answer.out, MediaKind.DIRECTION)
        name = self.tr("refine {0}").format(edit.name)
        return self._session.do(name, set_refined(project, edit.id, media))

    def _unrefine_selected(self) -> None:
        if self._stack.selected is not None:
            edit = find_edit(self._session.project, self._stack.selected)
            name = self.tr("take the refinement of {0} back").format(edit.name)
            self._session.do(name, set_refined(self._session.project, edit.id, None))

    def _keep_selected(self) -> None:
        """Save the refined direction of the selected edit to the person's library."""
        edit = self._selected_edit()
        source = self._session.locate(edit.refined) if edit is not None and edit.refined else None
        if edit is None or source is None:
            return
        name = self._dialogs.direction_name(self._window, edit.name)
        if not name:
            return
        target = self._library / f"{safe_name(name)}.latents"

        def write(progress: Any, cancel: Any) -> None:
            target.parent.mkdir(parents=True, exist_ok=True)
            part = target.with_name(f".{target.name}.part")
            shutil.copyfile(source, part)
            part.replace(target)

        self._work.do(write, lambda value: None, self._controller.failed.emit)

    def _add_direction(self) -> None:
        path = self._dialogs.direction_to_open(self._window, str(self._library))
        if path is not None:
            self._stack.add_direction(path, path.stem)

    def _selected_edit(self) -> Edit | None:
        selected = self._stack.selected
        return None if selected is None else find_edit(self._session.project, selected)

    def _ask_start(self) -> None:
        path = self._dialogs.start_to_open(self._window, self._settings.get(PICTURE_FOLDER))
        if path is not None:
            self._settings.set(PICTURE_FOLDER, str(path.parent))
            self.start_from(path)

    def _refresh(self) -> None:
        edit = self._selected_edit()
        said = edit is not None and any(part.kind in REFINABLE for part in edit.parts)
        works = self._controller.movie is not None and not self._controller.is_running(Kind.REFINE)
        writable = not self._session.read_only
        refined = edit is not None and edit.refined is not None
        self._actions["refine_edit"].setEnabled(writable and said and works)
        self._actions["unrefine_edit"].setEnabled(writable and refined)
        self._actions["keep_direction"].setEnabled(refined)
        start = self._session.project.start
        idle = self._controller.engine is not None and not self._controller.is_running(Kind.REFINE)
        here = start.media is not None and self._session.locate(start.media) is not None
        self._actions["refine_start"].setEnabled(writable and here and idle)
        self._actions["start_picture"].setEnabled(
            writable and self._controller.engine_error is None
        )


def _photo(path: Path) -> QImage:
    """A photo, upright, at most `SHOWN_PIXELS` wide or high: a small copy is enough to choose."""
    reader = QImageReader(str(path))
    reader.setAutoTransform(True)
    size = reader.size()
    if size.isValid() and max(size.width(), size.height()) > SHOWN_PIXELS:
        factor = SHOWN_PIXELS / max(size.width(), size.height())
        reader.setScaledSize(size * factor)
    return reader.read()
