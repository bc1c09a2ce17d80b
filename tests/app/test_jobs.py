import pytest
from pytestqt.qtbot import QtBot

from soundedit.app.jobs import Job, Jobs, JobView


def test_time_left_from_the_speed_so_far() -> None:
    job = Job("Exporting", 0.25, begun=100.0, stop=None)
    assert job.seconds_left(110.0) == pytest.approx(30.0)
    assert job.seconds_left(100.5) is None
    assert Job("Loading", -1.0, 100.0, None).seconds_left(200.0) is None


def test_job_that_can_be_cancelled_is_shown_first(qtbot: QtBot) -> None:
    jobs = Jobs()
    view = JobView(jobs)
    qtbot.addWidget(view)
    stopped: list[int] = []
    jobs.begin(1, "Exporting", lambda: stopped.append(1))
    jobs.begin(2, "Listening")
    assert view.text.text() == "Exporting (and 1 more)"
    jobs.advance(1, 0.5)
    assert view.bar.value() == 500
    assert view.left.text() == "50%"
    jobs.cancel_current()
    assert stopped == [1]
    jobs.end(1)
    assert view.text.text() == "Listening"
    assert view.bar.maximum() == 0
    jobs.advance(1, 0.9)
    jobs.end(2)
    view.set_idle_text("Ready")
    assert (view.text.text(), len(jobs)) == ("Ready", 0)
