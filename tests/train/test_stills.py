"""Stills that `data build` wrote, read again by whatever trains on them."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from soundedit.errors import TrainingError
from soundedit.train.stills import read_stills, still_pictures


@pytest.fixture
def written(tmp_path: Path) -> tuple[Path, NDArray[np.uint8]]:
    pictures = np.random.default_rng(0).integers(0, 256, (6, 8, 8, 3), dtype=np.uint8)
    kinds = np.array(["rain", "fire", "rain", "rain", "fog", "fire"])
    np.savez(tmp_path / "stills.npz", pictures=pictures, kinds=kinds, strengths=np.ones(6))
    return tmp_path / "stills.npz", pictures


def test_kinds_are_chosen_and_counted(written: tuple[Path, NDArray[np.uint8]]) -> None:
    file, pictures = written
    found, kinds = read_stills(file, 2, ("rain", "fire"))
    assert kinds.tolist() == ["rain", "fire", "rain", "fire"]
    assert np.array_equal(found, pictures[[0, 1, 2, 5]])
    assert np.array_equal(read_stills(file)[0], pictures)


def test_pictures_come_from_stills_and_from_plain_arrays(
    written: tuple[Path, NDArray[np.uint8]],
) -> None:
    file, pictures = written
    np.save(file.with_suffix(".npy"), pictures)
    assert np.array_equal(still_pictures(file, 8), pictures)
    assert np.array_equal(still_pictures(file.with_suffix(".npy"), 8), pictures)
    with pytest.raises(TrainingError, match=r"\[6, 8, 8, 3\].*--resolution 16"):
        still_pictures(file, 16)
    np.save(file.with_suffix(".npy"), pictures / 255)
    with pytest.raises(TrainingError, match="float64"):
        still_pictures(file.with_suffix(".npy"), 8)


@pytest.mark.parametrize("name", ["stills.npz", "stills.npy"])
def test_missing_and_damaged_files_say_how_to_make_them(tmp_path: Path, name: str) -> None:
    with pytest.raises(TrainingError, match="data build"):
        still_pictures(tmp_path / name, 8)
    for content in (b"", b"no", b"PK\x03\x04 cut off"):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(TrainingError, match="data build"):
            still_pictures(tmp_path / name, 8)


def test_a_file_without_the_wanted_kinds_is_named(
    written: tuple[Path, NDArray[np.uint8]],
) -> None:
    with pytest.raises(TrainingError, match="data build"):
        read_stills(written[0], 2, ("snow",))
