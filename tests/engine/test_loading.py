"""Loading: what fits, what is refused, and what the engine says of itself."""

import dataclasses
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from soundedit.engine.device import choose_device, device_name
from soundedit.engine.engine import Engine
from soundedit.errors import DeviceError, PackError
from soundedit.packs import MANIFEST_NAME, open_pack, write_manifest


def altered(pack: Path, folder: Path, **changes: Any) -> Path:
    """A copy of a pack whose manifest says something else."""
    shutil.copytree(pack, folder)
    manifest = dataclasses.replace(open_pack(pack).manifest, **changes)
    (folder / MANIFEST_NAME).write_text(write_manifest(manifest), encoding="utf-8")
    return folder


def test_facts(engine: Engine) -> None:
    assert (engine.resolution, engine.num_ws, engine.w_dim) == (64, 10, 16)
    assert engine.manifest.name == "tiny"
    assert engine.device == "cpu"
    assert engine.device_name.startswith("cpu ")
    assert engine.w_avg.shape == (16,)
    assert engine.w_avg.dtype == np.float32


def test_progress_goes_up_to_one(tiny_pack: Path) -> None:
    told: list[tuple[float, str]] = []
    engine = Engine.load(str(tiny_pack), "cpu", lambda f, text: told.append((f, text)))
    fractions = [fraction for fraction, _ in told]
    assert fractions == sorted(fractions)
    assert (fractions[0], fractions[-1]) == (0, 1)
    assert all(text for _, text in told)
    engine.close()


def test_two_loads_are_the_same(engine: Engine, tiny_pack: Path) -> None:
    again = Engine.load(tiny_pack, "cpu")
    assert np.array_equal(again.picture(again.sample(3)), engine.picture(engine.sample(3)))


@pytest.mark.parametrize(
    "changes", [{"w_dim": 17}, {"resolution": 128}, {"embed_dim": 99}, {"z_dim": 4}]
)
def test_a_manifest_that_contradicts_its_parts_is_refused(
    tiny_pack: Path, tmp_path: Path, changes: dict[str, Any]
) -> None:
    with pytest.raises(PackError, match=f"does not fit this version.*{next(iter(changes))}"):
        Engine.load(altered(tiny_pack, tmp_path / "p", **changes), "cpu")


@pytest.mark.parametrize(
    ("part", "config"),
    [
        ("generator", {"z_dim": 8, "w_dim": 16, "resolution": 64, "channels": [8] * 5}),
        ("generator", {"resolution": 64}),
        ("audio", {"n_mels": 64, "embed_dim": 12, "width": 8}),
        ("frames", {"w_dim": 16, "num_ws": 6}),
        ("clip", {}),
    ],
)
def test_weights_that_do_not_fit_are_refused(
    tiny_pack: Path, tmp_path: Path, part: str, config: dict[str, Any]
) -> None:
    components = dict(open_pack(tiny_pack).manifest.components)
    components[part] = dataclasses.replace(components[part], config=config)
    folder = altered(tiny_pack, tmp_path / "p", components=components)
    with pytest.raises(PackError, match=r"^The pack tiny does not fit this version \(.+\); update"):
        Engine.load(folder, "cpu")


def test_a_missing_part_is_refused(tiny_pack: Path, tmp_path: Path) -> None:
    components = dict(open_pack(tiny_pack).manifest.components)
    del components["frames"]
    with pytest.raises(PackError, match="frames"):
        Engine.load(altered(tiny_pack, tmp_path / "p", components=components), "cpu")


def test_an_altered_file_is_refused_before_anything_is_built(
    tiny_pack: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "p"
    shutil.copytree(tiny_pack, folder)
    file = folder / "frames.safetensors"
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    told: list[str] = []
    with pytest.raises(PackError, match=r"frames\.safetensors"):
        Engine.load(folder, "cpu", lambda _, text: told.append(text))
    assert told == ["Checking the pack"]


@pytest.mark.parametrize("wanted", ["", "tpu", "gpu", "meta", "cuda:x"])
def test_unknown_devices_are_refused(wanted: str) -> None:
    with pytest.raises(DeviceError, match="use auto, cpu or cuda"):
        choose_device(wanted)


def test_devices() -> None:
    assert choose_device("cpu") == torch.device("cpu")
    there = torch.cuda.is_available()
    assert choose_device("auto").type == ("cuda" if there else "cpu")
    assert device_name(torch.device("cpu")).endswith("cores")
    if there:
        assert choose_device("cuda") == torch.device("cuda:0")
        with pytest.raises(DeviceError, match="is not there"):
            choose_device("cuda:99")
    else:
        with pytest.raises(DeviceError, match="No CUDA device was found"):
            choose_device("cuda")


@pytest.mark.skipif(sys.platform != "linux", reason="asks GNU OpenMP what it was told")
def test_threads_of_torch_wait_asleep() -> None:
    there = {k: v for k, v in os.environ.items() if k != "OMP_WAIT_POLICY"}
    done = subprocess.run(
        [sys.executable, "-c", "import soundedit.engine.engine"],
        env={**there, "OMP_DISPLAY_ENV": "TRUE"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "OMP_WAIT_POLICY = 'PASSIVE'" in done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="counts threads where Linux lists them")
def test_numpy_keeps_to_one_thread() -> None:
    there = {k: v for k, v in os.environ.items() if k != "OPENBLAS_NUM_THREADS"}
    program = (
        "import os, soundedit, numpy as np; x = np.ones((800, 800)); x @ x;"
        "print(len(os.listdir('/proc/self/task')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], env=there, capture_output=True, text=True, check=True
    )
    assert done.stdout == "1\n"
