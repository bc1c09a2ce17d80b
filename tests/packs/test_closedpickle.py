import builtins
import codecs
import io
import os
import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from soundedit.errors import PackError
from soundedit.packs.closedpickle import SIZE_LIMIT, PersistentObject, load_network_pickle
from tests.foreignfiles import (
    EasyDict,
    Persistent,
    ada,
    reference_names,
    snapshot,
    stylegan2_generator,
    write_pickle,
)


class Calls:
    """Pickled as a call of `function` with `arguments`."""

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        self.function, self.arguments = function, arguments

    def __reduce__(self) -> tuple[Any, ...]:
        return self.function, self.arguments


@pytest.mark.parametrize("protocol", [3, 4, 5])
def test_plain_values_come_as_they_were(tmp_path: Path, protocol: int) -> None:
    table = np.arange(6, dtype=">f4").reshape(2, 3)
    data = {
        "numbers": [1, -2, 300, 2**40, 2.5, True, None],
        "text": ("a", b"b", "ü" * 300),
        "ordered": OrderedDict(b=1, a=2),
        "easy": EasyDict(depth=3, inner=EasyDict(width=1)),
        "set": {"x", "y"},
        "scalar": np.float64(0.25),
        "whole": np.int64(-7),
        "table": table,
        "columns": np.asfortranarray(table),
        "same": table,
    }
    found = load_network_pickle(write_pickle(tmp_path / "a.pkl", data, protocol))
    for name in ("numbers", "text", "ordered", "easy", "set", "scalar", "whole"):
        assert found[name] == data[name]
    assert list(found["ordered"]) == ["b", "a"]
    assert type(found["scalar"]) is float
    for name in ("table", "columns", "same"):
        assert np.array_equal(found[name], table)
    assert found["same"] is found["table"]


def test_tensors_and_parameters_come_as_they_were(tmp_path: Path) -> None:
    weight = torch.arange(12.0).reshape(3, 4)
    data = {
        "parameter": torch.nn.Parameter(weight),
        "turned": weight.t(),
        "part": weight[1:, 2:],
        "half": weight.half(),
        "steps": torch.tensor(7),
        "flags": torch.tensor([True, False]),
        "none": torch.zeros(0, 3),
    }
    found = load_network_pickle(write_pickle(tmp_path / "a.pkl", data))
    for name, tensor in data.items():
        assert found[name].dtype == tensor.dtype
        assert torch.equal(found[name], tensor)
        assert type(found[name]) is torch.Tensor


def test_networks_come_as_names_and_attributes_without_their_code(tmp_path: Path) -> None:
    path = write_pickle(tmp_path / "a.pkl", snapshot(ada(stylegan2_generator())))
    assert b"raise SystemExit" in path.read_bytes()
    found = load_network_pickle(path)
    assert found["training_set_kwargs"]["path"] == "/data/set.zip"
    network = found["G_ema"]
    assert isinstance(network, PersistentObject)
    assert (network.class_name, network.state["z_dim"]) == ("Generator", 6)
    block = network.state["_modules"]["synthesis"].state["_modules"]["b8"]
    assert (block.class_name, block.state["architecture"]) == ("SynthesisBlock", "skip")
    assert "module_src" not in network.state


MALICE: dict[str, tuple[Callable[..., Any], Callable[[Path], tuple[Any, ...]], str]] = {
    "system": (os.system, lambda marker: (f"touch {marker}",), f"{os.system.__module__}.system"),
    "eval": (
        builtins.eval,
        lambda marker: (f"__import__('pathlib').Path({str(marker)!r}).touch()",),
        "builtins.eval",
    ),
    "getattr": (builtins.getattr, lambda _: ("", "join"), "builtins.getattr"),
    "open": (builtins.open, lambda marker: (str(marker), "w"), "io.open"),
    "load": (torch.load, lambda marker: (str(marker),), "torch.serialization.load"),
    "pickle": (pickle.loads, lambda _: (b"N.",), "_pickle.loads"),
}


@pytest.mark.parametrize("kind", MALICE)
@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_other_names_are_refused(tmp_path: Path, kind: str, protocol: int) -> None:
    function, arguments, name = MALICE[kind]
    marker, path = tmp_path / "ran", tmp_path / "network.pkl"
    data = {"G_ema": Calls(function, *arguments(marker))}
    path.write_bytes(pickle.dumps(data, protocol))
    if protocol < 3:
        name = name.replace("builtins.", "__builtin__.").replace("_pickle.", "pickle.")
    with pytest.raises(PackError, match=f"names '{name}'"):
        load_network_pickle(path)
    assert not marker.exists()


def test_a_name_beside_the_allowed_one_is_refused(tmp_path: Path) -> None:
    def _src_to_module(source: str) -> None: ...

    marker, path = tmp_path / "ran", tmp_path / "network.pkl"
    with reference_names(more=_src_to_module):
        path.write_bytes(pickle.dumps(Calls(_src_to_module, f"open({str(marker)!r}, 'w')")))
    with pytest.raises(PackError, match=r"names 'torch_utils\.persistence\._src_to_module'"):
        load_network_pickle(path)
    assert not marker.exists()


@pytest.mark.parametrize(
    ("program", "name"),
    [
        # Dotted names, which would lead from an allowed module to another one.
        (b"\x80\x04\x8c\x05numpy\x8c\x0edtype.__init__\x93.", r"numpy\.dtype\.__init__"),
        (b"\x80\x02cnumpy\ncore.os.system\n.", r"numpy\.core\.os\.system"),
        (b"\x80\x04\x8c\x05torch\x8c\x05loads\x93.", r"torch\.loads"),
        (b"(S'touch x'\nios\nsystem\n.", r"os\.system"),
        (b"(cos\nsystem\nS'touch x'\no.", r"os\.system"),
    ],
)
def test_other_ways_to_a_name_are_refused(tmp_path: Path, program: bytes, name: str) -> None:
    path = tmp_path / "network.pkl"
    path.write_bytes(program)
    with pytest.raises(PackError, match=rf"names '[\w.]*{name}'"):
        load_network_pickle(path)


@pytest.mark.parametrize(
    ("program", "instruction"),
    [
        (b"\x80\x02X\x03\x00\x00\x00abcQ.", "BINPERSID"),
        (b"(Pabc\nt.", "PERSID"),
        (b"\x80\x02\x82\x01.", "EXT1"),
        (b"\x80\x04cbuiltins\nset\n)}\x92.", "NEWOBJ_EX"),
        (b"\x80\x05\x97.", "NEXT_BUFFER"),
        (b"(cbuiltins\nset\no.", "OBJ"),
    ],
)
def test_instructions_that_reach_further_are_refused(
    tmp_path: Path, program: bytes, instruction: str
) -> None:
    path = tmp_path / "network.pkl"
    path.write_bytes(program)
    with pytest.raises(PackError, match=f"the pickle instruction {instruction},"):
        load_network_pickle(path)


@pytest.mark.parametrize("zipped", [True, False])
def test_a_pickle_within_a_storage_is_refused_by_its_name(tmp_path: Path, zipped: bool) -> None:
    marker, inner, path = tmp_path / "ran", tmp_path / "inner", tmp_path / "network.pkl"
    torch.save(Calls(os.system, f"touch {marker}"), inner, _use_new_zipfile_serialization=zipped)
    load = torch.storage._load_from_bytes
    path.write_bytes(pickle.dumps({"G_ema": Calls(load, inner.read_bytes())}))
    with pytest.raises(PackError, match=rf"names '{os.system.__module__}\.system'"):
        load_network_pickle(path)
    assert not marker.exists()


def tensor_with(offset: Any, size: Any, stride: Any) -> Calls:
    class Storage:
        def __reduce__(self) -> tuple[Any, ...]:
            return torch.arange(6.0).__reduce_ex__(2)[1][0].__reduce__()

    return Calls(torch._utils._rebuild_tensor_v2, Storage(), offset, size, stride, False, {})


REBUILD = "torch._utils._rebuild_tensor_v2"
RECONSTRUCT: Any = np.zeros(1).__reduce__()[0]
ODD: dict[str, tuple[Any, str]] = {
    "parameter of a list": (Calls(torch._utils._rebuild_parameter, [1], True, {}), "_parameter"),
    "parameter of nothing": (Calls(torch._utils._rebuild_parameter), "_parameter"),
    "tensor of text": (Calls(torch._utils._rebuild_tensor_v2, "a", 0, (1,), (1,)), REBUILD),
    "tensor beyond its storage": (tensor_with(0, (7,), (1,)), REBUILD),
    "tensor from beyond its storage": (tensor_with(5, (2,), (1,)), REBUILD),
    "tensor with a long stride": (tensor_with(0, (2,), (100,)), REBUILD),
    "tensor of one number a million times": (tensor_with(0, (1000, 1000), (0, 0)), REBUILD),
    "tensor of negative size": (tensor_with(0, (-1,), (1,)), REBUILD),
    "tensor of text size": (tensor_with(0, ("a",), (1,)), REBUILD),
    "tensor of a huge size": (tensor_with(0, (2**62, 4), (1, 1)), REBUILD),
    "storage of noise": (Calls(torch.storage._load_from_bytes, b"noise"), "_load_from_bytes"),
    "storage of text": (Calls(torch.storage._load_from_bytes, "noise"), "_load_from_bytes"),
    "objects": (np.array([print, None], dtype=object), "numpy.dtype"),
    "records": (np.zeros(2, dtype=[("a", "f4")]), "numpy.dtype"),
    "odd codec": (Calls(codecs.encode, "eJw=", "zip"), "_codecs.encode"),
    "set of lists": (Calls(set, [[1]]), "builtins.set"),
    "dictionary of numbers": (Calls(OrderedDict, 3), "collections.OrderedDict"),
    "array called": (Calls(np.ndarray, (10**9,)), "numpy.ndarray"),
    "array reconstructed oddly": (Calls(RECONSTRUCT, 1), "_reconstruct"),
}


@pytest.mark.parametrize("kind", ODD)
def test_allowed_names_with_odd_arguments_are_refused(tmp_path: Path, kind: str) -> None:
    data, name = ODD[kind]
    with pytest.raises(PackError, match=rf"gives [\w.]*{name} something else"):
        load_network_pickle(write_pickle(tmp_path / "network.pkl", {"G_ema": data}))


@pytest.mark.parametrize("meta", [3, {}, {"type": "class", "class_name": 1, "state": {}}])
def test_a_network_without_a_state_is_refused(tmp_path: Path, meta: Any) -> None:
    path = tmp_path / "network.pkl"
    with reference_names():
        function = Persistent("", {}).__reduce__()[0]
        path.write_bytes(pickle.dumps(Calls(function, meta)))
    with pytest.raises(PackError, match="_reconstruct_persistent_obj something else"):
        load_network_pickle(path)


@pytest.mark.parametrize(
    "program",
    [
        b"\x80\x04cbuiltins\nset\n}\x8c\x01a\x8c\x01bsb.",
        b"\x80\x04ctorch._utils\n_rebuild_tensor_v2\n}\x8c\x01a\x8c\x01bsb.",
        b"\x80\x04ccollections\nOrderedDict\n(N}\x8c\x01a\x8c\x01bstb.",
    ],
)
def test_attributes_of_functions_and_classes_are_refused(tmp_path: Path, program: bytes) -> None:
    path = tmp_path / "network.pkl"
    path.write_bytes(program)
    with pytest.raises(PackError, match="no whole network pickle"):
        load_network_pickle(path)
    assert not hasattr(torch._utils._rebuild_tensor_v2, "a")


def test_a_network_of_tensorflow_is_named_with_its_converter(tmp_path: Path) -> None:
    path = tmp_path / "network.pkl"
    path.write_bytes(b"\x80\x03cdnnlib.tflib.network\nNetwork\nq\x00)\x81q\x01.")
    with pytest.raises(PackError, match=r"TensorFlow StyleGAN.*python legacy\.py --source="):
        load_network_pickle(path)


def zipped() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("network.pkl", b"N.")
    return made.getvalue()


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "is empty, so download"),
        (b"\n<!DOCTYPE html><html><body>Sign in</body></html>", "is a web page"),
        (b"<html></html>", "is a web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "git lfs pull"),
        (zipped(), "an archive"),
        (b"\x1f\x8b\x08\x00" + bytes(50), "is no pickle but another kind"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "is no pickle but another kind"),
        (b"hello, this is a text", "is no pickle but another kind"),
        (bytes(2000), "is no pickle but another kind"),
        (b"(parenthesised text)", "no whole network pickle"),
        (b"\x80\x04", "no whole network pickle"),
        (b"\x80\x04.", "no whole network pickle"),
        (b"\x80\x04h\x05.", "no whole network pickle"),
        (b"\x80\x04t.", "no whole network pickle"),
        (b"\x80\x04}](}s.", "no whole network pickle"),
        (b"\x80\x04\x8e" + b"\xff" * 7 + b"\x7fabc.", "network.pkl"),
    ],
)
def test_files_that_are_no_pickle(tmp_path: Path, content: bytes, what: str) -> None:
    path = tmp_path / "network.pkl"
    path.write_bytes(content)
    with pytest.raises(PackError, match=what):
        load_network_pickle(path)


def test_a_missing_file_a_folder_and_one_too_large_are_refused(tmp_path: Path) -> None:
    with pytest.raises(PackError, match="cannot be read"):
        load_network_pickle(tmp_path / "none.pkl")
    with pytest.raises(PackError, match="cannot be read"):
        load_network_pickle(tmp_path)
    large = tmp_path / "large.pkl"
    large.write_bytes(b"N.")
    os.truncate(large, SIZE_LIMIT + 1)
    with pytest.raises(PackError, match="over 4 GiB"):
        load_network_pickle(large)


def test_nesting_without_end_is_no_way_to_crash(tmp_path: Path) -> None:
    path = tmp_path / "network.pkl"
    # A tuple of a tuple of a tuple ... as a dictionary's key.
    path.write_bytes(b"\x80\x04})" + b"\x85" * 200_000 + b"Ns.")
    with pytest.raises(PackError, match="a key is no plain value"):
        load_network_pickle(path)
    path.write_bytes(b"\x80\x04" + b"(" * 200_000 + b"." + bytes(10))
    load_network_pickle(path)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    network = {"G_ema": ada(stylegan2_generator())}
    return write_pickle(tmp_path_factory.mktemp("whole") / "network.pkl", network).read_bytes()


@settings(max_examples=60)
@given(part=st.floats(0.0, 1.0, exclude_max=True))
def test_a_pickle_cut_anywhere_is_refused(
    whole: bytes, tmp_path_factory: pytest.TempPathFactory, part: float
) -> None:
    path = tmp_path_factory.mktemp("cut") / "network.pkl"
    path.write_bytes(whole[: int(part * len(whole))])
    with pytest.raises(PackError):
        load_network_pickle(path)


@settings(max_examples=100)
@given(part=st.floats(0.0, 1.0, exclude_max=True), byte=st.integers(0, 255))
def test_a_pickle_altered_anywhere_is_read_or_refused(
    whole: bytes, tmp_path_factory: pytest.TempPathFactory, part: float, byte: int
) -> None:
    at = int(part * len(whole))
    path = tmp_path_factory.mktemp("altered") / "network.pkl"
    path.write_bytes(whole[:at] + bytes([byte]) + whole[at + 1 :])
    try:
        load_network_pickle(path)
    except PackError as error:
        assert str(path) in str(error)
