"""Reading pickles without running anything that is in them: NVIDIA's network pickles, and others.

A pickle is a program: it names functions and calls them, and those of NVIDIA's
stylegan2-ada-pytorch and stylegan3 repositories carry the source text of their classes, which the
reference loader runs. Here the program is interpreted over plain data: a name outside the closed
table is refused, and the names inside stand for functions that check what they are given. Nothing
else can be reached from the file. `packs.torchscript` reads what TorchScript pickles so.
"""

import pickletools
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

from soundedit.errors import PackError
from soundedit.packs.closedglobals import (
    TABLE,
    DType,
    EmptyArray,
    PersistentObject,
    RefusedGlobalError,
    key_of,
    set_of,
)
from soundedit.packs.modelfiles import LEGACY_TORCH_MAGIC

__all__ = [
    "SIZE_LIMIT",
    "ClosedInterpreter",
    "PersistentObject",
    "StandIn",
    "check_file",
    "load_network_pickle",
]

SIZE_LIMIT = 4 * 2**30
"""The largest file that is read, in bytes."""

ZIP_MAGIC = b"PK\x03\x04"
"""How a zip archive begins."""

_PICKLE_STARTS = (b"\x80", b"(", b"c", b"}", b"]", b")")
"""Of pickles of protocol 2 on, and of older ones that hold anything."""
_TENSORFLOW_NETWORK = "dnnlib.tflib.network.Network"


def load_network_pickle(path: Path) -> Any:
    """Read a network pickle of NVIDIA's stylegan2-ada-pytorch or stylegan3 repository.

    Returns what was pickled: dicts, lists and plain values, with a `PersistentObject` for every
    network and layer and a CPU tensor for every parameter and buffer; NumPy values come as arrays
    and Python numbers. PackError, which says what to do, if the file is no such pickle, is cut
    short, is over `SIZE_LIMIT`, or names anything outside the closed table.
    """
    head = check_file(path)
    if head.startswith((ZIP_MAGIC, LEGACY_TORCH_MAGIC)):
        raise PackError(
            f"{path} is no network pickle but an archive or a checkpoint of torch.save, so unpack "
            "it or choose the network's .pkl file."
        )
    if not head.startswith(_PICKLE_STARTS):
        raise PackError(
            f"{path} is no pickle but another kind of file, so choose a network's .pkl file."
        )
    try:
        with path.open("rb") as stream:
            return ClosedInterpreter(path).run(stream)
    except PackError:
        raise
    except OSError as error:
        raise PackError(f"{path} cannot be read ({error}), so choose another file.") from error
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        raise PackError(
            f"{path} is no whole network pickle ({_first_line(error)}), so get the file again."
        ) from error
    except (MemoryError, OverflowError, RuntimeError, struct.error) as error:
        raise PackError(
            f"{path} holds sizes that are not those of its data ({_first_line(error)}), so get the "
            "file again from where it came from."
        ) from error


def check_file(path: Path, limit: int = SIZE_LIMIT) -> bytes:
    """The first bytes of `path`; PackError if it is missing, empty, a web page, or larger than
    `limit` bytes.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as stream:
            head = stream.read(512)
    except OSError as error:
        raise PackError(
            f"{path} cannot be read ({error.strerror}), so choose another file."
        ) from error
    if not head:
        raise PackError(f"{path} is empty, so download the network again.")
    if size > limit:
        raise PackError(
            f"{path} is over {limit // 2**30} GiB, more than such a network takes, so choose "
            "another file."
        )
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith((b"<!doctype", b"<html", b"<?xml", b"<head")):
        raise PackError(
            f"{path} is a web page that was saved under this name, so download the file itself."
        )
    if text.startswith(b"version https://git-lfs"):
        raise PackError(
            f"{path} is only a pointer of Git LFS, so fetch the file itself with 'git lfs pull'."
        )
    return head


class StandIn:
    """What stands for a name of the closed table, as it lies on the interpreter's stack."""

    def __init__(self, name: str, call: "Callable[..., Any]") -> None:
        self.name, self.call = name, call


class _Mark:
    """Where the items of a tuple, list or dict begin on the stack."""


_MARK = _Mark()
_LITERALS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_EMPTIES: dict[str, Callable[[], Any]] = {
    "EMPTY_DICT": dict,
    "EMPTY_LIST": list,
    "EMPTY_SET": set,
    "EMPTY_TUPLE": tuple,
}
_INTEGERS = {"INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4"}
_TEXTS = {"STRING", "BINSTRING", "SHORT_BINSTRING", "UNICODE", "BINUNICODE", "SHORT_BINUNICODE"}
_BYTES = {"BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8"}
_VALUES = {*_INTEGERS, "FLOAT", "BINFLOAT", *_TEXTS, "BINUNICODE8", *_BYTES}
_TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}


class ClosedInterpreter:
    """A pickle's program over a stack of plain data."""

    kind = "network of StyleGAN"
    """What the file is to be, for those who read why it was refused."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}

    def run(self, stream: BinaryIO) -> Any:
        """What the program makes; the built-in errors of a program that is none, and PackError."""
        for opcode, argument, _ in pickletools.genops(stream):
            name = opcode.name
            if name == "STOP":
                return self.stack.pop()
            if name in _VALUES:
                self.stack.append(argument)
            elif name in _LITERALS:
                self.stack.append(_LITERALS[name])
            elif name in _EMPTIES:
                self.stack.append(_EMPTIES[name]())
            elif name in _TUPLES:
                self.push_tuple(_TUPLES[name])
            elif name == "INST":
                self.refuse(str(argument).replace(" ", "."))
            else:
                step = getattr(self, f"do_{name.lower()}", None)
                if step is None:
                    self.refuse_opcode(name)
                step(argument)
        raise ValueError("it has no end")

    def refuse(self, name: str) -> NoReturn:
        if name == _TENSORFLOW_NETWORK:
            raise PackError(
                f"{self.path} is a network of the old TensorFlow StyleGAN, so convert it with "
                "legacy.py of NVIDIA's stylegan2-ada-pytorch or stylegan3 repository "
                "(python legacy.py --source=old.pkl --dest=new.pkl) and choose the new file."
            )
        raise PackError(
            f"{self.path} names {name!r}, which no {self.kind} needs and which might run "
            "a program, so it was not read: get the file from a source you trust."
        )

    def refuse_opcode(self, name: str) -> NoReturn:
        raise PackError(
            f"{self.path} uses the pickle instruction {name}, which no {self.kind} needs, "
            "so it was not read: get the file from a source you trust."
        )

    def items(self) -> list[Any]:
        """What lies above the last mark, taken off together with it."""
        for at in range(len(self.stack) - 1, -1, -1):
            if self.stack[at] is _MARK:
                found = self.stack[at + 1 :]
                del self.stack[at:]
                return found
        raise ValueError("a mark is missing")

    def push_tuple(self, count: int) -> None:
        if len(self.stack) < count:
            raise ValueError("a value is missing")
        self.stack[-count:] = [tuple(self.stack[-count:])]

    def fill(self, pairs: list[Any]) -> None:
        target = self.stack[-1]
        if not isinstance(target, dict) or len(pairs) % 2:
            raise TypeError("something that is no dictionary is filled like one")
        for key, value in zip(pairs[::2], pairs[1::2], strict=True):
            target[key_of(key)] = value

    def extend(self, values: list[Any]) -> None:
        target = self.stack[-1]
        if not isinstance(target, list):
            raise TypeError("something that is no list is filled like one")
        target.extend(values)

    def call(self, target: Any, arguments: Any) -> None:
        if not isinstance(target, StandIn) or not isinstance(arguments, tuple):
            raise TypeError("something that is no function is called")
        try:
            self.stack.append(target.call(*arguments))
        except RefusedGlobalError as refused:
            self.refuse(str(refused))
        except Exception as error:  # Whatever odd arguments set off: the file is at fault.
            raise PackError(
                f"{self.path} gives {target.name} something else than a {self.kind} does "
                f"({_first_line(error)}), so it was not read: get the file from a source you trust."
            ) from error

    def do_proto(self, _: Any) -> None:
        """The protocol's number says nothing that the instructions do not."""

    do_frame = do_proto

    def do_mark(self, _: Any) -> None:
        self.stack.append(_MARK)

    def do_pop(self, _: Any) -> None:
        self.stack.pop()

    def do_pop_mark(self, _: Any) -> None:
        self.items()

    def do_dup(self, _: Any) -> None:
        self.stack.append(self.stack[-1])

    def do_memoize(self, _: Any) -> None:
        self.do_put(len(self.memo))

    def do_put(self, at: int) -> None:
        self.memo[at] = self.stack[-1]
        if isinstance(self.stack[-1], EmptyArray):
            self.stack[-1].slots.append(at)

    do_binput = do_long_binput = do_put

    def do_get(self, at: int) -> None:
        self.stack.append(self.memo[at])

    do_binget = do_long_binget = do_get

    def do_tuple(self, _: Any) -> None:
        self.stack.append(tuple(self.items()))

    def do_list(self, _: Any) -> None:
        self.stack.append(self.items())

    def do_dict(self, _: Any) -> None:
        pairs = self.items()
        self.stack.append({})
        self.fill(pairs)

    def do_frozenset(self, _: Any) -> None:
        self.stack.append(set_of(self.items()))

    def do_append(self, _: Any) -> None:
        value = self.stack.pop()
        self.extend([value])

    def do_appends(self, _: Any) -> None:
        self.extend(self.items())

    def do_setitem(self, _: Any) -> None:
        value, key = self.stack.pop(), self.stack.pop()
        self.fill([key, value])

    def do_setitems(self, _: Any) -> None:
        self.fill(self.items())

    def do_additems(self, _: Any) -> None:
        values = self.items()
        if not isinstance(self.stack[-1], set):
            raise TypeError("something that is no set is filled like one")
        self.stack[-1].update(set_of(values))

    def do_global(self, name: str) -> None:
        self.push_global(name.replace(" ", "."))

    def do_stack_global(self, _: Any) -> None:
        name, module = self.stack.pop(), self.stack.pop()
        if not isinstance(name, str) or not isinstance(module, str):
            raise TypeError("a name is no text")
        self.push_global(f"{module}.{name}")

    def push_global(self, name: str) -> None:
        if name not in TABLE:
            self.refuse(name)
        self.stack.append(StandIn(name, TABLE[name]))

    def do_reduce(self, _: Any) -> None:
        arguments, target = self.stack.pop(), self.stack.pop()
        self.call(target, arguments)

    do_newobj = do_reduce

    def do_build(self, _: Any) -> None:
        state, target = self.stack.pop(), self.stack[-1]
        if isinstance(target, EmptyArray):
            array = target.fill(state)
            self.stack[-1] = array
            for at in target.slots:
                self.memo[at] = array
        elif isinstance(target, DType):
            target.order(state)
        elif not isinstance(target, dict):
            # The attributes of a dict, as of an OrderedDict, hold nothing of the network.
            raise TypeError("a value without attributes is given some")


def _first_line(error: BaseException) -> str:
    return str(error).partition("\n")[0] or type(error).__name__
