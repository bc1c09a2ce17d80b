"""The beats of a take: ranges, the nearest, those in view, and in the file."""

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soundedit.document.beats import beat_from, beat_near, beats_between, set_beats
from soundedit.document.model import Beats, Project
from soundedit.document.schema import project_from_text, project_text
from soundedit.errors import ProjectError


def test_set_beats() -> None:
    project = set_beats(Project(), Beats(120, 0.25, 3))
    assert project.beats == Beats(120, 0.25, 3)
    assert set_beats(project, Beats(120, 0.25, 3)) is project
    assert set_beats(project, None) == Project()
    assert set_beats(project, Beats(9999, -1, 99)).beats == Beats(400, 0, 16)
    assert set_beats(project, Beats(1, 0, 0)).beats == Beats(20, 0, 1)
    with pytest.raises(ProjectError):
        set_beats(project, Beats(float("nan")))


@pytest.mark.parametrize(
    ("seconds", "beat"), [(0.0, 0.25), (0.4, 0.25), (0.6, 0.75), (10.3, 10.25), (-3, 0.25)]
)
def test_beat_near(seconds: float, beat: float) -> None:
    assert beat_near(Beats(120, 0.25), seconds) == pytest.approx(beat)


def test_beats_before_the_first_bar() -> None:
    assert beat_near(Beats(60, 2.5), 0.1) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("seconds", "after", "before"),
    [(0.0, 0.25, -0.25), (0.25, 0.75, -0.25), (0.75 - 1e-6, 1.25, 0.25), (0.9, 1.25, 0.75)],
)
def test_next_and_previous_beat(seconds: float, after: float, before: float) -> None:
    beats = Beats(120, 0.25)
    assert beat_from(beats, seconds, True) == pytest.approx(after)
    assert beat_from(beats, seconds, False) == pytest.approx(before)


def test_beats_in_view() -> None:
    beats = Beats(60, 1.0, 4)
    assert list(beats_between(beats, 0.0, 5.5, 0.1)) == [
        (0.0, False),
        (1.0, True),
        (2.0, False),
        (3.0, False),
        (4.0, False),
        (5.0, True),
    ]
    assert [at for at, _ in beats_between(beats, 3.0, 20.0, 2.0)] == [5.0, 9.0, 13.0, 17.0]
    assert all(is_bar for _, is_bar in beats_between(beats, 3.0, 20.0, 2.0))
    assert [at for at, _ in beats_between(beats, 0.0, 40.0, 9.0)] == [1.0, 17.0, 33.0]


@given(
    bpm=st.floats(20, 400), first=st.floats(0, 5), start=st.floats(0, 3600), span=st.floats(0, 60)
)
def test_lines_in_view_are_apart_and_inside(
    bpm: float, first: float, start: float, span: float
) -> None:
    beats, least = Beats(bpm, first), max(span / 80, 1e-3)
    times = [at for at, _ in beats_between(beats, start, start + span, least)]
    assert all(start - 1e-6 <= at <= start + span for at in times)
    assert all(b - a >= least * 0.999 for a, b in pairwise(times))
    assert all(beat_near(beats, at) == pytest.approx(at) for at in times)


def test_beats_are_in_the_file() -> None:
    project = set_beats(Project(title="a"), Beats(97.5, 0.125, 3))
    assert project_from_text(project_text(project)) == project
    fields = json.loads(project_text(project))
    assert fields["beats"] == {"bpm": 97.5, "first": 0.125, "bar": 3}
    del fields["beats"]
    assert project_from_text(json.dumps(fields).encode()).beats is None
    fields["beats"] = {"bpm": 1e6, "first": -0.5, "bar": 0}
    damage: list[str] = []
    found = project_from_text(json.dumps(fields).encode(), damage=damage)
    assert found.beats is not None and (found.beats.bpm, found.beats.bar) == (400, 1)
    assert [line.split(" (")[0] for line in damage] == [
        f"The project is damaged, as beats.{name}" for name in ("bpm", "first", "bar")
    ]
