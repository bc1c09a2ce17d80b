"""Everyday sounds made from nothing: what tells each from the others can be measured."""

import numpy as np
import pytest

from soundedit.media.dsp import SAMPLE_RATE, Signal
from soundedit.train.foley import (
    MAKERS,
    Maker,
    bells,
    brook,
    bubbles,
    cascade,
    clapping,
    covered_rain,
    crackle,
    distant_rain,
    engine,
    foley_round,
    gusts,
    howl,
    machines,
    moans,
    steps,
    surf,
    traffic,
    trees,
    voices,
)
from soundedit.train.procedural import ROUND, sound_round
from soundedit.train.prompts import CLASSES

SECONDS = 3.0


def drawn(make: Maker, count: int = 6) -> list[Signal]:
    return [make(np.random.default_rng(seed), SECONDS) for seed in range(count)]


def peakedness(x: Signal) -> float:
    """Kurtosis: 3 of steady noise, more of what comes in grains."""
    x = x - x.mean()
    return float(np.mean(x**4) / np.mean(x**2) ** 2)


def share_below(x: Signal, hertz: float) -> float:
    power = np.abs(np.fft.rfft(x)) ** 2
    return float(power[np.fft.rfftfreq(len(x), 1 / SAMPLE_RATE) < hertz].sum() / power.sum())


def flatness(x: Signal) -> float:
    """Geometric over arithmetic mean of the power between 100 Hz and 4 kHz: 0 tones, 0.56 noise."""
    power = np.abs(np.fft.rfft(x)) ** 2
    f = np.fft.rfftfreq(len(x), 1 / SAMPLE_RATE)
    power = power[(f > 100) & (f < 4000)] + 1e-12
    return float(np.exp(np.log(power).mean()) / power.mean())


@pytest.mark.parametrize("make", [m for _, m, _ in MAKERS], ids=lambda m: m.__name__)
def test_every_draw_is_whole_audible_and_its_own(make: Maker) -> None:
    first, again, other = (make(np.random.default_rng(seed), SECONDS) for seed in (1, 1, 2))
    assert first.shape == (round(SECONDS * SAMPLE_RATE),)
    assert np.isfinite(first).all()
    assert np.array_equal(first, again)
    assert np.abs(first - other).max() > 0.01 * np.abs(first).max()
    assert np.sqrt(np.mean(first**2)) > 1e-3


def test_drops_stand_out_of_rain_and_nothing_of_a_waterfall() -> None:
    assert np.median([peakedness(x) for x in drawn(covered_rain)]) > 8
    assert np.median([peakedness(np.diff(x)) for x in drawn(distant_rain)]) > 6
    assert max(peakedness(np.diff(x)) for x in drawn(cascade)) < 3.3


def test_wind_swells_and_a_waterfall_does_not() -> None:
    def swell(x: Signal) -> float:
        level = np.log(np.sqrt((x.reshape(-1, SAMPLE_RATE // 2) ** 2).mean(1)))
        return float(level.std())

    assert min(swell(x) for x in drawn(gusts)) > 2 * max(swell(x) for x in drawn(cascade))


def test_bubbles_are_muffled_and_brooks_are_not() -> None:
    assert min(share_below(x, 2500) for x in drawn(bubbles)) > 0.95
    assert max(share_below(x, 700) for x in drawn(brook)) < 0.9


def test_motors_are_low_and_claps_high() -> None:
    assert min(share_below(x, 1000) for x in drawn(engine)) > 0.8
    assert max(share_below(x, 400) for x in drawn(clapping)) < 0.2


def test_bells_and_moans_are_tones() -> None:
    for make in (bells, moans):
        assert np.median([flatness(x) for x in drawn(make)]) < 0.1
    assert np.median([flatness(x) for x in drawn(cascade)]) > 0.2


def test_steps_come_at_an_even_pace() -> None:
    for x in drawn(steps):
        block = SAMPLE_RATE // 100
        level = np.sqrt((x[: len(x) // block * block].reshape(-1, block) ** 2).mean(1))
        level = level - level.mean()
        alike = np.correlate(level, level, "full")[len(level) :]
        best = 0.01 * (30 + int(np.argmax(alike[29:100])))
        assert 0.35 < best < 0.85


def test_talk_pauses_and_machines_hum_on() -> None:
    def quietest(x: Signal) -> float:
        block = SAMPLE_RATE // 10
        level = np.sqrt((x.reshape(-1, block) ** 2).mean(1))
        return float(level.min() / level.max())

    assert np.median([quietest(x) for x in drawn(voices)]) < 0.3
    assert np.median([quietest(x) for x in drawn(machines)]) > 0.4


def test_a_round_is_named_by_the_classes_of_the_pack() -> None:
    kinds = [kind for kind, _ in foley_round(np.random.default_rng(0), 0.5)]
    assert set(kinds) <= set(CLASSES)
    assert len(kinds) == sum(count for _, _, count in MAKERS)
    assert len(list(sound_round(np.random.default_rng(0), SAMPLE_RATE))) == ROUND


def test_cars_go_by_low_and_old_records_click() -> None:
    assert min(share_below(x, 2500) for x in drawn(traffic)) > 0.8
    assert min(peakedness(x) for x in drawn(crackle)) > 8


def test_leaves_are_brighter_than_gusts_and_a_howl_is_narrow() -> None:
    assert np.median([share_below(x, 700) for x in drawn(trees)]) < 0.8
    assert np.median([share_below(x, 700) for x in drawn(gusts)]) > 0.8
    assert max(flatness(x) for x in drawn(howl)) < min(flatness(x) for x in drawn(trees))


def test_surf_comes_and_goes() -> None:
    for x in drawn(surf):
        level = np.sqrt((x.reshape(-1, SAMPLE_RATE // 4) ** 2).mean(1))
        assert level.max() > 1.5 * level.min()
