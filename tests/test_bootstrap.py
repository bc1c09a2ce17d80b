import importlib.util
import json
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from types import ModuleType

import pytest
from packaging.requirements import Requirement

from soundedit.cxxruntime import runtime_explained
from soundedit.errors import SoundeditError

ROOT = Path(__file__).resolve().parents[1]
LOCKS = ("requirements.lock", "requirements-dev.lock")


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """packaging/start.py, working on a checkout of its own."""
    spec = importlib.util.spec_from_file_location("start", ROOT / "packaging" / "start.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    checkout = tmp_path / "checkout"
    (checkout / "packaging").mkdir(parents=True)
    for name in ("pyproject.toml", *(f"packaging/{lock}" for lock in LOCKS)):
        (checkout / name).write_text("")
    monkeypatch.setattr(module, "ROOT", checkout)
    monkeypatch.setattr(module, "VENV", checkout / ".venv")
    monkeypatch.setattr(module, "STAMP", checkout / ".venv" / "soundedit-installed.json")
    monkeypatch.setattr(module, "OURS", checkout / ".venv" / "soundedit-venv")
    return module


def pretend_installed(start: ModuleType, kind: str) -> None:
    python = start.venv_python()
    python.parent.mkdir(parents=True, exist_ok=True)
    python.touch()
    start.STAMP.write_text(json.dumps(start.wanted_stamp(kind)))


def project() -> dict[str, list[str]]:
    with (ROOT / "pyproject.toml").open("rb") as stream:
        table = tomllib.load(stream)["project"]
    extras = table["optional-dependencies"]
    return {
        "requirements.lock": table["dependencies"],
        "requirements-dev.lock": table["dependencies"] + extras["dev"] + extras["train"],
    }


@pytest.mark.parametrize("lock", LOCKS)
def test_the_lock_satisfies_the_project(lock: str) -> None:
    text = (ROOT / "packaging" / lock).read_text()
    pins: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([a-z0-9-]+)==([^ ]+)", text, re.MULTILINE):
        pins.setdefault(name, set()).add(version)
    for line in project()[lock]:
        wanted = Requirement(line)
        name = re.sub(r"[-_.]+", "-", wanted.name).lower()
        assert name in pins
        assert all(wanted.specifier.contains(version) for version in pins[name]), name


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_has_a_hash_and_names_no_host(lock: str) -> None:
    text = (ROOT / "packaging" / lock).read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert lines
    assert all("==" in line and "--hash=sha256:" in line for line in lines)
    assert "://" not in text
    assert "--index" not in text


def test_nvidia_packages_are_for_linux_only() -> None:
    text = (ROOT / "packaging" / "requirements.lock").read_text()
    lines = re.findall(r"^(?:nvidia|triton|cuda).*$", text, re.MULTILINE)
    assert lines
    assert all("sys_platform == 'linux'" in line for line in lines)
    assert not any("darwin" in line or "win32" in line for line in lines)


def test_an_installed_environment_is_left_alone(start: ModuleType) -> None:
    assert not start.up_to_date("app")
    pretend_installed(start, "app")
    assert start.up_to_date("app")
    assert not start.up_to_date("test")


def test_the_test_environment_serves_the_app(start: ModuleType) -> None:
    pretend_installed(start, "test")
    assert start.up_to_date("app")
    assert start.up_to_date("test")


@pytest.mark.parametrize("name", ["pyproject.toml", "packaging/requirements.lock"])
def test_a_changed_file_means_installing_again(start: ModuleType, name: str) -> None:
    pretend_installed(start, "app")
    (start.ROOT / name).write_text("changed")
    assert not start.up_to_date("app")


def test_a_torn_stamp_means_installing_again(start: ModuleType) -> None:
    pretend_installed(start, "app")
    start.STAMP.write_text(start.STAMP.read_text()[:-5])
    assert not start.up_to_date("app")


def test_a_half_made_environment_is_made_again(start: ModuleType) -> None:
    start.VENV.mkdir()
    start.OURS.touch()
    (start.VENV / "lib").mkdir()
    start.make_venv()
    assert start.usable()
    assert start.OURS.exists()
    prefix = subprocess.check_output(
        [str(start.venv_python()), "-c", "import sys; print(sys.prefix)"], text=True
    )
    assert Path(prefix.strip()) == start.VENV


def test_a_strangers_environment_is_not_removed(start: ModuleType) -> None:
    start.VENV.mkdir()
    (start.VENV / "mine.txt").write_text("mine")
    with pytest.raises(start.SetupError, match="move it away"):
        start.make_venv()
    assert (start.VENV / "mine.txt").exists()


def test_without_ensurepip_the_package_is_named(
    start: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(start.importlib.util, "find_spec", lambda name: None)
    name = rf"python{sys.version_info[0]}\.{sys.version_info[1]}-venv"
    with pytest.raises(start.SetupError, match=f"apt-get install -y {name}"):
        start.make_venv()


def test_packages_that_were_cut_off_are_forgotten(start: ModuleType) -> None:
    below = "Lib/site-packages" if sys.platform == "win32" else "lib/python3.11/site-packages"
    site = start.VENV / below
    for name in ("whole", "half"):
        (site / f"{name}-1.0.dist-info").mkdir(parents=True)
        (site / f"{name}-1.0.dist-info" / "METADATA").touch()
    (site / "whole-1.0.dist-info" / "INSTALLER").touch()
    start.OURS.touch()
    start.forget_half_installed()
    assert [entry.name for entry in site.iterdir()] == ["whole-1.0.dist-info"]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux lacks libraries")
def test_a_missing_library_is_named_with_its_package(
    start: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = ("libnowhere9", "nowhere", "nowhere")
    monkeypatch.setattr(start, "QT_LIBRARIES", {"libnowhere.so.9": package})
    monkeypatch.setattr(start, "PORTAUDIO", {"libc.so.6": package})
    monkeypatch.setattr(start.shutil, "which", lambda name: name == "apt-get" or None)
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert start.system_lacks() == [
        "Without libnowhere.so.9 the window cannot open; "
        "install: sudo apt-get install -y libnowhere9"
    ]


def test_windows_without_its_runtime_is_told_in_the_words_of_the_app(
    start: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(start.sys, "platform", "win32")
    monkeypatch.setattr(start, "WINDOWS_RUNTIME", (str(ROOT / "nowhere.dll"),))
    assert start.system_lacks() == [
        "Without Microsoft's Visual C++ libraries torch cannot load; "
        "install: winget install --exact --id Microsoft.VCRedist.2015+.x64"
    ]
    failed = ImportError("DLL load failed while importing _C: Module not found.")
    with pytest.raises(SoundeditError) as said, runtime_explained():
        raise failed
    assert start.WINGET in str(said.value) and str(failed) in str(said.value)
    with pytest.raises(ImportError, match="nowhere"), runtime_explained():
        raise ImportError("No module named nowhere")
    monkeypatch.setattr(start, "WINDOWS_RUNTIME", ())
    assert start.system_lacks() == []


def test_an_unknown_distribution_gets_the_library_names(
    start: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(start.shutil, "which", lambda name: None)
    assert start.install_command([("a", "b", "c")]) is None


def test_a_wheel_carries_weights_and_resources(tmp_path: Path) -> None:
    pytest.importorskip("hatchling", reason="hatchling is not installed")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    assert "soundedit/cli.py" in names
    for folder in ("resources", "weights"):
        files = [file for file in (ROOT / folder).rglob("*") if file.is_file()]
        tracked = {f"soundedit/_data/{file.relative_to(ROOT).as_posix()}" for file in files}
        assert tracked <= names
    assert not any(name.startswith(("tests/", "packaging/")) for name in names)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux lacks libraries")
@pytest.mark.parametrize(
    ("program", "release"), [("apt-get", "debian"), ("dnf", "fedora"), ("pacman", "arch"), ("", "")]
)
def test_missing_portaudio_is_told_in_the_words_of_the_app(
    start: ModuleType, monkeypatch: pytest.MonkeyPatch, program: str, release: str
) -> None:
    from soundedit.media import portaudio

    libraries = {"libnowhere.so.9": next(iter(start.PORTAUDIO.values()))}
    monkeypatch.setattr(start, "window_libraries", dict)
    monkeypatch.setattr(start, "PORTAUDIO", libraries)
    monkeypatch.setattr(start.shutil, "which", lambda name: name == program or None)
    command = portaudio.install_command("Linux", {"ID": release})
    assert start.system_lacks() == [
        "Playback and recording are off because the PortAudio library is missing; "
        f"install it with {command}."
    ]
