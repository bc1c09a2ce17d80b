"""A StyleGAN network becomes a pack behind the window."""

from pathlib import Path

import pytest
import torch
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from soundedit.app.dialogs import Dialogs
from soundedit.app.jobs import Jobs
from soundedit.app.packdialog import PackDialog
from soundedit.app.packimport import PackImport
from soundedit.app.settings import PACK
from soundedit.nets import stylegan2
from soundedit.packs import open_pack
from tests.clipfiles import towers, write_folder
from tests.foreignfiles import ada, randomised, write_pickle
from tests.tiny_pack import save_tiny_pack

from .conftest import Rig

WAIT = 120_000


@pytest.fixture
def network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A StyleGAN2-ADA pickle, where the first pack is a small one."""
    save_tiny_pack(tmp_path / "base" / "knowing", known=True)
    monkeypatch.setenv("SOUNDEDIT_PACKS", str(tmp_path / "base"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    torch.manual_seed(1)
    generator = stylegan2.Generator(6, 20, 32, [12, 12, 8, 8], mapping_layers=2)
    return write_pickle(tmp_path / "hills.pkl", {"G_ema": ada(randomised(generator))})


class Told:
    """What an import says."""

    def __init__(self, source: PackImport) -> None:
        self.said: list[str] = []
        self.failed: list[str] = []
        self.packs: list[Path] = []
        source.said.connect(self.said.append)
        source.failed.connect(lambda error: self.failed.append(str(error)))
        source.imported.connect(self.packs.append)


def test_a_network_becomes_a_pack(network: Path, tmp_path: Path, qtbot: QtBot) -> None:
    jobs = Jobs()
    source = PackImport(jobs)
    told = Told(source)
    source.start(network)
    assert source.running and len(jobs) == 1
    source.start(network)
    assert told.failed == ["hills.pkl is still being imported, so wait for it."]
    texts: set[str] = set()
    shares: list[float] = []

    def noted() -> bool:
        job = jobs.current()
        if job is not None:
            shares.append(job.fraction)
            texts.add(job.text.split(" of ")[0].rstrip("0123456789"))
        return not source.running

    qtbot.waitUntil(noted, timeout=WAIT)
    folder = tmp_path / "data" / "soundedit" / "packs" / "hills"
    assert told.packs == [folder] and len(told.failed) == 1
    assert told.said == []
    assert open_pack(folder).manifest.resolution == 32
    assert len(jobs) == 0
    assert shares == sorted(shares) and shares[-1] > 0.8
    assert "Importing hills.pkl: Looking at picture " in texts


def test_a_file_that_is_none_is_told(network: Path, tmp_path: Path, qtbot: QtBot) -> None:
    source = PackImport(Jobs())
    told = Told(source)
    wrong = tmp_path / "page.pkl"
    wrong.write_text("<html>Not found</html>")
    source.start(wrong)
    qtbot.waitUntil(lambda: not source.running, timeout=WAIT)
    assert len(told.failed) == 1 and "page.pkl" in told.failed[0]
    assert not told.failed[0].startswith("soundedit:")
    assert told.packs == [] and told.said == []


def test_cancelled_and_closed_in_the_middle(network: Path, tmp_path: Path, qtbot: QtBot) -> None:
    jobs = Jobs()
    source = PackImport(jobs)
    told = Told(source)
    source.start(network)
    qtbot.waitUntil(lambda: (job := jobs.current()) is not None and job.fraction > 0, timeout=WAIT)
    jobs.cancel_current()
    qtbot.waitUntil(lambda: not source.running, timeout=WAIT)
    assert told.said == ["Import cancelled; no pack was left"] and told.failed == []
    source.start(network)
    source.close()
    assert not source.running and len(jobs) == 0
    assert not list(tmp_path.glob("data/soundedit/packs/*"))


class Chosen(Dialogs):
    def __init__(self, file: Path | None) -> None:
        self.file = file

    def network_to_open(self, parent: QWidget, folder: str) -> Path | None:
        return self.file


def test_the_dialog_asks_for_a_network(qtbot: QtBot, tmp_path: Path) -> None:
    asked: list[Path] = []
    for file in (None, tmp_path / "hills.pkl"):
        dialog = PackDialog(Chosen(file))
        qtbot.addWidget(dialog)
        dialog.network.connect(asked.append)
        dialog.show()
        dialog.bring.click()
        assert dialog.isVisible() == (file is None)
        dialog.close()
    assert asked == [tmp_path / "hills.pkl"]


def test_an_openclip_model_gives_the_pack_in_use_its_words(
    network: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    model = write_folder(tmp_path / "vit", towers())
    source = PackImport(Jobs())
    told = Told(source)
    base = tmp_path / "base" / "knowing"
    source.start(model / "open_clip_model.safetensors", base=str(base))
    qtbot.waitUntil(lambda: not source.running, timeout=WAIT)
    assert told.failed == []
    made = open_pack(told.packs[0]).manifest
    assert made.embed_dim == 24 and made.latents == open_pack(base).manifest.latents


def test_networks_that_are_dropped_are_imported(
    rig: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.begin()
    started: list[tuple[str, str, str]] = []

    def record(file: Path, device: str, base: str) -> None:
        started.append((file.name, device, base))

    monkeypatch.setattr(rig.window.packs.importing, "start", record)
    rig.window.settings.set(PACK, "folder/of/mine")
    rig.window.viewer.files_dropped.emit([tmp_path / "faces.PKL"])
    rig.window.opener.open(tmp_path / "faces.pt")
    rig.window.opener.open(tmp_path / "words.safetensors")
    assert started == [
        ("faces.PKL", "auto", ""),
        ("faces.pt", "auto", ""),
        ("words.safetensors", "auto", "folder/of/mine"),
    ]


def test_what_was_imported_can_be_used_at_once(
    rig: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.begin()
    again: list[str] = []
    packs = rig.window.packs
    monkeypatch.setattr(packs, "again", lambda: again.append(rig.window.settings.get(PACK)))
    packs.importing.imported.emit(tmp_path / "hills")
    said = rig.window.status.jobs
    rig.wait(lambda: rig.controller.jobs.current() is None)
    assert said.text.text() == "hills is imported, and among the model packs"
    assert (said.offer.text(), again) == ("Use it", [])
    said.offer.click()
    assert again == [str(tmp_path / "hills")]
