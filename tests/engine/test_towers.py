"""Towers that are built when first asked for."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from soundedit.engine.towers import Towers
from soundedit.errors import PackError
from soundedit.nets.clip import embed_pictures
from soundedit.packs.pack import open_pack
from soundedit.resources import shipped_folder


def test_gradients_pass_towers_first_asked_for_in_inference_mode(tiny_pack: Path) -> None:
    towers = Towers(open_pack(tiny_pack), torch.device("cpu"))
    with torch.inference_mode():
        model = towers.model
    assert towers.model is model
    pictures = torch.rand(1, 3, 32, 32, requires_grad=True)
    embed_pictures(model, towers.config, pictures)[0, 0].backward()
    assert pictures.grad is not None
    assert float(pictures.grad.abs().sum()) > 0


def test_towers_that_do_not_fit_are_named(tiny_pack: Path) -> None:
    towers = Towers(open_pack(tiny_pack), torch.device("cpu"))
    towers.config["embed_dim"] += 1
    with pytest.raises(PackError, match="does not fit this version"):
        _ = towers.model


def test_hearing_and_drawing_import_no_open_clip() -> None:
    program = (
        "import sys; from soundedit.engine.engine import Engine\n"
        "engine = Engine.load('landscapes', 'cpu')\n"
        "engine.picture(engine.sample(1))\n"
        "print(*{heard.label for heard in engine.listen(Path(sys.argv[1]))})\n"
        "print(sorted({'open_clip', 'torchvision'} & sys.modules.keys()))"
    )
    assert importlib.util.find_spec("open_clip") and importlib.util.find_spec("torchvision")
    sound = shipped_folder("resources") / "sounds" / "fire.ogg"
    done = subprocess.run(
        [sys.executable, "-c", "from pathlib import Path; " + program, str(sound)],
        capture_output=True,
        text=True,
        check=True,
    )
    labels, imported = done.stdout.splitlines()
    assert "fire" in labels.split()
    assert imported == "[]"
