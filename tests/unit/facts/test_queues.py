"""The book of queues: lengths, ages and consumers from successive polls."""

import pytest

from monitor.facts.consumers import Consumers
from monitor.facts.queues import QueueBook
from monitor.facts.readings import MessageHead, Poll, QueueReading, ServerReading
from monitor.facts.settings import QueueLimits
from monitor.facts.snapshot import QueueFacts

STEPS = (0, 3)
NOBODY = Consumers(known=True, workers={}, processes={})


def book(**limits: object) -> QueueBook:
    return QueueBook("default", QueueLimits(**limits), STEPS, ("high",))


def poll(at: float, lengths: tuple[int, ...], *heads: MessageHead | None) -> Poll:
    reading = QueueReading(lengths, heads or (None,) * len(lengths))
    return Poll(at, 0.001, {"high": reading}, 0, None, ServerReading())


def row(queues: QueueBook, now: float = 0.0, consumers: Consumers | None = NOBODY) -> QueueFacts:
    (facts,) = queues.facts(consumers, now)
    return facts


def test_a_queue_is_unknown_before_the_first_poll() -> None:
    facts = row(book())
    assert (facts.length, facts.oldest_age_seconds) == (None, None)


def test_an_empty_queue_is_zero_and_not_absent() -> None:
    queues = book()
    queues.apply(poll(10, (0, 0)))
    facts = row(queues)
    assert (facts.length, facts.priority_length) == (0, {0: 0, 3: 0})
    assert (facts.oldest_age_seconds, facts.oldest_age_exact) == (0.0, True)


def test_the_length_counts_all_priority_steps() -> None:
    queues = book()
    queues.apply(poll(10, (2, 5)))
    assert (row(queues).length, row(queues).priority_length) == (7, {0: 2, 3: 5})


def test_a_blind_broker_leaves_no_old_number() -> None:
    queues = book()
    queues.apply(poll(10, (2, 5)))
    queues.blind()
    facts = row(queues, consumers=None)
    assert (facts.length, facts.priority_length, facts.oldest_age_seconds) == (None, None, None)
    assert facts.max_age_seconds == 900


def head(tag: str, **fields: float) -> MessageHead:
    return MessageHead(tag, **fields)


AGES = [
    # What three polls, 5 s apart, saw at the old ends; the age at the last one; exact?
    ("the same message", [(head("a"),), (head("a"),), (head("a"),)], 10.0, False),
    ("a new message", [(head("a"),), (head("a"),), (head("b"),)], 0.0, False),
    ("a stamp", [(head("a", enqueued_at=3.0),)] * 3, 17.0, True),
    ("an ETA ahead", [(head("a", eta_at=99.0),)] * 3, None, None),
    ("an ETA passed", [(head("a", eta_at=12.0),)] * 3, 8.0, False),
    ("the older of two steps", [(head("a"), None), (head("a"), head("b"))] * 2, 15.0, False),
    ("an unreadable head beside a stamp", [(head("a", enqueued_at=3.0), None)] * 3, 17.0, False),
    ("nothing readable", [(None, None)] * 3, None, None),
    ("a stamp from the future", [(head("a", enqueued_at=99.0),)] * 3, 0.0, True),
]


@pytest.mark.parametrize(("what", "polls", "age", "exact"), AGES, ids=[case[0] for case in AGES])
def test_age_of_the_oldest_message(
    what: str, polls: list[tuple[MessageHead | None, ...]], age: float | None, exact: bool | None
) -> None:
    queues = book()
    for i, heads in enumerate(polls):
        lengths = (1, 1) if len(heads) == 2 else (1, 0)
        queues.apply(poll(10.0 + 5 * i, lengths, *heads, *(None,) * (2 - len(heads))))
    facts = row(queues)
    assert facts.oldest_age_seconds == age
    assert facts.oldest_age_exact is exact


def test_limits_come_from_the_first_glob_that_matches() -> None:
    queues = book(max_age={"high": 30.0, "*": 900.0}, max_length={"low": 10})
    queues.watch(["low"])
    high, low = queues.facts(NOBODY, 0.0)
    assert (high.max_age_seconds, high.max_length) == (30.0, None)
    assert (low.max_age_seconds, low.max_length) == (900.0, 10)


@pytest.mark.parametrize(
    ("consumers", "expected"),
    [
        (None, (None, None)),
        (Consumers(known=False, workers={"high": 1}, processes={"high": 2}), (None, None)),
        (NOBODY, (0, 0)),
        (Consumers(known=True, workers={"high": 1}, processes={"high": 2}), (1, 2)),
        (Consumers(known=True, workers={"high": 1}, processes={"high": None}), (1, None)),
    ],
)
def test_consumers_are_zero_only_when_that_is_known(
    consumers: Consumers | None, expected: tuple[int | None, int | None]
) -> None:
    queues = book()
    queues.apply(poll(10, (5, 0)))
    facts = row(queues, now=10, consumers=consumers)
    assert (facts.workers, facts.processes) == expected


def test_a_message_seen_taken_is_a_consumer_for_a_minute() -> None:
    queues = book()
    queues.apply(poll(10, (5, 0)))
    queues.apply(poll(15, (4, 0)))
    assert row(queues, now=20).workers is None
    assert row(queues, now=76).workers == 0


def test_a_row_that_did_not_change_is_not_made_anew() -> None:
    queues = book()
    queues.apply(poll(10, (0, 0)))
    first = row(queues)
    queues.apply(poll(15, (0, 0)))
    assert row(queues) is first
