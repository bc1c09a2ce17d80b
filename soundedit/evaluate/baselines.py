"""Other ways from a sound to a walk in W+, over the same generator, that soundedit is judged by."""

from collections.abc import Callable
from fractions import Fraction

import numpy as np
import torch
from numpy.typing import NDArray

from soundedit.engine.device import choose_device
from soundedit.engine.engine import Engine
from soundedit.engine.networks import load_networks
from soundedit.engine.walk import SlowNoise
from soundedit.media.sound import Sound
from soundedit.nets.drive import drive_features
from soundedit.nets.frames import FrameState
from soundedit.packs.pack import Pack
from soundedit.train.sounds import MelSettings
from soundedit.train.soundtrack import SoundTrack

Latents = NDArray[np.float32]
MOMENTUM = 0.4
"""Share of the new latent in the released code's loop."""
STYLES = 64
SEGMENT = 1.0
EVERY = 0.5


class Baselines:
    """The four baselines; each takes a sound, its track and a seed and gives latents [T, L, D]."""

    def __init__(self, engine: Engine, pack: Pack) -> None:
        """`pack` is the one that the engine holds."""
        self.engine = engine
        self._frames = load_networks(pack, choose_device("cpu")).frames
        self._styles = np.stack([engine.sample(1000 + n) for n in range(STYLES)])
        pictures = np.stack(list(engine.synthesise(self._styles)))
        self._shown = np.concatenate([engine.embed_image(p) for p in np.array_split(pictures, 4)])

    @property
    def methods(self) -> dict[str, Callable[[Sound, SoundTrack, int], Latents]]:
        """By name: soundedit itself first."""
        return {
            "soundedit": self.soundedit,
            "released loop": self.released_loop,
            "nearest style": self.nearest_style,
            "beat driven": self.beat_driven,
            "frozen picture": self.frozen_picture,
        }

    def soundedit(self, sound: Sound, track: SoundTrack, seed: int) -> Latents:
        """What the pack makes of the sound."""
        rate = Fraction(track.fps).limit_denominator(1001)
        return np.asarray(self.engine.generate(sound, fps=rate, seed=seed).w)[: len(track)]

    @torch.inference_mode()
    def released_loop(self, sound: Sound, track: SoundTrack, seed: int) -> Latents:
        """Lee et al. 2022 as released: the first second is heard once, then the walk runs free.

        w_t = 0.4 * new + 0.6 * w_{t-1}.
        """
        first = Sound(sound.samples[:, : round(SEGMENT * sound.sample_rate)], sound.sample_rate)
        anchor = torch.from_numpy(self.engine.invert(first, seed=seed).w)[None]
        scene = torch.from_numpy(self.engine.sample(seed))[None]
        mel = MelSettings().build()(torch.from_numpy(first.mono())[None])
        drive = drive_features(mel)[:, -1]
        noise, state = SlowNoise(seed), self._frames.start(anchor)
        seconds = torch.full((1,), 1 / track.fps)
        walk = []
        for n in range(len(track)):
            drawn = noise.at(n / track.fps)[None]
            new = self._frames(state, anchor, scene, drive, drawn, seconds)
            w = MOMENTUM * new.w + (1 - MOMENTUM) * state.w
            state = FrameState(w, new.hidden)
            walk.append(w[0].numpy())
        return np.stack(walk)

    def nearest_style(self, sound: Sound, track: SoundTrack, seed: int) -> Latents:
        """TraeumerAI (Jeong et al. 2021): each segment goes to the style nearest to it.

        Straight lines join the styles; nothing is remembered from one segment to the next.
        """
        rate, count = sound.sample_rate, round(SEGMENT * sound.sample_rate)
        starts = np.arange(0, max(sound.seconds - SEGMENT, 0) + 1e-6, EVERY)
        chosen = []
        for start in starts:
            first = round(start * rate)
            heard = self.engine.embed_sound(Sound(sound.samples[:, first : first + count], rate))
            chosen.append(int((self._shown @ heard).argmax()))
        times = np.arange(len(track)) / track.fps
        return _between(self._styles[chosen], (times - SEGMENT / 2) / EVERY)

    def beat_driven(self, sound: Sound, track: SoundTrack, seed: int) -> Latents:
        """Lucid Sonic Dreams (Alafriz 2021): loudness moves along random styles, onsets pulse.

        What the sound is does not matter.
        """
        rng = np.random.default_rng(seed)
        styles = np.concatenate([self.engine.sample(seed)[None], self._styles[rng.permutation(16)]])
        place = np.cumsum(0.2 + track.envelope) / track.fps
        pulse, held = np.zeros(len(track), np.float32), 0.0
        for n, onset in enumerate(track.onset):
            held = max(0.7 * held, float(onset))
            pulse[n] = held
        towards = styles[-1] - styles[0]
        walk = _between(styles[:-1], place) + 0.25 * pulse[:, None, None] * towards
        return walk.astype(np.float32)

    def frozen_picture(self, sound: Sound, track: SoundTrack, seed: int) -> Latents:
        """The inverted picture of the whole sound, held."""
        return np.repeat(self.engine.invert(sound, seed=seed).w[None], len(track), axis=0)


def _between(styles: Latents, place: NDArray[np.float64]) -> Latents:
    """Styles [n, L, D] at fractional places [T], the ends held."""
    place = np.clip(place, 0, len(styles) - 1)
    low = np.minimum(place.astype(int), max(len(styles) - 2, 0))
    high = np.minimum(low + 1, len(styles) - 1)
    share = (place - low)[:, None, None].astype(np.float32)
    found: Latents = (1 - share) * styles[low] + share * styles[high]
    return found
