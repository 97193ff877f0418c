import pytest

from monitor.config.scalars import Scalar, ScalarError, resolve, substitute


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("~", None),
        ("null", None),
        ("true", True),
        ("False", False),
        ("0", 0),
        ("-12", -12),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        ("2024-01-01", "2024-01-01"),
        ("127.0.0.1:9808", "127.0.0.1:9808"),
        ("10.20.30", "10.20.30"),
        ("y", "y"),
        ("high", "high"),
        ("30s", "30s"),
    ],
)
def test_a_plain_scalar_means_what_every_reader_says(text: str, value: Scalar) -> None:
    read = resolve(text)
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(
    "text",
    ["on", "Off", "YES", "no", "010", "-01", "0_1", "12:30", "1:30:00.5", "0x1F", "0b1", "0o17",
     "1_000", "9" * 5000, ".inf", "-.INF", ".nan"],
)  # fmt: skip
def test_a_scalar_on_which_readers_differ_is_refused(text: str) -> None:
    with pytest.raises(ScalarError, match="in quotes"):
        resolve(text)


def test_references_are_replaced_once_and_their_values_are_not_read_again() -> None:
    environ = {"A": "${B}", "B": "b"}
    assert substitute("${A}-${B}-$${B}-$B-{B}", environ) == "${B}-b-${B}-$B-{B}"


@pytest.mark.parametrize(
    ("text", "offset"), [("ab${NO}", 2), ("${A}${A", 4), ("${A}${}", 4), ("${a b}", 0)]
)
def test_a_reference_that_cannot_be_replaced_is_placed(text: str, offset: int) -> None:
    with pytest.raises(ScalarError) as caught:
        substitute(text, {"A": "a"})
    assert caught.value.offset == offset
