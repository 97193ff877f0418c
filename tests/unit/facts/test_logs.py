from typing import Any

import pytest

from monitor.facts.logs import LogBook, LogReading

NOW = 1_000_000.0


def book(**changes: Any) -> LogBook:
    settings: dict[str, Any] = {"by_pattern": False, "max_silence_seconds": 60.0, "now": NOW}
    return LogBook("tasks", **{**settings, **changes})


@pytest.mark.parametrize(
    ("by_pattern", "readings", "at", "silence"),
    [
        # (at, written at, matches)
        (False, [], 30, None),
        (False, [], 61, 61),
        (False, [(0, -500, 0)], 10, 510),
        (False, [(0, -500, 0), (5, 4, 2)], 10, 5),
        (False, [(0, None, 0)], 30, None),
        (False, [(0, None, 0)], 61, 61),
        (True, [(0, -5, 0)], 30, None),
        (True, [(0, -5, 0)], 61, 61),
        (True, [(0, -5, 0), (20, 20, 1), (40, 40, 0)], 45, 25),
        (True, [(70, 70, 1)], 75, 5),
    ],
)
def test_silence_is_known_once_something_counts_or_the_bound_is_past(
    by_pattern: bool,
    readings: list[tuple[float, float | None, int]],
    at: float,
    silence: float | None,
) -> None:
    log = book(by_pattern=by_pattern)
    for read_at, written_at, matches in readings:
        written = None if written_at is None else NOW + written_at
        log.take(LogReading(NOW + read_at, written, matches))
    assert log.facts(NOW + at).silence_seconds == silence


def test_without_a_bound_nothing_is_said_of_what_was_before() -> None:
    assert book(max_silence_seconds=None).facts(NOW + 1e6).silence_seconds is None


def test_matches_are_counted_and_those_of_the_last_minute_apart() -> None:
    log = book()
    for at, matches in ((5, 3), (30, 0), (50, 4)):
        log.take(LogReading(NOW + at, None, matches))
    assert log.facts(NOW + 59).matches_per_minute is None, "not watched for a minute yet"
    row = log.facts(NOW + 64)
    assert (row.matches, row.matches_per_minute, row.last_match_at) == (7, 7, NOW + 50)
    assert log.facts(NOW + 65).matches_per_minute == 4
    assert log.facts(NOW + 110).matches_per_minute == 0


def test_what_cannot_be_read_is_said() -> None:
    log = book()
    assert log.facts(NOW).readable is None
    log.take(LogReading(NOW, None, 0, "x.log: Permission denied"))
    row = log.facts(NOW)
    assert (row.readable, row.problem) == (False, "x.log: Permission denied")
