import re
import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.checks.output import rendered, status_line
from monitor.checks.result import (
    CRITICAL,
    OK,
    UNKNOWN,
    WARNING,
    Item,
    Result,
    Value,
    from_plain,
    to_plain,
    unknown,
)
from tests.unit.hostile import HOSTILE

HIGH = Item(
    CRITICAL, "high: length 900 (outside 500)", (Value("high_length", 900, "", "100", "500"),)
)
LOW = Item(OK, "low: length 3", (Value("low_length", 3, "", "100", "500"),))
MID = Item(WARNING, "mid: length 150 (outside 100)", (Value("mid_length", 150, "", "100", "500"),))
DARK = Item(UNKNOWN, "dark: length is not known", (Value("dark_length", None, ""),))


@pytest.mark.parametrize(
    ("items", "line"),
    [
        ([], "QUEUES OK - "),
        ([LOW], "QUEUES OK - low: length 3"),
        ([LOW, LOW, LOW, LOW], "QUEUES OK - 4 queues"),
        ([LOW, MID], "QUEUES WARNING - mid: length 150 (outside 100)"),
        (
            [LOW, MID, HIGH],
            "QUEUES CRITICAL - high: length 900 (outside 500) (and 1 more); 2 of 3 queues",
        ),
        ([DARK, LOW], "QUEUES UNKNOWN - dark: length is not known"),
        (
            [DARK, MID],
            "QUEUES UNKNOWN - dark: length is not known (and 1 more); 2 of 2 queues",
        ),
        (
            [DARK, HIGH],
            "QUEUES CRITICAL - high: length 900 (outside 500) (and 1 more); 2 of 2 queues",
        ),
    ],
)
def test_one_line_names_the_worst(items: list[Item], line: str) -> None:
    assert status_line(Result.of("queues", items)) == line


def test_each_level_of_verbosity_says_more() -> None:
    result = Result.of("queues", [LOW, MID, HIGH])
    assert rendered(result, 1).splitlines() == [
        "QUEUES CRITICAL - high: length 900 (outside 500); mid: length 150 (outside 100); "
        "2 of 3 queues | high_length=900;100;500 low_length=3;100;500 mid_length=150;100;500"
    ]
    assert rendered(result, 2, ["asked"]).splitlines()[1:] == [
        "CRITICAL: high: length 900 (outside 500)",
        "WARNING: mid: length 150 (outside 100)",
        "OK: low: length 3",
    ]
    assert rendered(result, 3, ["asked"]).splitlines()[-1] == "asked"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (Value("length", 5), "length=5"),
        (Value("length", 5, "", "100"), "length=5;100"),
        (Value("length", 5, "", "", "@500"), "length=5;;@500"),
        (Value("age", 12.5, "s", "60", "~:300"), "age=12.5s;60;~:300"),
        (Value("used", 1_343_448, "B"), "used=1343448B"),
        (Value("processed", 7.0, "c"), "processed=7c"),
        (Value("age", None, "s"), "age=U"),
        (Value("drain", float("inf"), "s", "60"), "drain=U;60"),
        (Value("tiny", 0.0000001, "s"), "tiny=0s"),
        (Value("huge", 1e21), "huge=1000000000000000000000"),
        (Value("skew", -1.25, "s"), "skew=-1.25s"),
        (Value("two words", 1), "'two words'=1"),
        (Value("it's", 1), "'it''s'=1"),
        (Value("a=b", 1), "a_b=1"),
        (Value("a|b", 1), "a¦b=1"),
        (Value("", 1), "''=1"),
    ],
)
def test_performance_data_is_as_the_guidelines_write_it(value: Value, written: str) -> None:
    line = rendered(Result.of("queues", [Item(OK, "fine", (value,))]), 0)
    assert line == f"QUEUES OK - fine | {written}"


def test_whole_objects_are_left_out_of_performance_data_that_nobody_would_read() -> None:
    names = [f"queue{number:04}" for number in range(999)]
    items = [
        Item(OK, name, (Value(f"{name}_length", 1), Value(f"{name}_age", 1))) for name in names
    ]
    output = rendered(Result.of("queues", reversed(items)), 2)
    assert len(output.encode()) <= 8_000
    kept = output.partition(" | ")[2].splitlines()[0].split(" ")
    assert len(kept) % 2 == 0 and kept[0] == "queue0000_length=1"


hostile = st.text(max_size=300) | st.sampled_from(["' or ''='", *HOSTILE.values()])


@given(hostile, st.sampled_from([OK, WARNING, CRITICAL, UNKNOWN]))
def test_no_name_ends_the_line_or_begins_performance_data(name: str, level: int) -> None:
    result = Result.of("queues", [Item(level, f"{name}: 1", (Value(f"{name}_length", 1),))])
    output = rendered(result, 0)
    assert len(output.splitlines()) == 1
    assert output.count("|") == 1
    label, _, value = output.rpartition("|")[2].strip().rpartition("=")
    assert value == "1" and "=" not in label
    assert len(output.encode()) < 2_000
    if "'" not in name:
        assert len(shlex.split(label)) == 1


@given(hostile)
def test_a_result_survives_the_way_to_the_plugin(name: str) -> None:
    item = Item(WARNING, name, (Value(name, 1.5, "s", "1", "2"), Value("x", None)))
    result = Result.of("queues", [item], note=name, values=(Value("n", 3),))
    assert from_plain(to_plain(result)) == result


@pytest.mark.parametrize(
    "change",
    [
        {"level": 4},
        {"level": "0"},
        {"level": True},
        {"items": None},
        {"items": [1]},
        {"items": [{"level": 0, "text": 1, "values": []}]},
        {"note": None},
        {"values": [{"label": "x"}]},
        {"values": [{**Value("x", 1)._asdict(), "value": "1"}]},
        {"values": [{**Value("x", 1)._asdict(), "value": True}]},
    ],
)
def test_what_is_no_result_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"^not "):
        from_plain({**to_plain(unknown("queues", "")), **change})


@pytest.mark.parametrize("document", [None, 1, "x", [], {}, {"status": "ok"}])
def test_another_servers_answer_is_refused(document: object) -> None:
    with pytest.raises(ValueError, match="not the result"):
        from_plain(document)


def test_every_printed_number_is_of_digits_alone() -> None:
    number = re.compile(r"-?[0-9]+(\.[0-9]+)?")
    for value in (1e-9, 1e20, 123456.789, -0.001, 0.1 + 0.2):
        line = rendered(Result.of("x", [Item(OK, "", (Value("v", value),))]), 0)
        assert number.fullmatch(line.rpartition("=")[2])
