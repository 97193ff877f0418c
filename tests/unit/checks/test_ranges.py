"""The range syntax, against the Monitoring Plugins guidelines' own definition of it."""

from math import inf, nextafter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.checks.ranges import parse_range

# Written, a value, and whether it alerts. The first five rows of values are the guidelines' own
# table of examples.
CASES = [
    ("10", -1, True),
    ("10", 0, False),
    ("10", 10, False),
    ("10", 10.001, True),
    ("10:", 9.999, True),
    ("10:", 10, False),
    ("10:", 1e12, False),
    ("~:10", -1e12, False),
    ("~:10", 10, False),
    ("~:10", 11, True),
    ("10:20", 9, True),
    ("10:20", 10, False),
    ("10:20", 20, False),
    ("10:20", 21, True),
    ("@10:20", 9, False),
    ("@10:20", 10, True),
    ("@10:20", 15, True),
    ("@10:20", 20, True),
    ("@10:20", 21, False),
    ("@10", -1, False),
    ("@10", 0, True),
    ("@10", 10, True),
    ("@10", 11, False),
    ("@10:", 9, False),
    ("@10:", 10, True),
    ("@~:10", -5, True),
    ("@~:10", 11, False),
    ("0", 0, False),
    ("0", 0.5, True),
    ("@0", 0, True),
    ("0:0", 0, False),
    ("0:", -0.1, True),
    ("1:", 0, True),
    (":10", -1, True),
    (":10", 5, False),
    ("~:", -1e12, False),
    ("~:", 1e12, False),
    ("@~:", 0, True),
    ("-5:5", -6, True),
    ("-5:5", -5, False),
    ("-20:-10", -15, False),
    ("-20:-10", -9, True),
    ("~:-1", 0, True),
    ("~:-1", -1, False),
    ("0.5", 0.51, True),
    ("0.5:1.5", 1.5, False),
    (".5", 0.4, False),
    ("5.", 5, False),
    ("10", inf, True),
    ("10:", inf, False),
    ("@10:", inf, True),
    ("5:5", 5, False),
    ("5:5", 4, True),
    ("900", 900, False),
]


@pytest.mark.parametrize(("text", "value", "alert"), CASES)
def test_a_value_alerts_as_the_guidelines_say(text: str, value: float, alert: bool) -> None:
    assert parse_range(text).alerts(value) is alert


@pytest.mark.parametrize(
    "text",
    ["", "@", ":", "~", "@~", "a", "10:a", "1,5", "10::20", "10:20:30", "10%", "1e3", "inf", "nan",
     "~10", "10:~", "~:~", "@@10", "10@", " 10", "10 ", "+5", "--5", "20:10", "0:-1", "-5", "٣"],
)  # fmt: skip
def test_what_is_no_range_is_refused_and_quoted(text: str) -> None:
    with pytest.raises(ValueError, match="is not a range") as caught:
        parse_range(text)
    assert repr(text) in str(caught.value)


numbers = st.integers(-(10**6), 10**6) | st.decimals(-(10**4), 10**4, places=3)


@given(st.booleans(), st.none() | numbers, st.none() | numbers, st.floats(-2e6, 2e6))
def test_any_range_is_its_two_ends_and_what_lies_between(
    inside: bool, start: object, end: object, value: float
) -> None:
    low = -inf if start is None else float(str(start))
    high = inf if end is None else float(str(end))
    text = f"{'@' * inside}{'~' if start is None else start}:{'' if end is None else end}"
    if low > high:
        with pytest.raises(ValueError, match="greater"):
            parse_range(text)
        return
    parsed = parse_range(text)
    for each in (value, low, high, nextafter(low, -inf), nextafter(high, inf)):
        assert parsed.alerts(each) is ((low <= each <= high) == inside)


@given(numbers)
def test_a_lone_number_is_the_end_of_a_range_that_starts_at_zero(end: object) -> None:
    if float(str(end)) < 0:
        with pytest.raises(ValueError, match="greater"):
            parse_range(str(end))
    else:
        assert parse_range(str(end))[:3] == parse_range(f"0:{end}")[:3]
