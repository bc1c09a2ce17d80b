"""Editing in the window, with the stand-in engine: each word adds `PUSH` to the red."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QDockWidget, QWidget

from soundedit.app.buttons import Button
from soundedit.app.editcard import CARD_MIME
from soundedit.document.model import PartKind, Span

from .conftest import Rig
from .standin import PUSH

MakeSound = Callable[..., Path]

# Qt 6.12 has a constructor with a QPointF, older ones have only this.
pytestmark = pytest.mark.filterwarnings("ignore:.*QDragEnterEvent:DeprecationWarning")


@pytest.fixture
def edited(rig: Rig, make_sound: MakeSound) -> Rig:
    """A window with a generated movie, the playhead at 1 s."""
    rig.begin()
    rig.open(make_sound(2.0))
    rig.generate()
    rig.window.axis.seek(1.0)
    rig.wait(lambda: rig.shown() == (0, 24, 0))
    return rig


def type_words(rig: Rig, words: str) -> str:
    """Ctrl+K, words, Enter; the id of the edit."""
    window = rig.window
    window.activateWindow()
    rig.qtbot.keyClick(window, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    field = window.editing.panel.new.field
    rig.wait(field.hasFocus)
    rig.qtbot.keyClicks(field, words)
    rig.qtbot.keyClick(field, Qt.Key.Key_Return)
    edits = window.session.project.edits
    rig.wait(lambda: field.text() == "")
    return edits[-1].id


def test_words_are_typed_seen_undone_and_done_again(edited: Rig) -> None:
    type_words(edited, "storm")
    edited.wait(lambda: edited.shown() == (PUSH, 24, 0))
    assert [edit.name for edit in edited.window.session.project.edits] == ["storm"]
    assert edited.window.actions_by_id["undo"].text() == "&Undo add storm"
    edited.do("undo")
    edited.wait(lambda: edited.shown() == (0, 24, 0))
    assert edited.window.actions_by_id["redo"].text() == "&Redo add storm"
    edited.do("redo")
    edited.wait(lambda: edited.shown() == (PUSH, 24, 0))
    assert edited.engine.calls.count("generate") == 1


def test_strength_drag_is_one_step_and_shows_every_value(edited: Rig) -> None:
    edit = type_words(edited, "storm")
    edited.wait(lambda: edited.shown() == (PUSH, 24, 0))
    slider = edited.window.editing.panel.card(edit).strength.slider
    slider.setSliderDown(True)
    for value in (80, 60, 50):
        slider.setValue(value)
    slider.setSliderDown(False)
    edited.wait(lambda: edited.shown() == (PUSH // 2, 24, 0))
    entries = edited.window.session.history.entries
    assert entries[-2:] == ["add storm", "set strength of storm to 0.5"]
    slider.setSliderDown(True)
    slider.setValue(0)
    slider.setSliderDown(False)
    edited.wait(lambda: edited.shown() == (0, 24, 0))
    edited.do("undo")
    edited.wait(lambda: edited.shown() == (PUSH // 2, 24, 0))
    assert slider.value() == 50


def test_thumbnails_follow_the_edits(edited: Rig) -> None:
    thumbnails = edited.window.timeline.thumbnails
    edited.wait(lambda: len(edited.controller.feed.cache) == 48)
    type_words(edited, "storm")

    def red() -> int:
        image = thumbnails.grab().toImage()
        return image.pixelColor(20, image.height() // 2).red()

    edited.wait(lambda: red() == PUSH)
    edited.do("undo")
    edited.wait(lambda: red() == 0)


def test_sound_is_dropped_on_the_panel(edited: Rig, make_sound: MakeSound) -> None:
    panel = edited.window.editing.panel
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(make_sound(1.0, "rain.wav")))])
    drop(panel, mime, QPointF(20, 200))
    (edit,) = edited.window.session.project.edits
    assert (edit.name, edit.parts[0].kind) == ("rain.wav", PartKind.SOUND)
    edited.wait(lambda: edited.shown() == (PUSH, 24, 0))
    assert edited.controller.sound is not None and edited.controller.sound.path.name == "tone.wav"
    assert panel.card(edit.id).follow.isVisibleTo(panel.card(edit.id).details)


def test_words_that_nothing_taught_the_pack_are_named_on_the_card(edited: Rig) -> None:
    card = edited.window.editing.panel.card(type_words(edited, "a gewitter"))
    edited.wait(lambda: "does not know “gewitter”" in card.problem.text())
    # It acts all the same.
    assert edited.shown() == (PUSH, 24, 0)
    known = edited.window.editing.panel.card(type_words(edited, "storm"))
    edited.wait(lambda: edited.shown() == (2 * PUSH, 24, 0))
    assert known.problem.text() == ""
    assert edited.window.errors.dialog is None


def test_bad_sound_says_on_its_card_why_it_does_nothing(edited: Rig, tmp_path: Path) -> None:
    bad = tmp_path / "bad.wav"
    bad.write_bytes(b"no sound")
    panel = edited.window.editing.panel
    panel.files_dropped.emit([bad])
    (edit,) = edited.window.session.project.edits
    card = panel.card(edit.id)
    edited.wait(lambda: "bad.wav" in card.problem.text())
    assert edited.shown() == (0, 24, 0)
    # That is said once, and what the other edits do is measured all the same.
    assert edited.window.errors.dialog is None
    type_words(edited, "storm")
    _bar, likeness = panel.meter.rows["similarity"]
    edited.wait(lambda: likeness.text() != "")
    edited.window.axis.seek(0.5)
    edited.wait(lambda: edited.shown()[1] == 12)
    assert edited.window.errors.dialog is None


def test_mute_solo_order_duplicate_and_remove(edited: Rig) -> None:
    stack, panel = edited.window.editing.stack, edited.window.editing.panel
    storm, rain = type_words(edited, "storm"), type_words(edited, "rain")
    edited.wait(lambda: edited.shown() == (2 * PUSH, 24, 0))
    panel.card(storm).mute.click()
    edited.wait(lambda: edited.shown() == (PUSH, 24, 0))
    panel.card(storm).mute.click()
    lanes = edited.window.edit_lanes
    panel.card(rain).solo.click()
    edited.wait(lambda: edited.shown() == (PUSH, 24, 0))
    assert [lanes.lane(edit).acts for edit in (storm, rain)] == [False, True]
    panel.card(rain).solo.click()
    assert [lanes.lane(edit).acts for edit in (storm, rain)] == [True, True]
    stack.select(storm)
    edited.do("edit_down")
    assert [edit.name for edit in stack.edits] == ["rain", "storm"]
    edited.do("duplicate_edit")
    assert [edit.name for edit in stack.edits] == ["rain", "storm", "storm"]
    edited.wait(lambda: edited.shown() == (3 * PUSH, 24, 0))
    edited.do("remove_edit")
    edited.do("remove_edit")
    assert [edit.name for edit in stack.edits] == ["rain"]
    assert edited.window.session.history.undo_name == "remove storm"
    edited.wait(lambda: edited.shown() == (PUSH, 24, 0))


def test_copy_cut_and_paste(edited: Rig, make_sound: MakeSound) -> None:
    stack = edited.window.editing.stack
    first = stack.add_sound(make_sound(1.0, "rain.wav"))
    assert first is not None
    stack.set_strength(first, 0.5)
    edited.do("cut_edit")
    assert stack.edits == ()
    edited.do("paste_edit")
    edited.do("paste_edit")
    assert [(edit.name, edit.strength) for edit in stack.edits] == [("rain.wav", 0.5)] * 2
    assert len({edit.id for edit in stack.edits}) == 2
    edited.wait(lambda: edited.shown() == (PUSH, 24, 0))


def test_cards_are_reordered_by_dragging(edited: Rig) -> None:
    panel, stack = edited.window.editing.panel, edited.window.editing.stack
    storm = type_words(edited, "storm")
    type_words(edited, "rain")
    QApplication.processEvents()
    mime = QMimeData()
    mime.setData(CARD_MIME, storm.encode())
    drop(panel, mime, QPointF(20, panel.height() - 5))
    assert [edit.name for edit in stack.edits] == ["rain", "storm"]
    column = [panel.card(edit.id).y() for edit in stack.edits]
    edited.wait(lambda: panel.card(stack.edits[0].id).y() < panel.card(storm).y())
    assert column


def test_span_bands_and_blend(edited: Rig) -> None:
    window = edited.window
    storm = type_words(edited, "storm")
    card = window.editing.panel.card(storm)
    card.more.click()
    assert card.details.isVisible()
    card.bands.sliders["coarse"].number.setValue(0.5)
    edited.wait(lambda: edited.shown() == (PUSH // 2, 24, 0))
    card.end.setValue(0.8)
    edited.wait(lambda: edited.shown() == (0, 24, 0))
    assert window.session.project.edits[0].span == Span(0.0, 0.8)
    # The edge that was not typed gives way, and a fade is no longer than the span.
    card.start.setValue(1.5)
    assert window.session.project.edits[0].span == Span(1.5, 1.6)
    card.end.setValue(0.8)
    assert window.session.project.edits[0].span == Span(pytest.approx(0.7), 0.8)
    card.fade_in.setValue(9.0)
    assert window.session.project.edits[0].span.fade_in == pytest.approx(0.1)
    card.fade_in.setValue(0.0)
    card.start.setValue(0.0)
    window.axis.seek(0.5)
    edited.wait(lambda: edited.shown() == (PUSH // 2, 12, 0))
    edited.qtbot.keyClicks(card.blend.word, "night")
    edited.qtbot.keyClick(card.blend.word, Qt.Key.Key_Return)
    edited.wait(lambda: edited.shown() == (PUSH, 12, 0))
    card.blend.weights[1].setValue(-1.0)
    edited.wait(lambda: edited.shown() == (0, 12, 0))
    assert [part.weight for part in window.session.project.edits[0].parts] == [1.0, -1.0]
    edited.do("undo")
    assert card.blend.weights[1].value() == 1.0


def test_take_is_suggested_on_an_empty_stack(edited: Rig) -> None:
    new = edited.window.editing.panel.new
    edited.wait(lambda: bool(new.suggestions))
    assert [button.text() for button in new.suggestions] == ["wind"]
    new.suggestions[0].click()
    assert [edit.name for edit in edited.window.session.project.edits] == ["wind"]
    assert not new.suggestions
    edited.do("undo")
    assert [button.text() for button in new.suggestions] == ["wind"]


def test_vocabulary_is_suggested_while_typing(edited: Rig) -> None:
    field = edited.window.editing.panel.new.field
    field.setFocus()
    completer = field.completer()
    completer.setCompletionPrefix("rai")
    rows = [completer.completionModel().index(row, 0).data() for row in range(5)]
    assert rows[:2] == ["rain", "heavy rain"]
    completer.activated.emit("heavy rain")
    assert [edit.name for edit in edited.window.session.project.edits] == ["heavy rain"]
    edited.wait(lambda: field.text() == "")


def test_meters_say_how_far_the_frame_moved(edited: Rig) -> None:
    type_words(edited, "storm")
    meter = edited.window.editing.panel.meter
    edited.wait(lambda: meter.rows["coarse"][1].text() == f"{PUSH:.2f}")
    assert float(meter.rows["similarity"][1].text()) == pytest.approx(0.24, abs=0.02)
    assert not meter.damping.isVisible()


def test_edit_before_generating_makes_the_movie(rig: Rig, make_sound: MakeSound) -> None:
    rig.begin()
    rig.open(make_sound(1.0))
    type_words(rig, "storm")
    rig.wait(lambda: rig.controller.movie is not None)
    rig.wait(lambda: rig.shown() == (PUSH, 0, 0))


def test_undo_of_the_seed_brings_its_movie_back_at_once(edited: Rig) -> None:
    edited.window.picture.seed.setValue(7)
    edited.wait(lambda: edited.shown() == (7, 24, 0))
    edited.do("undo")
    assert edited.controller.movie is not None
    edited.wait(lambda: edited.shown() == (0, 24, 0))
    assert edited.window.picture.seed.value() == 0
    assert edited.engine.calls.count("generate") == 2


def test_undo_of_the_take_brings_the_other_sound_back(edited: Rig, make_sound: MakeSound) -> None:
    edited.open(make_sound(1.0, "next.wav"))
    edited.do("undo")
    edited.wait(lambda: edited.window.windowTitle().startswith("tone.wav"))
    edited.do("undo")
    edited.wait(lambda: edited.controller.sound is None)
    assert edited.window.axis.duration == 0
    edited.do("redo")
    edited.wait(lambda: edited.controller.sound is not None)


def test_everything_is_reached_by_tab_and_has_a_name(edited: Rig) -> None:
    storm = type_words(edited, "storm")
    card = edited.window.editing.panel.card(storm)
    card.more.click()
    reached: list[QWidget] = []
    widget: QWidget = edited.window.editing.panel.new.field
    for _ in range(60):
        widget = widget.nextInFocusChain()
        reached.append(widget)
    for control in card.tab_chain:
        assert control in reached or not control.isVisible()
        assert control.focusPolicy() & Qt.FocusPolicy.TabFocus
        assert control.accessibleName() or getattr(control, "text", str)()
    card.setFocus()
    edited.qtbot.keyClick(card, Qt.Key.Key_Delete)
    assert edited.window.session.project.edits == ()


def drop(widget: QWidget, mime: QMimeData, at: QPointF) -> None:
    """Drop something on a widget."""
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    copy = Qt.DropAction.CopyAction
    enter = QDragEnterEvent(at.toPoint(), copy, mime, buttons, keys)
    QApplication.sendEvent(widget, enter)
    assert enter.isAccepted()
    QApplication.sendEvent(widget, QDropEvent(at, copy, mime, buttons, keys))


def test_wipe_shows_before_left_and_after_right(edited: Rig) -> None:
    type_words(edited, "storm")
    edited.wait(lambda: edited.shown() == (PUSH, 24, 0))
    viewer, action = edited.window.viewer, edited.window.actions_by_id["compare"]
    edited.window.activateWindow()
    edited.window.timeline.ruler.setFocus()
    edited.qtbot.keyClick(edited.window.timeline.ruler, Qt.Key.Key_W)
    assert action.isChecked()

    def colour(share: float) -> int:
        area = viewer.picture_area()
        at = area.left() + area.width() * share
        image = viewer.grab().toImage()
        return image.pixelColor(round(at), round(area.top() + area.height() * 0.8)).red()

    edited.wait(lambda: (colour(0.3), colour(0.7)) == (0, PUSH))
    edited.window.axis.seek(1.5)
    edited.wait(lambda: edited.shown() == (PUSH, 36, 0))
    edited.wait(lambda: colour(0.3) == 0)
    viewer.setFocus()
    for _ in range(6):
        edited.qtbot.keyClick(viewer, Qt.Key.Key_Right)
    assert viewer.split == pytest.approx(0.8)
    assert (colour(0.7), colour(0.9)) == (0, PUSH)
    area = viewer.picture_area()
    line = QPoint(round(area.left() + area.width() * 0.8), round(area.center().y()))
    edited.qtbot.mousePress(viewer, Qt.MouseButton.LeftButton, pos=line)
    edited.qtbot.mouseMove(viewer, QPoint(round(area.left() + area.width() * 0.2), line.y()))
    edited.qtbot.mouseRelease(viewer, Qt.MouseButton.LeftButton, pos=line)
    assert viewer.split == pytest.approx(0.2, abs=0.02)
    (button,) = [
        one for one in edited.window.transport.findChildren(Button) if one.defaultAction() is action
    ]
    assert button.isChecked() and button.accessibleName() == "Before and after"
    button.click()
    assert colour(0.1) == PUSH


def test_typing_a_fade_leaves_the_edges_where_they_are(edited: Rig) -> None:
    stack = edited.window.editing.stack
    edit = stack.add_words("storm")
    assert edit is not None
    stack.set_span(edit, Span(5 / 24, 25 / 24))
    card = edited.window.editing.panel.card(edit)
    assert (card.start.value(), card.end.value()) == (0.21, 1.04)
    card.fade_in.setValue(0.25)
    span = edited.window.session.project.edits[-1].span
    assert span == Span(5 / 24, 25 / 24, 0.25)
    card.end.setValue(0.9)
    assert edited.window.session.project.edits[-1].span == Span(5 / 24, 0.9, 0.25)


def test_a_fade_that_is_limited_shows_what_it_is(edited: Rig) -> None:
    stack = edited.window.editing.stack
    edit = stack.add_words("storm")
    assert edit is not None
    stack.set_span(edit, Span(1.0, 1.5))
    fade = edited.window.editing.panel.card(edit).fade_in
    for _ in range(2):
        fade.setValue(4.0)
        assert fade.value() == edited.window.session.project.edits[-1].span.fade_in == 0.5


def test_a_new_card_comes_into_view(edited: Rig) -> None:
    panel = edited.window.editing.panel
    for count in range(9):
        edit = type_words(edited, f"storm {count}")
    card = panel.card(edit)
    edited.wait(lambda: card.visibleRegion().boundingRect().height() == card.height())


def test_a_sentence_on_a_card_is_whole_in_a_narrow_panel(edited: Rig) -> None:
    panel = edited.window.editing.panel
    edit = type_words(edited, "storm")
    panel.show_problems({edit: "The pack does not know this, so what it does is left to chance."})
    dock = panel.parentWidget()
    assert isinstance(dock, QDockWidget)
    card = panel.card(edit)
    widths = []
    for width in (400, 205):
        edited.window.resizeDocks([dock], [width], Qt.Orientation.Horizontal)
        edited.wait(lambda: not widths or card.problem.width() < widths[-1] - 20)
        widths.append(card.problem.width())
        edited.wait(
            lambda: card.problem.height() >= card.problem.heightForWidth(card.problem.width()) > 0
        )


def test_a_number_keeps_its_keys_from_the_card(edited: Rig) -> None:
    storm = type_words(edited, "storm")
    card = edited.window.editing.panel.card(storm)
    number = card.strength.number
    number.setFocus()
    edited.wait(number.hasFocus)
    edited.qtbot.keyClick(number, Qt.Key.Key_Return)
    assert not card.more.isChecked()
    slider = card.strength.slider
    slider.setFocus()
    edited.wait(slider.hasFocus)
    edited.qtbot.keyClick(slider, Qt.Key.Key_Backspace)
    assert [edit.id for edit in edited.window.session.project.edits] == [storm]
    card.setFocus()
    edited.qtbot.keyClick(card, Qt.Key.Key_Return)
    assert card.more.isChecked()


def test_words_that_begin_as_typed_come_first(edited: Rig) -> None:
    field = edited.window.editing.panel.new.field
    field.set_words(["blast", "babbling stream", "steps", "a storm", "storm"])
    field.setFocus()
    edited.wait(field.hasFocus)
    edited.qtbot.keyClicks(field, "st")
    model = field.completer().completionModel()
    rows = [model.index(row, 0).data() for row in range(model.rowCount())]
    assert rows == ["steps", "storm", "babbling stream", "a storm", "blast"]


def test_tab_passes_panels_that_lie_behind(edited: Rig) -> None:
    window = edited.window
    window.activateWindow()
    docks = {dock.objectName(): dock for dock in window._docks.all}
    docks["history"].raise_()
    edited.wait(lambda: docks["edits"].visibleRegion().isEmpty())
    window.picture.seed.setFocus()
    edited.wait(window.picture.seed.hasFocus)
    reached: list[QWidget] = []
    for _ in range(60):
        focus = QApplication.focusWidget()
        assert focus is not None
        reached.append(focus)
        edited.qtbot.keyClick(focus, Qt.Key.Key_Tab)
    inside = [w for w in reached if any(docks[n].isAncestorOf(w) for n in ("edits", "heard"))]
    assert inside == [] and len(set(reached)) > 10
    edited.do("reset_layout")
    assert not docks["edits"].visibleRegion().isEmpty()
