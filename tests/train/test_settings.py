"""Settings of training commands: TOML files, overrides and their documented defaults."""

import dataclasses
import tomllib
from pathlib import Path

import pytest

from soundedit.errors import TrainingError
from soundedit.train.autoencoder import load_autoencoder
from soundedit.train.cli import COMMANDS, DATA_COMMANDS, Command, defaults_file, load, main
from soundedit.train.config import load_settings
from soundedit.train.embedding import EmbeddingSettings, clip_config
from soundedit.train.generator import GeneratorSettings


@pytest.mark.parametrize(
    "command", [*COMMANDS.values(), *DATA_COMMANDS.values()], ids=lambda c: c.run
)
def test_defaults_file_states_every_default(command: Command) -> None:
    settings, _ = load(command)
    written = tomllib.loads(defaults_file(command).read_text(encoding="utf-8"))
    expected = {
        f.name: list(f.default) if isinstance(f.default, tuple) else f.default
        for f in dataclasses.fields(settings)
    }
    assert written == expected


def test_file_then_overrides(tmp_path: Path) -> None:
    file = tmp_path / "g.toml"
    file.write_text("batch = 8\ngenerator_lr = 1\nchannels = [8, 8]\n", encoding="utf-8")
    settings = load_settings(GeneratorSettings, file, {"batch": 4, "photos": None})
    assert settings.batch == 4
    assert settings.generator_lr == 1.0
    assert settings.channels == (8, 8)
    assert settings.photos == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("bath = 8", "'bath'"),
        ('batch = "8"', "'batch'"),
        ("batch = true", "'batch'"),
        ("batch = ", "valid TOML"),
    ],
)
def test_bad_settings_are_named(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "g.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(TrainingError, match=said):
        load_settings(GeneratorSettings, file)


def test_missing_settings_file(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"nowhere\.toml"):
        load_settings(GeneratorSettings, tmp_path / "nowhere.toml")


def test_defaults_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["generator", "--defaults"]) == 0
    assert "resolution = 128" in capsys.readouterr().out


def test_training_without_photos_says_so() -> None:
    with pytest.raises(TrainingError, match="--photos"):
        main(["generator"])


@pytest.mark.parametrize("wrong", [{"image_width": 8}, {"text_width": 100}, {"image_width": 0}])
def test_widths_that_heads_cannot_share_are_named(wrong: dict[str, int]) -> None:
    with pytest.raises(TrainingError, match=f"{next(iter(wrong))} = .*multiple of"):
        clip_config(EmbeddingSettings(**wrong))


def test_widths_that_heads_can_share_are_taken() -> None:
    config = clip_config(EmbeddingSettings(image_width=12, text_width=48))
    assert config["text_cfg"]["heads"] == 1
    width, head = config["vision_cfg"]["width"], config["vision_cfg"]["head_width"]
    assert 32 * width % (32 * width // head) == 0


def test_a_checkpoint_that_is_missing_or_damaged_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="run: soundedit train generator"):
        load_autoencoder(tmp_path / "generator.pt")
    final = tmp_path / "generator-final.pt"
    with pytest.raises(TrainingError, match="run: soundedit train mapping"):
        load_autoencoder(final)
    final.write_bytes(b"cut off")
    with pytest.raises(TrainingError, match="damaged"):
        load_autoencoder(final)
