"""Image and text towers: what open_clip's compute, without its imports."""

import subprocess
import sys
from typing import Any

import open_clip
import pytest
import torch
from torch import nn

from soundedit.nets.clip import (
    Clip,
    build_clip,
    clip_pictures,
    clip_tokens,
    embed_pictures,
    embed_text,
    picture_features,
)

CONFIG: dict[str, Any] = {
    "embed_dim": 12,
    "vision_cfg": {"image_size": 64, "layers": [1, 2, 1, 1], "width": 4, "head_width": 32},
    "text_cfg": {
        "context_length": 16,
        "vocab_size": 49408,
        "width": 16,
        "heads": 2,
        "layers": 2,
    },
}

PHRASES = [
    "rain on a roof",
    "A   Storm,   at sea!",
    "it's the wind's 2nd howl; caf\u00e9 &amp; snow \u2744",
    "thunderstorms unbelievablywordlike",
    "word " * 99,
    "",
    "\u96e8\u304c\u964d\u308b",
    "<start_of_text> odd <end_of_text>",
]


@pytest.fixture(scope="module")
def model() -> nn.Module:
    torch.manual_seed(1)
    return build_clip(CONFIG).eval().requires_grad_(False)


@pytest.fixture(scope="module")
def reference() -> nn.Module:
    """open_clip's own model, trained so little that nothing in it is where it began."""
    torch.manual_seed(2)
    towers: nn.Module = open_clip.model.CLIP(
        CONFIG["embed_dim"], CONFIG["vision_cfg"], CONFIG["text_cfg"]
    )
    with torch.no_grad():
        for tensor in (*towers.parameters(), *towers.buffers()):
            if tensor.is_floating_point() and tensor is not towers.attn_mask:
                tensor.add_(torch.rand_like(tensor) * 0.1)
    return towers.eval().requires_grad_(False)


def test_the_towers_are_open_clips(reference: nn.Module) -> None:
    own = build_clip(CONFIG).eval()
    assert isinstance(own, Clip)
    own.load_state_dict(reference.state_dict())
    pictures = torch.rand(2, 3, 64, 64) * 2 - 1
    ids = clip_tokens(CONFIG, PHRASES)
    with torch.inference_mode():
        close = {"atol": 1e-4, "rtol": 1e-4}
        found, wanted = own.encode_image(pictures), reference.encode_image(pictures)  # type: ignore[operator]
        torch.testing.assert_close(found, wanted, **close)
        found, wanted = own.encode_text(ids), reference.encode_text(ids)  # type: ignore[operator]
        torch.testing.assert_close(found, wanted, **close)
        for a, b in zip(
            picture_features(own, CONFIG, pictures),
            picture_features(reference, CONFIG, pictures),
            strict=True,
        ):
            torch.testing.assert_close(a, b, **close)


def test_the_tokens_are_open_clips() -> None:
    wanted = open_clip.tokenizer.SimpleTokenizer(context_length=16)(PHRASES)
    assert clip_tokens(CONFIG, PHRASES).tolist() == wanted.tolist()


def test_the_weights_begin_as_open_clips_do(model: nn.Module) -> None:
    torch.manual_seed(4)
    other = open_clip.model.CLIP(CONFIG["embed_dim"], CONFIG["vision_cfg"], CONFIG["text_cfg"])
    spreads = {name: float(x.std()) for name, x in other.state_dict().items() if x.numel() > 500}
    assert len(spreads) > 15
    for name, found in model.state_dict().items():
        if name in spreads:
            assert float(found.std()) == pytest.approx(spreads[name], rel=0.2), name


def test_open_clip_is_not_imported() -> None:
    """Its imports would take longer than all others of the engine together."""
    program = (
        "import sys; from soundedit.nets.clip import build_clip, embed_text\n"
        f"config = {CONFIG!r}\n"
        "embed_text(build_clip(config), config, ['rain'])\n"
        "heavy = {'open_clip', 'torchvision', 'timm', 'transformers', 'torch._dynamo'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == "[]\n", done.stderr


def test_other_towers_are_open_clips_own() -> None:
    vision = {"image_size": 32, "patch_size": 16, "width": 16, "layers": 1, "head_width": 8}
    config = {**CONFIG, "vision_cfg": vision}
    towers = build_clip(config).eval().requires_grad_(False)
    assert isinstance(towers, open_clip.model.CLIP)
    found = embed_pictures(towers, config, torch.rand(1, 3, 32, 32))
    assert found.shape == (1, 12)
    assert float(found.norm()) == pytest.approx(1, abs=1e-5)


def test_text(model: nn.Module) -> None:
    found = embed_text(model, CONFIG, ["rain on a roof", "a storm at sea"])
    assert found.shape == (2, 12)
    torch.testing.assert_close(found.norm(dim=1), torch.ones(2))
    assert not torch.allclose(found[0], found[1], atol=1e-3)


def test_tokens_are_clips() -> None:
    ids = clip_tokens(CONFIG, ["a dog", "word " * 99])
    assert ids.shape == (2, 16)
    # Start, "a", "dog", end, padding: the byte-pair vocabulary of CLIP.
    assert ids[0, :5].tolist() == [49406, 320, 1929, 49407, 0]
    assert int(ids[1, -1]) == 49407


def test_pictures_of_any_size(model: nn.Module) -> None:
    torch.manual_seed(2)
    for size in ((64, 64), (128, 128), (20, 48)):
        pictures = torch.rand(2, 3, *size) * 2 - 1
        assert clip_pictures(CONFIG, pictures).shape == (2, 3, 64, 64)
        found = embed_pictures(model, CONFIG, pictures)
        assert found.shape == (2, 12)
        torch.testing.assert_close(found.norm(dim=1), torch.ones(2))


def test_pictures_are_differentiable(model: nn.Module) -> None:
    pictures = torch.rand(1, 3, 64, 64, requires_grad=True)
    embed_pictures(model, CONFIG, pictures)[0, 0].backward()
    assert pictures.grad is not None and float(pictures.grad.abs().sum()) > 0


def test_the_config_is_left_alone() -> None:
    before = str(CONFIG)
    build_clip(CONFIG)
    assert str(CONFIG) == before
