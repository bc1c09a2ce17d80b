"""The loop that every training shares, on a network of one layer."""

import json
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from soundedit.errors import TrainingError
from soundedit.train.distributed import World, choose_device, joined
from soundedit.train.learner import Learner, Precision
from soundedit.train.run import Run, RunSettings

STEPS, BATCH = 40, 8


class Line:
    """A line fitted to points: the smallest thing that can be trained in stages."""

    def __init__(self, file: Path, **settings: Any) -> None:
        defaults: dict[str, Any] = {"record_steps": 5, "device": "cpu", "save_minutes": 1e9}
        self.settings = RunSettings(**(defaults | settings))
        torch.manual_seed(self.settings.seed)
        self.net = nn.Linear(3, 1)
        self.rng = np.random.default_rng(self.settings.seed)
        self.run = Run(file, self.settings, World(), self.rng)
        self.run.resume(self)
        optimiser = torch.optim.AdamW(self.net.parameters(), 0.05)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 0.05, STEPS)
        self.learner = Learner(optimiser, schedule, clip=1.0)
        self.rows: list[int] = []

    def state(self) -> dict[str, Any]:
        return {"net": self.net.state_dict()}

    def restore(self, state: dict[str, Any]) -> None:
        self.net.load_state_dict(state["net"])

    def compute(self, position: int, rows: int) -> dict[str, Tensor]:
        self.rows.append(rows)
        x = torch.from_numpy(self.rng.normal(size=(rows, 3))).float() + 0.1 * torch.randn(rows, 3)
        return {"fit": (self.net(x) - x.sum(1, keepdim=True)).square().mean()}

    def train(
        self,
        compute: Callable[[int, int], dict[str, Tensor]] | None = None,
        steps: int = STEPS,
        stage: str = "line",
    ) -> bool:
        step = self.run.learning(self.learner, BATCH, compute or self.compute)
        return self.run.train(stage, step, steps, {"line": self.learner}, batch=BATCH)

    @property
    def weights(self) -> Tensor:
        return torch.cat([p.detach().flatten() for p in self.net.parameters()])


def rows_of(folder: Path) -> list[dict[str, Any]]:
    lines = (folder / "losses.jsonl").read_text(encoding="utf-8").splitlines()
    return [{k: v for k, v in json.loads(line).items() if k != "seconds"} for line in lines]


def whole_run(folder: Path) -> Line:
    line = Line(folder / "a.pt")
    assert line.train()
    return line


def test_a_run_that_broke_off_ends_as_if_it_had_not(tmp_path: Path) -> None:
    expected = whole_run(tmp_path / "whole")
    first = Line(tmp_path / "cut" / "a.pt", save_minutes=0.0)

    def breaks(position: int, rows: int) -> dict[str, Tensor]:
        if position == 17:
            raise OSError("the power went")
        return first.compute(position, rows)

    with pytest.raises(OSError, match="power"):
        first.train(breaks)
    torch.rand(100)
    second = Line(tmp_path / "cut" / "a.pt")
    assert second.train()
    assert len(second.rows) == STEPS - 17
    assert torch.equal(second.weights, expected.weights)
    assert rows_of(tmp_path / "cut") == rows_of(tmp_path / "whole")
    assert [row["position"] for row in rows_of(tmp_path / "cut")] == list(range(5, 41, 5))


def test_lines_of_steps_to_be_redone_go(tmp_path: Path) -> None:
    line = Line(tmp_path / "a.pt")
    with (tmp_path / "losses.jsonl").open("w", encoding="utf-8") as file:
        file.write('{"stage": "other", "position": 90, "seconds": 1, "fit": 2}\n')
        file.write('{"stage": "line", "position": 20, "seconds": 1, "fit": 2}\n{"stage": "li')
    line.train(steps=10)
    assert [(r["stage"], r["position"]) for r in rows_of(tmp_path)] == [
        ("other", 90), ("line", 5), ("line", 10),
    ]  # fmt: skip


def test_stages_that_are_done_are_left_out_and_can_be_made_longer(tmp_path: Path) -> None:
    line = Line(tmp_path / "a.pt")
    line.train(steps=10, stage="one")
    line.train(steps=10, stage="two")
    again = Line(tmp_path / "a.pt")
    again.train(steps=10, stage="one")
    again.train(steps=10, stage="two")
    assert again.rows == []
    assert again.run.done == ["one", "two"]
    again.train(steps=15, stage="two")
    assert len(again.rows) == 5


def test_a_checkpoint_of_another_shape_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Line(tmp_path / "a.pt").train(steps=5)
    monkeypatch.setattr(nn, "Linear", lambda _inputs, outputs: torch.nn.Bilinear(2, 2, outputs))
    with pytest.raises(TrainingError, match=r"a\.pt does not fit the settings"):
        Line(tmp_path / "a.pt")


def test_a_step_that_is_not_finite_is_named_and_skipped(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    line = Line(tmp_path / "a.pt")
    tries: list[int] = []

    def sometimes(position: int, rows: int) -> dict[str, Tensor]:
        tries.append(position)
        losses = line.compute(position, rows)
        if len(tries) in (3, 4):
            losses["fit"] = losses["fit"] * float("nan")
        if len(tries) == 6:
            losses["fit"] = losses["fit"] + (line.net.weight * 0).sqrt().sum()
        return losses

    line.train(sometimes, steps=10)
    assert tries == [0, 1, 2, 2, 2, 3, 3, 4, 5, 6, 7, 8, 9]
    assert bool(torch.isfinite(line.weights).all())
    assert caplog.text.count("the loss 'fit' is not finite") == 2
    assert "a gradient is not finite" in caplog.text


def test_lasting_nan_goes_back_with_a_lower_rate(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    line = Line(tmp_path / "a.pt")
    rates: list[float] = []

    def until_slow(position: int, rows: int) -> dict[str, Tensor]:
        losses = line.compute(position, rows)
        if position == 3 and line.run.rate > 0.3:
            losses["fit"] = losses["fit"] * float("inf")
        if position == 0:
            rates.append(line.learner.optimiser.param_groups[0]["lr"])
        return losses

    assert line.train(until_slow, steps=10)
    assert rates == [pytest.approx(rates[0] * f) for f in (1, 0.5, 0.25)]
    assert caplog.text.count("back from 3 to the checkpoint at 0") == 2
    assert Line(tmp_path / "a.pt").train(steps=12)


def test_nan_at_every_rate_ends_the_run(tmp_path: Path) -> None:
    line = Line(tmp_path / "a.pt")
    with pytest.raises(TrainingError, match="losses of line stay non-finite"):
        line.train(lambda *_: {"fit": line.net.weight.sum() * float("nan")})


def test_memory_that_runs_out_splits_the_batch(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    line = Line(tmp_path / "a.pt")

    def hungry(position: int, rows: int) -> dict[str, Tensor]:
        if rows > 2:
            torch.empty(1 << 58)
        return line.compute(position, rows)

    assert line.train(hungry, steps=3)
    assert line.rows == [2] * 12
    assert "the batch of 8 is now computed in 4 parts" in caplog.text
    again = Line(tmp_path / "a.pt")
    again.train(steps=4)
    assert again.rows == [2] * 4
    with pytest.raises(TrainingError, match="even in 8 parts"):
        Line(tmp_path / "b.pt").train(lambda *_: {"fit": torch.empty(1 << 58)})


def test_parts_add_up_to_the_whole_batch(tmp_path: Path) -> None:
    x = torch.randn(BATCH, 3)
    weights = []
    for parts in (1, 4):
        line = Line(tmp_path / f"{parts}.pt")
        line.run.parts = parts
        taken = iter(x.repeat(5, 1).split(BATCH // parts))

        def fit(position: int, rows: int, line: Line = line, taken: Any = taken) -> Any:
            return {"fit": (line.net(next(taken)) - 1).square().mean()}

        line.train(fit, steps=5)
        weights.append(line.weights)
    assert torch.allclose(*weights, atol=1e-6)


def test_time_is_kept(tmp_path: Path) -> None:
    line = Line(tmp_path / "a.pt", minutes=1e-9)
    assert not line.train()
    assert len(line.rows) == 1
    assert Line(tmp_path / "a.pt").train()


def test_a_run_asked_to_stop_saves_first(tmp_path: Path) -> None:
    line = Line(tmp_path / "a.pt")

    def stopped(position: int, rows: int) -> dict[str, Tensor]:
        if position == 6:
            signal.raise_signal(signal.SIGINT)
        return line.compute(position, rows)

    with pytest.raises(KeyboardInterrupt, match="stopped at 7 of 40, and saved"):
        line.train(stopped)
    again = Line(tmp_path / "a.pt")
    again.train()
    assert len(again.rows) == STEPS - 7


def test_other_errors_are_not_taken_for_memory(tmp_path: Path) -> None:
    def wrong(*_: int) -> dict[str, Tensor]:
        raise RuntimeError("shapes do not fit")

    with pytest.raises(RuntimeError, match="shapes"):
        Line(tmp_path / "a.pt").train(wrong)


def test_precisions_and_devices() -> None:
    cpu = torch.device("cpu")
    assert Precision("bfloat16", cpu).dtype is torch.bfloat16
    able = torch.cpu.get_capabilities()
    native = able.get("avx512_bf16") or able.get("amx_bf16")
    assert Precision("auto", cpu).dtype is (torch.bfloat16 if native else torch.float32)
    assert Precision("auto", torch.device("cuda")).dtype is torch.bfloat16
    with pytest.raises(TrainingError, match="bfloat16 or float32 on this device"):
        Precision("float16", torch.device("cpu"))
    with pytest.raises(TrainingError, match="'cuda:99'"):
        choose_device("cuda:99")
    with joined("cpu") as world:
        assert (world.rank, world.size, world.main) == (0, 1, True)
