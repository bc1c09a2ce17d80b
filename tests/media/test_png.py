from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from soundedit.errors import ExportError
from soundedit.media.png import write_png


def test_pixels_come_back(tmp_path: Path) -> None:
    picture = np.random.default_rng(1).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    write_png(tmp_path / "a.png", picture)
    with Image.open(tmp_path / "a.png") as read:
        assert read.mode == "RGB"
        assert np.array_equal(np.asarray(read), picture)
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.png"]


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="could not be written"):
        write_png(tmp_path / "no" / "a.png", np.zeros((2, 2, 3), np.uint8))
