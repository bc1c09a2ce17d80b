"""What every test shares."""

import os
from pathlib import Path

# Before anything imports Qt: tests open no window on a person's screen.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import hypothesis
import pytest

# A busy machine is no failure of a property.
hypothesis.settings.register_profile("patient", deadline=None)
hypothesis.settings.load_profile("patient")


@pytest.fixture(scope="session")
def tiny_pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a whole pack, 64 x 64, with random weights; not to be changed."""
    from tests.tiny_pack import save_tiny_pack

    return save_tiny_pack(tmp_path_factory.mktemp("packs") / "tiny").path
