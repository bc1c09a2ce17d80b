"""The automatic gain: slow, bounded, still in a steady room, and nothing clips."""

import numpy as np
import pytest

from soundedit.engine.autogain import CEILING, RANGE, TARGET, AutoGain
from soundedit.engine.engine import Engine

from .conftest import RATE

BLOCK = 512


def room(level: float, seconds: float, seed: int = 0) -> np.ndarray:
    """White noise of a level in dB of full scale."""
    rng = np.random.default_rng(seed)
    return (10 ** (level / 20) * rng.normal(0, 1, round(seconds * RATE))).astype(np.float32)


def follow(auto: AutoGain, sound: np.ndarray, *, on: bool = True) -> np.ndarray:
    """The gain after each block."""
    return np.array(
        [auto.follow(sound[at : at + BLOCK], on=on) for at in range(0, len(sound), BLOCK)]
    )


@pytest.mark.parametrize("level", [-45.0, -32.0, -8.0])
def test_a_room_is_brought_to_the_target_and_stays(level: float) -> None:
    auto = AutoGain(RATE)
    gains = follow(auto, room(level, 40.0))
    assert gains[-1] == pytest.approx(TARGET - level, abs=3.0)
    assert np.ptp(gains[len(gains) // 2 :]) == 0.0


def test_it_goes_slowly_and_not_beyond_its_range() -> None:
    auto = AutoGain(RATE)
    gains = follow(auto, room(-60.0, 30.0))
    assert np.diff(gains).max() <= 2.0 * BLOCK / RATE + 1e-9
    assert gains.max() == RANGE[1]
    gains = follow(auto, room(0.0, 20.0))
    assert np.diff(gains).min() >= -8.0 * BLOCK / RATE - 1e-9
    assert gains[-1] == RANGE[0]


def test_silence_teaches_nothing() -> None:
    auto = AutoGain(RATE)
    gained = follow(auto, room(-35.0, 20.0))[-1]
    assert follow(auto, room(-75.0, 20.0))[-1] == pytest.approx(gained, abs=1.0)


def test_pauses_between_loud_moments_do_not_pump() -> None:
    auto = AutoGain(RATE)
    bar = np.concatenate([room(-22.0, 0.5, 1), room(-50.0, 1.5, 2)])
    gains = follow(auto, np.tile(bar, 20))
    assert np.ptp(gains[len(gains) // 2 :]) <= 3.0


def test_switched_off_it_goes_back_to_nothing() -> None:
    auto = AutoGain(RATE)
    assert follow(auto, room(-45.0, 20.0))[-1] > 15
    gains = follow(auto, room(-45.0, 5.0), on=False)
    assert gains[-1] == 0.0
    assert np.diff(gains).min() >= -8.0 * BLOCK / RATE - 1e-9


def test_a_bang_after_a_quiet_room_does_not_clip(engine: Engine) -> None:
    session = engine.live(RATE)
    session.automatic = True
    pushed: list[np.ndarray] = []
    resample = session._resampler.push
    session._resampler.push = lambda mono: (pushed.append(mono), resample(mono))[1]  # type: ignore[method-assign,func-returns-value]
    follow(session._auto, room(-45.0, 15.0))
    assert session.automatic_gain > 15
    bang = np.clip(room(-6.0, 0.5), -1, 1)
    for at in range(0, len(bang), BLOCK):
        session.push(bang[at : at + BLOCK, None], 0.0)
    assert max(np.abs(block).max() for block in pushed) <= CEILING + 1e-6
    assert session.automatic_gain < 0


def test_a_steady_room_does_not_flicker(engine: Engine) -> None:
    """After it has settled, what is shown moves no more than without automatic gain at the same
    gain."""
    sound = room(-40.0, 3.0)
    moved = []
    for automatic in (True, False):
        session = engine.live(RATE)
        session.automatic = automatic
        if automatic:
            follow(session._auto, room(-40.0, 30.0))
        else:
            session.sensitivity = 20.0
        shown: list[np.ndarray] = []
        session.on_frame = lambda frame, shown=shown: shown.append(frame.w)
        for at in range(0, len(sound), BLOCK):
            session.push(sound[at : at + BLOCK, None], 0.0)
        late = np.stack(shown)[-50:]
        moved.append(float(np.abs(np.diff(late, axis=0)).mean()))
    assert moved[0] <= 1.15 * moved[1] + 1e-4
