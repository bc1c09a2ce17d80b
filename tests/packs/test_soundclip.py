"""The authors' audio encoder, read from what their program writes."""

import os
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F

from soundedit.errors import PackError
from soundedit.nets.sound_encoder import SoundEncoder
from soundedit.packs.modelfiles import ModelKind, kind_of
from soundedit.packs.soundclip import read_sound_encoder
from tests.clipfiles import PaperEncoder, write_sound_encoder


@pytest.fixture(scope="module")
def theirs() -> PaperEncoder:
    return PaperEncoder()


@pytest.mark.parametrize("prefix", ["module.", ""])
def test_it_hears_what_theirs_hears(theirs: PaperEncoder, prefix: str, tmp_path: Path) -> None:
    file = write_sound_encoder(tmp_path / "resnet18.pth", theirs, prefix)
    assert kind_of(file) is ModelKind.SOUND_ENCODER
    ours = SoundEncoder().eval()
    lacking = ours.load_state_dict(read_sound_encoder(file), strict=False)
    assert lacking.missing_keys == ["neutral", "said_neutral", "gain"]
    assert lacking.unexpected_keys == []
    sound = torch.randn(2, 50_000, generator=torch.Generator().manual_seed(3)) * 0.1
    with torch.inference_mode():
        tall = F.interpolate(ours.picture(sound)[:, None], (512, 128), mode="bilinear")
        wanted = F.normalize(theirs(tall.reshape(2, 1, 128, 512)), dim=1)
        torch.testing.assert_close(ours.heard(sound), wanted, atol=1e-6, rtol=1e-5)


def _without(name: str, state: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in state.items() if key != name}


@pytest.mark.parametrize(
    "fault",
    ["missing", "other size", "no number", "too large", "negative", "sparse", "meta", "no dict"],
)
def test_a_file_that_is_none_is_refused(theirs: PaperEncoder, fault: str, tmp_path: Path) -> None:
    name = "feature_extractor.layer3.0.downsample.0.weight"
    state: Any = theirs.state_dict()
    if fault == "missing":
        state = _without(name, state)
    elif fault == "other size":
        state = {**state, name: state[name][:, :3]}
    elif fault == "no number":
        state = {**state, name: torch.full_like(state[name], torch.nan)}
    elif fault == "too large":
        state = {**state, name: torch.full(state[name].shape, 1e200, dtype=torch.float64)}
    elif fault == "negative":
        spread = "feature_extractor.bn1.running_var"
        state = {**state, spread: -state[spread]}
    elif fault == "sparse":
        state = {**state, name: state[name].to_sparse()}
    elif fault == "meta":
        state = {**state, name: state[name].to("meta")}
    else:
        state = [state]
    torch.save(state, tmp_path / "resnet18.pth")
    with pytest.raises(PackError, match=r"resnet18\.pth (holds|is no whole)"):
        read_sound_encoder(tmp_path / "resnet18.pth")


def test_what_might_run_a_program_is_not_read(tmp_path: Path) -> None:
    ran = tmp_path / "ran"

    class Bomb:
        def __reduce__(self) -> Any:
            return os.mkdir, (str(ran),)

    torch.save({"feature_extractor.conv1.weight": Bomb()}, tmp_path / "resnet18.pth")
    with pytest.raises(PackError, match=r"mkdir.*might run a program"):
        read_sound_encoder(tmp_path / "resnet18.pth")
    assert not ran.exists()
