"""`soundedit packs import`: from another program's file to a video."""

import argparse
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from soundedit.commands.importing import place_of
from soundedit.commands.importnetwork import first_of_its_own
from soundedit.commands.importsounds import manifest_of as describe
from soundedit.engine.engine import Engine
from soundedit.engine.listening import Listening
from soundedit.media.probe import probe_video
from soundedit.nets import stylegan2
from soundedit.nets.sound_encoder import SoundEncoder
from soundedit.nets.vocabulary import numbers
from soundedit.packs import default_pack, open_pack
from tests.clipfiles import WIDE, PaperEncoder, towers, write_folder, write_sound_encoder
from tests.foreignfiles import ada, randomised, write_pickle
from tests.forked import ROOT
from tests.tiny_pack import save_tiny_pack, with_vocabulary

from .conftest import Run


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A StyleGAN2-ADA pickle of 32 x 32 pixels."""
    torch.manual_seed(1)
    generator = stylegan2.Generator(6, 20, 32, [12, 12, 8, 8], mapping_layers=2)
    folder = tmp_path_factory.mktemp("networks")
    return write_pickle(folder / "Small Hills.pkl", {"G_ema": ada(randomised(generator))})


@pytest.fixture
def places(tmp_path: Path) -> dict[str, str]:
    """An environment whose first pack is a small one; imported packs go beside it."""
    with_vocabulary(save_tiny_pack(tmp_path / "base" / "knowing", known=True), ["crickets"])
    return {
        "SOUNDEDIT_PACKS": str(tmp_path / "base"),
        "XDG_DATA_HOME": str(tmp_path / "data"),
        "OMP_NUM_THREADS": "1",
    }


def test_from_a_pickle_to_a_video(
    soundedit: Run,
    network: Path,
    places: dict[str, str],
    sound: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    done = soundedit("packs", "import", network, "--samples", "200", **places)
    assert done.returncode == 0, done.stderr
    assert "StyleGAN2-ADA (NVIDIA), 32 x 32" in done.stdout
    folder = tmp_path / "data" / "soundedit" / "packs" / "small-hills"
    pack = open_pack(folder)
    assert pack.tensors("generator")["synthesis.b4.const"].dtype == torch.float32
    heard = pack.tensors("audio").values()
    assert {t.dtype for t in heard if t.is_floating_point()} == {torch.float16}
    # Its words are those of the pack that it came onto.
    assert torch.equal(pack.tensors("vocabulary")["words"], numbers(["crickets"]))
    assert pack.manifest.sources[0].startswith("generator: Small Hills.pkl, SHA-256 ")
    assert 0 <= pack.manifest.figures["classes_drawn"] <= 1
    card = (folder / "MODEL_CARD.md").read_text()
    assert "StyleGAN2-ADA (NVIDIA)" in card and "bridge" in card
    assert (folder / "samples.jpg").stat().st_size > 2000
    video = tmp_path / "hills.mp4"
    made = soundedit("render", sound, "-o", video, "--pack", "small-hills", **places)
    assert made.returncode == 0, made.stderr
    facts = probe_video(video)
    assert (facts.width, facts.height) == (32, 32) and abs(facts.seconds - 2) < 0.05
    edited = tmp_path / "edited.png"
    words = ("edit", "--pack", "small-hills", "--start", "3", "--text", "rain", "-o", edited)
    assert soundedit(*words, **places).returncode == 0

    again = soundedit("packs", "import", network, "--name", "small-hills", **places)
    assert again.returncode == 2 and "small-hills already" in again.stderr
    monkeypatch.setenv("XDG_DATA_HOME", places["XDG_DATA_HOME"])
    told = argparse.Namespace(name=None, out=None, overwrite=False, file=network)
    assert place_of(told) == ("small-hills-2", folder.with_name("small-hills-2"))
    on_itself = soundedit(
        "packs", "import", network, "--name", "other", "--pack", "small-hills", **places
    )
    assert on_itself.returncode == 2 and "imported generator itself" in on_itself.stderr
    # Without --pack the next one is built on.
    monkeypatch.setenv("SOUNDEDIT_PACKS", f"{folder}{os.pathsep}{tmp_path / 'base'}")
    assert default_pack() == folder
    assert first_of_its_own() == tmp_path / "base" / "knowing"


def test_a_file_that_is_none(soundedit: Run, places: dict[str, str], tmp_path: Path) -> None:
    wrong = tmp_path / "page.pkl"
    wrong.write_text("<!DOCTYPE html><html><body>Not found</body></html>")
    done = soundedit("packs", "import", wrong, **places)
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert "page.pkl" in done.stderr and "Traceback" not in done.stderr
    gone = soundedit("packs", "import", tmp_path / "gone.pkl", **places)
    assert gone.returncode == 2 and "gone.pkl" in gone.stderr
    assert not (tmp_path / "data").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGTERM that a program can hear there")
def test_a_stop_leaves_no_half_pack(network: Path, places: dict[str, str], tmp_path: Path) -> None:
    words = ["packs", "import", str(network), "--samples", "100000", "--json-lines"]
    with subprocess.Popen(
        [sys.executable, "-m", "soundedit", *words],
        cwd=ROOT,
        env={**os.environ, **places},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        next(line for line in process.stdout if "Looking" in line)
        process.send_signal(signal.SIGTERM)
        process.stdout.read()
    assert process.returncode == 130
    assert not list(tmp_path.glob("data/soundedit/packs/*"))


def test_words_of_an_openclip_model(
    soundedit: Run, network: Path, places: dict[str, str], sound: Path, tmp_path: Path
) -> None:
    model = write_folder(tmp_path / "ViT Tiny", towers())
    done = soundedit("packs", "import", model, "--samples", "200", "--about", "a hill", **places)
    assert done.returncode == 0, done.stderr
    assert "the words of ViT Tiny for Tiny; its words gain " in done.stdout
    packs = tmp_path / "data" / "soundedit" / "packs"
    pack, base = open_pack(packs / "vit-tiny"), open_pack(tmp_path / "base" / "knowing")
    manifest = pack.manifest
    assert manifest.title == "Tiny, words of ViT Tiny" and manifest.embed_dim == 24
    assert manifest.latents == base.manifest.latents
    assert "vocabulary" in base.manifest.components and "vocabulary" not in manifest.components
    assert manifest.sources[0].startswith("words: ViT Tiny, SHA-256 ")
    assert pack.tensors("clip")["ln_final.weight"].dtype == torch.float16
    for name in ("generator", "audio", "inversion", "frames", "encoder"):
        kept, own = pack.tensors(name), base.tensors(name)
        assert all(torch.equal(kept[key], own[key]) for key in own)
    assert "Words move the pictures only in ways" in (packs / "vit-tiny/MODEL_CARD.md").read_text()
    still = tmp_path / "still.png"
    words = ("edit", "--pack", "vit-tiny", "--start", "3", "--text", "rain", "-o", still)
    assert soundedit(*words, **places).returncode == 0 and still.stat().st_size > 500

    # A generator comes onto it with these words.
    done = soundedit("packs", "import", network, "--samples", "200", "--pack", "vit-tiny", **places)
    assert done.returncode == 0, done.stderr
    both = open_pack(packs / "small-hills").manifest
    assert both.embed_dim == 24 and {"adapter", "bridge"} <= both.components.keys()
    engine = Engine.load(packs / "small-hills", "cpu")
    assert len(engine.generate(sound, fps=4).w) == 8 and engine.embed_sound(sound).shape == (24,)

    # Other words take the place of the first, of the pack itself too.
    told = ("--pack", "vit-tiny", "--name", "vit-tiny", "--overwrite", "--samples", "200")
    done = soundedit("packs", "import", model / "open_clip_model.safetensors", *told, **places)
    assert done.returncode == 0, done.stderr
    again = open_pack(packs / "vit-tiny").manifest
    assert again.title == "Tiny, words of ViT Tiny" and again.licence == manifest.licence
    assert again.notice.count("Its words are those of") == 1
    assert len([line for line in again.sources if line.startswith("words: ")]) == 1

    wrong = soundedit("packs", "import", model, "--label", "3", **places)
    assert wrong.returncode == 2 and "leave --label out" in wrong.stderr


def test_the_authors_audio_encoder_comes_onto_words_as_wide(
    soundedit: Run, places: dict[str, str], sound: Path, tmp_path: Path
) -> None:
    file = write_sound_encoder(tmp_path / "resnet18.pth", PaperEncoder())
    refused = soundedit("packs", "import", file, **places)
    assert refused.returncode == 2 and "CLIP ViT-B/32" in refused.stderr
    assert refused.stderr.count("\n") == 1
    model = write_folder(tmp_path / "Wide", towers(**WIDE), **WIDE)
    done = soundedit("packs", "import", model, "--samples", "200", **places)
    assert done.returncode == 0, done.stderr
    done = soundedit("packs", "import", file, "--pack", "wide", **places)
    assert done.returncode == 0, done.stderr
    assert "sounds in edits of Tiny, words of Wide by the encoder of resnet18.pth" in done.stdout
    packs = tmp_path / "data" / "soundedit" / "packs"
    pack, base = open_pack(packs / "resnet18"), open_pack(packs / "wide")
    manifest = pack.manifest
    assert manifest.title == "Tiny, words of Wide, sounds of resnet18"
    assert manifest.latents == base.manifest.latents
    assert manifest.sources[0].startswith("sounds in edits: resnet18.pth, SHA-256 ")
    assert "not for commercial use" in manifest.licence
    assert 0 <= manifest.figures["sounds_told"] <= 1
    assert "allow no commercial use" in (packs / "resnet18" / "MODEL_CARD.md").read_text()
    for name in base.manifest.components:
        kept, own = pack.tensors(name), base.tensors(name)
        assert all(torch.equal(kept[key], own[key]) for key in own)
    stills = [tmp_path / f"{name}.png" for name in ("resnet18", "wide")]
    for still in stills:
        words = ("edit", "--pack", still.stem, "--start", "3", "--sound", sound, "-o", still)
        done = soundedit(*words, **places)
        assert done.returncode == 0, done.stderr
    assert stills[0].read_bytes() != stills[1].read_bytes()

    # Another one would take its place; other words take it away.
    args = argparse.Namespace(file=file, title=None, licence=None)
    digest = manifest.sources[0].split()[-1]
    found = Listening(SoundEncoder(), {})
    again = describe(args, "resnet18", manifest, found, digest)
    assert (again.title, again.licence) == (manifest.title, manifest.licence)
    assert (again.notice, again.sources) == (manifest.notice, manifest.sources)
    told = ("--pack", "resnet18", "--name", "resnet18", "--overwrite")
    done = soundedit("packs", "import", model, *told, "--samples", "200", **places)
    assert done.returncode == 0, done.stderr
    worded = open_pack(packs / "resnet18").manifest
    assert worded.title == "Tiny, words of Wide" and "sound_encoder" not in worded.components
    assert not any(line.startswith("sounds in edits") for line in worded.sources)
    assert worded.licence == base.manifest.licence
    assert "audio encoder" not in worded.notice and worded.extra == base.manifest.extra
