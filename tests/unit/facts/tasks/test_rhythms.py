"""Rhythms: learned only from what is steady, kept through what is not, and never alerted on."""

import random
from bisect import bisect_right
from collections.abc import Sequence

import pytest

from monitor.facts.settings import ScheduleSettings
from monitor.facts.snapshot import ScheduleFacts
from monitor.facts.tasks.rhythms import Came, Known, RhythmBook, came
from monitor.facts.tasks.series import TaskSeries

POLL_SECONDS = 5.0


def live(book: RhythmBook, times: Sequence[float], until: float) -> None:
    """Look every five seconds, from 0 on, at a task that comes at `times`."""
    book.listen(True, 0.0)
    polls = 1
    while polls * POLL_SECONDS <= until:
        now = polls * POLL_SECONDS
        past = bisect_right(times, now)
        tasks = {"app.report": Came("sent", past, times[past - 1])} if past else {}
        book.take(tasks, now)
        polls += 1


def every(period: float, count: int, start: float = 1.0) -> list[float]:
    return [start + period * i for i in range(count)]


CASES = [
    # When it came, and the period that is learned.
    ("every minute", every(60, 7), 60.0),
    ("every ten seconds, less a little", every(9.99, 8), 10.0),
    ("once too few", every(60, 6), None),
    ("a little off", [1, 62, 121, 182, 241, 301, 362], 60.0),
    ("more than a little off", [*every(60, 6), 301.0 + 70], None),
    ("never the same", [1, 20, 70, 150, 160, 300, 320, 400], None),
    ("faster than anybody looks", every(3, 200), None),
    ("two at a time", sorted(every(60, 9) + every(60, 9, start=1.5)), None),
    ("one left out once it is known", [at for at in every(60, 14) if at != 1 + 60 * 9], 60.0),
    ("one more by hand once it is known", sorted([*every(60, 14), 500.0]), 60.0),
    ("another period from then on", every(60, 8) + every(100, 8, start=521.0), 100.0),
    ("it loses its rhythm", [*every(60, 8), 430, 530, 570, 700, 705], None),
]  # fmt: skip


@pytest.mark.parametrize(("what", "times", "period"), CASES, ids=[case[0] for case in CASES])
def test_a_period_is_learned_from_what_is_steady(
    what: str, times: list[float], period: float | None
) -> None:
    book = RhythmBook("default", ())
    live(book, times, times[-1] + POLL_SECONDS)
    assert [row.period_seconds for row in book.facts(times[-1])] == ([period] if period else [])


@pytest.mark.parametrize("seed", range(20))
def test_what_comes_by_chance_has_no_rhythm(seed: int) -> None:
    dice, times = random.Random(seed), [1.0]
    while times[-1] < 20_000:
        times.append(times[-1] + dice.expovariate(1 / 60))
    book = RhythmBook("default", ())
    live(book, times, times[-1])
    assert book.facts(times[-1]) == ()


def only(book: RhythmBook, now: float) -> ScheduleFacts:
    (row,) = book.facts(now)
    return row


def test_a_rhythm_that_stops_is_overdue_and_never_missed() -> None:
    book = RhythmBook("default", ())
    live(book, every(60, 7), 400.0)
    on_time, late = only(book, 420.0), only(book, 430.0)
    assert (on_time.due_at, late.due_at) == (None, 421.0)
    assert late.reason == "learned from when it came, never alerted on: it is overdue"
    assert (late.learned, on_time.missed, late.missed) == (True, None, None)


def test_a_rhythm_is_known_over_a_restart_and_not_overdue_before_it_came() -> None:
    before = RhythmBook("default", ())
    live(before, every(60, 7), 400.0)
    assert before.known == {"app.report": Known(60.0, 361.0)}
    after = RhythmBook("default", (), before.known)
    after.listen(True, 5_000.0)
    row = only(after, 6_000.0)
    assert (row.period_seconds, row.due_at) == (60.0, None)
    after.take({"app.report": Came("sent", 1, 6_010.0)}, 6_011.0)
    assert only(after, 6_080.0).due_at == 6_070.0


def test_a_break_in_the_feed_is_no_gap() -> None:
    book = RhythmBook("default", ())
    live(book, every(60, 7), 365.0)
    book.listen(False, 370.0)
    book.listen(True, 1_000.0)
    assert only(book, 2_000.0).due_at is None
    for times, at in ((8, 1_021.0), (9, 1_081.0)):
        book.take({"app.report": Came("sent", times, at)}, at)
    assert only(book, 1_150.0).due_at == 1_141.0


def test_what_does_not_come_for_a_day_is_forgotten_once_it_had_its_chance() -> None:
    book = RhythmBook("default", (), {"app.report": Known(3_600.0, 0.0)})
    book.listen(True, 200_000.0)
    book.take({}, 200_000.0 + 3_600)
    assert len(book.facts(0.0)) == 1
    book.take({}, 200_000.0 + 7_201)
    assert book.facts(0.0) == ()


def test_what_was_declared_is_not_shown_twice() -> None:
    declared = ScheduleSettings(task="app.report", every=60.0)
    book = RhythmBook("default", [declared], {"app.report": Known(60.0, 0.0)})
    assert book.facts(0.0) == ()


def test_what_is_followed_and_shown_is_bounded() -> None:
    book = RhythmBook("default", (), {f"app.t{n}": Known(60.0, 0.0) for n in range(500)})
    book.listen(True, 0.0)
    book.take({f"app.x{n}": Came("sent", 1, 1.0) for n in range(10_000)}, 5.0)
    assert len(book._followed) == 2_000
    assert len(book.facts(5.0)) == 200


def test_a_task_came_when_it_was_sent_or_where_that_is_not_told_received() -> None:
    high, low, other = (TaskSeries("app.report", q) for q in ("high", "low", "unknown"))
    for series, sent_at in ((high, 10.0), (low, 30.0)):
        series.counts["task-sent"] = 2
        series.last_sent_at = sent_at
    other.counts["task-received"], other.last_received_at = 9, 40.0
    assert came([high, low, other]) == {"app.report": Came("sent", 4, 30.0, 40.0)}
    assert came([other]) == {"app.report": Came("received", 9, 40.0, 40.0)}
    assert came([TaskSeries("unknown", "high")]) == {}
