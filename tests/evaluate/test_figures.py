import pytest

from soundedit.evaluate.figures import Figure, table


def test_bounds() -> None:
    assert Figure("a", "A", "s", 1.0, 1.0).met is True
    assert Figure("a", "A", "s", 1.1, 1.0).met is False
    assert Figure("a", "A", "frames/s", 41.0, 40, at_least=True).met is True
    assert Figure("a", "A", "frames/s", 39.0, 40, at_least=True).met is False
    assert Figure("a", "A", "s", 1.0).met is None
    assert Figure("a", "A", "s", None, 1.0).met is None


def test_table() -> None:
    figures = [
        Figure("a", "frames alone", "frames/s", 61.27, 40, at_least=True),
        Figure("b", "playhead moved", "ms", 12.3456, 60),
        Figure("c", "a phrase", "ms", 0.1234),
        Figure("d", "memory", "MB", None, 1500),
    ]
    assert table(figures).splitlines() == [
        "| what | wanted | measured |",
        "|---|---|---|",
        "| frames alone | >= 40 frames/s | 61.3 frames/s |",
        "| playhead moved | <= 60 ms | 12.3 ms |",
        "| a phrase |  | 0.12 ms |",
        "| memory | <= 1500 MB | not measured |",
    ]


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0"), (0.004, "0"), (9.999, "10"), (100.4, "100"), (1234.5, "1234")]
)
def test_numbers(value: float, text: str) -> None:
    assert table([Figure("a", "A", "s", value)]).endswith(f"| {text} s |")


def test_facts() -> None:
    assert Figure("a", "A", "s", 2, 1.0).facts() == {
        "name": "a",
        "what": "A",
        "unit": "s",
        "value": 2.0,
        "wanted": 1.0,
        "at_least": False,
        "met": False,
    }
