from collections.abc import Callable
from pathlib import Path

from soundedit.app.exports.job import JobState
from soundedit.app.exports.queue import FINISHED_LIMIT
from soundedit.errors import ExportError

from .conftest import MakeJob, Works

MakeWorks = Callable[[], Works]


def test_one_job_at_a_time_in_the_order_of_the_list(works: MakeWorks, make_job: MakeJob) -> None:
    work = works().open()
    work.add(make_job(), make_job(), make_job())
    assert work.states() == [("job1", "running"), ("job2", "waiting"), ("job3", "waiting")]
    assert [request.job.id for request in work.requests] == ["job1"]
    work.queue.move("job3", 1)
    work.advance(0.5)
    assert work.queue.jobs[0].done == 24
    work.finish(size=123)
    assert [request.job.id for request in work.requests] == ["job1", "job3"]
    work.finish()
    work.finish()
    assert {state for _, state in work.states()} == {"done"}
    assert [job.id for job in work.ended] == ["job1", "job3", "job2"]
    assert work.ended[0].size == 123


def test_snapshot_is_that_of_the_moment_of_adding(works: MakeWorks, make_job: MakeJob) -> None:
    work = works().open()
    work.add(make_job())
    project, files = work.requests[0].snapshot()
    assert project == work.project
    assert files["m1"].read_bytes() == work.files["m1"].read_bytes()
    assert files["m1"] != work.files["m1"]


def test_paused_job_lets_the_next_one_go_and_goes_on_later(
    works: MakeWorks, make_job: MakeJob
) -> None:
    work = works().open()
    work.add(make_job(), make_job())
    work.advance(0.25)
    work.queue.pause("job1")
    assert work.requests[0].cancel.cancelled
    # The engine is still in its last step: nothing else begins.
    assert work.states() == [("job1", "paused"), ("job2", "waiting")]
    work.stop()
    assert work.states() == [("job1", "paused"), ("job2", "running")]
    assert work.queue.jobs[0].done == 12
    work.queue.resume("job1")
    work.finish()
    assert [request.job.id for request in work.requests] == ["job1", "job2", "job1"]


def test_cancel_before_and_while_it_runs(works: MakeWorks, make_job: MakeJob) -> None:
    work = works().open()
    work.add(make_job(), make_job())
    work.queue.cancel("job2")
    work.queue.cancel("job1")
    work.stop()
    assert work.states() == [("job1", "cancelled"), ("job2", "cancelled")]
    assert work.ended == []
    work.queue.remove("job1")
    work.queue.retry("job2")
    assert work.states() == [("job2", "running")]


def test_retry_before_the_engine_let_go(works: MakeWorks, make_job: MakeJob) -> None:
    work = works().open()
    work.add(make_job())
    work.queue.cancel("job1")
    work.queue.retry("job1")
    assert work.states() == [("job1", "waiting")]
    work.stop()
    assert work.states() == [("job1", "running")]
    assert len(work.requests) == 2


def test_failure_is_told_with_the_words_of_ffmpeg(works: MakeWorks, make_job: MakeJob) -> None:
    work = works().open()
    work.add(make_job(), make_job())
    work.stop(ExportError("It could not be written; make room.", "line 1\nline 2"))
    lost = work.ended[0]
    assert (lost.state, lost.error) == (JobState.FAILED, "It could not be written; make room.")
    assert lost.log == "line 1\nline 2"
    assert work.errors == []
    assert work.states()[1] == ("job2", "running")
    work.finish()
    work.queue.retry("job1", overwrite=True)
    assert work.requests[-1].job.overwrite
    assert work.queue.jobs[0].error == ""


def test_unexpected_error_goes_to_the_log_too(works: MakeWorks, make_job: MakeJob) -> None:
    work = works().open()
    work.add(make_job())
    error = ZeroDivisionError("1 / 0")
    work.stop(error)
    assert work.errors == [error]
    assert work.ended[0].error == "Something unexpected went wrong."


def test_restart_after_closing_goes_on(works: MakeWorks, make_job: MakeJob) -> None:
    work = works().open()
    work.add(make_job(), make_job(), make_job())
    work.queue.pause("job2")
    work.queue.move("job3", 0)
    work.advance(0.5)
    work.queue.close()
    assert work.requests[0].cancel.cancelled
    again = works().open()
    assert again.states() == [("job3", "running"), ("job1", "waiting"), ("job2", "paused")]
    assert again.queue.jobs[1].done == 24
    assert again.requests[0].snapshot()[0] == work.project


def test_job_that_ends_the_program_twice_is_not_begun_a_third_time(
    works: MakeWorks, make_job: MakeJob
) -> None:
    work = works().open()
    work.add(make_job())
    for expected in ("running", "paused"):
        # Dead without a word: the list stays as it was last written.
        work.queue._saver.shutdown(wait=True)
        assert work.queue._store is not None
        work.queue._store.close()
        work.queue._closed = True
        work = works().open()
        assert work.states() == [("job1", expected)]
        work.wait(lambda work=work: work.queue._saver._work_queue.empty())
    work.queue.resume("job1")
    assert work.states() == [("job1", "running")]
    assert work.queue.jobs[0].crashes == 0


def test_job_of_another_pack_waits(works: MakeWorks, make_job: MakeJob) -> None:
    work = works().open("this 1.0")
    work.add(make_job(pack="other 1.0"), make_job(pack="this 1.0"))
    assert work.states() == [("job1", "waiting"), ("job2", "running")]
    assert work.queue.needs_other_pack(work.queue.jobs[0])
    work.finish()
    work.queue.set_pack("other 1.0")
    assert work.states()[0] == ("job1", "running")


def test_nothing_runs_without_an_engine(works: MakeWorks, make_job: MakeJob) -> None:
    work = works().open(None)
    work.add(make_job())
    assert work.states() == [("job1", "waiting")]
    work.queue.set_pack("pack")
    assert work.states() == [("job1", "running")]


def test_list_of_what_is_over_is_bounded(works: MakeWorks, make_job: MakeJob) -> None:
    work = works().open()
    jobs = [make_job(state=JobState.DONE, ended=f"{n:03}") for n in range(FINISHED_LIMIT + 3)]
    work.queue._jobs = [*jobs]
    work.add(make_job())
    kept = [job.id for job in work.queue.jobs]
    assert kept == [job.id for job in jobs[3:]] + [f"job{FINISHED_LIMIT + 4}"]
    work.queue.clear()
    assert len(work.queue.jobs) == 1


def test_media_that_cannot_be_kept_fail_the_job(
    works: MakeWorks, make_job: MakeJob, tmp_path: Path
) -> None:
    work = works().open()
    store = work.queue._store
    assert store is not None
    (store.folder / "media").write_text("in the way")
    work.add(make_job())
    assert work.states() == [("job1", "failed")]
    assert work.ended[0].error == (
        "tone.wav could not be kept for the export (File exists); "
        "make room on the disk and add it again."
    )
    assert work.requests == []


def test_exports_asked_for_before_the_list_is_read(works: MakeWorks, make_job: MakeJob) -> None:
    work = works()
    work.queue.add(make_job(), work.project, work.files)
    work.queue.add(make_job(), work.project, work.files)
    assert work.states() == [("job1", "waiting"), ("job2", "waiting")] and not work.queue.idle
    work.queue.cancel("job2")
    work.open()
    work.wait(lambda: bool(work.requests))
    assert work.states() == [("job1", "running"), ("job2", "cancelled")]
    project, files = work.requests[0].snapshot()
    assert project == work.project and files["m1"].is_file()


def test_exports_without_a_place_are_told(
    works: MakeWorks, make_job: MakeJob, tmp_path: Path
) -> None:
    (tmp_path / "exports").write_bytes(b"in the way")
    work = works()
    work.queue.add(make_job(), work.project, work.files)
    work.queue.open()
    work.wait(lambda: len(work.errors) == 2)
    work.queue.add(make_job(), work.project, work.files)
    assert str(work.errors[-1]) == "There is no place for exports; restart soundedit."
    assert len(work.errors) == 3 and work.states() == [] and work.queue.idle
