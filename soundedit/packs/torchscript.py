"""The tensors of a TorchScript archive, as OpenAI published CLIP, without loading its program.

An archive holds a pickle of the module, the source text of its methods and the raw storages.
`torch.jit.load` compiles the source and may run parts of it; here only the pickle is interpreted,
every class of the archive stands for a bag of attributes, and the source is never looked at.
"""

import io
import zipfile
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from soundedit.errors import PackError
from soundedit.packs.checkpoints import check_archive
from soundedit.packs.closedglobals import TABLE
from soundedit.packs.closedpickle import SIZE_LIMIT, ClosedInterpreter, StandIn

_DTYPES = {
    "BFloat16Storage": torch.bfloat16,
    "BoolStorage": torch.bool,
    "DoubleStorage": torch.float64,
    "FloatStorage": torch.float32,
    "HalfStorage": torch.float16,
    "IntStorage": torch.int32,
    "LongStorage": torch.int64,
}
_NAMED = ("collections.OrderedDict", "torch._utils._rebuild_tensor_v2")
_LISTS = ("bool", "double", "int", "tensor")


def is_torchscript(path: Path) -> bool:
    """Whether a file is an archive of torch.jit.save."""
    try:
        with zipfile.ZipFile(path) as archive:
            return _root(archive, "constants.pkl") is not None
    except (OSError, ValueError, zipfile.BadZipFile):
        return False


def load_torchscript(path: Path, kind: str, limit: int = SIZE_LIMIT) -> dict[str, Tensor]:
    """The parameters and buffers of an archive's module by their names, on the CPU.

    PackError, which speaks of a `kind` of file, if it is no whole archive or names anything that
    no module's data needs, or unpacks to more than `limit` bytes.
    """
    try:
        check_archive(path, limit)
        with zipfile.ZipFile(path) as archive:
            root = _root(archive, "data.pkl")
            if root is None:
                raise ValueError("it has no data.pkl")
            reader = _ScriptInterpreter(path, archive, root)
            reader.kind = kind
            module = reader.run(io.BytesIO(archive.read(f"{root}data.pkl")))
        return dict(_tensors(module, "", {}))
    except PackError:
        raise
    except Exception as error:  # Whatever a damaged archive sets off in zipfile or torch.
        why = str(error).partition("\n")[0]
        raise PackError(
            f"{path} is no whole archive of TorchScript ({why}), so get the file again."
        ) from error


class _Module:
    """A module of the archive: its attributes, once they are known."""

    def __init__(self) -> None:
        self.state: dict[str, Any] = {}


class _ScriptInterpreter(ClosedInterpreter):
    def __init__(self, path: Path, archive: zipfile.ZipFile, root: str) -> None:
        super().__init__(path)
        self._archive, self._root = archive, root
        self._storages: dict[str, torch.storage.TypedStorage] = {}

    def push_global(self, name: str) -> None:
        module, _, last = name.rpartition(".")
        if name.startswith("__torch__."):
            self.stack.append(StandIn(name, _Module))
        elif name in _NAMED:
            self.stack.append(StandIn(name, TABLE[name]))
        elif module == "torch" and last in _DTYPES:
            self.stack.append(_DTYPES[last])
        elif module == "torch.jit._pickle" and last.removeprefix("build_")[:-4] in _LISTS:
            self.stack.append(StandIn(name, list))
        else:
            self.refuse(name)

    def do_binpersid(self, _: Any) -> None:
        kind, dtype, key, _, count = self.stack.pop()
        if kind != "storage" or not isinstance(dtype, torch.dtype) or not isinstance(key, str):
            raise TypeError("a storage is described in an odd way")
        if key not in self._storages:
            data = bytearray(self._archive.read(f"{self._root}data/{key}"))
            if len(data) != count * dtype.itemsize:
                raise ValueError("a storage is cut short")
            raw = torch.UntypedStorage(0) if not data else _bytes_of(data)
            self._storages[key] = torch.storage.TypedStorage(
                wrap_storage=raw, dtype=dtype, _internal=True
            )
        self.stack.append(self._storages[key])

    def do_build(self, argument: Any) -> None:
        if len(self.stack) > 1 and isinstance(self.stack[-2], _Module):
            state = self.stack.pop()
            if not isinstance(state, dict):
                raise TypeError("a module has no attributes")
            self.stack[-1].state = state
        else:
            super().do_build(argument)


def _bytes_of(data: bytearray) -> torch.UntypedStorage:
    return torch.frombuffer(data, dtype=torch.uint8).untyped_storage()


def _root(archive: zipfile.ZipFile, file: str) -> str | None:
    """The folder within the archive, with its slash, that holds `file` at its top; or None."""
    for name in archive.namelist():
        folder, slash, last = name.rpartition("/")
        if last == file and "/" not in folder:
            return folder + slash
    return None


def _tensors(module: Any, prefix: str, met: dict[int, bool]) -> list[tuple[str, Tensor]]:
    """Names and tensors; `met` tells of each module seen whether it holds any, as far as known."""
    if not isinstance(module, _Module):
        raise TypeError("it holds no module")
    if id(module) in met:
        if met[id(module)]:
            # Parts within parts that are shared could be walked through for ever.
            raise ValueError("it holds a module twice")
        return []
    met[id(module)] = True
    found: list[tuple[str, Tensor]] = []
    for name, value in module.state.items():
        if isinstance(value, Tensor):
            found.append((f"{prefix}{name}", value))
        elif isinstance(value, _Module):
            found += _tensors(value, f"{prefix}{name}.", met)
    met[id(module)] = bool(found)
    return found
