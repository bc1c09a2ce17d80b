"""What the person does to edits: each a named, undoable step of the session."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QMimeData, QObject, Signal
from PySide6.QtGui import QGuiApplication

from soundedit.app.bandsliders import with_band
from soundedit.app.session import ProjectSession
from soundedit.document import commands
from soundedit.document.clipboard import copied_edits, pasted_edits
from soundedit.document.commands import find_edit, find_media, sound_edit, text_edit
from soundedit.document.ids import new_id
from soundedit.document.model import (
    Edit,
    MediaKind,
    Part,
    PartKind,
    Project,
    Range,
    Span,
)

EDITS_MIME = "application/x-soundedit-edits"


class EditStack(QObject):
    """The edits of the session's project, and which of them is selected."""

    selected_changed = Signal()

    def __init__(self, session: ProjectSession, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self._selected: str | None = None
        session.changed.connect(self._follow)

    @property
    def edits(self) -> tuple[Edit, ...]:
        """The edits, in order."""
        return self.session.project.edits

    @property
    def selected(self) -> str | None:
        """Id of the selected edit, which is one of the project."""
        # Others may ask before this has heard that the project changed.
        known = any(edit.id == self._selected for edit in self.edits)
        return self._selected if known else None

    def select(self, edit_id: str | None) -> None:
        """Select an edit, or none."""
        if edit_id != self._selected:
            self._selected = edit_id
            self.selected_changed.emit()

    def step(self, by: int) -> None:
        """Select the next edit or the one before."""
        ids = [edit.id for edit in self.edits]
        if not ids:
            return
        at = ids.index(self._selected) + by if self._selected in ids else 0
        self.select(ids[min(max(at, 0), len(ids) - 1)])

    def add_words(self, words: str) -> str | None:
        """A new edit of a word or phrase; returns its id, None where there are no words."""
        if not words.strip():
            return None
        edit = text_edit(words)
        return self._add(self.session.project, edit)

    def add_sound(self, path: Path, start: float | None = None) -> str | None:
        """A new edit of a sound file, from `start` seconds on or over the whole take."""
        project, media = self.session.adopt(path, MediaKind.SOUND)
        edit = sound_edit(find_media(project, media))
        if start is not None:
            edit = replace(edit, span=Span(start=start))
        return self._add(project, edit)

    def add_part(self, kind: PartKind, value: str, name: str) -> str | None:
        """A new edit of one seed, picture or direction."""
        return self._add(self.session.project, Edit(new_id(), name, (Part(kind, value),)))

    def add_picture(self, path: Path) -> str | None:
        """A new edit that mixes in the style of a picture file."""
        project, media = self.session.adopt(path, MediaKind.PICTURE)
        edit = Edit(new_id(), path.name, (Part(PartKind.PICTURE, media),))
        return self._add(project, edit)

    def add_direction(self, path: Path, name: str) -> str | None:
        """A new edit of a saved direction's file."""
        project, media = self.session.adopt(path, MediaKind.DIRECTION)
        return self._add(project, Edit(new_id(), name, (Part(PartKind.DIRECTION, media),)))

    def remove(self, edit_id: str) -> None:
        """Take an edit away and select its neighbour."""
        ids = [edit.id for edit in self.edits]
        at = ids.index(edit_id)
        rest = [other for other in ids if other != edit_id]
        name = self.tr("remove {0}").format(self._name(edit_id))
        self.session.do(name, commands.remove_edit(self.session.project, edit_id))
        self.select(rest[min(at, len(rest) - 1)] if rest else None)

    def duplicate(self, edit_id: str) -> None:
        """Put a copy behind an edit and select it."""
        name = self.tr("duplicate {0}").format(self._name(edit_id))
        self.session.do(name, commands.duplicate_edit(self.session.project, edit_id))
        ids = [edit.id for edit in self.edits]
        self.select(ids[min(ids.index(edit_id) + 1, len(ids) - 1)])

    def move(self, edit_id: str, by: int) -> None:
        """Move an edit up or down the stack by so many places."""
        index = commands.edit_index(self.session.project, edit_id) + by
        self.move_to(edit_id, index)

    def move_to(self, edit_id: str, index: int) -> None:
        """Give an edit a place in the stack."""
        name = self.tr("move {0}").format(self._name(edit_id))
        self.session.do(name, commands.move_edit(self.session.project, edit_id, max(index, 0)))

    def copy(self, edit_id: str) -> None:
        """Put an edit on the clipboard, for another window too."""
        snapshot = self.session.snapshot()
        text = copied_edits(snapshot.project, {edit_id}, snapshot.files)
        mime = QMimeData()
        mime.setData(EDITS_MIME, text.encode())
        mime.setText(self._name(edit_id))
        QGuiApplication.clipboard().setMimeData(mime)

    def cut(self, edit_id: str) -> None:
        """Copy and remove."""
        self.copy(edit_id)
        self.remove(edit_id)

    def paste(self) -> None:
        """Put what was copied behind the selected edit.

        Raises:
            ProjectError: the clipboard holds no edits.
        """
        text = bytes(QGuiApplication.clipboard().mimeData().data(EDITS_MIME).data()).decode()
        ids = [edit.id for edit in self.edits]
        at = ids.index(self._selected) + 1 if self._selected in ids else len(ids)
        project, files = pasted_edits(self.session.project, text, at)
        self.session.bring(files)
        name = self.tr("paste {0}").format(project.edits[at].name)
        if self.session.do(name, project):
            self.select(project.edits[at].id)

    def rename(self, edit_id: str, name: str) -> None:
        """Name an edit."""
        step = self.tr("rename {0} to {1}").format(self._name(edit_id), name)
        self.session.do(step, commands.rename_edit(self.session.project, edit_id, name))

    def set_strength(self, edit_id: str, strength: float) -> None:
        """Set a strength, -2 to 2; calls in a row are one step until the session closes it."""
        project = commands.set_strength(self.session.project, edit_id, strength)
        name = self.tr("set strength of {0} to {1}").format(
            self._name(edit_id), f"{find_edit(project, edit_id).strength:g}"
        )
        self.session.do(name, project, f"strength {edit_id}")

    def set_band(self, edit_id: str, band: str, weight: float) -> None:
        """Set the weight of "coarse", "mid" or "fine", 0 to 2."""
        bands = with_band(find_edit(self.session.project, edit_id).bands, band, weight)
        project = commands.set_bands(self.session.project, edit_id, bands)
        name = self.tr("set {0} of {1} to {2}").format(band, self._name(edit_id), f"{weight:g}")
        self.session.do(name, project, f"{band} {edit_id}")

    def set_span(self, edit_id: str, span: Span) -> None:
        """Set where an edit acts."""
        project = commands.set_span(self.session.project, edit_id, span)
        name = self.tr("set the span of {0}").format(self._name(edit_id))
        self.session.do(name, project, f"span {edit_id}")

    def place(self, edit_id: str, part: Range) -> None:
        """Let an edit act in a part of the take only; its fades stay."""
        span = find_edit(self.session.project, edit_id).span
        self.set_span(edit_id, replace(span, start=part.start or 0.0, end=part.end))
        self.session.close_merge()

    def set_follow(self, edit_id: str, follow: bool) -> None:
        """Follow the loudness of the edit's sound or not."""
        if follow:
            name = self.tr("let {0} follow its sound").format(self._name(edit_id))
        else:
            name = self.tr("let {0} not follow its sound").format(self._name(edit_id))
        self.session.do(name, commands.set_follow(self.session.project, edit_id, follow))

    def set_mute(self, edit_id: str, mute: bool) -> None:
        """Silence an edit or let it act again."""
        step = self.tr("mute {0}") if mute else self.tr("unmute {0}")
        project = commands.set_mute(self.session.project, edit_id, mute)
        self.session.do(step.format(self._name(edit_id)), project)

    def set_solo(self, edit_id: str, solo: bool) -> None:
        """Let only soloed edits act."""
        step = self.tr("solo {0}") if solo else self.tr("unsolo {0}")
        project = commands.set_solo(self.session.project, edit_id, solo)
        self.session.do(step.format(self._name(edit_id)), project)

    def set_weight(self, edit_id: str, index: int, weight: float) -> None:
        """Set the weight of one part of a blend, -2 to 2."""
        parts = list(find_edit(self.session.project, edit_id).parts)
        parts[index] = replace(parts[index], weight=weight)
        self._set_parts(edit_id, parts, f"weight {index} {edit_id}")

    def blend_words(self, edit_id: str, words: str) -> None:
        """Add a word to the blend of an edit."""
        words = " ".join(words.split())
        if words:
            parts = find_edit(self.session.project, edit_id).parts
            self._set_parts(edit_id, (*parts, Part(PartKind.TEXT, words)))

    def blend_sound(self, edit_id: str, path: Path) -> None:
        """Add a sound to the blend of an edit."""
        project, media = self.session.adopt(path, MediaKind.SOUND)
        parts = find_edit(project, edit_id).parts
        self._set_parts(edit_id, (*parts, Part(PartKind.SOUND, media)), project=project)

    def remove_part(self, edit_id: str, index: int) -> None:
        """Take a part out of a blend; the last one stays."""
        parts = find_edit(self.session.project, edit_id).parts
        if len(parts) > 1:
            self._set_parts(edit_id, (*parts[:index], *parts[index + 1 :]))

    def part_name(self, part: Part) -> str:
        """What a part is called on screen."""
        if part.kind is PartKind.TEXT:
            return part.value
        if part.kind is PartKind.SEED:
            return self.tr("seed {0}").format(part.value)
        names = [media.name for media in self.session.project.media if media.id == part.value]
        return names[0] if names else self.tr("missing file")

    def _set_parts(
        self,
        edit_id: str,
        parts: Iterable[Part],
        merge: str | None = None,
        project: Project | None = None,
    ) -> None:
        changed = commands.set_parts(project or self.session.project, edit_id, parts)
        name = self.tr("change the blend of {0}").format(self._name(edit_id))
        self.session.do(name, changed, merge)

    def _add(self, project: Project, edit: Edit) -> str | None:
        name = self.tr("add {0}").format(edit.name)
        if not self.session.do(name, commands.add_edit(project, edit)):
            return None
        self.select(edit.id)
        return edit.id

    def _name(self, edit_id: str) -> str:
        return find_edit(self.session.project, edit_id).name

    def _follow(self) -> None:
        if self._selected is not None and self._selected not in {edit.id for edit in self.edits}:
            self.select(None)
