"""What frames hear, streamed in any pieces, and the slow noise of the walk."""

from itertools import pairwise

import numpy as np
import pytest
import torch

from soundedit.engine.engine import Engine
from soundedit.engine.hearing import FrameHearing, FrameSound
from soundedit.engine.walk import SlowNoise
from soundedit.nets.drive import SILENCE, drive_features


def heard_at_once(
    engine: Engine, mel: torch.Tensor, fps: float, ahead: int, frames: int
) -> FrameSound:
    """What each frame hears, from the whole spectrogram between two seconds of silence."""
    pad = torch.full((mel.shape[0], 200), SILENCE)
    whole = torch.cat([pad, mel, pad], 1)
    columns = [int(k / fps * 100 + 1e-6) for k in range(frames + 1)]
    edges = list(pairwise(columns))
    # With look-ahead a frame hears what sounds while it is shown, and 30 ms more.
    shown = [min(after + 3, c + ahead) for c, after in edges]
    drive = drive_features(whole[None])[0, [199 + c for c in shown]]
    ends = [200 + c // 10 * 10 + ahead for c, _ in edges]
    windows = torch.stack([whole[:, e - 100 : e] for e in ends])
    _, heard = engine._listener.windows(windows)
    power_heard = 10 ** (5 * (windows.clamp_min(SILENCE).double() - 1))
    levels = torch.log10(power_heard.mean((1, 2))) / 5 + 1
    power = (10 ** (5 * (whole.clamp_min(SILENCE).double() - 1))).mean(0)
    sounded = [200 + min(after + 1, c + ahead) for c, after in edges]
    width = round(100 / fps)
    powers = torch.stack([power[end - width : end].mean() for end in sounded])
    return FrameSound(drive, heard, levels.float(), powers.float())


@pytest.mark.parametrize("fps", [1.0, 7.0, 24000 / 1001, 120.0])
@pytest.mark.parametrize("ahead", [0, 30])
@pytest.mark.parametrize("pieces", [[300], [1] * 20 + [7] * 40, [250, 50], [13, 0, 187, 100]])
def test_pieces_do_not_matter(engine: Engine, fps: float, ahead: int, pieces: list[int]) -> None:
    torch.manual_seed(1)
    mel = torch.rand(64, 300) * 1.4 - 1
    frames = int(np.ceil(3.0 * fps))
    hearing = FrameHearing(engine._listener, fps, ahead)
    found = [hearing.push(part, frames=frames) for part in mel.split(pieces, dim=1)]
    live = sum(len(one.drive) for one in found)
    # Nothing is held back but for the look-ahead and the rest of a tenth of a second.
    assert live >= (3.0 - ahead / 100 - 0.1) * fps
    found.append(hearing.push(torch.zeros(64, 0), last=True, frames=frames))
    kept = [one for one in found if len(one.drive)]
    drive, heard = torch.cat([o.drive for o in kept]), torch.cat([o.heard for o in kept])
    wanted = heard_at_once(engine, mel, fps, ahead, frames)
    assert len(drive) == len(heard) == frames
    torch.testing.assert_close(drive, wanted.drive, rtol=0, atol=1e-4)
    torch.testing.assert_close(heard, wanted.heard, rtol=0, atol=1e-4)
    torch.testing.assert_close(torch.cat([o.power for o in kept]), wanted.power)
    torch.testing.assert_close(torch.cat([o.levels for o in kept]), wanted.levels)


def test_memory_stays_flat(engine: Engine) -> None:
    hearing = FrameHearing(engine._listener, 5.0, 0)
    for _ in range(20):
        hearing.push(torch.full((64, 100), SILENCE))
    assert hearing.available == 2000
    assert hearing._mel.shape[1] < 300


def test_noise_is_a_process_in_seconds() -> None:
    slow, fast = SlowNoise(5), SlowNoise(5)
    quick = [fast.at(i / 60) for i in range(601)]
    for i in range(0, 601, 5):
        assert torch.allclose(slow.at(i / 60), quick[i])
    assert not torch.allclose(SlowNoise(6).at(0), quick[0])


def test_noise_is_slow_and_of_unit_variance() -> None:
    noise = SlowNoise(1)
    x = torch.stack([noise.at(i / 25) for i in range(10_000)])
    assert x.shape == (10_000, 8)
    assert float(x.std()) == pytest.approx(1, abs=0.1)
    lag = [float((x[k:] * x[: len(x) - k]).mean()) for k in (1, 15)]
    assert lag[0] > 0.9
    # A correlation time of 0.6 s is 15 steps.
    assert lag[1] == pytest.approx(np.exp(-1), abs=0.12)
