"""Workers that beat and take nothing, told from those that have nothing to take."""

from collections.abc import Callable

import pytest

from monitor.facts.readings import WorkerReply
from monitor.facts.workers.consumers import count_consumers
from monitor.facts.workers.consuming import Consuming
from monitor.facts.workers.process import Process
from tests.unit.facts.workers.worker_bench import Bench


def worker(name: str = "a@h", active: int = 0) -> Process:
    made = Process(name, 1, 0.0)
    made.active, made.processed, made.concurrency, made.queues = active, 7, 2, ("high",)
    return made


def polled(
    process: Process, polls: int = 6, waiting: int = 5, book: Consuming | None = None
) -> Consuming:
    book = book or Consuming()
    for _ in range(polls):
        book.polled((process,), (), {"high": waiting, "low": 9})
    return book


def test_one_that_takes_nothing_and_holds_nothing_does_not_consume() -> None:
    process = worker()
    book = polled(process)
    assert process.consuming is None
    assert book.doubted(100.0) == ("a@h",)
    book.told("a@h", reserved=0)
    assert process.consuming is False
    polled(process, 1, waiting=8, book=book)
    assert process.consuming is False


def test_its_queues_are_passed_by() -> None:
    process = worker()
    polled(process).told("a@h", reserved=0)
    assert count_consumers([process], {}, everybody=True).passed_by == {"high"}


def test_one_that_keeps_messages_back_is_not_accused() -> None:
    process = worker()
    book = polled(process)
    book.told("a@h", reserved=3)
    assert process.consuming is None
    assert count_consumers([process], {}, everybody=True).passed_by == frozenset()


def test_it_is_asked_once_a_minute_until_it_is_sure() -> None:
    book = polled(worker())
    assert [bool(book.doubted(at)) for at in (100.0, 101.0, 159.0, 160.0)] == [
        True, False, False, True,
    ]  # fmt: skip
    book.told("a@h", reserved=0)
    assert book.doubted(300.0) == ()


@pytest.mark.parametrize(
    ("what", "meanwhile"),
    [
        ("it took one", lambda p: setattr(p, "processed", 8)),
        ("it is busy", lambda p: setattr(p, "active", 2)),
    ],
)
def test_one_that_works_consumes(what: str, meanwhile: Callable[[Process], None]) -> None:
    process = worker()
    book = polled(process)
    book.told("a@h", reserved=0)
    meanwhile(process)
    polled(process, 1, book=book)
    assert process.consuming is True


@pytest.mark.parametrize("waiting", [0, 4], ids=["nothing waits", "others take them"])
def test_where_fewer_wait_nobody_is_accused(waiting: int) -> None:
    process = worker()
    book = polled(process)
    book.told("a@h", reserved=0)
    polled(process, 1, waiting=waiting, book=book)
    assert process.consuming is True


def test_nothing_is_said_of_one_that_is_not_heard() -> None:
    process = worker()
    process.state = "late"
    polled(process)
    assert process.consuming is None


def test_nothing_is_said_while_the_broker_cannot_be_read() -> None:
    process = worker()
    book = polled(process)
    book.told("a@h", reserved=0)
    book.blind([process])
    assert process.consuming is None
    polled(process, 1, book=book)
    assert process.consuming is True


def consuming(bench: Bench) -> list[bool | None]:
    return [row.consuming for row in bench.book.facts(bench.now)]


def test_what_was_said_of_one_is_not_said_of_two_who_share_its_name() -> None:
    bench = Bench()
    bench.start("one", 1, "high")
    bench.wait(5)
    for _ in range(7):
        bench.book.waiting({"high": 5})
        bench.book.reply(WorkerReply(bench.now, "one", reserved=0))
    assert consuming(bench) == [False]
    bench.start("one", 2, "high")
    bench.wait(5)
    bench.book.waiting({"high": 5})
    assert consuming(bench) == [None, None]


def test_nobody_is_said_to_consume_while_the_broker_cannot_be_read() -> None:
    bench = Bench()
    bench.start("one", 1, "high")
    bench.wait(5)
    bench.book.waiting({"high": 0})
    assert consuming(bench) == [True]
    bench.book.deaf(bench.now)
    assert consuming(bench) == [None]
