"""Everyday sounds made from nothing, each drawn anew: drops on covers, bubbles, bells, engines ...

They teach the audio tower what few recordings show. Grain models after Farnell, Designing Sound
(MIT Press 2010); bubbles sing as Minnaert (1933) found; bars and bells ring at the ratios of
Fletcher and Rossing, The Physics of Musical Instruments (1998).
"""

from collections.abc import Callable, Iterator

import numpy as np

from soundedit.media.dsp import (
    SAMPLE_RATE,
    Signal,
    arrivals,
    clock,
    db,
    frames,
    hit,
    moving_noise,
    noise,
    ping,
    unit,
    wander,
)

Maker = Callable[[np.random.Generator, float], Signal]


def covered_rain(rng: np.random.Generator, seconds: float) -> Signal:
    """Drops on an umbrella, a tent, a car or a tin roof, with or without the rain around."""
    track = np.zeros(frames(seconds))
    body = _between(rng, 180, 2400)
    ring = _between(rng, 0.0015, 0.012)
    dull = rng.uniform(0.2, 1.0)
    thud = [(80, -24), (body / 2, -6), (body, 0), (4 * body, -8), (15000, -24)]
    for at in arrivals(rng, np.full(frames(seconds), _between(rng, 12, 220))):
        size = min(3.0, 0.3 * (rng.pareto(1.8) + 0.4))
        drop = dull * ping(body * rng.uniform(0.7, 1.4), ring * rng.uniform(0.6, 1.5))
        _add(track, size * drop, at)
        slap = noise(rng, 0.02, thud) * hit(0.02, 0.0003, ring)
        _add(track, size * (1.2 - dull) * slap, at)
    steep = rng.uniform(3, 9)
    rush = [(60, -20), (300, -6), (1000, 0), (8000, -steep), (15000, -2.5 * steep)]
    return unit(track) + noise(rng, seconds, rush) * db(rng.uniform(-26, -3))


def distant_rain(rng: np.random.Generator, seconds: float) -> Signal:
    """Rain behind a window or far off: a rush, drops that stand out of it, a rumbling place."""
    high = _between(rng, 900, 9000)
    rush = [(60, -26), (250, -8), (800, -1), (high, 0), (4 * high, -18), (4.1 * high, -20)]
    low = [(30, 0), (120, -2), (300, -9), (1000, -20), (8000, -34)]
    track = noise(rng, seconds, rush)
    for at in arrivals(rng, np.full(frames(seconds), _between(rng, 20, 150))):
        drop = ping(_between(rng, 700, 8000), rng.uniform(0.001, 0.004))
        _add(track, min(8.0, 1.5 * (rng.pareto(2.0) + 0.5)) * drop, at)
    return unit(track) + noise(rng, seconds, low) * db(rng.uniform(-24, 12))


def cascade(rng: np.random.Generator, seconds: float) -> Signal:
    """A waterfall: the sum of so many splashes that nothing stands out, and a dull pounding."""
    dull, edge = rng.uniform(0, 9), rng.uniform(2, 12)
    rush = [(50, -24), (250, -5), (700, 0), (4000, -dull / 2), (9000, -dull), (15000, -dull - edge)]
    pound = [(30, -4), (80, 0), (200, -3), (600, -12), (3000, -30)]
    heavy = 1 + 0.25 * np.abs(wander(rng, seconds, 0.12))
    loud = 1 + 0.03 * wander(rng, seconds, 0.6)
    return noise(rng, seconds, rush) * loud + noise(rng, seconds, pound) * heavy * db(
        rng.uniform(-18, 6)
    )


def gusts(rng: np.random.Generator, seconds: float) -> Signal:
    """Wind over open land, about a house or in leaves, swelling within seconds."""
    gust = np.exp(rng.uniform(0.3, 0.9) * wander(rng, seconds, rng.uniform(0.6, 2.5)))
    centre, steep = _between(rng, 90, 600), rng.uniform(6, 12)
    calm = [(30, -8), (centre, 0), (4 * centre, -1.6 * steep), (15000, -5 * steep)]
    blow = [(30, -6), (1.5 * centre, 2), (6 * centre, -1.2 * steep), (15000, -4 * steep)]
    track = moving_noise(rng, seconds, [calm, blow], np.clip(gust - 0.5, 0, 1)) * gust
    if rng.random() < 0.5:
        leaves = [(300, -24), (1500, -8), (4000, 0), (9000, -4), (15000, -10)]
        rustle = gust**2 * (1 + 0.2 * wander(rng, seconds, 0.05))
        track += (
            unit(noise(rng, seconds, leaves) * rustle) * np.std(track) * db(rng.uniform(-24, 2))
        )
    return track


def surf(rng: np.random.Generator, seconds: float) -> Signal:
    """Waves on sand, pebbles or rocks: each builds, topples with a boom and drains in foam."""
    far = [(30, -6), (150, 0), (600, -3), (1500, -9), (4000, -18), (12000, -36)]
    bright = rng.uniform(-8, 3)
    crash = [(30, -4), (100, 0), (300, 2), (1000, 4), (2500, 2 + bright / 2), (14000, bright - 14)]
    foam = [(30, -30), (200, -18), (800, -8), (2500, -1), (6000, bright), (14000, bright - 10)]
    track = noise(rng, seconds, far) * db(rng.uniform(-22, -6))
    every = _between(rng, 1.5, 7)
    at = rng.uniform(-every, every)
    t = clock(seconds)
    while at < seconds + every:
        rise, fall = rng.uniform(0.15, 0.45) * every, rng.uniform(0.2, 0.5) * every
        size = np.where(t < at, np.exp((t - at) / (0.5 * rise)), np.exp((at - t) / fall))
        drained = np.clip((t - at) / (1.5 * fall) + 0.2, 0, 1)
        ripple = 1 + 0.2 * wander(rng, seconds, 0.09)
        track += (
            rng.uniform(0.3, 1) * size * ripple * moving_noise(rng, seconds, [crash, foam], drained)
        )
        at += every * rng.uniform(0.6, 1.5)
    return track


def trees(rng: np.random.Generator, seconds: float) -> Signal:
    """Wind in leaves, needles or grass: a broad rush that breathes, brighter where it is louder."""
    swell = rng.uniform(0.15, 0.6) * wander(rng, seconds, rng.uniform(0.5, 2.0))
    centre, dull = _between(rng, 400, 3500), rng.uniform(4, 14)
    rush = [(60, -22), (centre / 3, -5), (centre, 0), (4 * centre, -dull), (15000, -2.5 * dull)]
    gale = [
        (60, -18),
        (centre / 3, -4),
        (1.3 * centre, 1),
        (5 * centre, 1 - dull),
        (15000, -2 * dull),
    ]
    leaves = moving_noise(rng, seconds, [rush, gale], np.clip(0.5 + swell, 0, 1)) * np.exp(swell)
    low = [(30, 0), (90, -1), (250, -9), (1000, -24), (8000, -40)]
    flutter = np.exp(0.8 * wander(rng, seconds, rng.uniform(0.15, 0.8)))
    return unit(leaves) + noise(rng, seconds, low) * flutter * db(rng.uniform(-20, 4))


def howl(rng: np.random.Generator, seconds: float) -> Signal:
    """Wind that whistles about corners and wires: narrow bands of noise gliding with the gusts."""
    gust = wander(rng, seconds, rng.uniform(0.5, 2.0))
    track = noise(rng, seconds, [(30, 0), (120, -2), (400, -9), (1500, -20), (9000, -36)])
    track = unit(track * np.exp(0.5 * gust))
    for _ in range(int(rng.integers(1, 4))):
        pitch = _between(rng, 220, 1800) * 2 ** (rng.uniform(0.1, 0.4) * gust)
        width = _between(rng, 8, 90)
        breath = noise(rng, seconds, [(width / 4, 0), (width, 0), (1.5 * width, -30), (9000, -90)])
        tone = breath * np.sin(2 * np.pi * np.cumsum(pitch) / SAMPLE_RATE)
        track += unit(tone * np.exp(0.7 * gust)) * db(rng.uniform(-18, 3))
    return track


def bubbles(rng: np.random.Generator, seconds: float) -> Signal:
    """Air rising under water: bubbles in bursts, muffled, over a dull hum."""
    track = np.zeros(frames(seconds))
    rate = _between(rng, 4, 50) * np.exp(1.2 * wander(rng, seconds, rng.uniform(0.2, 0.8)))
    low, high = _between(rng, 120, 500), _between(rng, 600, 2200)
    for at in arrivals(rng, rate):
        pitch = _between(rng, low, high)
        sound = ping(pitch, _between(rng, 4.0, 16.0) / pitch, sweep=rng.uniform(0.05, 0.5))
        _add(track, min(2.0, 0.4 * (rng.pareto(2.0) + 0.3)) * sound, at)
    hum = [(30, 0), (100, 2), (300, -6), (900, -22), (4000, -44)]
    return unit(track) + noise(rng, seconds, hum) * db(rng.uniform(-30, -4))


def brook(rng: np.random.Generator, seconds: float) -> Signal:
    """A stream over stones: a crowd of small bubbles and a light rush."""
    track = np.zeros(frames(seconds))
    rate = _between(rng, 60, 260) * np.exp(0.4 * wander(rng, seconds, 0.3))
    low, high = _between(rng, 250, 600), _between(rng, 1500, 4500)
    for at in arrivals(rng, rate):
        pitch = _between(rng, low, high)
        drop = ping(pitch, _between(rng, 3.0, 12.0) / pitch, sweep=rng.uniform(-0.05, 0.3))
        _add(track, min(2.0, 0.4 * (rng.pareto(2.2) + 0.3)) * drop, at)
    rush = [(60, -12), (200, -5), (600, 0), (2000, -2), (6000, -9), (15000, -22)]
    return unit(track) + noise(rng, seconds, rush) * db(rng.uniform(-16, -2))


def steps(rng: np.random.Generator, seconds: float) -> Signal:
    """Someone walking at an even pace on gravel, leaves, snow or boards."""
    track = noise(rng, seconds, [(40, 0), (300, -6), (3000, -18), (14000, -30)])
    track *= db(rng.uniform(-44, -26))
    pace, crunch = rng.uniform(0.42, 0.75), rng.uniform(0.0, 1.0)
    centre = _between(rng, 500, 4500)
    dry = [(60, -18), (centre / 4, -6), (centre, 0), (3 * centre, -6), (15000, -18)]
    at = rng.uniform(0, pace)
    while at < seconds:
        for part, share in ((0.0, 1.0), (rng.uniform(0.07, 0.16), 0.6)):  # heel, then toe
            long = rng.uniform(0.05, 0.16)
            scrape = noise(rng, 0.3, dry) * hit(0.3, rng.uniform(0.003, 0.02), long)
            grains = (rng.random(len(scrape)) < 0.02) * rng.pareto(2.0, len(scrape))
            loud = share * rng.uniform(0.6, 1.0)
            _add(track, loud * scrape * (1 - crunch + crunch * np.minimum(grains, 6)), at + part)
            _add(track, loud * (1 - crunch) * ping(rng.uniform(60, 160), 0.02), at + part)
        at += pace * rng.uniform(0.94, 1.06)
    return track


def bells(rng: np.random.Generator, seconds: float) -> Signal:
    """Wind chimes, a clock or church bells: partials of bars and bells, struck at leisure."""
    track = noise(rng, seconds, [(60, 0), (1000, -6), (9000, -14)]) * db(rng.uniform(-50, -30))
    ratios = np.array(
        [[1.0, 2.756, 5.404, 8.933], [0.5, 1.0, 1.2, 2.0], [1.0, 2.32, 4.25, 6.63]][rng.integers(3)]
    )
    tones = _between(rng, 180, 1600) * 2 ** (rng.integers(0, 13, 6) / 12)
    ring = _between(rng, 0.25, 2.0)
    for at in arrivals(rng, np.full(frames(seconds), _between(rng, 0.7, 7))):
        tone, loud = rng.choice(tones), rng.uniform(0.3, 1.0)
        for k, ratio in enumerate(ratios):
            if tone * ratio < 14_000:
                partial = ping(tone * ratio, min(ring / (1 + 0.7 * k), seconds / 6))
                _add(track, loud * rng.uniform(0.3, 1.0) / (1 + k) * partial, at)
    return track


def engine(rng: np.random.Generator, seconds: float) -> Signal:
    """A motor, a train or traffic: strokes at a speed that drifts, over the noise of the road."""
    speed = _between(rng, 12, 130) * 2 ** (0.12 * wander(rng, seconds, rng.uniform(0.4, 3)))
    turns = np.cumsum(speed) / SAMPLE_RATE
    sharp = rng.uniform(2, 14)
    strokes = np.exp(sharp * (np.cos(2 * np.pi * turns) - 1))
    uneven = 1 + rng.uniform(0, 0.5) * np.cos(np.pi * turns)
    tone = unit(strokes * uneven - np.mean(strokes))
    body = [(30, 0), (150, 1), (600, -3), (2000, -12), (9000, -28)]
    road = noise(rng, seconds, body)
    passing = np.exp(rng.uniform(0, 0.7) * wander(rng, seconds, rng.uniform(1, 4)))
    track = passing * (tone * db(rng.uniform(-14, 2)) + road * (1 + 0.5 * unit(strokes)))
    if rng.random() < 0.4:  # wheels over the joints of rails
        gap = rng.uniform(0.5, 1.6)
        for at in np.arange(rng.uniform(0, gap), seconds, gap):
            for late in (0.0, 0.14):
                knock = noise(rng, 0.2, [(60, 2), (300, 0), (2500, -10), (9000, -26)])
                _add(track, 3 * knock * hit(0.2, 0.002, 0.03), at + late)
    return track


def clapping(rng: np.random.Generator, seconds: float) -> Signal:
    """A few hands or a hall full of them."""
    track = np.zeros(frames(seconds))
    hands = int(_between(rng, 2, 60))
    for _ in range(hands):
        pace, tone = rng.uniform(0.17, 0.32), _between(rng, 700, 2600)
        clap_colour = [(150, -24), (tone / 2, -8), (tone, 0), (2.5 * tone, -6), (15000, -20)]
        far = rng.uniform(0.2, 1.0)
        clap = far * noise(rng, 0.05, clap_colour) * hit(0.05, 0.0005, rng.uniform(0.004, 0.012))
        for at in np.arange(rng.uniform(0, pace), seconds, pace):
            _add(track, rng.uniform(0.5, 1.0) * clap, at + rng.normal(0, 0.02))
    return track


def voices(rng: np.random.Generator, seconds: float) -> Signal:
    """Talk nobody can follow, a choir or the call of an animal: pulses through moving formants."""
    track = np.zeros(frames(seconds))
    for _ in range(int(_between(rng, 1, 7))):
        pitch = _between(rng, 80, 420) * 2 ** (0.25 * wander(rng, seconds, rng.uniform(0.15, 1.2)))
        turns = np.cumsum(pitch) / SAMPLE_RATE
        pulses = np.exp(12 * (np.cos(2 * np.pi * turns) - 1))
        said = np.zeros(len(track))
        for centre in (600.0, 1400.0, 2600.0):
            formant = centre * 2 ** (0.5 * wander(rng, seconds, 0.18))
            sung = np.cos(2 * np.pi * np.cumsum(formant) / SAMPLE_RATE)
            said += centre**-0.5 * pulses * sung
        syllables = np.clip(wander(rng, seconds, rng.uniform(0.1, 0.5)) + 0.4, 0, 2)
        track += rng.uniform(0.2, 1.0) * unit(said) * syllables
    room = noise(rng, seconds, [(60, 0), (500, -3), (3000, -12), (12000, -26)])
    return track + unit(room) * db(rng.uniform(-30, -12))


def moans(rng: np.random.Generator, seconds: float) -> Signal:
    """Long gliding tones, as of whales, sirens and instruments."""
    track = noise(rng, seconds, [(40, 0), (400, -6), (3000, -20)]) * db(rng.uniform(-44, -22))
    at = rng.uniform(0, 0.5)
    while at < seconds:
        long = _between(rng, 0.3, 2.5)
        t = np.linspace(0, 1, frames(long))
        pitch = _between(rng, 90, 1500) * 2 ** (rng.normal(0, 0.5) * t + rng.normal(0, 0.2) * t**2)
        turns = 2 * np.pi * np.cumsum(pitch) / SAMPLE_RATE
        tone = sum(np.sin(k * turns) * rng.uniform(0, 1) / k for k in range(1, 7))
        _add(track, np.asarray(tone) * np.sin(np.pi * t) ** 0.6, at)
        at += long * rng.uniform(0.6, 1.6)
    return track


def machines(rng: np.random.Generator, seconds: float) -> Signal:
    """The hum of the mains, the hiss of a fan or a tape, and the ticking of something."""
    t, mains = clock(seconds), float(rng.choice([50.0, 60.0, _between(rng, 80, 400)]))
    hum = sum(
        rng.uniform(0, 1) / k * np.sin(2 * np.pi * (k * mains * t + rng.random()))
        for k in range(1, 12)
    )
    steep = rng.uniform(0, 8)
    hiss = noise(rng, seconds, [(60, 0), (500, -steep / 2), (4000, -steep), (14000, -2 * steep)])
    track = unit(np.asarray(hum)) * db(rng.uniform(-24, 0)) + hiss * db(rng.uniform(-24, 0))
    if rng.random() < 0.6:
        every, tone = _between(rng, 0.05, 1.0), _between(rng, 500, 4000)
        tick = ping(tone, _between(rng, 0.001, 0.01)) * db(rng.uniform(6, 22))
        for at in np.arange(rng.uniform(0, every), seconds, every):
            _add(track, rng.uniform(0.6, 1.0) * tick, at)
    return track


def traffic(rng: np.random.Generator, seconds: float) -> Signal:
    """A road near or far: tyres hiss and bodies rumble, swelling as each car goes by."""
    tyres = [(60, -16), (300, -6), (_between(rng, 600, 1500), 0), (4000, -12), (14000, -34)]
    rumble = [(30, -4), (70, 0), (160, -3), (500, -14), (3000, -34)]
    track = noise(rng, seconds, tyres) * db(rng.uniform(-26, -4))
    track += noise(rng, seconds, rumble) * db(rng.uniform(-20, 4))
    t = clock(seconds)
    for _ in range(int(rng.integers(0, 5))):
        near, quick = rng.uniform(-1, seconds + 1), _between(rng, 0.25, 2.0)
        by = 1 / (1 + ((t - near) / quick) ** 2)
        growl = rng.uniform(0, 1.5) * noise(rng, seconds, rumble)
        track += rng.uniform(0.2, 1.5) * by * (noise(rng, seconds, tyres) + growl)
    return track


def crackle(rng: np.random.Generator, seconds: float) -> Signal:
    """The scratches and the hiss of an old record, a film or a bad wire."""
    track = np.zeros(frames(seconds))
    dull = _between(rng, 1500, 12000)
    click = [(150, -20), (dull / 3, -4), (dull, 0), (1.4 * dull, -12), (15900, -24)]
    for at in arrivals(rng, np.full(frames(seconds), _between(rng, 3, 60))):
        long = _between(rng, 0.0004, 0.004)
        _add(
            track,
            min(6.0, rng.pareto(1.5) + 0.2) * noise(rng, 0.02, click) * hit(0.02, 1e-4, long),
            at,
        )
    steep = rng.uniform(-3, 6)
    hiss = noise(rng, seconds, [(60, -8), (500, -steep / 2), (5000, 0), (12000, -2 * steep)])
    if rng.random() < 0.5:  # once a turn of the record or of the reel
        turn = _between(rng, 0.04, 1.8)
        for at in np.arange(rng.uniform(0, turn), seconds, turn):
            _add(track, 2 * noise(rng, 0.02, click) * hit(0.02, 1e-4, 0.003), at)
    return track + hiss * db(rng.uniform(-30, -8))


MAKERS: tuple[tuple[str, Maker, int], ...] = (
    ("rain", covered_rain, 4),
    ("rain", distant_rain, 2),
    ("waterfall", cascade, 3),
    ("wind", gusts, 2),
    ("wind", trees, 2),
    ("wind", howl, 1),
    ("waves", surf, 3),
    ("underwater", bubbles, 2),
    ("river", brook, 1),
    ("steps", steps, 1),
    ("other", bells, 2),
    ("other", engine, 2),
    ("other", clapping, 1),
    ("other", voices, 1),
    ("other", moans, 2),
    ("other", machines, 2),
    ("other", traffic, 2),
    ("other", crackle, 1),
)
"""The class of a sound, what makes it, and how often it is made in a round."""


def foley_round(rng: np.random.Generator, seconds: float) -> Iterator[tuple[str, Signal]]:
    """One round of `MAKERS`: the class and the samples [N] of each, at no certain level."""
    for kind, make, count in MAKERS:
        for _ in range(count):
            yield kind, make(rng, seconds)


def _between(rng: np.random.Generator, low: float, high: float) -> float:
    """A draw evenly spread in its logarithm."""
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def _add(track: Signal, grain: Signal, at: float) -> None:
    start = max(frames(at), 0)
    n = min(len(grain), len(track) - start)
    if n > 0:
        track[start : start + n] += grain[:n]
