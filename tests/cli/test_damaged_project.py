"""Projects with a damaged value, on the command line."""

import json
import zipfile
from pathlib import Path

from tests.cli.conftest import Run


def test_damage_is_told_and_the_rest_made(
    soundedit: Run, sound: Path, tiny_pack: Path, tmp_path: Path
) -> None:
    saved, pack = tmp_path / "p.soundedit", ["--pack", tiny_pack]
    words = ["--take", sound, "--text", "storm", "--fps", "10"]
    assert soundedit("edit", *words, "-o", saved, *pack).returncode == 0
    with zipfile.ZipFile(saved) as source:
        members = {name: source.read(name) for name in source.namelist()}
    fields = json.loads(members["project.json"])
    fields["start"]["crop"] = [0.5, 0.5, 7]
    fields["edits"][0]["strength"] = "much"
    members["project.json"] = json.dumps(fields).encode()
    with zipfile.ZipFile(saved, "w") as target:
        for name, data in members.items():
            target.writestr(name, data)
    before = saved.read_bytes()
    told = soundedit("info", saved, "--json")
    assert told.returncode == 0 and len(told.stderr.splitlines()) == 2
    facts = json.loads(told.stdout)
    assert (facts["start"], facts["take"], facts["edits"]) == ("seed 0", "2.00 s", ["storm@1"])
    for made in (
        soundedit("edit", "--start", saved, "-o", tmp_path / "a.png", *pack),
        soundedit("render", saved, "-o", tmp_path / "a.mp4", *pack),
    ):
        assert made.returncode == 0
        first, second = made.stderr.splitlines()
        assert "edits[0].strength is not a number; edits[0].strength was set" in first
        assert "start.crop (0.5, 0.5, 7) lies outside its picture" in second
    assert (tmp_path / "a.png").is_file() and (tmp_path / "a.mp4").is_file()
    done = soundedit("edit", "--start", saved, "--overwrite", "-o", saved, *pack)
    assert done.returncode == 2 and saved.read_bytes() == before
