"""A pack whose edits hear sounds by the authors' audio encoder."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from soundedit.document.model import Part, PartKind
from soundedit.engine.encoding import encoded
from soundedit.engine.engine import Engine
from soundedit.engine.listening import Listening, check_words, fit_encoder
from soundedit.engine.wording import Wording
from soundedit.errors import Cancelled, PackError
from soundedit.media.sound import Sound, write_sound
from soundedit.nets.sound_encoder import SAMPLE_RATE, WINDOW, SoundEncoder
from soundedit.packs import Component, Pack, open_pack, save_pack
from soundedit.packs.openclip import read_openclip
from soundedit.packs.soundclip import read_sound_encoder
from soundedit.progress import CancelToken
from tests.clipfiles import WIDE, PaperEncoder, towers, write_folder, write_sound_encoder
from tests.tiny_pack import save_tiny_pack

from .conftest import MakeNoise
from .test_wording import save as save_reworded

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def worded(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    """The small pack with words of towers that are as wide as the encoder."""
    folder = tmp_path_factory.mktemp("packs")
    base = save_tiny_pack(folder / "plain").path
    clip = read_openclip(write_folder(folder / "wide", towers(**WIDE), **WIDE))
    found = Wording(open_pack(base), CPU).fit(clip, samples=200)
    return open_pack(save_reworded(folder / "worded", base, clip, found))


@pytest.fixture(scope="module")
def tensors(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Tensor]:
    file = tmp_path_factory.mktemp("encoder") / "resnet18.pth"
    return read_sound_encoder(write_sound_encoder(file, PaperEncoder()))


@pytest.fixture(scope="module")
def sounds(noise: MakeNoise) -> list[tuple[Sound, str]]:
    kinds = ["rain", "rain", "wind", "birds", "other"]
    return [(noise(1.0, seed=seed), kind) for seed, kind in enumerate(kinds)]


@pytest.fixture(scope="module")
def found(worded: Pack, tensors: dict[str, Tensor], sounds: list[tuple[Sound, str]]) -> Listening:
    return fit_encoder(worded, tensors, sounds, CPU)


@pytest.fixture(scope="module")
def listening(worded: Pack, found: Listening, tmp_path_factory: pytest.TempPathFactory) -> Engine:
    own = worded.manifest
    component = Component("sound_encoder.safetensors", config={"embed_dim": 512})
    manifest = dataclasses.replace(
        own, name="listening", components={**own.components, "sound_encoder": component}
    )
    parts = {name: worded.tensors(name) for name in own.components}
    parts["sound_encoder"] = found.encoder.state_dict()
    folder = tmp_path_factory.mktemp("listening") / "listening"
    return Engine.load(save_pack(folder, manifest, parts, exact=manifest.components).path, "cpu")


def test_sounds_lie_around_the_neutral_of_words(
    found: Listening, worded: Pack, sounds: list[tuple[Sound, str]]
) -> None:
    engine, encoder = Engine(worded, CPU), found.encoder
    neutral = engine.direction_map.neutral_text
    torch.testing.assert_close(encoder.said_neutral, neutral)
    with torch.inference_mode():
        heard = {kind: [] for _, kind in sounds}  # type: dict[str, list[Tensor]]
        for sound, kind in sounds:
            heard[kind].append(encoded(encoder, sound, CPU))
    means = torch.stack([torch.stack(each).mean(0) for each in heard.values()])
    torch.testing.assert_close(encoder.neutral, means.mean(0))
    apart = float((means - means.mean(0)).norm(dim=1).mean() * encoder.gain)
    words = torch.from_numpy(engine.class_embeddings()) - neutral
    assert apart == pytest.approx(float(words.norm(dim=1).mean()), rel=1e-4)
    for figure in ("sounds_told", "sounds_told_before"):
        assert found.figures[figure] * 4 == pytest.approx(round(found.figures[figure] * 4))


def test_edits_hear_by_the_encoder_and_labels_and_walks_by_the_pack(
    listening: Engine, worded: Pack, noise: MakeNoise, tmp_path: Path
) -> None:
    plain, sound = Engine(worded, CPU), noise(2.0, seed=8)
    said = listening.embed_sound(sound)
    assert said.shape == (512,) and np.linalg.norm(said) == pytest.approx(1, abs=1e-5)
    assert float(said @ plain.embed_sound(sound)) < 0.999
    assert listening.listen(sound) == plain.listen(sound)
    np.testing.assert_array_equal(
        listening.generate(sound, fps=5).w, plain.generate(sound, fps=5).w
    )
    write_sound(tmp_path / "a.wav", sound)
    part = [Part(PartKind.SOUND, "a", 1.0)]
    moves = [one.direction(part, lambda _: tmp_path / "a.wav").dw for one in (listening, plain)]
    assert np.abs(moves[0] - moves[1]).max() > 0.01 * np.abs(moves[1]).max() > 0


def test_long_sounds_are_the_mean_of_their_windows(
    found: Listening, noise: MakeNoise, tmp_path: Path
) -> None:
    whole = noise(13.0, seed=6, rate=SAMPLE_RATE)
    windows = [whole.samples[:, :WINDOW], whole.samples[:, WINDOW:]]
    with torch.inference_mode():
        each = [found.encoder.heard(torch.from_numpy(part)) for part in windows]
        shares = [len(part[0]) * np.sqrt(np.square(part).mean()) for part in windows]
        wanted = sum(float(share) * one[0] for share, one in zip(shares, each, strict=True))
        wanted = wanted / wanted.norm()  # type: ignore[union-attr]
        write_sound(tmp_path / "long.wav", whole)
        for sound in (whole, tmp_path / "long.wav"):
            assert float(encoded(found.encoder, sound, CPU) @ wanted) > 0.9999
        # What can hardly be heard says nothing beside what can, though each window is seen below
        # its own loudest point.
        silence = np.zeros((1, WINDOW), np.float32)
        for quiet in (silence, noise(10.1, seed=3, rate=SAMPLE_RATE).samples[:, :WINDOW] * 1e-4):
            late = Sound(np.concatenate([quiet, windows[0]], 1), SAMPLE_RATE)
            assert float(encoded(found.encoder, late, CPU) @ each[0][0]) > 0.9999
        alone = encoded(found.encoder, Sound(silence, SAMPLE_RATE), CPU)
    assert float(alone.norm()) == pytest.approx(1, abs=1e-5)


def test_packs_without_such_words_are_refused(
    worded: Pack, tensors: dict[str, Tensor], sounds: list[tuple[Sound, str]], tiny_pack: Path
) -> None:
    with pytest.raises(PackError, match=r"CLIP ViT-B/32, which the pack tiny does not have"):
        fit_encoder(open_pack(tiny_pack), tensors, sounds, CPU)
    own = worded.manifest.components["clip"]
    for vision, quick in ((16, True), (32, False)):
        config = {
            **own.config,
            "quick_gelu": quick,
            "vision_cfg": {**own.config["vision_cfg"], "patch_size": vision},
        }
        parts = {**worded.manifest.components, "clip": dataclasses.replace(own, config=config)}
        with pytest.raises(PackError, match="ViT-B/32, which the pack"):
            check_words(dataclasses.replace(worded.manifest, components=parts))
    check_words(worded.manifest)
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(Cancelled):
        fit_encoder(worded, tensors, sounds, CPU, cancel=cancel)


def test_an_encoder_of_another_width_does_not_fit(worded: Pack, tmp_path: Path) -> None:
    own = worded.manifest
    component = Component("sound_encoder.safetensors", config={"embed_dim": 24})
    manifest = dataclasses.replace(own, components={**own.components, "sound_encoder": component})
    parts = {name: worded.tensors(name) for name in own.components}
    parts["sound_encoder"] = SoundEncoder(24).state_dict()
    pack = save_pack(tmp_path / "odd", manifest, parts, exact=manifest.components)
    with pytest.raises(PackError, match="embed_dim of the sound encoder is 512, not 24"):
        Engine(pack, CPU)
