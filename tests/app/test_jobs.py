import pytest
from pytestqt.qtbot import QtBot

from soundedit.app.jobs import Job, Jobs, JobView, Offer


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


def test_what_is_offered_stands_beside_its_sentence_and_is_done_once(qtbot: QtBot) -> None:
    jobs = Jobs()
    view = JobView(jobs)
    qtbot.addWidget(view)
    view.show()
    done: list[str] = []
    view.set_idle_text("Exported a.mp4", Offer("Open the file", lambda: done.append("a")))
    assert (view.text.text(), view.offer.text()) == ("Exported a.mp4", "Open the file")
    assert view.offer.isVisible()
    # Not beside what is said of a job.
    jobs.begin(1, "Listening")
    assert not view.offer.isVisible()
    jobs.end(1)
    view.offer.click()
    assert done == ["a"]
    assert view.text.text() == "" and not view.offer.isVisible()
    view.set_idle_text("Exported b.mp4", Offer("Open the file", lambda: done.append("b")))
    view.set_idle_text("Ready")
    assert not view.offer.isVisible()
