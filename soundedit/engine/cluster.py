"""Many jobs on a Ray cluster: one task a file.

The source travels to the task and what was made travels back, so that the machines need no disk in
common; they need soundedit, with the pack, and Ray. What is made is put in its place here, whole
or not at all.
"""

import logging
import shutil
import socket
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from soundedit.engine.export import check_target
from soundedit.engine.job import (
    Engines,
    Job,
    job_facts,
    job_from,
    report_facts,
    report_from,
    run_job,
)
from soundedit.engine.workers import Outcome
from soundedit.errors import ExportError, SoundeditError, shown
from soundedit.media.sequence import check_replaceable, publish_folder
from soundedit.media.whole import free_part, publish_part
from soundedit.progress import CancelToken

_POLL_SECONDS = 0.5
_ANSWER_SECONDS = 10.0


def run_on_cluster(
    jobs: Iterable[Job], address: str, *, cores: int = 1, cancel: CancelToken | None = None
) -> Iterator[Outcome]:
    """Render jobs on the Ray cluster at `address` ("auto" for one that runs on this machine,
    "local" for one of this process alone).

    Each task asks for `cores` processor cores. Yields what becomes of the jobs in the order in
    which they end. Raises `SoundeditError` without Ray or a cluster, `Cancelled` once `cancel` is
    set; the tasks end then.
    """
    try:
        import ray
    except ImportError as error:
        raise SoundeditError(
            "Ray is not installed, so run \"pip install 'soundedit[cluster]'\" to use a cluster."
        ) from error
    _check_there(address)
    # A cluster of this process alone needs no web page.
    own: dict[str, Any] = {"include_dashboard": False} if address == "local" else {}
    try:
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR, **own)
    except (ConnectionError, RuntimeError, ValueError, OSError) as error:
        raise _no_cluster(address, str(error).splitlines()[0]) from error
    try:
        task = ray.remote(num_cpus=cores, max_retries=1)(_render)
        running: dict[Any, Job] = {}
        for job in jobs:
            try:
                check_target(job.out, job.settings, overwrite=job.overwrite)
                running[task.remote(job_facts(job), job.source.read_bytes(), cores)] = job
            except OSError as error:
                yield Outcome(job, error=f"{shown(job.source)} cannot be read ({error.strerror}).")
            except SoundeditError as error:
                yield Outcome(job, error=str(error))
        while running:
            if cancel is not None:
                cancel.check()
            done, _ = ray.wait(list(running), timeout=_POLL_SECONDS)
            for reference in done:
                yield _outcome(running.pop(reference), reference)
    finally:
        ray.shutdown()


def _check_there(address: str) -> None:
    """Raise `SoundeditError` if nothing answers at host:port; Ray would try for minutes."""
    host, colon, port = address.removeprefix("ray://").rpartition(":")
    if not colon or not port.isdigit():
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), _ANSWER_SECONDS).close()
    except (OSError, OverflowError) as error:
        raise _no_cluster(address, str(error)) from error


def _no_cluster(address: str, why: str) -> SoundeditError:
    return SoundeditError(
        f"There is no Ray cluster at {address} ({why}), so start one or give another address."
    )


def _outcome(job: Job, reference: Any) -> Outcome:
    import ray

    try:
        facts, files = ray.get(reference)
        if "error" in facts:
            return Outcome(job, error=facts["error"])
        _place(job.out, files)
        return Outcome(job, replace(report_from(facts), path=job.out))
    except ray.exceptions.RayError as error:
        why = str(error).strip().splitlines()[-1]
        return Outcome(job, error=f"The task failed on the cluster ({why}); try again.")
    except SoundeditError as error:
        return Outcome(job, error=str(error))


def _place(out: Path, files: dict[str, bytes]) -> None:
    """Write what came back to its place: one file under the name "", or a folder of files."""
    part = free_part(out)
    try:
        if "" in files:
            part.write_bytes(files[""])
            publish_part(part, out)
            return
        part.mkdir()
        for name, data in files.items():
            (part / Path(name).name).write_bytes(data)
        check_replaceable(out)
        publish_folder(part, out)
    except OSError as error:
        raise ExportError(
            f"{shown(out)} could not be written ({error.strerror}); "
            "check the free space or choose another place."
        ) from error
    finally:
        if part.is_dir():
            shutil.rmtree(part, ignore_errors=True)
        else:
            part.unlink(missing_ok=True)


def _render(
    facts: dict[str, Any], source: bytes, cores: int
) -> tuple[dict[str, Any], dict[str, bytes]]:
    """One task: the report, or {"error": ...}, and what was made, by name."""
    import torch

    torch.set_num_threads(cores)
    job = job_from(facts)
    with tempfile.TemporaryDirectory(prefix="soundedit-") as name:
        folder = Path(name)
        (folder / "in").mkdir()
        (folder / "out").mkdir()
        here = replace(
            job,
            source=folder / "in" / job.source.name,
            out=folder / "out" / job.out.name,
            work=None,
        )
        here.source.write_bytes(source)
        try:
            report = run_job(here, _engines())
        except SoundeditError as error:
            return {"error": str(error)}, {}
        if here.out.is_dir():
            made = {file.name: file.read_bytes() for file in here.out.iterdir()}
        else:
            made = {"": here.out.read_bytes()}
        return report_facts(report), made


@cache
def _engines() -> Engines:
    """Those of this process, so that its next task need not load them."""
    return Engines()
