"""The engine: a model pack loaded on a device, and what can be done with a sound."""

import math
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from soundedit.engine.device import (
    choose_device,
    device_name,
    hearing_dtype,
    synthesis_dtype,
)
from soundedit.engine.editing import Editing
from soundedit.engine.hearing import (
    AnySound,
    FrameHearing,
    Listener,
    mel_blocks,
    mono_blocks,
    sound_seconds,
)
from soundedit.engine.labels import Heard, label_segments
from soundedit.engine.live import LiveSession
from soundedit.engine.networks import load_networks
from soundedit.engine.pace import Pace
from soundedit.engine.synthesis import SMALLEST, Synthesiser
from soundedit.engine.towers import Towers
from soundedit.engine.trajectory import Inversion, Trajectory, frame_rate, put_away, room_for
from soundedit.engine.walk import CalmNoise, Walk, placed
from soundedit.errors import SoundeditError
from soundedit.nets.mel import LogMel
from soundedit.nets.memory import weight_of
from soundedit.packs.pack import Pack, default_pack, open_pack
from soundedit.progress import CancelToken, Progress

TRUNCATION = 0.7
_LEAST_LIVE = 128


class Engine(Editing):
    """One pack on one device. Calls come from one thread at a time; see `load`."""

    def __init__(self, pack: Pack, device: torch.device) -> None:
        """Build every network of an opened pack; PackError if the weights do not fit."""
        self.manifest = pack.manifest
        self._device = device
        self.device = str(device)
        self.device_name = device_name(device)
        self.networks = networks = load_networks(pack, device)
        self._generator = networks.generator
        self._towers = Towers(pack, device)
        mel = pack.manifest.mel
        ear = LogMel(mel.sample_rate, mel.n_fft, mel.hop_length, mel.n_mels, mel.f_min, mel.f_max)
        self._listener = Listener(
            ear, networks.audio, networks.inversion, device, hearing_dtype(device)
        )
        self._inversion, self._frames = networks.inversion, networks.frames
        self._bridge = networks.bridge
        self._directions, self._encoder = networks.directions, networks.encoder
        self._synthesiser = Synthesiser(self._generator.synthesis, device, synthesis_dtype(device))

    @classmethod
    def load(
        cls,
        pack: str | Path | None = None,
        device: str = "auto",
        progress: Progress | None = None,
    ) -> "Engine":
        """Check and load a pack (the shipped one by default) on 'auto', 'cpu' or 'cuda[:N]'.

        PackError for a missing, altered or unfitting pack, DeviceError for a missing device.
        """

        def report(fraction: float, text: str) -> None:
            if progress is not None:
                progress(fraction, text)

        report(0.0, "Checking the pack")
        opened = open_pack(default_pack() if pack is None else pack)
        report(0.3, f"Loading {opened.manifest.title}")
        engine = cls(opened, choose_device(device))
        report(0.8, "Warming up")
        engine.picture(engine.sample(0))
        report(1.0, "Ready")
        return engine

    @property
    def resolution(self) -> int:
        """Side of a full frame in pixels."""
        return self.manifest.resolution

    @property
    def precision(self) -> str:
        """What frames are computed in: float32, bfloat16 or float16."""
        return str(self._synthesiser.dtype).removeprefix("torch.")

    @property
    def num_ws(self) -> int:
        """Style layers L."""
        return self.manifest.num_ws

    @property
    def w_dim(self) -> int:
        """Latent width D."""
        return self.manifest.w_dim

    @property
    def w_avg(self) -> NDArray[np.float32]:
        """Mean latent [D] of the mapping network."""
        mean: NDArray[np.float32] = self._generator.mapping.w_avg.cpu().numpy()
        return mean

    def close(self) -> None:
        """Give the device's memory back."""
        self._synthesiser = Synthesiser(
            self._generator.synthesis, self._device, synthesis_dtype(self._device)
        )
        if self._device.type == "cuda":
            torch.cuda.empty_cache()

    def sample(self, seed: int, truncation: float = TRUNCATION) -> NDArray[np.float32]:
        """Latents [L, D] of the scene that a seed stands for; SoundeditError if it is negative."""
        if seed < 0:
            raise SoundeditError(f"The seed {seed} is negative; use a whole number from 0 up.")
        z = np.random.default_rng(seed).standard_normal((1, self.manifest.z_dim))
        with torch.inference_mode():
            ws = self._generator.mapping(
                torch.from_numpy(z).float().to(self._device), truncation=truncation
            )
        latents: NDArray[np.float32] = ws[0].cpu().numpy()
        return latents

    def picture(self, w: NDArray[np.float32], size: int | None = None) -> NDArray[np.uint8]:
        """Latents [L, D] -> one frame uint8 [H, W, 3]; `size` as in `synthesise`."""
        return next(self._synthesiser.frames([w[None]], size=size))

    def listen(
        self,
        sound: AnySound,
        *,
        progress: Progress | None = None,
        cancel: CancelToken | None = None,
    ) -> list[Heard]:
        """Labels over time from the pack's classes; quiet stretches have none. Streamed."""
        seconds = sound_seconds(sound)
        every = max(self._segment_spacing(seconds), 0.5)
        embeddings, levels = [], []
        for part in self._listener.segments(sound, every, cancel=cancel):
            embeddings.append(part.embeddings.numpy())
            levels.append(part.levels)
            if progress is not None:
                progress(min(float(part.ends[-1]) / max(seconds, 1e-6), 1.0), "Listening")
        if not embeddings:
            return []
        return label_segments(
            np.concatenate(embeddings),
            np.concatenate(levels),
            self.heard_classes(),
            self.manifest.classes,
            every,
            seconds,
        )

    def invert(
        self, sound: AnySound, *, seed: int = 0, cancel: CancelToken | None = None
    ) -> Inversion:
        """The inverted picture of a whole sound, on the scene of `seed`; loud parts count more."""
        total: Tensor | None = None
        weight_sum = 0.0
        every = self._segment_spacing(sound_seconds(sound))
        for part in self._listener.segments(sound, every, cancel=cancel):
            weights = weight_of(torch.from_numpy(part.levels))
            said = (part.heard * weights[:, None]).sum(0)
            total = said if total is None else total + said
            weight_sum += float(weights.sum())
        if total is None:
            raise SoundeditError("The sound is too short to be inverted; use 0.2 s or more.")
        scene = torch.from_numpy(self.sample(seed))[None].to(self._device)
        with torch.inference_mode():
            heard = (total / weight_sum)[None].to(self._device)
            w = placed(self._inversion, self._bridge, heard, scene)[0].cpu().numpy()
        return Inversion(w, self.picture(w))

    def frame_count(
        self, sound: AnySound, fps: Fraction, start: float = 0.0, end: float | None = None
    ) -> int:
        """Frames that cover the range: the seconds times the frame rate, rounded up.

        SoundeditError if the range is empty or outside the sound.
        """
        seconds = sound_seconds(sound)
        stop = seconds if end is None else min(end, seconds)
        if not 0 <= start < stop:
            raise SoundeditError(
                f"The range {start:g} to {stop:g} s is empty; the sound has {seconds:.2f} s."
            )
        return max(math.ceil((stop - start) * fps - 1e-6), 1)

    def generate_blocks(
        self,
        sound: AnySound,
        *,
        fps: float | Fraction = 24,
        seed: int = 0,
        start: float = 0.0,
        end: float | None = None,
        progress: Progress | None = None,
        cancel: CancelToken | None = None,
        lookahead: float | None = None,
        scene: NDArray[np.float32] | None = None,
    ) -> Iterator[NDArray[np.float32]]:
        """The trajectory in blocks [n, L, D], each as soon as its sound is read; flat memory.

        Deterministic for (sound, fps, seed, range, scene). `lookahead` in seconds overrides the
        pack's (0 is what live uses); a frame never depends on sound further ahead. `scene` is what
        the sound moves in place of the seed's own: latents [L, D], or [T, L, D] for scenes that
        move by themselves, one a frame, the last one held. SoundeditError for a frame rate outside
        1 to 120, an empty range, a negative seed or look-ahead.
        """
        rate = frame_rate(fps)
        frames = self.frame_count(sound, rate, start, end)
        ahead = self.manifest.lookahead_seconds if lookahead is None else lookahead
        if not 0 <= ahead <= 60:
            raise SoundeditError(f"The look-ahead {ahead:g} s is out of range; use 0 to 60.")
        hearing = FrameHearing(self._listener, float(rate), round(ahead * 100))
        begin = torch.from_numpy(self.sample(seed) if scene is None else np.array(scene))
        walk = self._walk(begin, float(rate), seed)
        blocks = mono_blocks(
            sound, self._listener.ear.sample_rate, start=start, end=end, cancel=cancel
        )
        empty = torch.zeros(self._listener.ear.n_mels, 0)

        def columns() -> Iterator[tuple[Tensor, bool]]:
            for mel in mel_blocks(self._listener.ear, blocks):
                yield from ((part, False) for part in mel.split(250, dim=1))
            yield empty, True

        for mel, last in columns():
            if cancel is not None:
                cancel.check()
            found = walk.go(hearing.push(mel, last=last, frames=frames))
            if len(found):
                yield found.numpy()
            if progress is not None:
                progress(walk.count / frames, f"{walk.count} of {frames} frames heard")

    def generate(
        self,
        sound: AnySound,
        *,
        fps: float | Fraction = 24,
        seed: int = 0,
        start: float = 0.0,
        end: float | None = None,
        progress: Progress | None = None,
        cancel: CancelToken | None = None,
        scene: NDArray[np.float32] | None = None,
    ) -> Trajectory:
        """The whole trajectory of a sound, T = ceil(seconds * fps) frames; see `generate_blocks`.

        Beyond 32 MiB it lies in a temporary file that goes when the array does.
        """
        rate = frame_rate(fps)
        frames = self.frame_count(sound, rate, start, end)
        shape = (frames, self.num_ws, self.w_dim)
        w = room_for(shape)
        done = 0
        blocks = self.generate_blocks(
            sound,
            fps=rate,
            seed=seed,
            start=start,
            end=end,
            progress=progress,
            cancel=cancel,
            scene=scene,
        )
        for block in blocks:
            w[done : done + len(block)] = block
            done += len(block)
            put_away(w)
        return Trajectory(w[:done], rate, seed, start)

    def live(
        self,
        sample_rate: int,
        *,
        fps: float | Fraction = 24,
        seed: int = 0,
        scene: NDArray[np.float32] | None = None,
        calm: bool = True,
    ) -> LiveSession:
        """A session that hears blocks at `sample_rate` hertz, on the scene of `seed`, or `scene`
        [L, D] where it is given. Not `calm`, it moves by itself as much as `generate` does.
        SoundeditError for a frame rate outside 1 to 120.
        """
        rate = float(frame_rate(fps))
        start = torch.from_numpy(self.sample(seed) if scene is None else scene)
        walk = self._walk(start, rate, seed)
        if calm:
            walk.noise = CalmNoise(seed)
        return LiveSession(
            self._listener,
            walk,
            self.picture,
            sample_rate=sample_rate,
            pace=Pace(self._live_sizes(), rate),
            classes=self.heard_classes(),
        )

    def synthesise(
        self,
        w: NDArray[np.float32] | Iterable[NDArray[np.float32]],
        *,
        batch: int = 8,
        size: int | None = None,
        progress: Progress | None = None,
        cancel: CancelToken | None = None,
    ) -> Iterator[NDArray[np.uint8]]:
        """Latents [T, L, D], or blocks of them, -> uint8 frames [H, W, 3], one after another.

        `size` (16 to 4096) gives other sizes; smaller powers of two cost a fraction of the work.
        """
        whole = isinstance(w, np.ndarray)
        return self._synthesiser.frames(
            [w] if isinstance(w, np.ndarray) else w,
            total=len(w) if whole else None,  # type: ignore[arg-type]
            batch=batch,
            size=size,
            progress=progress,
            cancel=cancel,
        )

    def _walk(self, scene: Tensor, fps: float, seed: int) -> Walk:
        return Walk(
            self._inversion, self._frames, scene, fps, seed, self._device, bridge=self._bridge
        )

    def _live_sizes(self) -> list[int]:
        """Sizes that live may fall back to, from the full one down: those that cost less."""
        least = max(min(_LEAST_LIVE, self.resolution // 2), SMALLEST)
        return [s for s in reversed(self._generator.synthesis.preview_sizes) if s >= least]

    def _segment_spacing(self, seconds: float) -> float:
        """Half a second, wider for long sounds, so that an hour stays within seconds of work."""
        return max(0.5, round(seconds / 240, 1))
