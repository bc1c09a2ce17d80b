"""Live on the engine worker: one run, from the request until it is cancelled."""

import importlib
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

from soundedit.app.live.requests import (
    LiveAnswer,
    LiveBegan,
    LiveDrew,
    LiveNotes,
    LiveRecorded,
    LiveRequest,
    LiveStatus,
    LiveTrouble,
)
from soundedit.app.renderings import make_rendering
from soundedit.app.requests import EngineLike
from soundedit.document.model import Project, StartKind
from soundedit.document.performancelog import PerformanceLog
from soundedit.errors import DeviceError, SoundeditError
from soundedit.media.loopback import LoopbackBackend

WAIT_SECONDS = 0.03


def perform_live(
    engine: EngineLike,
    request: LiveRequest,
    answer: Callable[[LiveAnswer], None],
    serve: Callable[[], None],
) -> None:
    """Run until the request is cancelled, which ends in `Cancelled`; DeviceError if the input goes.

    `serve` does what is more urgent, between pictures. A performance that is being recorded is
    finished and told whatever happens.
    """
    link, source = request.link, request.source
    rendering = make_rendering(engine, _without_take(request.project), request.files)
    backend = request.backend()
    if source.sound is not None:
        backend = LoopbackBackend(source.sound, outputs=backend)
    start = request.project.start
    module = importlib.import_module("soundedit.engine.liverun")
    run = module.LiveRun(
        engine,
        backend=backend,
        device=source.device,
        fps=Fraction(request.project.fps),
        seed=start.seed if start.kind is StartKind.SEED else 0,
        scene=rendering.plain(0, 1)[0],
    )
    session, recorder = run.session, run.recorder
    labels = engine.manifest.classes
    answer(LiveBegan(request.id, run.device.name, recorder.latency))
    noted: tuple[str, ...] = ()
    strengths, reactivity = link.strengths, link.reactivity
    session.set_edits(rendering.mix, strengths, reactivity)
    refused = None
    project, files = request.project, request.files
    log: PerformanceLog | None = None
    try:
        while True:
            request.cancel.check()
            if run.problem is not None:
                raise DeviceError(run.problem)
            session.sensitivity, session.smoothing = link.sensitivity, link.smoothing
            session.frozen, session.automatic = link.frozen, link.automatic
            changed, link.project = link.project, None
            if changed is not None:
                project, files = changed
                rendering = rendering.with_project(_without_take(project), files)
                if project.start != start:
                    start = project.start
                    session.set_scene(rendering.plain(0, 1)[0])
            if tuple(rendering.problems) != noted:
                noted = tuple(rendering.problems)
                answer(LiveNotes(request.id, noted))
            asked = link.strengths is not strengths or link.reactivity is not reactivity
            if changed is not None or asked:
                strengths, reactivity = link.strengths, link.reactivity
                session.set_edits(rendering.mix, strengths, reactivity)
            try:
                if link.monitored != recorder.monitoring and refused != link.monitored:
                    refused = link.monitored
                    recorder.set_monitor(link.monitored)
            except SoundeditError as error:
                answer(LiveTrouble(request.id, error, monitor=True))
            try:
                if changed is not None and log is not None:
                    log.change(project, files)
                if link.take is not None and not run.recording:
                    log = PerformanceLog(link.take, project, files, Fraction(project.fps))
                    run.begin_take(link.take, log.moved)
                elif link.take is None and run.recording:
                    assert log is not None
                    take = run.end_take()
                    log.finish()
                    answer(LiveRecorded(request.id, take, log))
                    log = None
            except SoundeditError as error:
                link.take = None
                if log is not None and not run.recording:
                    log.discard()
                    log = None
                answer(LiveTrouble(request.id, error))
            if link.monitored == recorder.monitoring:
                refused = None
            if session.wait(WAIT_SECONDS) or session.newest is not None:
                frame = session.step()
                if frame is not None and link.put_frame(frame):
                    answer(LiveDrew(request.id))
            told = session.label()
            heard, score = ("", 0.0) if told is None else (labels[told[0]], told[1])
            rms, peak = recorder.level()
            seconds = run.seconds if run.recording else None
            lost, gain = recorder.overflows, session.automatic_gain
            link.status = LiveStatus(rms, peak, heard, score, lost, seconds, gain)
            serve()
    finally:
        try:
            take = run.stop()
            if take is not None and log is not None:
                log.finish()
                answer(LiveRecorded(request.id, take, log))
                log = None
        except SoundeditError as error:
            answer(LiveTrouble(request.id, error))
        finally:
            if log is not None:
                log.close()


def _without_take(project: Project) -> Project:
    """The project with its start and edits alone; what is heard live is its take."""
    return replace(project, take=None)
