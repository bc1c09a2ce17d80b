"""`python -m MODULE WORDS...` as processes forked off one that has imported the large libraries.

Importing torch and open_clip takes longer than what most tests have a command do.
"""

import multiprocessing
import os
import runpy
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

_FORKS = "forkserver" in multiprocessing.get_all_start_methods()
_context = multiprocessing.get_context("forkserver" if _FORKS else "spawn")
if _FORKS:
    _context.set_forkserver_preload(["torch", "open_clip", "torch.utils.tensorboard"])


class Forked:
    """A process that was started in the project's folder; what it says goes to files."""

    def __init__(self, module: str, words: Sequence[str | Path], **environment: str) -> None:
        self._words = [str(word) for word in words]
        self._folder = tempfile.TemporaryDirectory()
        self._said = [Path(self._folder.name) / name for name in ("out", "err")]
        whole = {**os.environ, **environment}
        arguments = (module, self._words, whole, [str(file) for file in self._said])
        self._process = _context.Process(target=_enter, args=arguments)
        self._process.start()

    @property
    def returncode(self) -> int | None:
        """None while it runs; the negative signal where one ended it."""
        return self._process.exitcode

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()

    def wait(self) -> subprocess.CompletedProcess[str]:
        """Wait for its end; once."""
        self._process.join()
        out, err = (file.read_text() if file.exists() else "" for file in self._said)
        self._folder.cleanup()
        code = self._process.exitcode
        assert code is not None
        return subprocess.CompletedProcess(self._words, code, out, err)


def torchrun(processes: int, module: str, *words: str | Path) -> None:
    """As torchrun on one machine does, told as it tells it; AssertionError if one fails."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    common = {"WORLD_SIZE": str(processes), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    run = [
        Forked(module, words, RANK=str(rank), LOCAL_RANK=str(rank), OMP_NUM_THREADS="1", **common)
        for rank in range(processes)
    ]
    # One that ended by an error leaves the others waiting for it.
    while any(one.returncode is None for one in run):
        if any(one.returncode for one in run):
            for one in run:
                one.kill()
        time.sleep(0.02)
    ended = [one.wait() for one in run]
    assert all(one.returncode == 0 for one in ended), "\n".join(one.stderr for one in ended)


def _enter(module: str, words: list[str], environment: dict[str, str], said: list[str]) -> None:
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(ROOT)
    for number, file in enumerate([os.devnull, *said]):
        handle = os.open(file, os.O_RDWR | os.O_CREAT)
        os.dup2(handle, number)
        os.close(handle)
    if "OMP_NUM_THREADS" in environment:
        import torch

        torch.set_num_threads(int(environment["OMP_NUM_THREADS"]))
    sys.argv[1:] = words
    runpy.run_module(module, run_name="__main__", alter_sys=True)
