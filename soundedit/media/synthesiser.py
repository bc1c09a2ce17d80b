"""Sample sounds made from nothing: storm, surf, wind, fire, birds.

`python -m soundedit.media.synthesiser FOLDER` writes them. The octave levels follow long-term
spectra of field recordings; the grain models follow Farnell, Designing Sound (MIT Press 2010).
Equal seeds give equal sounds.
"""

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from soundedit.errors import ExportError
from soundedit.media.dsp import (
    SAMPLE_RATE,
    Signal,
    arrivals,
    bin_frequencies,
    clock,
    curve,
    db,
    finish,
    frames,
    hit,
    moving_noise,
    noise,
    ping,
    place,
    reverberate,
    unit,
    wander,
    wide,
)
from soundedit.media.ffmpeg import FFmpeg, file_argument, shown
from soundedit.media.sound import Sound
from soundedit.media.whole import publish_part, start_part

STORM_CLAPS = (2.5, 6.4)
"""When thunder strikes in `storm`, in seconds, to the millisecond."""

Stereo = NDArray[np.float64]


def storm(seed: int = 1) -> Sound:
    """Ten seconds of rain that swells, with thunder at `STORM_CLAPS`."""
    rng = np.random.default_rng(seed)
    seconds = 10.0
    swell = curve(seconds, [(0, -9), (2.4, -5), (5.5, 0), (8, -2), (10, -7)])
    # Little below, where thunder is, so that one is told from the other.
    track = rain(rng, seconds, swell, near=2.0, thin=8.0) * db(-27)
    for at, near in zip(STORM_CLAPS, (0.75, 1.0), strict=True):
        clap = thunder(rng, seconds - at, near)
        track[:, frames(at) :] += clap * db(-2.0 if near == 1.0 else -4.5)
    return Sound(finish(track), SAMPLE_RATE)


def waves(seed: int = 2) -> Sound:
    """Ten seconds of surf: waves that rise, break and run out on the shore."""
    rng = np.random.default_rng(seed)
    seconds = 10.0
    far = [(30, -4), (150, 0), (600, -2), (1500, -9), (4000, -18), (12000, -36)]
    swell = [(30, 0), (100, 2), (300, 1), (900, -2), (2500, -9), (12000, -30)]
    crash = [(30, -2), (100, 0), (300, 3), (1000, 6), (2500, 4), (6000, -2), (14000, -16)]
    foam = [(30, -30), (200, -18), (800, -8), (2500, -1), (6000, -1), (14000, -14)]
    track = wide(lambda: noise(rng, seconds, far)) * db(-15)
    for at, size, pan in ((-1.9, 0.7, 0.3), (1.3, 1.0, -0.35), (5.0, 0.85, 0.25), (8.2, 0.9, 0.0)):
        # Level and colour of one wave: it builds, topples, crashes, and its foam drains away.
        level = curve(
            seconds,
            [
                *((at - 2.2, -60), (at - 0.5, -17), (at, -9), (at + 0.28, 0), (at + 0.9, -4)),
                *((at + 2.2, -14), (at + 4.2, -30), (at + 5.5, -60)),
            ],
        )
        colour = curve(
            seconds,
            [(at - 2.2, 0), (at - 0.2, 0.15), (at + 0.3, 1), (at + 1.0, 1.25), (at + 3.5, 2)],
        )
        ripple = 1.0 + 0.18 * wander(rng, seconds, 0.09) + 0.12 * wander(rng, seconds, 0.03)
        shared = moving_noise(rng, seconds, [swell, crash, foam], colour)
        for side, tilt in enumerate((1 - pan, 1 + pan)):
            own = moving_noise(rng, seconds, [swell, crash, foam], colour)
            track[side] += (
                size * np.sqrt(tilt) * 10 ** (level / 20) * ripple * (0.6 * shared + 0.8 * own)
            ) * 0.6
    return Sound(finish(track), SAMPLE_RATE)


def wind(seed: int = 3) -> Sound:
    """Ten seconds of wind in gusts, with a faint howl."""
    rng = np.random.default_rng(seed)
    seconds = 10.0
    gust = curve(
        seconds, [(0, 0.25), (1.6, 0.8), (3.0, 0.3), (4.6, 1.0), (6.6, 0.45), (8.1, 0.9), (10, 0.2)]
    )
    gust = np.clip(gust + 0.07 * wander(rng, seconds, 0.35), 0.0, 1.15)
    calm = [(25, -16), (60, -10), (150, -5), (300, -5), (700, -15), (2000, -30), (12000, -50)]
    blow = [(25, -4), (60, 1), (150, 5), (400, 8), (800, 4), (1600, -7), (4000, -13), (14000, -25)]
    track = wide(lambda: moving_noise(rng, seconds, [calm, blow], gust))
    flutter = 1.0 + 0.16 * wander(rng, seconds, 0.07) + 0.1 * wander(rng, seconds, 0.02)
    track *= flutter
    for base, level, pan in ((420.0, -6.0, -0.4), (610.0, -11.0, 0.5)):
        pitch = base * 2.0 ** (0.75 * (gust - 0.5) + 0.04 * wander(rng, seconds, 0.5))
        howl = _band(rng, seconds, pitch, 22.0) * gust**2.2 * db(level)
        place(track, howl, 0.0, pan, float(np.sqrt(np.mean(track**2))) * 1.4)
    return Sound(finish(track), SAMPLE_RATE)


def fire(seed: int = 4) -> Sound:
    """Ten seconds of a wood fire: a low roar, hiss, crackles in bursts, some loud pops."""
    rng = np.random.default_rng(seed)
    seconds = 10.0
    roar_colour = [(25, 2), (60, 4), (110, 0), (250, -9), (700, -17), (2000, -26), (12000, -40)]
    hiss_colour = [(25, -40), (300, -14), (1000, -6), (3000, -2), (7000, 0), (14000, -8)]
    lick = np.clip(1 + 0.35 * wander(rng, seconds, 0.22) + 0.2 * wander(rng, seconds, 0.08), 0.2, 2)
    track = wide(lambda: noise(rng, seconds, roar_colour)) * lick * db(-25)
    flare = np.exp(0.5 * wander(rng, seconds, 0.5))
    track += wide(lambda: noise(rng, seconds, hiss_colour)) * flare * db(-43)
    burst = np.exp(1.3 * wander(rng, seconds, 0.18))
    for at in arrivals(rng, 32.0 * burst):
        size = min(1.0, 0.02 * rng.pareto(1.15) + 0.008)
        place(track, _snap(rng, size), at, rng.uniform(-0.8, 0.8), 1.1 * size)
    for at in arrivals(rng, np.full(frames(seconds), 1.3)):
        size = rng.uniform(0.35, 0.9)
        place(track, _snap(rng, size), at, rng.uniform(-0.5, 0.5), size)
        body = ping(rng.uniform(250, 800), rng.uniform(0.004, 0.012))
        place(track, body, at, 0.0, 0.35 * size)
    return Sound(finish(reverberate(rng, track, 0.25, -16, 3000)), SAMPLE_RATE)


def birds(seed: int = 5) -> Sound:
    """Ten seconds of a wood in the morning: three kinds of birds, near and far."""
    rng = np.random.default_rng(seed)
    seconds = 10.0
    air = [(30, -12), (200, -8), (1000, -8), (3000, -2), (5000, -4), (12000, -14)]
    track = np.zeros((2, frames(seconds)))
    singers: list[tuple[Callable[[np.random.Generator], Signal], float, float, float]] = [
        (_whistler, -0.5, 0.75, 2.9),
        (_triller, 0.6, 0.9, 3.4),
        (_chirper, 0.1, 0.7, 1.3),
        (_chirper, -0.9, 0.25, 0.8),
        (_triller, 0.3, 0.15, 2.7),
    ]
    for song, pan, gain, every in singers:
        at = rng.uniform(0.2, 0.7 * every)
        while at < seconds - 0.6:
            place(track, song(rng), at, pan, gain * rng.uniform(0.8, 1.0))
            at += every * rng.uniform(0.8, 1.3)
    track = reverberate(rng, track, 0.9, -11, 4500)
    track += wide(lambda: noise(rng, seconds, air)) * db(-37)
    return Sound(finish(track), SAMPLE_RATE)


def rain(
    rng: np.random.Generator, seconds: float, level: Signal, near: float = 1.0, thin: float = 0.0
) -> Stereo:
    """Rain of rms about 1 where `level`, (N,) in dB, is 0: a rush of far drops and near ones.

    `near` times as many near drops fall, and as much louder; `thin` is how many dB the rush has
    less in its lowest octaves.
    """
    rush = [(30, -12 - thin), (70, -11 - thin), (140, -9 - thin), (280, -6 - 0.8 * thin)]
    rush += [(570, -3 - 0.5 * thin), (1130, 0), (2260, -1)]
    rush += [(4500, -3), (9000, -5), (12000, -9), (15000, -20)]
    loud = 10 ** (level / 20)
    track = wide(lambda: noise(rng, seconds, rush))
    track *= loud * (1 + 0.06 * wander(rng, seconds, 0.15))
    for at in arrivals(rng, 130.0 * near * loud**1.3):
        size = min(1.3, 0.5 * (rng.pareto(2.2) + 0.4))
        pitch = float(np.exp(rng.uniform(np.log(1200), np.log(7500))))
        drop = ping(pitch, rng.uniform(0.0006, 0.003), phase=rng.uniform(0, 6.28))
        place(track, drop, at, rng.uniform(-1, 1), 1.7 * near * size)
        if rng.uniform() < 0.12:  # an air bubble under the drop sings and rises
            bubble = ping(pitch / 2.5, rng.uniform(0.006, 0.014), sweep=0.25)
            place(track, bubble, at + 0.012, rng.uniform(-1, 1), 0.8 * near * size)
    return track


def thunder(rng: np.random.Generator, seconds: float, near: float) -> Stereo:
    """A clap that begins at 0 with peak about 1: crack, boom, then rolling rumble.

    `near` 0 to 1 moves energy from the rumble to the crack.
    """
    n = frames(seconds)
    track = np.zeros((2, n))
    dull = [(20, 3), (50, 8), (100, 6), (200, 2), (400, -6), (1000, -18), (4000, -36)]
    boom = [(20, 2), (60, 8), (120, 8), (250, 5), (600, -2), (1500, -10), (6000, -26)]
    crack = [(20, -2), (80, 4), (200, 6), (600, 6), (1500, 5), (4000, 1), (9000, -8), (15000, -18)]
    start = hit(seconds, 0.0015, 1e9)  # nothing is heard before the stroke
    colour = curve(seconds, [(0, 2.0), (0.25, 1.7), (0.9, 1.0), (3.0, 0.2), (9.0, 0.0)])
    roll = np.zeros(n)
    strokes = np.sort(np.concatenate([[0.0], rng.exponential(1.3, 12)]))
    for i, at in enumerate(strokes):
        if frames(at) < n:
            size = 1.0 if i == 0 else rng.uniform(0.12, 0.4) * np.exp(-at / 3.0)
            tail = hit(seconds - frames(at) / SAMPLE_RATE, 0.004 + 0.05 * at, rng.uniform(0.2, 0.7))
            roll[n - len(tail) :] += size * tail
    roll += 0.14 * np.exp(-clock(seconds) / 2.2) * (1 + 0.5 * wander(rng, seconds, 0.2))
    for side in track:
        rumble = moving_noise(rng, seconds, [dull, boom, crack], colour)
        side += rumble / np.std(rumble[: frames(0.4)]) * roll
    sharp = noise(rng, min(seconds, 0.5), crack)
    snap = np.zeros(len(sharp))
    for at in [0.0, *np.sort(rng.uniform(0.015, 0.3, 7))]:
        tail = hit(0.5 - frames(at) / SAMPLE_RATE, 0.0008, rng.uniform(0.012, 0.05))
        snap[len(snap) - len(tail) :] += tail * (1.0 if at == 0 else rng.uniform(0.3, 0.9))
    place(track, sharp * snap, 0.0, rng.uniform(-0.3, 0.3), 1.3 * near)
    track = reverberate(rng, track * start, 2.5, -8, 700)
    loud: Stereo = track / np.abs(track).max()
    return loud


def _band(rng: np.random.Generator, seconds: float, pitch: Signal, width: float) -> Signal:
    """A narrow band of noise, rms 1, about a pitch (N,) that moves; width in hertz."""
    n = frames(seconds)
    low = 1.0 / (1.0 + (bin_frequencies(n) / width) ** 4)
    parts = [np.fft.irfft(np.fft.rfft(rng.standard_normal(n)) * low, n) for _ in range(2)]
    turns = 2 * np.pi * np.cumsum(pitch) / SAMPLE_RATE
    return unit(parts[0] * np.cos(turns) - parts[1] * np.sin(turns))


def _snap(rng: np.random.Generator, size: float) -> Signal:
    """The crack of a twig: noise of a millisecond or two and a short ring."""
    length = 0.0012 + 0.004 * size
    dry = [(100, -30), (600, -10), (2000, -2), (5000, 0), (9000, 1), (14000, -6)]
    click = noise(rng, 6 * length, dry) * hit(6 * length, 0.0002, length)
    ring = ping(float(np.exp(rng.uniform(np.log(1200), np.log(5500)))), 1.5 * length)
    n = min(len(click), len(ring))
    return 0.55 * click[:n] + 0.35 * ring[:n]


def _note(seconds: float, pitch: Signal, overtone: float = 0.08) -> Signal:
    """A whistled note along a pitch (N,) with soft ends."""
    turns = 2 * np.pi * np.cumsum(pitch) / SAMPLE_RATE
    shape = np.sin(np.pi * np.linspace(0, 1, len(pitch))) ** 0.7
    return shape * (np.sin(turns) + overtone * np.sin(2 * turns))


def _whistler(rng: np.random.Generator) -> Signal:
    """Three to five clear notes, each with a glide, as a blackbird's."""
    parts: list[Signal] = []
    for _ in range(rng.integers(3, 6)):
        seconds = rng.uniform(0.12, 0.3)
        t = np.linspace(0, 1, frames(seconds))
        base = rng.uniform(2300, 3900)
        bend = rng.uniform(-0.25, 0.25) * t + rng.uniform(-0.1, 0.1) * np.sin(2 * np.pi * t)
        vibrato = 0.012 * np.sin(2 * np.pi * 28 * t * seconds)
        parts += [_note(seconds, base * 2 ** (bend + vibrato)), np.zeros(frames(0.05))]
    return np.concatenate(parts)


def _triller(rng: np.random.Generator) -> Signal:
    """Falling chirps that come faster and louder, as a wren's or finch's."""
    parts: list[Signal] = []
    top = rng.uniform(5200, 6200)
    count = int(rng.integers(9, 15))
    for i in range(count):
        seconds = 0.075 - 0.025 * i / count
        t = np.linspace(0, 1, frames(seconds))
        parts.append((0.5 + 0.5 * i / count) * _note(seconds, top * 2 ** (-0.75 * t), 0.04))
        parts.append(np.zeros(frames(0.025)))
    return np.concatenate(parts)


def _chirper(rng: np.random.Generator) -> Signal:
    """Two or three quick syllables, up and down, as a sparrow's or tit's."""
    parts: list[Signal] = []
    base = rng.uniform(3600, 4800)
    for _ in range(rng.integers(2, 4)):
        seconds = rng.uniform(0.05, 0.09)
        t = np.linspace(0, 1, frames(seconds))
        parts += [_note(seconds, base * 2 ** (0.35 * np.sin(np.pi * t) - 0.2 * t))]
        parts += [np.zeros(frames(rng.uniform(0.04, 0.08)))]
    return np.concatenate(parts)


SAMPLES: dict[str, Callable[[int], Sound]] = {
    "storm": storm,
    "waves": waves,
    "wind": wind,
    "fire": fire,
    "birds": birds,
}
"""Maker of each sample sound, from a seed."""


def write_samples(folder: str | Path) -> list[Path]:
    """Write every sample sound as Ogg Vorbis into `folder`, which is made; returns the files.

    Raises:
        ExportError: the folder cannot be written.
    """
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ExportError(
            f"{shown(folder)} cannot be made ({error.strerror}); choose another folder."
        ) from error
    paths: list[Path] = []
    for seed, (name, make) in enumerate(SAMPLES.items(), start=1):
        paths.append(folder / f"{name}.ogg")
        _write_vorbis(paths[-1], make(seed))
    return paths


def _write_vorbis(path: Path, sound: Sound) -> None:
    part = start_part(path, [".ogg"])
    args = [
        *("-loglevel", "error", "-f", "f32le", "-ar", str(sound.sample_rate)),
        *("-ac", str(len(sound.samples)), "-i", "pipe:0"),
        *("-c:a", "libvorbis", "-q:a", "4", "-fflags", "+bitexact", "-flags:a", "+bitexact"),
        *("-f", "ogg", "-y", file_argument(part)),
    ]
    try:
        with FFmpeg(args, feed=True) as ffmpeg:
            ffmpeg.stdin.write(sound.samples.T.astype("<f4").tobytes())
            if ffmpeg.wait() != 0:
                raise ExportError(
                    f"{shown(path)} could not be written ({ffmpeg.last_words}); "
                    "check the free space or choose another place."
                )
        publish_part(part, path)
    finally:
        part.unlink(missing_ok=True)


def main() -> None:
    """Write the sample sounds into the folder named on the command line."""
    parser = argparse.ArgumentParser(description="Write the sample sounds as Ogg Vorbis.")
    parser.add_argument("folder", help="where to write them; it is made")
    for path in write_samples(parser.parse_args().folder):
        print(path)


if __name__ == "__main__":
    main()
