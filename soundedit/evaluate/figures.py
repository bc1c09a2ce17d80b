"""A measured figure, what was wanted of it, and the table of them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Figure:
    """One line of the table: `value` in `unit`, None if it could not be measured here.

    `wanted` is the bound to keep, an upper one unless `at_least`; None where none is set.
    """

    name: str
    what: str
    unit: str
    value: float | None
    wanted: float | None = None
    at_least: bool = False

    @property
    def met(self) -> bool | None:
        """Whether the bound is kept; None where there is no bound or no value."""
        if self.wanted is None or self.value is None:
            return None
        return self.value >= self.wanted if self.at_least else self.value <= self.wanted

    def facts(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "name": self.name,
            "what": self.what,
            "unit": self.unit,
            "value": None if self.value is None else float(self.value),
            "wanted": self.wanted,
            "at_least": self.at_least,
            "met": self.met,
        }


def table(figures: Sequence[Figure]) -> str:
    """A Markdown table: what | wanted | measured."""
    rows = ["| what | wanted | measured |", "|---|---|---|"]
    for figure in figures:
        wanted = ""
        if figure.wanted is not None:
            sign = ">=" if figure.at_least else "<="
            wanted = f"{sign} {number(figure.wanted)} {figure.unit}".rstrip()
        measured = "not measured"
        if figure.value is not None:
            measured = f"{number(figure.value)} {figure.unit}".rstrip()
        rows.append(f"| {figure.what} | {wanted} | {measured} |")
    return "\n".join(rows)


def number(value: float) -> str:
    """Three significant digits, at most two decimals, never an exponent."""
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    decimals = min(max(2 - math.floor(math.log10(abs(value))), 0), 2)
    text = f"{value:.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
