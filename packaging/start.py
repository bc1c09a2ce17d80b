#!/usr/bin/env python3
"""Set soundedit up in `.venv` beside the code, then open it or run its tests.

    python3 packaging/start.py [FILE | COMMAND ...]    open the app, or run one of its commands
    python3 packaging/start.py --test [PYTEST OPTION ...]
    python3 packaging/start.py --system                install the system libraries it lacks

Needs nothing but Python 3.11 or later. Packages come from the index that pip is set up for, in
the versions of the lock file. A run that was cut off goes on where it was.
"""

from __future__ import annotations

import ctypes
import hashlib
import importlib.util
import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
STAMP = VENV / "soundedit-installed.json"
OURS = VENV / "soundedit-venv"
LOCKS = {"app": "packaging/requirements.lock", "test": "packaging/requirements-dev.lock"}
OLDEST, NEWEST = (3, 11), (3, 14)

# What Qt loads at start, by soname: the packages of apt, dnf and pacman.
QT_LIBRARIES = {
    "libglib-2.0.so.0": ("libglib2.0-0", "glib2", "glib2"),
    "libEGL.so.1": ("libegl1", "libglvnd-egl", "libglvnd"),
    "libGL.so.1": ("libgl1", "libglvnd-glx", "libglvnd"),
    "libxkbcommon.so.0": ("libxkbcommon0", "libxkbcommon", "libxkbcommon"),
    "libdbus-1.so.3": ("libdbus-1-3", "dbus-libs", "dbus"),
    "libfontconfig.so.1": ("libfontconfig1", "fontconfig", "fontconfig"),
}
X11_LIBRARIES = {
    "libxcb-cursor.so.0": ("libxcb-cursor0", "xcb-util-cursor", "xcb-util-cursor"),
    "libxcb-icccm.so.4": ("libxcb-icccm4", "xcb-util-wm", "xcb-util-wm"),
    "libxcb-image.so.0": ("libxcb-image0", "xcb-util-image", "xcb-util-image"),
    "libxcb-keysyms.so.1": ("libxcb-keysyms1", "xcb-util-keysyms", "xcb-util-keysyms"),
    "libxcb-render-util.so.0": (
        "libxcb-render-util0",
        "xcb-util-renderutil",
        "xcb-util-renderutil",
    ),
    "libxcb-shape.so.0": ("libxcb-shape0", "libxcb", "libxcb"),
    "libxcb-xkb.so.1": ("libxcb-xkb1", "libxcb", "libxcb"),
    "libxkbcommon-x11.so.0": ("libxkbcommon-x11-0", "libxkbcommon-x11", "libxkbcommon-x11"),
}
WAYLAND_LIBRARIES = {
    "libwayland-cursor.so.0": ("libwayland-cursor0", "libwayland-cursor", "wayland"),
    "libwayland-egl.so.1": ("libwayland-egl1", "libwayland-egl", "wayland"),
}
PORTAUDIO = {"libportaudio.so.2": ("libportaudio2", "portaudio", "portaudio")}
WINDOWS_RUNTIME = ("msvcp140.dll", "vcruntime140_1.dll")
# The app says it in the same words; see soundedit/cxxruntime.py.
WINGET = "winget install --exact --id Microsoft.VCRedist.2015+.x64"
NO_INSTALLER = "your distribution's package manager (it is called portaudio or libportaudio2)"
INSTALLERS = (
    ("apt-get", "apt-get install -y"),
    ("dnf", "dnf install -y"),
    ("pacman", "pacman -S --needed --noconfirm"),
)


class SetupError(Exception):
    """One sentence: what is wrong and what to do."""


def main(argv: list[str]) -> int:
    """Do what the module says; the exit code of what was run last."""
    try:
        if argv[:1] in (["-h"], ["--help"]):
            print(__doc__)
            return 0
        if sys.version_info[:2] < OLDEST or sys.version_info[:2] > NEWEST:
            return run_with_other_python(argv)
        if argv[:1] == ["--system"]:
            return install_system_libraries()
        testing = argv[:1] == ["--test"]
        for sentence in system_lacks():
            say(sentence)
        install("test" if testing else "app")
        return run_checks(argv[1:]) if testing else run_soundedit(argv)
    except SetupError as error:
        say(str(error))
        return 2
    except KeyboardInterrupt:
        return 130


def say(sentence: str) -> None:
    """Tell the person, apart from what the commands print."""
    print(sentence, file=sys.stderr, flush=True)


def run_with_other_python(argv: list[str]) -> int:
    """Run this file again with a Python that fits."""
    for minor in range(NEWEST[1], OLDEST[1] - 1, -1):
        found = shutil.which(f"python3.{minor}")
        if found:
            return subprocess.call([found, str(Path(__file__).resolve()), *argv])
        if os.name == "nt" and shutil.which("py"):
            launcher = ["py", f"-3.{minor}"]
            if subprocess.call([*launcher, "-c", ""], stderr=subprocess.DEVNULL) == 0:
                return subprocess.call([*launcher, str(Path(__file__).resolve()), *argv])
    raise SetupError(
        f"soundedit needs Python {OLDEST[0]}.{OLDEST[1]} to {NEWEST[0]}.{NEWEST[1]} and this is "
        f"{sys.version_info[0]}.{sys.version_info[1]}, so install one of them and run this again."
    )


# The system's libraries


def lacking(libraries: dict[str, tuple[str, str, str]]) -> dict[str, tuple[str, str, str]]:
    """Those of `libraries` that the loader does not find."""
    missing = {}
    for soname, packages in libraries.items():
        try:
            ctypes.CDLL(soname)
        except OSError:
            missing[soname] = packages
    return missing


def install_command(packages: list[tuple[str, str, str]]) -> list[str] | None:
    """The command that installs these packages on this distribution, if it is a known one."""
    for index, (program, command) in enumerate(INSTALLERS):
        if shutil.which(program):
            return [*command.split(), *dict.fromkeys(names[index] for names in packages)]
    return None


def window_libraries() -> dict[str, tuple[str, str, str]]:
    """What Qt needs for the kind of desktop that is running."""
    wanted = dict(QT_LIBRARIES)
    if os.environ.get("DISPLAY"):
        wanted.update(X11_LIBRARIES)
    if os.environ.get("WAYLAND_DISPLAY"):
        wanted.update(WAYLAND_LIBRARIES)
    return wanted


def system_lacks() -> list[str]:
    """One sentence for each thing that Linux or Windows lacks; wheels bring all else."""
    if sys.platform == "win32" and lacks_runtime():
        return [f"Without Microsoft's Visual C++ libraries torch cannot load; install: {WINGET}"]
    if not sys.platform.startswith("linux"):
        return []
    sentences = []
    missing = lacking(window_libraries())
    if missing:
        command = install_command(list(missing.values()))
        cure = f"install: {as_person(command)}" if command else "install what provides it."
        sentences.append(f"Without {', '.join(missing)} the window cannot open; {cure}")
    if lacking(PORTAUDIO):
        command = install_command(list(PORTAUDIO.values()))
        # The app says it in the same words; see soundedit/media/portaudio.py.
        cure = f"`{as_person(command)}`" if command else NO_INSTALLER
        sentences.append(
            "Playback and recording are off because the PortAudio library is missing; "
            f"install it with {cure}."
        )
    return sentences


def lacks_runtime() -> bool:
    """Whether Windows finds no C++ runtime beside Python's own."""
    try:
        for name in WINDOWS_RUNTIME:
            ctypes.CDLL(name)
    except OSError:
        return True
    return False


def as_person(command: list[str]) -> str:
    """The command as a person would type it."""
    return " ".join(["sudo", *map(shlex.quote, command)])


def install_system_libraries() -> int:
    """Install what `system_lacks` names, and venv where the distribution splits it off."""
    if sys.platform == "win32" and lacks_runtime():
        return subprocess.call(WINGET.split())
    if not sys.platform.startswith("linux"):
        return 0
    packages = list(lacking({**window_libraries(), **PORTAUDIO}).values())
    if importlib.util.find_spec("ensurepip") is None:
        packages.append((venv_package(), "python3-pip", "python"))
    if not packages:
        return 0
    command = install_command(packages)
    if command is None:
        raise SetupError("This system's package manager is not known; " + " ".join(system_lacks()))
    if os.geteuid() != 0:
        raise SetupError(f"Only the administrator can do that, so run: {as_person(command)}")
    if command[0] == "apt-get":
        subprocess.call(["apt-get", "update", "-qq"])
        os.environ.setdefault("DEBIAN_FRONTEND", "noninteractive")
    return subprocess.call(command)


def venv_package() -> str:
    """Debian's package of `ensurepip` for this Python."""
    return f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"


# The virtual environment


def venv_python() -> Path:
    """The interpreter of `.venv`."""
    return VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def wanted_stamp(kind: str) -> dict[str, str]:
    """What an up-to-date environment was made from."""
    files = (LOCKS[kind], "pyproject.toml")
    stamp = {name: hashlib.sha256((ROOT / name).read_bytes()).hexdigest() for name in files}
    # An editable install and a virtual environment both hold absolute paths.
    stamp["place"] = str(ROOT)
    return stamp


def up_to_date(kind: str) -> bool:
    """True if `.venv` holds exactly what `kind` needs, or what testing needs, which is more."""
    try:
        found = json.loads(STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return venv_python().exists() and found in (wanted_stamp(kind), wanted_stamp("test"))


def install(kind: str) -> None:
    """Bring `.venv` to the state of the lock file, if it is not there yet."""
    if up_to_date(kind):
        return
    STAMP.unlink(missing_ok=True)
    make_venv()
    forget_half_installed()
    say("Installing what soundedit needs, once; on Linux that is about 3 GB to download.")
    pip("install", "--requirement", LOCKS[kind])
    pip("install", "--no-deps", "--no-build-isolation", "--editable", ".")
    part = STAMP.with_suffix(".part")
    part.write_text(json.dumps(wanted_stamp(kind)), encoding="utf-8")
    part.replace(STAMP)


def make_venv() -> None:
    """Create `.venv`, or mend one that an earlier run left half made."""
    if usable():
        return
    if VENV.exists() and any(VENV.iterdir()) and not OURS.exists():
        raise SetupError(f"{VENV} does not work and was not made here, so move it away.")
    if importlib.util.find_spec("ensurepip") is None:
        raise SetupError(
            f"This Python cannot make virtual environments, so run: "
            f"sudo apt-get install -y {venv_package()}"
        )
    shutil.rmtree(VENV, ignore_errors=True)
    VENV.mkdir()
    OURS.touch()
    if subprocess.call([sys.executable, "-m", "venv", str(VENV)]) != 0 or not usable():
        raise SetupError(f"Python could not make {VENV}, so see the lines above.")


def usable() -> bool:
    """True if `.venv` has a Python of a version that fits, with pip."""
    fits = f"{OLDEST} <= sys.version_info[:2] <= {NEWEST}"
    check = f"import sys, pip; sys.exit(sys.prefix == sys.base_prefix or not {fits})"
    try:
        done = subprocess.run([str(venv_python()), "-c", check], capture_output=True, check=False)
    except OSError:
        return False
    return done.returncode == 0


def forget_half_installed() -> None:
    """Make pip install again what it was installing when it was killed.

    pip takes a package for installed once its METADATA is there, but INSTALLER comes last.
    """
    pattern = "Lib/site-packages" if os.name == "nt" else "lib/python*/site-packages"
    for metadata in VENV.glob(f"{pattern}/*.dist-info") if OURS.exists() else ():
        if not (metadata / "INSTALLER").exists():
            shutil.rmtree(metadata)


def pip(*arguments: str) -> None:
    """Run the environment's pip in the checkout; SetupError if it fails."""
    command = [str(venv_python()), "-m", "pip", "--disable-pip-version-check", "--no-input"]
    if not sys.stderr.isatty():
        command.append("--quiet")
    if subprocess.call([*command, *arguments], cwd=ROOT) != 0:
        raise SetupError("pip failed, so see the lines above and run this again to go on.")


# What is run in it


def run_soundedit(argv: list[str]) -> int:
    """Open the app, or run one of its commands, where the person is."""
    return subprocess.call([str(venv_python()), "-m", "soundedit", *argv])


def run_checks(options: list[str]) -> int:
    """Linter, format, types, rooms, then the tests; all of them even if one fails."""
    linter = "from importlinter.cli import lint_imports_command as lint; lint"
    checks = {
        "ruff check": ["-m", "ruff", "check", "."],
        "ruff format": ["-m", "ruff", "format", "--check", "--quiet", "."],
        "mypy": ["-m", "mypy"],
        "import-linter": ["-c", f"{linter}(['--no-logo'])"],
        "pytest": ["-m", "pytest", "-n", "2", "--dist", "loadfile", *options],
    }
    # Two processes with two threads of torch each would wait for each other on two cores.
    environment = {"QT_QPA_PLATFORM": "offscreen", "OMP_NUM_THREADS": "1", **os.environ}
    failed = []
    for name, arguments in checks.items():
        say(f"== {name}")
        if subprocess.call([str(venv_python()), *arguments], cwd=ROOT, env=environment) != 0:
            failed.append(name)
    if failed:
        say(f"Failed: {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
