import pytest

from monitor.alerts.tokens import MAX_TOKENS, ExpressionError, tokenize


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("100", "number", 100.0),
        ("0.85", "number", 0.85),
        ("90s", "seconds", 90.0),
        ("1h30m", "seconds", 5400.0),
        ("500ms", "seconds", 0.5),
        ("10MB", "bytes", 10_000_000.0),
        ("1.5GiB", "bytes", 1.5 * 2**30),
        ('"dead"', "text", "dead"),
        ("'dead'", "text", "dead"),
        ("oldest_age", "name", "oldest_age"),
        (">=", "operator", ">="),
    ],
)
def test_each_word_has_a_kind_and_a_value_in_base_units(text, kind, value):
    (token, end) = tokenize(text)
    assert (token.kind, token.value, end.kind) == (kind, value, "end")


def test_words_know_their_place():
    assert [(token.text, token.start) for token in tokenize("length >  5m")] == [
        ("length", 0),
        (">", 7),
        ("5m", 10),
        ("", 12),
    ]


@pytest.mark.parametrize(
    ("text", "message", "offset"),
    [
        ("length = 3", "unexpected '=': write == to compare", 7),
        ("up && up", "unexpected '&': write and", 3),
        ("!up", "unexpected '!': write not", 0),
        ("x > 85%", "unexpected '%': there is no percent: write 0.85 for 85 %", 6),
        ('state == "dead', "unexpected '\"': a quote is not closed", 9),
        ("length > 5 § 3", "unexpected '§'", 11),
        (
            "length > 5x",
            "'5x' is not a number, a duration like 90s or 1h30m, or a size like 10MB",
            9,
        ),
        ("1 " * MAX_TOKENS + "1", "longer than 200 words: split the rule", 400),
    ],
)
def test_a_mistake_is_named_with_its_place(text, message, offset):
    with pytest.raises(ExpressionError) as caught:
        tokenize(text)
    assert (caught.value.message, caught.value.offset) == (message, offset)
