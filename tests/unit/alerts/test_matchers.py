import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.alerts.matchers import (
    MAX_PATTERN,
    Matcher,
    MatcherError,
    make_matcher,
    match_all,
    parse_matchers,
)

LABELS = {"alertname": "QueueTooOld", "queue_name": "high", "note": 'a "b"\\\n'}


@pytest.mark.parametrize(
    ("text", "matchers"),
    [
        ('alertname="X"', [("alertname", "=", "X")]),
        ("alertname=X", [("alertname", "=", "X")]),
        (" alertname = X ", [("alertname", "=", "X")]),
        ('a!="x"', [("a", "!=", "x")]),
        ('a=~"x|y"', [("a", "=~", "x|y")]),
        ("a!~x.*", [("a", "!~", "x.*")]),
        ('{a="x", b=~"y"}', [("a", "=", "x"), ("b", "=~", "y")]),
        ('{a="x",}', [("a", "=", "x")]),
        ("a=x,b=y", [("a", "=", "x"), ("b", "=", "y")]),
        ("{}", []),
        ("", []),
        ('a=""', [("a", "=", "")]),
        ("a=", [("a", "=", "")]),
        # A bare value ends at a comma and nowhere else.
        ("a=two words", [("a", "=", "two words")]),
        ("a=~x{1}", [("a", "=~", "x{1}")]),
        ("{a=~x{1}}", [("a", "=~", "x{1}")]),
        ("a=x=y", [("a", "=", "x=y")]),
        ('a="x,y"', [("a", "=", "x,y")]),
        ('a="}"', [("a", "=", "}")]),
        (r'a="\"\\\n\d"', [("a", "=", '"\\\n\\d')]),
        ('"a b"="x"', [("a b", "=", "x")]),
    ],
)
def test_what_is_written_is_what_alertmanager_reads(text, matchers):
    assert parse_matchers(text) == tuple(Matcher(*matcher) for matcher in matchers)


@pytest.mark.parametrize(
    ("text", "message", "offset"),
    [
        ("WorkerDead", "is not a matcher: write it like alertname=", 0),
        ("a==x", None, None),
        ('a="x" b="y"', "is not a matcher", 0),
        ('a="x', "is not a matcher", 0),
        ('a=x"y', "is not a matcher", 0),
        ('{a="x"', "a '{' without its '}'", 0),
        ("a=x,,b=y", "is not a matcher", 4),
        ("1a=x", "is not a matcher", 0),
        ('ok=1,a=~"("', "is not a regular expression: ", 8),
        ("a=~" + "x" * (MAX_PATTERN + 1), "is longer than 1000 characters", 3),
        ("a=~x{99999999999}", "is not a regular expression: ", 3),
    ],
)
def test_a_mistake_is_named_with_its_place(text, message, offset):
    if message is None:
        # As in Alertmanager, the second sign belongs to the value.
        assert parse_matchers(text) == (Matcher("a", "=", "=x"),)
        return
    with pytest.raises(MatcherError) as caught:
        parse_matchers(text)
    assert str(caught.value).startswith(message)
    assert caught.value.offset == offset


@pytest.mark.parametrize(
    ("text", "hit"),
    [
        ("queue_name=high", True),
        ("queue_name=hig", False),
        ("queue_name!=low", True),
        # A regular expression must match the whole value.
        ("queue_name=~hig", False),
        ("queue_name=~hig.", True),
        ("queue_name!~hig", True),
        ("queue_name!~.*", False),
        # A label that is not there counts as empty.
        ("hostname=", True),
        ("hostname!=", False),
        ("hostname=~.*", True),
        ("hostname=~.+", False),
        ("hostname!=x", True),
    ],
)
def test_which_labels_match(text, hit):
    (matcher,) = parse_matchers(text)
    assert matcher.matches(LABELS) is hit


def test_all_must_match_and_none_match_everything():
    assert match_all(parse_matchers("queue_name=high,alertname=~Queue.*"), LABELS)
    assert not match_all(parse_matchers("queue_name=high,alertname=WorkerDead"), LABELS)
    assert match_all((), LABELS)


OPS = {"=": (False, True), "!=": (False, False), "=~": (True, True), "!~": (True, False)}


@given(st.text(), st.sampled_from(["=", "!="]))
def test_a_matcher_reads_back_as_it_is_printed(value, op):
    matcher = Matcher("a_label", op, value)
    assert parse_matchers(str(matcher)) == (matcher,)
    assert parse_matchers(f"{{{matcher},}}") == (matcher,)


@pytest.mark.parametrize("op", OPS)
def test_the_parts_of_the_api_make_the_same_matcher(op):
    is_regex, is_equal = OPS[op]
    made = make_matcher("a", "x.", is_regex=is_regex, is_equal=is_equal)
    assert parse_matchers(f"a{op}x.") == (made,)
    assert (made.is_regex, made.is_equal) == (is_regex, is_equal)


def test_a_regular_expression_of_the_api_is_checked_too():
    with pytest.raises(MatcherError):
        make_matcher("a", "(", is_regex=True, is_equal=True)


@pytest.mark.timeout(10)
@pytest.mark.parametrize(
    "text", ["a=" + " " * 8_000 + 'b"', "a=" + "b " * 4_000 + '"', " " * 8_000 + '"', '"' * 8_000]
)
def test_no_text_of_a_stranger_takes_long(text):
    with pytest.raises(MatcherError):
        parse_matchers(text)


@given(st.text())
def test_any_text_is_read_or_refused(text):
    try:
        parse_matchers(text)
    except MatcherError as error:
        assert 0 <= error.offset <= len(text)
