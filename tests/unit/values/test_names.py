import pytest

from monitor.values.names import LIMIT_BYTES, as_utf8, bounded


@pytest.mark.parametrize("name", ["", "high", "hoch-ü", "a\nb", "x" * LIMIT_BYTES])
def test_an_ordinary_name_stands_for_itself(name):
    assert bounded(name) == name


@pytest.mark.parametrize("name", ["x" * 10_000, "ü" * 200, "bad\udcff", "\ud800"])
def test_any_other_name_is_cut_to_valid_text_and_says_so(name):
    text = bounded(name)
    assert len(text.encode()) <= LIMIT_BYTES
    assert "~" in text


def test_names_that_differ_only_past_the_cut_stay_two():
    assert bounded("x" * 300 + "a") != bounded("x" * 300 + "b")


def test_bytes_that_are_no_utf8_are_escaped():
    assert as_utf8("a\udcff ü") == "a\\udcff ü"
