"""A pack that speaks with the towers of another maker."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from soundedit.document.model import Part, PartKind
from soundedit.engine.engine import Engine
from soundedit.engine.wording import Reworded, Wording
from soundedit.errors import Cancelled, PackError
from soundedit.evaluate.hearing import HeardSounds, accuracy
from soundedit.nets.clip import build_clip, embed_text
from soundedit.nets.directions import NEUTRAL
from soundedit.packs import Component, open_pack, save_pack
from soundedit.packs.openclip import ForeignClip, read_openclip
from soundedit.progress import CancelToken
from tests.clipfiles import MODEL, towers, write_folder
from tests.tiny_pack import save_tiny_pack

from .conftest import MakeNoise

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_pack(tmp_path_factory.mktemp("packs") / "plain").path


@pytest.fixture(scope="module")
def plain(base: Path) -> Engine:
    return Engine.load(base, "cpu")


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> ForeignClip:
    return read_openclip(write_folder(tmp_path_factory.mktemp("models") / "other", towers()))


@pytest.fixture(scope="module")
def reworded(base: Path, clip: ForeignClip) -> Reworded:
    return Wording(open_pack(base), CPU).fit(clip, samples=200)


def save(folder: Path, base: Path, clip: ForeignClip, found: Reworded) -> Path:
    """The pack `base` with other words."""
    own = open_pack(base)
    adapter, directions = found.adapter, found.directions
    from_dim, to_dim = adapter.shape
    embed_dim, num_ws, w_dim = directions.shape
    configs = {
        "clip": clip.config,
        "adapter": {"from_dim": from_dim, "to_dim": to_dim, "words": 3, "classes": 3},
        "directions": {
            "embed_dim": embed_dim, "num_ws": num_ws, "w_dim": w_dim,
            "rank": len(directions.down), "words": 0,
        },
    }  # fmt: skip
    components = own.manifest.components | {
        name: Component(f"{name}.safetensors", config=c) for name, c in configs.items()
    }
    manifest = dataclasses.replace(
        own.manifest, name=folder.name, embed_dim=embed_dim, components=components
    )
    parts = {name: own.tensors(name) for name in own.manifest.components} | {
        "clip": clip.tensors,
        "adapter": adapter.state_dict(),
        "directions": directions.state_dict(),
    }
    return save_pack(folder, manifest, parts, exact=components).path


@pytest.fixture(scope="module")
def speaking(
    base: Path, clip: ForeignClip, reworded: Reworded, tmp_path_factory: pytest.TempPathFactory
) -> Engine:
    return Engine.load(save(tmp_path_factory.mktemp("made") / "other", base, clip, reworded), "cpu")


def test_words_are_those_of_the_new_towers(speaking: Engine) -> None:
    said = speaking.embed_text(["rain", "a storm at sea"])
    theirs = embed_text(towers(), MODEL, ["rain", "a storm at sea"])
    np.testing.assert_allclose(said, theirs.numpy(), atol=1e-5)
    assert speaking.embed_image(np.zeros((64, 64, 3), np.uint8)).shape == (1, 24)


def test_pictures_and_hearing_stay(speaking: Engine, plain: Engine, noise: MakeNoise) -> None:
    sound = noise(3.0, seed=4)
    kept, moved = (one.generate(sound, fps=5, seed=2).w for one in (plain, speaking))
    np.testing.assert_array_equal(kept, moved)
    np.testing.assert_array_equal(plain.picture(kept[3]), speaking.picture(moved[3]))
    assert speaking.listen(sound) == plain.listen(sound)
    np.testing.assert_allclose(speaking.heard_classes(), plain.class_embeddings(), atol=1e-6)


def test_recordings_are_named_by_what_the_audio_tower_hears(
    speaking: Engine, plain: Engine, noise: MakeNoise
) -> None:
    heard = np.stack([speaking.hear(noise(2.0, seed=n)) for n in range(4)])
    np.testing.assert_array_equal(heard, [plain.embed_sound(noise(2.0, seed=n)) for n in range(4)])
    kinds = np.array(plain.manifest.classes)[(heard @ plain.class_embeddings().T).argmax(1)]
    said = np.stack([speaking.said_of(one) for one in heard])
    assert accuracy(speaking, HeardSounds(heard, said, list(kinds)))[0] == 1.0


def test_a_sound_says_the_words_that_it_is_like(
    speaking: Engine, plain: Engine, noise: MakeNoise
) -> None:
    sound = noise(3.0, seed=4)
    said = speaking.embed_sound(sound)
    assert said.shape == (24,) and np.linalg.norm(said) == pytest.approx(1.0, abs=1e-5)
    heard = torch.from_numpy(plain.embed_sound(sound))
    keys = plain.direction_map.keys
    shares = torch.softmax(F.normalize(heard, dim=0) @ keys.T / 0.1, 0)
    neutral = embed_text(towers(), MODEL, NEUTRAL).mean(0)
    words = torch.from_numpy(speaking.class_embeddings())
    wanted = F.normalize(neutral + shares @ (words - neutral), dim=0)
    np.testing.assert_allclose(said, wanted.numpy(), atol=1e-4)


def test_directions_lead_where_the_words_of_the_pack_led(speaking: Engine, plain: Engine) -> None:
    """What random towers see in the samples says little; the pack's own words say it."""
    words = [Part(PartKind.TEXT, f"the sound of {name}") for name in plain.manifest.classes]
    led = np.stack([plain.direction([word], Path).dw.ravel() for word in words])
    leads = np.stack([speaking.direction([word], Path).dw.ravel() for word in words])
    cosines = leads @ led.T / np.linalg.norm(leads, axis=1)[:, None] / np.linalg.norm(led, axis=1)
    assert (cosines.diagonal() > 0.9).all() and (cosines[0, 1:] < 0.7).all(), cosines


def test_a_direction_is_refined_by_the_new_towers(speaking: Engine) -> None:
    fine = speaking.refine_direction([Part(PartKind.TEXT, "rain")], Path)
    assert fine.after > fine.before


def test_the_same_again_and_what_it_is_about(
    base: Path, clip: ForeignClip, reworded: Reworded
) -> None:
    wording = Wording(open_pack(base), CPU)
    again = wording.fit(clip, samples=200)
    for name, value in reworded.directions.state_dict().items():
        assert torch.equal(value, again.directions.state_dict()[name])
    assert again.figures == reworded.figures
    assert set(again.figures) == {"words_gain", "words_gain_before"}
    faces = wording.fit(clip, about="a face", samples=200)
    told = embed_text(towers(), MODEL, ["a face", "a photo of a face", "a picture of a face"])
    torch.testing.assert_close(faces.directions.neutral_text, told.mean(0), atol=1e-5, rtol=1e-4)


def test_towers_on_towers(
    base: Path, clip: ForeignClip, reworded: Reworded, tmp_path: Path, noise: MakeNoise
) -> None:
    """What was heard by the first pack's words still is."""
    first = save(tmp_path / "first", base, clip, reworded)
    torch.manual_seed(9)
    config = {**MODEL, "embed_dim": 16}
    other = ForeignClip(config, build_clip(config).state_dict(), "second")
    found = Wording(open_pack(first), CPU).fit(other, samples=200)
    assert torch.equal(found.adapter.keys, reworded.adapter.keys)
    engine = Engine.load(save(tmp_path / "second", first, other, found), "cpu")
    assert engine.embed_sound(noise(2.0, seed=4)).shape == (16,)


@pytest.mark.parametrize(
    ("part", "more", "told"),
    [
        ("text_cfg", {"context_length": 2}, "all words say the same"),
        ("vision_cfg", {"output_tokens": True}, "do not work as they are described"),
        ("text_cfg", {"vocab_size": 1000}, "do not work as they are described"),
    ],
)
def test_towers_that_do_not_work_are_told_at_once(
    base: Path, part: str, more: dict[str, Any], told: str
) -> None:
    config = {**MODEL, part: {**MODEL[part], **more}}
    clip = ForeignClip(config, build_clip(config).state_dict(), "odd")
    seen: list[str] = []
    with pytest.raises(PackError, match=told):
        Wording(open_pack(base), CPU).fit(clip, progress=lambda share, text: seen.append(text))
    assert seen == ["Building odd"]


def test_what_cannot_be_is_told(base: Path, clip: ForeignClip, tmp_path: Path) -> None:
    with pytest.raises(PackError, match="199 samples are too few"):
        Wording(open_pack(base), CPU).fit(clip, samples=199)
    bare = save_tiny_pack(tmp_path / "bare", editing=False)
    with pytest.raises(PackError, match="bare has no directions"):
        Wording(bare, CPU)
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(Cancelled):
        Wording(open_pack(base), CPU).fit(clip, samples=200, cancel=cancel)
