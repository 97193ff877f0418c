"""Since when the oldest message waits, against lists whose every message is known."""

from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.facts.queues.marks import Marks

POLL_SECONDS = 5.0

CASES = [
    # What entered and the length at each poll, 5 s apart; since which poll the oldest waits.
    ("seen for the first time", [(None, 3)], 0),
    ("nothing moves", [(None, 3), (0, 3), (0, 3)], 0),
    ("a backlog that only grows", [(None, 3), (2, 5), (9, 14)], 0),
    ("the oldest leaves, one of the same poll is next", [(None, 3), (0, 2), (0, 1)], 0),
    ("steady: as many leave as enter", [(None, 4), (2, 4), (2, 4), (2, 4)], 2),
    ("steady: half of the first poll's are left", [(None, 4), (2, 4)], 0),
    ("all of it is new each time", [(None, 4), (4, 4), (4, 4)], 2),
    ("more passed through than are there", [(None, 4), (90, 4)], 1),
    ("drained to the newest", [(None, 4), (3, 7), (0, 1)], 1),
    ("too many to count", [(None, 4), (None, 4), (0, 4)], 1),
    ("three are given back", [(None, 4), (2, 4), (0, 7), (0, 4)], 0),
]


@pytest.mark.parametrize(("what", "polls", "since"), CASES, ids=[case[0] for case in CASES])
def test_since_when_the_oldest_waits(
    what: str, polls: list[tuple[int | None, int]], since: int
) -> None:
    marks = Marks()
    for i, (entered, length) in enumerate(polls):
        found = marks.take(entered, length, i * POLL_SECONDS)
    assert found == since * POLL_SECONDS


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), min_size=1, max_size=600))
def test_what_is_said_is_never_too_old_and_lags_by_a_poll_at_the_most(
    steps: list[tuple[int, int]],
) -> None:
    marks, waiting = Marks(), deque([-POLL_SECONDS + 0.1])
    first = True
    for i, (entering, leaving) in enumerate(steps):
        at = i * POLL_SECONDS
        waiting.extend([at - POLL_SECONDS + 0.1] * entering)
        for _ in range(min(leaving, len(waiting) - 1)):
            waiting.popleft()
        since = marks.take(None if first else entering, len(waiting), at)
        first = False
        assert since >= waiting[0], "older than it is"
        if i < 256:
            assert since - waiting[0] <= POLL_SECONDS


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), min_size=1, max_size=200))
def test_the_same_holds_of_each_message_behind_the_oldest(steps: list[tuple[int, int]]) -> None:
    marks, waiting = Marks(), deque([-POLL_SECONDS + 0.1])
    for i, (entering, leaving) in enumerate(steps):
        at = i * POLL_SECONDS
        waiting.extend([at - POLL_SECONDS + 0.1] * entering)
        for _ in range(min(leaving, len(waiting) - 1)):
            waiting.popleft()
        marks.take(entering if i else None, len(waiting), at)
    for place, since in enumerate(waiting):
        assert 0 <= marks.since(place, len(waiting)) - since <= POLL_SECONDS


def test_marks_are_bounded_and_a_long_wait_stays_long() -> None:
    marks = Marks()
    marks.take(None, 1_000_000, 0.0)
    for i in range(1, 20_000):
        since = marks.take(10, 1_000_000 + 5 * i, i * POLL_SECONDS)
    assert since == 0.0
    assert len(marks._marks) <= 257
