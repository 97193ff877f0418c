from hypothesis import given
from hypothesis import strategies as st

from monitor.web.labels import LIMIT_BYTES, bounded, label_text

names = st.text(st.characters(codec=None), max_size=400) | st.integers(200, 12_000).map(
    lambda n: "é" * n
)


@given(names)
def test_a_label_value_is_bounded_and_valid_utf8(name: str) -> None:
    assert len(bounded(name).encode("utf-8", "strict")) <= LIMIT_BYTES


def test_a_name_that_fits_is_not_changed() -> None:
    for name in ("", "celery@web1", "warteschlänge", "x" * 256, 'a "quoted"\nname'):
        assert bounded(name) == name


def test_names_that_differ_only_past_the_cut_stay_two() -> None:
    assert bounded("x" * 300 + "a") != bounded("x" * 300 + "b")
    assert bounded("caf\udce9") != bounded("caf\udce8")
    assert bounded("caf\udce9") != bounded(r"caf\udce9")


def test_a_cut_never_splits_a_character() -> None:
    for shift in range(4):
        assert "�" not in bounded("x" * shift + "😀" * 100)


def test_quotes_backslashes_and_newlines_are_escaped() -> None:
    assert label_text(("a", "b"), ("\\n\n", '"')) == r'a="\\n\n",b="\""'
