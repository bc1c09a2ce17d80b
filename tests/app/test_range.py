from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from soundedit.document.commands import add_edit
from soundedit.document.model import Edit, Keyframe, Part, PartKind, Span

from .timelinedesk import ALT, Desk

STRIP, FOOT = 4.0, 25.0


@pytest.fixture
def desk(qtbot: QtBot) -> Iterator[Desk]:
    made = Desk()
    yield made
    made.close()


def test_in_and_out_at_the_playhead(desk: Desk) -> None:
    desk.axis.seek(2.0)
    desk.marking.set_in_point()
    assert desk.range == (2.0, None) and desk.axis.marks.span == (2.0, 10.0)
    desk.axis.seek(6.0)
    desk.marking.set_out_point()
    assert desk.axis.marks.span == (2.0, 6.0)
    desk.axis.seek(8.0)
    desk.marking.set_in_point()
    assert desk.range == (8.0, None)
    desk.marking.clear_range()
    assert desk.range == (None, None) and desk.axis.marks.span is None
    desk.session.undo()
    desk.session.undo()
    assert desk.range == (2.0, 6.0)


def test_drag_in_the_strip_makes_a_range_in_one_step(desk: Desk) -> None:
    desk.drag(desk.timeline.ruler, (600, STRIP), 500, 300, 256)
    assert desk.range == (2.5, 6.0)
    assert desk.steps == ["set range"]
    assert desk.axis.playhead == 0.0
    desk.session.undo()
    assert desk.range == (None, None)


def test_drag_of_an_end_and_of_the_whole(desk: Desk) -> None:
    ruler = desk.timeline.ruler
    desk.drag(ruler, (300, STRIP), 500)
    desk.drag(ruler, (501, STRIP), 620)
    assert desk.range == (3.0, 6.2)
    desk.drag(ruler, (299, STRIP), 100)
    assert desk.range == (1.0, 6.2)
    desk.drag(ruler, (400, STRIP), 450, 500, keys=ALT)
    assert desk.range == (pytest.approx(2.0), pytest.approx(7.2))
    desk.drag(ruler, (400, STRIP), 900, keys=ALT)
    assert desk.axis.marks.span == (pytest.approx(4.8), pytest.approx(10.0))
    assert len(desk.steps) == 5


def test_an_end_dragged_over_the_other_swaps_them(desk: Desk) -> None:
    ruler = desk.timeline.ruler
    desk.drag(ruler, (300, STRIP), 500)
    desk.drag(ruler, (300, STRIP), 700)
    assert desk.range == (5.0, 7.0)


def test_click_in_the_strip_seeks(desk: Desk) -> None:
    desk.drag(desk.timeline.ruler, (400, STRIP))
    assert desk.axis.playhead == 4.0
    assert desk.steps == []


def test_click_and_drag_below_seek_and_scrub(desk: Desk) -> None:
    scrubbed: list[float] = []
    ended: list[bool] = []
    desk.axis.scrubbed.connect(scrubbed.append)
    desk.axis.scrub_ended.connect(lambda: ended.append(True))
    desk.drag(desk.timeline.ruler, (400, FOOT))
    assert (desk.axis.playhead, scrubbed, ended) == (4.0, [], [])
    desk.drag(desk.timeline.ruler, (400, FOOT), 450, 500)
    assert scrubbed == [pytest.approx(4.5), pytest.approx(5.0)]
    assert ended == [True] and desk.axis.marks.guide is None


def test_the_playhead_snaps_to_markers_onsets_range_and_ends(desk: Desk) -> None:
    desk.axis.seek(4.0)
    desk.marking.mark()
    desk.axis.seek(5.0)
    desk.marking.set_in_point()
    desk.axis.seek(9.0)
    for x, wanted in ((405, 4.0), (507, 5.0), (246, 2.5), (756, 7.5), (995, 10.0), (3, 0.0)):
        desk.drag(desk.timeline.ruler, (600, FOOT), x)
        assert desk.axis.playhead == wanted
        desk.drag(desk.timeline.ruler, (600, FOOT), x, keys=ALT)
        assert desk.axis.playhead == pytest.approx(x / 100)
    desk.drag(desk.timeline.ruler, (600, FOOT), 415)
    assert desk.axis.playhead == pytest.approx(4.15)


def test_further_stops_such_as_keyframes_are_asked_each_time(desk: Desk) -> None:
    keyframes = [6.5]

    def stops() -> list[float]:
        return keyframes

    desk.axis.marks.add_stops(stops)
    assert desk.axis.marks.snap(6.46) == 6.5
    keyframes[0] = 1.0
    assert desk.axis.marks.snap(6.46) == 6.46
    assert desk.axis.marks.snap(1.03) == 1.0
    desk.axis.marks.remove_stops(stops)
    assert desk.axis.marks.snap(1.03) == 1.03


def test_keyframes_and_clip_ends_are_stops_but_not_for_themselves(desk: Desk) -> None:
    edit = Edit(
        "e",
        "storm",
        (Part(PartKind.TEXT, "storm"),),
        keyframes=(Keyframe(1.5, 0.5),),
        span=Span(3.0, 6.2),
    )
    desk.session.do("add storm", add_edit(desk.session.project, edit))
    marks = desk.axis.marks
    assert [marks.snap(time) for time in (1.46, 3.05, 6.25)] == [1.5, 3.0, 6.2]
    assert marks.snap(1.46, own=[1.5]) == 1.46
    desk.drag(desk.timeline.ruler, (800, FOOT), 624)
    assert desk.axis.playhead == 6.2


def test_moved_things_snap_to_the_playhead_but_it_not_to_itself(desk: Desk) -> None:
    desk.axis.seek(3.3)
    assert desk.axis.marks.snap(3.34) == 3.3
    assert desk.axis.marks.snap(3.34, playhead=False) == 3.34
    desk.axis.marks.let_go()


def test_a_drag_beyond_the_edge_takes_the_view_along(desk: Desk) -> None:
    desk.axis.zoom(4, 0.0)
    desk.drag(desk.timeline.ruler, (400, FOOT), 900, 1100, 1100, 1100)
    assert desk.axis.start > 0
    assert desk.axis.playhead == pytest.approx(desk.axis.end, abs=0.02)
