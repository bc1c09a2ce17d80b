"""The command line as a person runs it: a process, its output and its exit code."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.forked import ROOT


@pytest.fixture
def no_packs(tmp_path: Path) -> dict[str, str]:
    """An environment in which only the packs that ship are found."""
    return {"SOUNDEDIT_PACKS": "", "XDG_DATA_HOME": str(tmp_path / "none")}


def one_line(text: str) -> bool:
    return text.startswith("soundedit: ") and text.count("\n") == 1 and text.endswith("\n")


def test_help_names_every_command(soundedit: Run) -> None:
    done = soundedit("--help")
    assert done.returncode == 0
    for name in (
        "render",
        "batch",
        "invert",
        "info",
        "packs",
        "train",
        "data",
        "evaluate",
        "bench",
    ):
        assert f"\n    {name} " in done.stdout


@pytest.mark.parametrize("words", [["--help"], ["render", "--help"], ["packs", "list"]])
def test_light_commands_import_neither_torch_nor_qt(words: list[str]) -> None:
    code = (
        "import sys\n"
        "from soundedit.cli import main\n"
        "try:\n    main(sys.argv[1:])\nexcept SystemExit:\n    pass\n"
        "loaded = {name.partition('.')[0] for name in sys.modules}\n"
        "assert not loaded & {'torch', 'PySide6', 'open_clip', 'pyqtgraph'}, loaded\n"
    )
    subprocess.run(
        [sys.executable, "-c", code, *words], cwd=ROOT, check=True, stdout=subprocess.DEVNULL
    )


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["rendr"], "rendr"),
        (["--seed", "render"], "--seed"),
        (["render", "a.wav"], "--output"),
        (["render", "a.wav", "-o", "a.mp4", "--size", "255"], "255"),
        (["render", "a.wav", "-o", "a.mp4", "--fps", "0"], "frame rate"),
        (["render", "a.wav", "-o", "a.mp4", "--device", "tpu"], "tpu"),
        (["render", "nowhere.wav", "-o", "a.mp4"], "nowhere.wav"),
        (["render", "README.md", "-o", "a.mp4"], "README.md"),
        (["render", "nowhere.wav", "-o", "a.avi"], "must end in .mp4"),
        (["invert", "nowhere.wav", "-o", "a.png"], "nowhere.wav"),
        (["invert", "nowhere.wav", "-o", "no/where/a.png"], "no folder"),
        (["info", "nowhere.wav", "--json"], "nowhere.wav"),
        (["info", "tests"], "no model pack"),
        (["packs", "verify", "nowhere"], "nowhere"),
        (["render", "nowhere.wav", "-o", "a"], "must end in .mp4"),
        (["render", "nowhere.wav", "-o", "a.png", "--format", "png"], "without .png"),
        (["render", "nowhere.wav", "-o", "a.mp4", "--preset", "tv"], "1080p"),
        (["render", "nowhere.wav", "-o", "a.mp4", "--size", "640x"], "1920x1080"),
        (["render", "nowhere.wav", "-o", "README.md", "--format", "jpeg"], "--overwrite"),
        (["batch", "nowhere", "--out", "o"], "neither a folder nor a list"),
        (["batch", "soundedit", "--out", "o"], "holds no sound"),
        (["batch", "tests", "--out", "o", "--jobs", "0"], "1 to 256"),
        (
            ["batch", "resources/sounds", "--out", "o", "--pack", "nowhere"],
            "no model pack 'nowhere'",
        ),
        (["render", "README.md", "-o", "README.md/a.mp4"], "is a file and no folder"),
        (["render", "README.md", "-o", "a.mp4", "--start", "2", "--end", "1"], "--end"),
        (["render", "README.md", "-o", "a.mp4", "--pack", "tests"], "choose another folder"),
        (["train", "painter"], "soundedit train --help"),
        (["train", "generator", "a.toml"], "a.toml"),
        (["train", "generator", "--config", "README.md"], "correct the file"),
        (["data"], "COMMAND"),
        (["tests"], "is a folder"),
        (["packs"], "ACTION"),
        (["nowhere.wav"], "nowhere.wav"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(soundedit: Run, words: list[str], says: str) -> None:
    done = soundedit(*words)
    assert done.returncode == 2
    assert done.stdout == ""
    assert one_line(done.stderr)
    assert says in done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ["render", "README.md", "-o", "a.mp4"],
        ["invert", "README.md", "-o", "a.png"],
        ["batch", ".", "--out", "o"],
    ],
)
def test_a_folder_that_may_not_be_used(soundedit: Run, words: list[str], tmp_path: Path) -> None:
    shut = tmp_path / "shut"
    shut.mkdir()
    shut.chmod(0)
    if os.access(shut, os.W_OK):
        pytest.skip("this person may write everywhere")
    words = [str(shut) if word == "." else word for word in words]
    words[-1] = str(shut / words[-1]) if words[0] != "batch" else str(tmp_path / "o")
    done = soundedit(*words)
    assert done.returncode == 2
    assert one_line(done.stderr)
    assert str(shut) in done.stderr


def test_training_explains_its_settings(soundedit: Run) -> None:
    said = " ".join(soundedit("train", "generator", "--help").stdout.split())
    assert "--resolution N Side of a frame in pixels, a power of two." in said


def test_version(soundedit: Run) -> None:
    assert soundedit("--version").stdout.startswith("soundedit 0.")


@pytest.fixture
def own_pack(tiny_pack: Path, tmp_path: Path) -> Path:
    """A copy of the tiny pack that a test may break."""
    return Path(shutil.copytree(tiny_pack, tmp_path / "mine" / "tiny"))


def test_packs_list_and_verify(soundedit: Run, own_pack: Path, no_packs: dict[str, str]) -> None:
    places = {**no_packs, "SOUNDEDIT_PACKS": str(own_pack.parent)}
    rows = json.loads(soundedit("packs", "list", "--json", **places).stdout)
    assert rows[0]["name"] == "tiny"
    assert rows[0]["path"] == str(own_pack)
    assert rows[0]["resolution"] == 64
    assert "Tiny" in soundedit("packs", "list", **places).stdout
    good = soundedit("packs", "verify", "tiny", **places)
    assert (good.returncode, good.stdout) == (0, "tiny: good\n")
    (own_pack / "frames.safetensors").unlink()
    bad = soundedit("packs", "verify", "tiny", **places)
    assert bad.returncode == 2
    assert one_line(bad.stderr)
    assert "frames.safetensors" in bad.stderr


def test_info_of_a_pack(soundedit: Run, tiny_pack: Path) -> None:
    facts = json.loads(soundedit("info", tiny_pack, "--json").stdout)
    assert facts["name"] == "tiny"
    assert facts["figures"] == {}
    assert facts["components"]["audio"]["file"] == "audio.safetensors"
    assert "64 x 64" in soundedit("info", tiny_pack / "pack.json").stdout


@pytest.mark.skipif(sys.platform != "linux", reason="file names are bytes")
def test_a_name_that_the_terminal_cannot_say(sound: Path, tmp_path: Path) -> None:
    odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/b\xffd.wav"))
    sound.rename(odd)
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8:strict"}
    done = subprocess.run(
        [sys.executable, "-m", "soundedit", "info", odd, "--json"],
        cwd=ROOT,
        capture_output=True,
        env=environment,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"seconds" in done.stdout
