"""Importing torch on a worker's thread without stopping the GUI thread.

What stops it is the interpreter's lock: held while the system links torch's libraries, by whoever
loads a library or starts a thread meanwhile, since the system's loader lets nobody else in, and
through every garbage collection over the hundred thousands of objects that the imports make.
"""

import builtins
import ctypes
import gc
import importlib.util
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from pathlib import Path

from soundedit.cxxruntime import runtime_explained

_TORCH = ("c10", "torch_cpu", "torch", "torch_python")
_CUDA = (
    "cublasLt", "cublas", "cudnn", "nvrtc", "nvrtc-builtins", "cudart", "cupti", "cufft", "curand",
    "nvJitLink", "cusparse", "cusparseLt", "cusolver", "nccl", "nvshmem_host", "cufile",
)  # fmt: skip


class LibraryLock:
    """A lock that tells whether somebody waits for it."""

    def __init__(self) -> None:
        self._lock, self._counting = threading.Lock(), threading.Lock()
        self._waiting = 0

    @property
    def wanted(self) -> bool:
        """Whether a thread waits."""
        return self._waiting > 0

    def __enter__(self) -> None:
        with self._counting:
            self._waiting += 1
        self._lock.acquire()
        with self._counting:
            self._waiting -= 1

    def __exit__(self, *_: object) -> None:
        self._lock.release()


loading_libraries = LibraryLock()
"""The system's loader lets in one thread at a time, and an import that waits for it holds the
interpreter's lock: whoever loads many libraries at once, as torch does, and ALSA with its plug-ins,
takes this one first."""


@contextmanager
def heavy_imports(rest: Callable[[], None] | None = None) -> Iterator[None]:
    """Link torch's libraries first, collect no garbage inside, and never collect what was made.

    `rest` is called before each module that this thread imports inside, and may wait: until others
    have made what somebody waits for, not for ever, since they may need a module that is half
    imported. It is not called while somebody waits for `loading_libraries`.

    SoundeditError says what to install where Windows cannot load one.

    `loading_libraries` is held to the end, since modules in C are loaded on the way.

    The interpreter's lock is handed over fifty times as often, for others wait behind every turn of
    an import, and torch takes it anew after each operation. Modules live to the end, so that going
    through them in later collections would be time lost.
    """
    with loading_libraries:
        collected, interval = gc.isenabled(), sys.getswitchinterval()
        gc.disable()
        sys.setswitchinterval(0.0001)
        try:
            link_torch()
            with runtime_explained(), plain_imports(), _resting(rest):
                yield
        finally:
            sys.setswitchinterval(interval)
            gc.freeze()
            if collected:
                gc.enable()


class _Rests(MetaPathFinder):
    """Finds nothing, but is asked first for every module."""

    def __init__(self, rest: Callable[[], None]) -> None:
        self._rest, self._thread = rest, threading.get_ident()

    def find_spec(self, fullname: str, path: object, target: object = None) -> None:
        if threading.get_ident() == self._thread and not loading_libraries.wanted:
            self._rest()


@contextmanager
def _resting(rest: Callable[[], None] | None) -> Iterator[None]:
    if rest is None:
        yield
        return
    finder = _Rests(rest)
    # Lists of their own: other threads go through the one that they found.
    sys.meta_path = [finder, *sys.meta_path]
    try:
        yield
    finally:
        sys.meta_path = [one for one in sys.meta_path if one is not finder]


@contextmanager
def plain_imports() -> Iterator[None]:
    """Leave PySide6's own import statement out, which reads the source of every module.

    It looks for the use of `__feature__` there (napari issue 8584); nothing that is imported
    inside uses it, and a fifth of the time goes.
    """
    hooked = builtins.__import__
    builtins.__import__ = getattr(builtins, "__orig_import__", hooked)
    try:
        yield
    finally:
        builtins.__import__ = hooked


def link_torch() -> int:
    """Load torch's libraries with the interpreter's lock released; returns how many were loaded.

    `dlopen` is called as a foreign function, for which ctypes gives the lock up; for its own
    `CDLL(path)` it does not. Windows is left to torch, which does the same there.
    """
    if sys.platform == "win32":
        return 0
    spec = importlib.util.find_spec("torch")
    if spec is None or spec.origin is None:
        return 0
    dlopen = ctypes.CDLL(None).dlopen
    dlopen.restype = ctypes.c_void_p
    dlopen.argtypes = [ctypes.c_char_p, ctypes.c_int]
    loaded = 0
    for file in _libraries(Path(spec.origin).parent):
        # torch wants the symbols of its dependencies seen by all.
        scope = os.RTLD_GLOBAL if "global_deps" in file.name else os.RTLD_LOCAL
        if dlopen(os.fsencode(file), os.RTLD_NOW | scope):
            loaded += 1
    return loaded


def _libraries(torch: Path) -> Iterator[Path]:
    """What torch loads when it is imported, in its order, which keeps CUDA's versions together."""
    suffix = ".dylib" if sys.platform == "darwin" else ".so"
    yield from (torch / "lib").glob(f"libtorch_global_deps{suffix}")
    for name in _CUDA:
        yield from sorted(torch.parent.glob(f"nvidia/*/lib/lib{name}.so.*[0-9]"))[:1]
    for name in _TORCH:
        yield from (torch / "lib").glob(f"lib{name}{suffix}")
