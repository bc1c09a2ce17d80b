"""The sound card: PortAudio through `sounddevice`, loaded only when it is asked for.

`AudioBackend` is what playback and recording need from a sound card; `PortAudioBackend` is the real
one, `soundedit.media.simulated.SimulatedBackend` one in software with the same interface.
"""

import atexit
import importlib
import logging
import platform
import threading
import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from soundedit.errors import DeviceError

OutputCallback = Callable[[NDArray[np.float32], float], None]
"""Fills (frames, channels); the time, in `AudioStream.time`, at which the first frame is heard."""

InputCallback = Callable[[NDArray[np.float32], bool], None]
"""Gets (frames, channels), valid during the call only, and whether input was lost before it."""

BLOCK_FRAMES = 1024
MIN_LATENCY_SECONDS = 0.12  # "high" is 0.035 s on a sound server, too little on a busy machine
QUICK_BLOCK_FRAMES = 512
QUICK_LATENCY_SECONDS = 0.04
MAX_CHANNELS = 2
LOST_SECONDS = 1.5
"""A stream that was not called for so long has lost its device."""
START_SECONDS = 4.0
"""The same before its first call: a sound server takes two seconds to begin."""

CLOSE_SECONDS = 2.0
"""A device that takes so long to stop or close hangs, as one of a sound server that hangs does."""
_hanging: list[threading.Thread] = []
"""Those that wait for such a device."""
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class AudioDevice:
    """A sound input or output; its index shifts when devices come and go, its name does not."""

    name: str
    host_api: str
    index: int
    channels: int
    sample_rate: int
    is_default: bool = False

    def is_same(self, other: "AudioDevice") -> bool:
        """True when both are the same device, whatever their indices."""
        return (self.name, self.host_api) == (other.name, other.host_api)


class AudioStream(Protocol):
    """An open input or output of a sound card."""

    @property
    def device(self) -> AudioDevice: ...
    @property
    def sample_rate(self) -> int: ...
    @property
    def channels(self) -> int: ...
    @property
    def latency(self) -> float:
        """Seconds between the device and the callback, as the device tells."""

    @property
    def active(self) -> bool:
        """True while the callback is being called; never raises."""

    @property
    def time(self) -> float:
        """The stream's clock in seconds."""

    def start(self) -> None: ...
    def stop(self) -> None:
        """Stop at once; what is still buffered is not heard."""

    def close(self) -> None:
        """Stop and free the device; a second call does nothing, and it never raises."""


class AudioBackend(Protocol):
    """What playback and recording need from a sound card."""

    def output_devices(self) -> list[AudioDevice]: ...
    def input_devices(self) -> list[AudioDevice]: ...
    def open_output(self, device: AudioDevice | None, callback: OutputCallback) -> AudioStream:
        """Open `device` (None: the first that works); raises `DeviceError`."""

    def open_input(
        self, device: AudioDevice | None, callback: InputCallback, *, quick: bool = False
    ) -> AudioStream:
        """Open `device` (None: the first that works), `quick` in small blocks; `DeviceError`."""

    def rescan(self) -> None:
        """Close every stream and look for devices again."""


_LINUX_COMMANDS: dict[str, str] = {
    "debian": "sudo apt-get install -y libportaudio2",
    "ubuntu": "sudo apt-get install -y libportaudio2",
    "fedora": "sudo dnf install -y portaudio",
    "rhel": "sudo dnf install -y portaudio",
    "arch": "sudo pacman -S --needed --noconfirm portaudio",
    "suse": "sudo zypper install libportaudio2",
    "alpine": "sudo apk add portaudio",
}


def install_command(system: str, os_release: Mapping[str, str]) -> str:
    """How to get PortAudio, as words that follow "install it with".

    `system` is `platform.system()`, `os_release` the fields of /etc/os-release (os-release(5)): the
    first of ID and ID_LIKE that is known decides.
    """
    if system != "Linux":
        return "`python -m pip install --force-reinstall sounddevice`"
    names = [os_release.get("ID", ""), *os_release.get("ID_LIKE", "").split()]
    for name in names:
        for known, command in _LINUX_COMMANDS.items():
            if name == known or (known == "suse" and "suse" in name):
                return f"`{command}`"
    return "your distribution's package manager (it is called portaudio or libportaudio2)"


def _os_release() -> Mapping[str, str]:
    try:
        return platform.freedesktop_os_release()
    except OSError:
        return {}


_lock = threading.RLock()  # PortAudio must not be entered by two threads when it opens or rescans
_module: Any = None
_reason: str | None = None


def _load() -> Any:
    """The `sounddevice` module, or `DeviceError` with the reason, which is kept until rescan."""
    global _module, _reason
    with _lock:
        if _module is not None:
            return _module
        if _reason is None:
            try:
                _module = importlib.import_module("sounddevice")
                return _module
            except ImportError:
                _reason = (
                    "Playback and recording are off because the Python package sounddevice is "
                    "missing; install it with `python -m pip install sounddevice`."
                )
            except OSError:  # what sounddevice raises when it finds no PortAudio
                command = install_command(platform.system(), _os_release())
                _reason = (
                    "Playback and recording are off because the PortAudio library is missing; "
                    f"install it with {command}."
                )
            except Exception as error:  # PortAudioError: the library is there, its start failed
                _reason = (
                    f"Playback and recording are off because PortAudio does not start ({error}); "
                    "check the system's sound settings and rescan the devices."
                )
        raise DeviceError(_reason)


class _PortAudioStream:
    """A `sounddevice` stream whose errors, once it is open, mean that it is not active.

    One that hangs when it is stopped or closed is left to a thread of its own. `ended` is set from
    then on; its callbacks must do nothing more.
    """

    def __init__(self, raw: Any, device: AudioDevice, ended: threading.Event) -> None:
        self._raw = raw
        self._gate = threading.Lock()  # a freed PortAudio stream must not be touched
        self._ended = ended
        self._closed = False
        self.device = device
        self.sample_rate = round(raw.samplerate)
        self.channels = int(raw.channels)
        self.latency = float(raw.latency)

    @property
    def active(self) -> bool:
        with self._gate:
            return not self._closed and bool(self._raw.active)

    @property
    def time(self) -> float:
        with self._gate:
            return 0.0 if self._closed else float(self._raw.time)

    def start(self) -> None:
        with self._gate:
            if self._closed:
                raise DeviceError("The sound device was closed by a rescan; start again.")
            try:
                self._raw.start()
            except _module.PortAudioError as error:
                raise DeviceError(
                    f"{self.device.name} does not start ({error}); choose another sound device."
                ) from error

    def stop(self) -> None:
        with self._gate:
            if not self._closed:
                self._end(self._raw.abort)

    def close(self) -> None:
        with self._gate:
            if not self._closed:
                self._closed = True
                self._ended.set()
                self._end(self._raw.close)

    def _end(self, call: Callable[..., Any]) -> None:
        """Stop or close, within bounds."""
        thread = threading.Thread(
            target=call, kwargs={"ignore_errors": True}, name="closing-sound", daemon=True
        )
        thread.start()
        thread.join(CLOSE_SECONDS)
        if thread.is_alive():
            log.warning("%s hangs; it is left behind", self.device.name)
            self._closed = True
            self._ended.set()
            _hanging.append(thread)
            if _module is not None:
                # PortAudio would wait for it when the program ends.
                atexit.unregister(_module._exit_handler)


class PortAudioBackend:
    """The machine's sound cards."""

    def __init__(self) -> None:
        self._streams: weakref.WeakSet[_PortAudioStream] = weakref.WeakSet()

    def output_devices(self) -> list[AudioDevice]:
        """Sound outputs, the default first; raises `DeviceError` without PortAudio."""
        return self._devices("output")

    def input_devices(self) -> list[AudioDevice]:
        """Sound inputs, the default first; raises `DeviceError` without PortAudio."""
        return self._devices("input")

    def _devices(self, kind: Literal["input", "output"]) -> list[AudioDevice]:
        sd = _load()
        with _lock:
            apis = sd.query_hostapis()
            default = sd.default.device[kind]
            if default < 0 and apis:
                default = apis[0][f"default_{kind}_device"]
            found = [
                AudioDevice(
                    name=raw["name"],
                    host_api=apis[raw["hostapi"]]["name"],
                    index=index,
                    channels=raw[f"max_{kind}_channels"],
                    sample_rate=round(raw["default_samplerate"]),
                    is_default=index == default,
                )
                for index, raw in enumerate(sd.query_devices())
                if raw[f"max_{kind}_channels"] > 0
            ]
        return sorted(found, key=_preference)

    def open_output(self, device: AudioDevice | None, callback: OutputCallback) -> AudioStream:
        """Open `device` (None: every output, the default first, until one works)."""
        sd = _load()

        def open_one(chosen: AudioDevice, ended: threading.Event) -> Any:
            latency = [0.0]

            def fill(out: NDArray[np.float32], frames: int, time: Any, status: Any) -> None:
                heard = time.outputBufferDacTime
                if heard <= 0.0 or heard < time.currentTime:  # some host APIs leave it unset
                    heard = time.currentTime + latency[0]
                if ended.is_set():
                    out.fill(0.0)
                else:
                    callback(out, heard)

            raw = sd.OutputStream(callback=fill, **_settings(sd, chosen, "output"))
            latency[0] = float(raw.latency)
            return raw

        return self._open(device, "output", open_one)

    def open_input(
        self, device: AudioDevice | None, callback: InputCallback, *, quick: bool = False
    ) -> AudioStream:
        """Open `device` (None: every input, the default first, until one works)."""
        sd = _load()

        def open_one(chosen: AudioDevice, ended: threading.Event) -> Any:
            def take(data: NDArray[np.float32], frames: int, time: Any, status: Any) -> None:
                if not ended.is_set():
                    callback(data, bool(status.input_overflow))

            return sd.InputStream(callback=take, **_settings(sd, chosen, "input", quick))

        return self._open(device, "input", open_one)

    def _open(
        self,
        device: AudioDevice | None,
        kind: Literal["input", "output"],
        open_one: Callable[[AudioDevice, threading.Event], Any],
    ) -> AudioStream:
        sd = _load()
        _refuse_while_hanging()
        with _lock:
            there = self._devices(kind)
            if not there:
                raise DeviceError(_no_device(kind))
            wanted = there if device is None else [d for d in there if d.is_same(device)]
            if not wanted and device is not None:
                raise DeviceError(
                    f"The sound {kind} {device.name} is not connected; "
                    "connect it and rescan the devices, or choose another."
                )
            first: Exception | None = None
            for chosen in wanted:
                try:
                    ended = threading.Event()
                    stream = _PortAudioStream(open_one(chosen, ended), chosen, ended)
                except (sd.PortAudioError, ValueError) as error:
                    first = first or error
                    continue
                self._streams.add(stream)
                return stream
        name = wanted[0].name if len(wanted) == 1 else f"No sound {kind}"
        verb = "cannot be opened" if len(wanted) == 1 else "can be opened"
        raise DeviceError(
            f"{name} {verb} ({first}); close other programs that use it, or choose another."
        ) from first

    def rescan(self) -> None:
        """Look for devices again; the list is frozen when PortAudio starts. Closes every stream.

        DeviceError where one of them hangs, since PortAudio would wait for it.
        """
        global _reason
        with _lock:
            for stream in list(self._streams):
                stream.close()
            _refuse_while_hanging()
            self._streams.clear()
            _reason = None
            if _module is not None:
                _module._terminate()
                _module._initialize()


def _refuse_while_hanging() -> None:
    """Another device would hang too, and PortAudio with it."""
    if any(thread.is_alive() for thread in _hanging):
        raise DeviceError("The sound system hangs; restart it, or soundedit where that is no help.")


def _settings(sd: Any, device: AudioDevice, kind: str, quick: bool = False) -> dict[str, Any]:
    high = float(sd.query_devices(device.index)[f"default_high_{kind}_latency"])
    return {
        "device": device.index,
        "samplerate": device.sample_rate,
        "channels": min(MAX_CHANNELS, device.channels),
        "dtype": "float32",
        "blocksize": QUICK_BLOCK_FRAMES if quick else BLOCK_FRAMES,
        "latency": QUICK_LATENCY_SECONDS if quick else max(MIN_LATENCY_SECONDS, high),
    }


def _preference(device: AudioDevice) -> tuple[int, int]:
    # Debian's PortAudio reaches a sound server only through these ALSA devices.
    servers: Sequence[str] = ("pulse", "pipewire", "default")
    if device.is_default:
        rank = 0
    elif device.name in servers:
        rank = 1 + servers.index(device.name)
    else:
        rank = 1 + len(servers)
    return rank, device.index


def _no_device(kind: str) -> str:
    off = {"output": "playback is", "input": "recording is"}.get(kind, "playback and recording are")
    what = "device" if kind == "any" else kind
    return (
        f"No sound {what} was found, so {off} off; connect one, check the system's sound settings, "
        "and rescan the devices."
    )


_backend = PortAudioBackend()


def portaudio() -> PortAudioBackend:
    """The machine's sound cards; there is one PortAudio in a process."""
    return _backend


def why_no_sound_device(kind: Literal["any", "output", "input"] = "any") -> str | None:
    """One sentence why nothing can be played or recorded and what to do, or None when it can."""
    try:
        there = bool(kind != "input" and output_devices()) or bool(
            kind != "output" and input_devices()
        )
    except DeviceError as error:
        return str(error)
    return None if there else _no_device(kind)


def output_devices() -> list[AudioDevice]:
    """Sound outputs, the default first; raises `DeviceError` where PortAudio is missing."""
    return _backend.output_devices()


def input_devices() -> list[AudioDevice]:
    """Sound inputs, the default first; raises `DeviceError` where PortAudio is missing."""
    return _backend.input_devices()


def rescan() -> None:
    """Look for devices again, for example after one was plugged in. Closes every open stream."""
    _backend.rescan()
