import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.values.names import LIMIT_BYTES, as_utf8, bounded, printable

NAMES = st.text(st.characters(codec=None), max_size=400) | st.integers(200, 12_000).map(
    lambda n: "é" * n
)


@pytest.mark.parametrize("name", ["", "high", "hoch-ü", 'a "b"\nc', "x" * LIMIT_BYTES])
def test_an_ordinary_name_stands_for_itself(name: str) -> None:
    assert bounded(name) == name


@given(NAMES)
def test_any_name_becomes_bounded_and_valid_text(name: str) -> None:
    assert len(bounded(name).encode("utf-8", "strict")) <= LIMIT_BYTES


@pytest.mark.parametrize("name", ["x" * 10_000, "ü" * 200, "bad\udcff", "\ud800"])
def test_a_name_that_was_changed_says_so(name: str) -> None:
    assert "~" in bounded(name)


def test_names_that_differ_only_past_the_cut_stay_two() -> None:
    assert bounded("x" * 300 + "a") != bounded("x" * 300 + "b")
    assert bounded("caf\udce9") != bounded("caf\udce8")
    assert bounded("caf\udce9") != bounded(r"caf\udce9")


def test_a_cut_never_splits_a_character() -> None:
    for shift in range(4):
        assert "\ufffd" not in bounded("x" * shift + "😀" * 100)


def test_bytes_that_are_no_utf8_are_escaped() -> None:
    assert as_utf8("a\udcff ü") == "a\\udcff ü"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("an ü and a 队列", "an ü and a 队列"),
        ("two\nlines\r\t", r"two\nlines\r\t"),
        ("\x00\x1b[31m\x9b", r"\x00\x1b[31m\x9b"),
        ("right\u202eto left\u2066", r"right\u202eto left\u2066"),
        ("caf\udce9", r"caf\udce9"),
    ],
)
def test_what_cannot_be_printed_is_an_escape(text: str, shown: str) -> None:
    assert printable(text) == shown
