"""What runs, for how long, and whether that is to be believed."""

import pytest

from monitor.facts.readings import Event, RunningTask
from monitor.facts.settings import TaskSettings
from monitor.facts.snapshot import TaskFacts
from monitor.facts.tasks.book import TaskBook

AT = 1_800_000_000.0
BOUNDED = TaskSettings(max_runtime={"app.slow*": 3600.0, "app.*": 60.0})


def book_with_a_run(name: str = "app.add", settings: TaskSettings = BOUNDED) -> TaskBook:
    book = TaskBook("default", settings)
    take(book, "task-sent", name=name, queue="high")
    take(book, "task-started")
    return book


def take(book: TaskBook, kind: str, at: float = AT, uuid: str = "u1", **fields: object) -> None:
    event = Event(type=kind, uuid=uuid, hostname="high@web1", pid=1, **fields)
    book.handlers[kind](event, at)


def tell(
    book: TaskBook, *running: RunningTask, at: float, complete: bool = True, ahead: float = 0.0
) -> None:
    book.told_running("high@web1", running, at, ahead_seconds=ahead, complete=complete)


def row(book: TaskBook, at: float, listening: bool = True) -> TaskFacts:
    (only,) = book.facts(at, listening=listening)
    return only


U1 = RunningTask("u1", "app.add", AT)


def test_a_run_is_at_it_from_its_start_to_its_end() -> None:
    book = book_with_a_run()
    assert row(book, AT + 7).longest_running_seconds == 7.0
    assert row(book, AT + 7).longest_running_on == "high@web1"
    take(book, "task-succeeded", AT + 8)
    assert row(book, AT + 9).longest_running_seconds == 0.0


@pytest.mark.parametrize("kind", ["task-failed", "task-retried", "task-revoked", "task-rejected"])
def test_however_it_ends_it_runs_no_more(kind: str) -> None:
    book = book_with_a_run()
    take(book, kind, AT + 8)
    assert row(book, AT + 9).longest_running_seconds == 0.0


def test_a_start_that_is_heard_after_the_end_does_not_begin_it_again() -> None:
    book = TaskBook("default")
    take(book, "task-sent", name="app.add", queue="high")
    take(book, "task-succeeded")
    take(book, "task-started")
    assert row(book, AT + 9).longest_running_seconds == 0.0


def test_the_longest_of_several_counts() -> None:
    book = book_with_a_run()
    take(book, "task-sent", AT + 5, "u2", name="app.add", queue="high")
    take(book, "task-started", AT + 5, "u2")
    assert row(book, AT + 7).longest_running_id == "u1"
    take(book, "task-succeeded", AT + 8, "u1")
    assert (row(book, AT + 9).longest_running_id, row(book, AT + 9).longest_running_seconds) == (
        "u2",
        4.0,
    )


def test_without_the_feed_nobody_knows_what_runs() -> None:
    book = book_with_a_run()
    blind = row(book, AT + 7, listening=False)
    assert (blind.longest_running_seconds, blind.stuck) == (None, None)


def test_past_its_bound_it_is_stuck_once_its_worker_confirms_it() -> None:
    book = book_with_a_run()
    assert (book.running.doubted(AT + 60), row(book, AT + 60).stuck) == ((), 0)
    assert book.running.doubted(AT + 61) == ("high@web1",)
    assert row(book, AT + 61).stuck is None
    tell(book, U1, at=AT + 61)
    assert row(book, AT + 62).stuck == 1
    take(book, "task-succeeded", AT + 70)
    assert row(book, AT + 70).stuck == 0


def test_a_run_that_its_worker_does_not_name_was_over_and_its_event_was_lost() -> None:
    book = book_with_a_run()
    tell(book, at=AT + 61)
    assert (row(book, AT + 62).stuck, row(book, AT + 62).longest_running_seconds) == (0, 0.0)


def test_one_of_several_processes_of_a_name_cannot_deny_what_another_runs() -> None:
    book = book_with_a_run()
    tell(book, at=AT + 61, complete=False)
    assert row(book, AT + 62).longest_running_seconds == 62.0


def test_what_began_after_the_question_is_not_missed_in_the_answer() -> None:
    book = book_with_a_run()
    tell(book, at=AT - 1)
    assert row(book, AT + 2).longest_running_seconds == 2.0


def test_the_worker_is_asked_once_a_minute_and_without_a_bound_after_ten() -> None:
    book = book_with_a_run(settings=TaskSettings())
    asked = [seconds for seconds in range(0, 800, 10) if book.running.doubted(AT + seconds)]
    assert asked == [610, 670, 730, 790]
    tell(book, U1, at=AT + 800)
    assert (row(book, AT + 801).stuck, row(book, AT + 801).max_runtime_seconds) == (None, None)


def test_the_first_glob_that_matches_is_the_bound() -> None:
    assert row(book_with_a_run("app.slow_report"), AT).max_runtime_seconds == 3600.0
    assert row(book_with_a_run("app.add"), AT).max_runtime_seconds == 60.0
    assert row(book_with_a_run("other.add"), AT).max_runtime_seconds is None


def test_what_a_dead_worker_ran_is_lost() -> None:
    book = book_with_a_run()
    book.running.lose(lambda hostname, pid: (hostname, pid) == ("high@web1", 1))
    assert row(book, AT + 7).longest_running_seconds == 7.0
    book.running.lose(lambda _hostname, _pid: False)
    assert row(book, AT + 7).longest_running_seconds == 0.0


def test_what_ran_before_the_monitor_started_is_learned_from_its_worker() -> None:
    book = TaskBook("default", BOUNDED)
    # The worker's clock is 30 s ahead.
    tell(book, RunningTask("u1", "app.add", AT - 470), at=AT, ahead=30.0)
    book.settle(AT + 2, {"high@web1": "high"}.get)
    assert (row(book, AT).name, row(book, AT).queue_name) == ("app.add", "high")
    assert row(book, AT).longest_running_seconds == 500.0
    assert book.running.doubted(AT + 2) == ("high@web1",)
    take(book, "task-succeeded", AT + 8)
    assert row(book, AT + 9).longest_running_seconds == 0.0


@pytest.mark.parametrize("started_at", [None, 12.0, AT + 500])
def test_a_start_that_cannot_be_is_taken_for_now(started_at: float | None) -> None:
    book = TaskBook("default", BOUNDED)
    tell(book, RunningTask("u1", "app.add", started_at), at=AT)
    book.settle(AT + 2, lambda _hostname: None)
    assert row(book, AT + 5).longest_running_seconds == 5.0


def test_an_answer_that_crossed_the_end_does_not_begin_it_again() -> None:
    book = book_with_a_run()
    take(book, "task-succeeded", AT + 8)
    tell(book, U1, at=AT + 7.9)
    assert row(book, AT + 9).longest_running_seconds == 0.0
