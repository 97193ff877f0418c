"""The book of queues: lengths, ages and consumers from successive polls."""

import pytest

from monitor.facts.queues.book import QueueBook
from monitor.facts.queues.flow import Traffic
from monitor.facts.readings import Entered, MessageHead, Poll, QueueReading, ServerReading
from monitor.facts.settings import QueueLimits
from monitor.facts.snapshot import QueueFacts
from monitor.facts.workers.consumers import Consumers

STEPS = (0, 3)
NOBODY = Consumers(known=True, workers={}, processes={})


def book(**limits: object) -> QueueBook:
    return QueueBook("default", QueueLimits(**limits), STEPS, ("high",))


def poll(at: float, lengths: tuple[int, ...], *heads: MessageHead | None) -> Poll:
    oldest = tuple(() if head is None else (head,) for head in heads)
    reading = QueueReading(lengths, oldest or ((),) * len(lengths))
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
    ("only an ETA ahead", [(head("a", eta_at=99.0),)] * 3, 0.0, True),
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


LATER = {"eta_at": 1e6}
BEHIND = [
    # What three polls, 5 s apart, saw at the old end of five messages; the age at the last one.
    ("none of them is due, and more are there", [[head(t, **LATER) for t in "abc"]] * 3, None),
    ("none of them is due, and that is all", [[head(t, **LATER) for t in "abcde"]] * 3, 0.0),
    ("one is due behind two that are not",
     [[head("a", **LATER), head("b", **LATER), head("c")]] * 3, 10.0),
    ("one is stamped behind one that is not due",
     [[head("a", **LATER), head("b", enqueued_at=3.0)]] * 3, 17.0),
    ("those before it are taken",
     [[head("a", **LATER), head("b")], [head("b")], [head("b")]], 10.0),
    ("one is given back before it",
     [[head("b")], [head("b")], [head("a", **LATER), head("b")]], 10.0),
    ("an ETA that has come counts from then",
     [[head("a", eta_at=14.0), head("b", **LATER), head("c", enqueued_at=17.0)]] * 3, 6.0),
]  # fmt: skip


@pytest.mark.parametrize(("what", "polls", "age"), BEHIND, ids=[case[0] for case in BEHIND])
def test_a_message_that_waits_for_its_eta_hides_no_age(
    what: str, polls: list[list[MessageHead]], age: float | None
) -> None:
    queues = book()
    for i, heads in enumerate(polls):
        reading = QueueReading((5, 0), (tuple(heads), ()))
        queues.apply(Poll(10.0 + 5 * i, 0.001, {"high": reading}, 0, None, ServerReading()))
    assert row(queues).oldest_age_seconds == age


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


def steady(queues: QueueBook, polls: int, at: float, *, entered: int, length: int) -> None:
    """Take so many polls, 5 s apart, between each of which as many came as went."""
    for i in range(polls):
        reading = QueueReading(
            (length, 0), ((head(f"t{at + i}"),), ()), (Entered(entered, length), None)
        )
        queues.apply(Poll(at + 5 * i, 0.001, {"high": reading}, 0, None, ServerReading()))


def test_a_steady_backlog_has_rates_an_age_and_a_verdict() -> None:
    queues = book()
    steady(queues, 20, 100.0, entered=10, length=40)
    facts = row(queues, consumers=Consumers(known=True, workers={"high": 1}, processes={"high": 1}))
    assert (facts.arrival_rate, facts.dispatch_rate) == (2.0, 2.0)
    assert facts.drain_seconds == float("inf")
    assert facts.oldest_age_seconds == 15.0
    assert facts.verdict == "growing"


def test_an_idle_queue_is_ok_and_flows_not_at_all() -> None:
    queues = book()
    for at in (10, 15):
        queues.apply(poll(at, (0, 0)))
    facts = row(queues)
    assert (facts.verdict, facts.arrival_rate, facts.drain_seconds) == ("ok", 0.0, 0.0)


def test_a_blind_broker_leaves_no_rate_and_no_verdict() -> None:
    queues = book()
    steady(queues, 10, 100.0, entered=10, length=40)
    queues.blind()
    facts = row(queues, consumers=None)
    assert (facts.verdict, facts.arrival_rate, facts.drain_seconds) == (None, None, None)


def test_a_queue_that_is_always_seen_empty_has_the_rates_of_its_events() -> None:
    queues = book()
    for i in range(4):
        traffic = {"high": Traffic(10 * i, 10 * i, runtime_seconds=5.0 * i, runs=10 * i)}
        queues.apply(poll(100 + 5 * i, (0, 0)), NOBODY, traffic)
    facts = row(queues)
    assert (facts.arrival_rate, facts.dispatch_rate, facts.verdict) == (2.0, 2.0, "ok")
    assert facts.processes_needed == 1


def test_messages_given_back_are_neither_progress_nor_a_stall() -> None:
    queues = book()
    free = Consumers(
        known=True, workers={"high": 1}, processes={"high": 2}, slot_free={"high": True}
    )
    for i in range(30):
        given_back = 4 * (i // 3)
        first = head(f"back{given_back}", enqueued_at=1e9)
        reading = QueueReading(
            (40 + given_back, 0), ((first,), ()), (Entered(0, 40 + given_back), None)
        )
        queues.apply(Poll(5.0 * i, 0.001, {"high": reading}, 0, None, ServerReading()), free)
        assert row(queues, now=1e6, consumers=free).verdict is None
