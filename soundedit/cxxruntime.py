"""Microsoft's C++ runtime, which torch and Qt share on Windows.

A process has one DLL of a name. Qt brings a copy of the runtime along; where that is the older one
and comes first, torch's libraries, from 2.9 on, fail to start (PyTorch issue 166628).
"""

import ctypes
import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from soundedit.errors import SoundeditError

_FAILED = (126, 127, 1114)
"""Windows's codes for a DLL, or a function of one, that is missing, and for one that fails."""


def claim_runtime() -> bool:
    """Load torch's smallest library, and with it the runtime torch needs; call before Qt is there.

    False where there is nothing to do, or the system has no runtime: Qt's own may do then.
    """
    spec = importlib.util.find_spec("torch") if sys.platform == "win32" else None
    if spec is None or spec.origin is None:
        return False
    try:
        ctypes.CDLL(str(Path(spec.origin).parent / "lib" / "c10.dll"))
    except OSError:
        return False
    return True


@contextmanager
def runtime_explained() -> Iterator[None]:
    """Turn the failure of a DLL inside into a SoundeditError that says what to install."""
    try:
        yield
    except (OSError, ImportError) as error:
        failed = getattr(error, "winerror", None) in _FAILED or "DLL load failed" in str(error)
        if not failed:
            raise
        raise SoundeditError(
            f"A library cannot be loaded ({error}). Microsoft's Visual C++ libraries are missing "
            "or too old, so install them: winget install --exact --id Microsoft.VCRedist.2015+.x64"
        ) from error
