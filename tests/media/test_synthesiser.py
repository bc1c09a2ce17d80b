from pathlib import Path

import numpy as np
import pytest

from soundedit.errors import ExportError
from soundedit.media import synthesiser
from soundedit.media.sound import probe_sound, read_sound
from soundedit.media.synthesiser import SAMPLES, STORM_CLAPS, write_samples

SHIPPED = Path(__file__).parents[2] / "resources" / "sounds"


@pytest.fixture(scope="module")
def made():
    return {name: make(seed) for seed, (name, make) in enumerate(SAMPLES.items(), start=1)}


def levels(samples, rate, seconds):
    """RMS level in dB of each stretch of `seconds`, all channels together."""
    n = round(seconds * rate)
    count = samples.shape[1] // n
    power = (samples[:, : count * n] ** 2).reshape(len(samples), count, n).mean(axis=(0, 2))
    return 10 * np.log10(power + 1e-12)


def share(sound, low, high):
    """Part of the energy between two frequencies."""
    bins = np.abs(np.fft.rfft(sound.mono())) ** 2
    f = np.fft.rfftfreq(sound.samples.shape[1], 1 / sound.sample_rate)
    return bins[(f >= low) & (f < high)].sum() / bins.sum()


@pytest.mark.parametrize("name", SAMPLES)
def test_form(made, name):
    sound = made[name]
    assert (sound.seconds, sound.sample_rate, len(sound.samples)) == (10.0, 32000, 2)
    assert np.isfinite(sound.samples).all()
    assert 20 * np.log10(np.abs(sound.samples).max()) == pytest.approx(-1.0, abs=0.01)
    assert np.abs(sound.samples.mean(axis=1)).max() < 1e-3
    assert np.abs(sound.samples[:, [0, -1]]).max() < 1e-3
    assert -0.2 < np.corrcoef(sound.samples)[0, 1] < 0.9  # stereo, and none of it cancels in mono


@pytest.mark.parametrize("name", SAMPLES)
def test_shipped_file_is_what_the_code_makes(made, name):
    path = SHIPPED / f"{name}.ogg"
    info = probe_sound(path)
    assert (info.codec, info.sample_rate, info.channels) == ("vorbis", 32000, 2)
    assert path.stat().st_size <= 300_000
    shipped = read_sound(path).samples
    n = min(shipped.shape[1], 320_000)
    assert n >= 319_000
    got = levels(shipped[:, :n], 32000, 0.1)
    expected = levels(made[name].samples[:, :n], 32000, 0.1)
    assert np.median(np.abs(got - expected)) < 0.5


def test_equal_seeds_give_equal_sounds(made):
    np.testing.assert_array_equal(synthesiser.wind(3).samples, made["wind"].samples)
    assert np.abs(synthesiser.wind(4).samples - made["wind"].samples).max() > 0.1


@pytest.mark.parametrize("seed", [1, 7])
def test_thunder_strikes_at_the_told_times(seed):
    storm = synthesiser.storm(seed)
    level = levels(storm.samples, storm.sample_rate, 0.005)
    rise = level[4:] - level[:-4]  # over 20 ms
    rise[:20] = -np.inf  # the file's own fade
    found = []
    for _ in STORM_CLAPS:
        at = int(np.argmax(rise))
        found.append((at + 4) * 0.005)
        rise[max(0, at - 100) : at + 100] = -np.inf
    assert sorted(found) == pytest.approx(STORM_CLAPS, abs=0.02)


def test_thunder_stands_out_of_the_rain_and_rolls_on(made):
    level = levels(made["storm"].samples, 32000, 0.1)
    for clap in STORM_CLAPS:
        at = round(clap * 10)
        assert level[at : at + 3].max() - level[at - 10 : at].max() > 10
        assert level[at + 20] < level[at : at + 3].max() - 6
    assert np.median(level[50:60]) - np.median(level[2:10]) > 4  # rain swells


def test_where_the_energy_is(made):
    """Shares measured on field recordings of the same kind, with wide margins."""
    assert share(made["birds"], 1600, 8000) > 0.9
    assert share(made["wind"], 20, 1000) > 0.8
    assert 0.1 < share(made["waves"], 800, 3200) < 0.6
    assert share(made["fire"], 20, 200) > 0.4
    assert share(made["fire"], 2000, 12000) > 0.05
    assert share(made["storm"], 20, 400) > 0.3


def test_how_the_level_moves(made):
    crest = {n: np.abs(s.samples).max() / s.samples.std() for n, s in made.items()}
    assert 20 * np.log10(crest["fire"]) > 20  # crackles
    spread = {n: np.std(levels(s.samples, 32000, 0.25)) for n, s in made.items()}
    assert spread["waves"] > 4 and spread["wind"] > 2  # surf and gusts come and go
    envelope = levels(made["waves"].samples, 32000, 0.25)
    crests = [i for i in range(4, 36) if envelope[i] == envelope[i - 4 : i + 5].max()]
    assert len(crests) == 3


def test_writing_into_a_file_is_refused(tmp_path):
    (tmp_path / "taken").write_text("")
    with pytest.raises(ExportError, match="taken"):
        write_samples(tmp_path / "taken")


def test_files_are_written(tmp_path, monkeypatch):
    monkeypatch.setattr(synthesiser, "SAMPLES", {"birds": synthesiser.birds})
    assert write_samples(tmp_path / "new") == [tmp_path / "new" / "birds.ogg"]
    assert probe_sound(tmp_path / "new" / "birds.ogg").seconds == pytest.approx(10.0, abs=0.05)
    assert [p.name for p in (tmp_path / "new").iterdir()] == ["birds.ogg"]
