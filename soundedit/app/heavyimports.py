"""Importing torch on a worker's thread without stopping the GUI thread.

What stops it is the interpreter's lock: held while the system links torch's libraries, and through
every garbage collection over the hundred thousands of objects that the imports make.
"""

import ctypes
import gc
import importlib.util
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_LIBRARIES = ("libtorch_global_deps", "libc10", "libtorch_cpu", "libtorch", "libtorch_python")


@contextmanager
def heavy_imports() -> Iterator[None]:
    """Link torch's libraries first, collect no garbage inside, and never collect what was made.

    Modules live to the end, so that going through them in later collections would be time lost.
    """
    collected = gc.isenabled()
    gc.disable()
    try:
        link_torch()
        yield
    finally:
        gc.freeze()
        if collected:
            gc.enable()


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
    suffix = ".dylib" if sys.platform == "darwin" else ".so"
    dlopen = ctypes.CDLL(None).dlopen
    dlopen.restype = ctypes.c_void_p
    dlopen.argtypes = [ctypes.c_char_p, ctypes.c_int]
    loaded = 0
    for name in _LIBRARIES:
        file = Path(spec.origin).parent / "lib" / f"{name}{suffix}"
        # torch wants the symbols of its dependencies seen by all.
        scope = os.RTLD_GLOBAL if name.endswith("deps") else os.RTLD_LOCAL
        if file.exists() and dlopen(os.fsencode(file), os.RTLD_NOW | scope):
            loaded += 1
    return loaded
