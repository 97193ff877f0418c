"""What a silence means: workers that hang, work silently or are killed beside such."""

import pytest

from tests.unit.facts.workers.worker_bench import Bench


def test_a_silent_listener_may_be_a_worker_in_its_first_long_task() -> None:
    bench = Bench()
    bench.strangers = 1
    bench.book.registered({"solo@web1"}, bench.now)
    bench.wait(40)
    assert not bench.book.consumers().known
    bench.wait(600)
    assert bench.book.consumers().known


def test_without_control_silence_alone_tells() -> None:
    bench = Bench()
    bench.book.control(False)
    bench.start("high@web1")
    bench.wait(10)
    bench.kill("high@web1")
    # Longer than with control: a hung broker must be found out first.
    assert 15 < bench.seconds_until("high@web1", "dead") < 20
    (row,) = bench.book.facts(bench.now)
    assert "not asked" in row.reason
    assert not bench.book.consumers().known


@pytest.mark.parametrize("strangers", [0, 2])
def test_a_silent_worker_whose_connection_is_open_is_hung_and_one_that_resumes_is_online(
    strangers: int,
) -> None:
    bench = Bench()
    bench.strangers = strangers
    bench.start("high@web1")
    bench.start("low@web1")
    bench.wait(20)
    bench.hang("high@web1")
    assert bench.seconds_until("high@web1", "hung") <= 20
    (row, _) = bench.book.facts(bench.now)
    assert row.up is False
    assert "its connection to the broker is open" in row.reason
    bench.resume("high@web1")
    bench.wait(3)
    assert bench.states() == {"high@web1": "online", "low@web1": "online"}


@pytest.mark.parametrize("end", ["hung", "dead"])
@pytest.mark.parametrize("listening_seconds", [0, 294, 297, 299])
@pytest.mark.parametrize("said_hello", [True, False])
@pytest.mark.parametrize("lived_seconds", [0, 0.5, 3])
def test_a_worker_is_known_for_what_it_is_from_its_first_sign_of_life(
    end: str, listening_seconds: float, said_hello: bool, lived_seconds: float
) -> None:
    bench = Bench()
    bench.wait(listening_seconds)  # everybody is asked every 300 s
    bench.start("new@web1")
    if not said_hello:
        bench.book = Bench(now=bench.now).book
        bench.wait(1)  # it answers, before its next beat
    bench.wait(lived_seconds)
    if end == "hung":
        bench.hang("new@web1")
    else:
        bench.kill("new@web1")
    # One that has only said hello and does not listen may still be starting.
    only_hello = said_hello and not lived_seconds and end == "dead"
    assert bench.seconds_until("new@web1", end) <= (35 if only_hello else 15)


def test_a_worker_that_starts_slowly_is_no_death() -> None:
    bench = Bench()
    bench.start("new@web1")
    bench.kill("new@web1")
    bench.wait(25)
    assert bench.states() == {"new@web1": "late"}
    bench.resume("new@web1")
    bench.wait(5)
    assert bench.states() == {"new@web1": "online"}


@pytest.mark.parametrize("strangers", [0, 1])
def test_a_census_does_not_take_a_worker_too_young_to_answer_for_somebody_else(
    strangers: int,
) -> None:
    bench = Bench()
    bench.strangers = strangers
    bench.start("old@web1")
    bench.wait(298)  # everybody is asked every 300 s
    bench.start("new@web1")
    bench.hang("new@web1")
    bench.seconds_until("new@web1", "hung")
    bench.wait(400)
    bench.kill("old@web1")
    assert bench.seconds_until("old@web1", "dead") <= 15
    assert bench.states()["new@web1"] == "hung"


def test_a_hung_worker_that_is_killed_is_dead_soon() -> None:
    bench = Bench()
    bench.start("high@web1")
    bench.start("low@web1")
    bench.wait(20)
    bench.hang("high@web1")
    bench.seconds_until("high@web1", "hung")
    bench.wait(30)
    bench.kill("high@web1")
    assert bench.seconds_until("high@web1", "dead") <= 15


def test_one_that_is_killed_beside_one_that_hangs_is_dead() -> None:
    bench = Bench()
    for name in ("a@h", "b@h", "c@h"):
        bench.start(name)
    bench.wait(20)
    bench.hang("a@h")
    bench.seconds_until("a@h", "hung")
    bench.kill("b@h")
    assert bench.seconds_until("b@h", "dead") <= 15
    assert bench.states() == {"a@h": "hung", "b@h": "dead", "c@h": "online"}


def test_of_two_that_fall_silent_at_once_nobody_claims_to_know_which_one_hangs() -> None:
    bench = Bench()
    for name in ("a@h", "b@h", "c@h"):
        bench.start(name)
    bench.wait(20)
    bench.hang("a@h")
    bench.kill("b@h")
    bench.wait(20)
    rows = [row for row in bench.book.facts(bench.now) if row.hostname != "c@h"]
    assert {row.state for row in rows} == {"hung", "dead"}
    assert all("which cannot be told" in row.reason for row in rows)


@pytest.mark.parametrize("pool", ["solo", "gevent", "eventlet"])
def test_a_pool_that_blocks_is_busy_while_a_task_runs_and_hung_after_patience(pool: str) -> None:
    bench = Bench()
    bench.pools["slow@web1"] = pool
    bench.start("slow@web1")
    bench.wait(20)
    bench.book.task_event("slow@web1", 1, "task-started", bench.now)
    bench.hang("slow@web1")
    assert bench.seconds_until("slow@web1", "busy") <= 20
    (row,) = bench.book.facts(bench.now)
    assert row.up is True
    assert pool in row.reason
    assert 580 < bench.seconds_until("slow@web1", "hung", most=700) < 600


@pytest.mark.parametrize("outage", ["the feed was down", "this process was stopped"])
def test_a_silence_that_nobody_could_hear_teaches_no_patience(outage: str) -> None:
    bench = Bench()
    bench.pools["slow@web1"] = "solo"
    bench.start("slow@web1")
    bench.wait(20)
    if outage == "the feed was down":
        bench.book.feed(False, bench.now)
        bench.now += 60
        bench.book.feed(True, bench.now)
    else:
        bench.now += 60
        bench.book.deaf(bench.now)
    bench.wait(40)
    bench.kill("slow@web1")
    assert bench.seconds_until("slow@web1", "dead") <= 15


@pytest.mark.parametrize("restarted", [True, False])
def test_patience_is_for_a_silence_that_could_be_heard(restarted: bool) -> None:
    bench = Bench()
    bench.pools["slow@web1"] = "solo"
    bench.start("slow@web1")
    bench.wait(20)
    if restarted:
        bench = Bench(roster=bench.book.roster(last=True), now=bench.now + 700)
    else:
        bench.book.feed(False, bench.now)
        bench.now += 700
        bench.book.feed(True, bench.now)
    bench.book.in_flight(1)
    bench.hang("slow@web1")
    bench.wait(60)
    (row,) = bench.book.facts(bench.now)
    assert (row.state, row.reason.startswith("silent for 7")) == ("busy", True)


def with_solo_worker_in_a_task() -> Bench:
    """Return a bench with the worker slow@web1, whose message is in flight."""
    bench = Bench()
    bench.pools["slow@web1"] = "solo"
    bench.start("slow@web1")
    bench.wait(20)
    bench.book.in_flight(1)
    return bench


@pytest.mark.parametrize(("found_busy", "polled_after"), [(True, 0), (True, 5), (False, 0)])
def test_a_worker_too_busy_to_connect_anew_to_a_restarted_broker_is_not_dead(
    found_busy: bool, polled_after: float
) -> None:
    bench = with_solo_worker_in_a_task()
    bench.hang("slow@web1")
    if found_busy:
        bench.seconds_until("slow@web1", "busy")
    bench.book.feed(False, bench.now)
    bench.kill("slow@web1")  # that is, its connection
    bench.now += 3
    bench.registered = False
    bench.book.feed(True, bench.now)
    bench.wait(polled_after)
    seen = set(bench.states().values())
    bench.book.server_changed(bench.now)
    bench.book.server_started(bench.now - polled_after - 1)
    bench.book.in_flight(0)
    for _ in range(120):
        bench.wait(5)
        seen |= set(bench.states().values())
    assert seen <= {"online", "late", "busy"}
    bench.resume("slow@web1")
    bench.wait(5)
    assert bench.states() == {"slow@web1": "online"}


def test_a_worker_that_goes_with_its_broker_in_a_task_is_found_after_patience() -> None:
    bench = with_solo_worker_in_a_task()
    bench.book.feed(False, bench.now)
    bench.kill("slow@web1")
    bench.now += 3
    bench.book.server_changed(bench.now)
    bench.book.feed(True, bench.now)
    assert 600 < bench.seconds_until("slow@web1", "hung", most=700) < 620


def test_a_busy_worker_that_is_killed_is_dead_soon() -> None:
    bench = with_solo_worker_in_a_task()
    bench.hang("slow@web1")
    bench.seconds_until("slow@web1", "busy")
    bench.wait(100)
    bench.kill("slow@web1")
    assert bench.seconds_until("slow@web1", "dead") <= 15


def test_a_prefork_worker_beats_while_it_works_and_is_hung_when_it_does_not() -> None:
    bench = Bench()
    bench.start("high@web1")
    bench.wait(20)
    bench.book.task_event("high@web1", 1, "task-started", bench.now)
    bench.hang("high@web1")
    assert bench.seconds_until("high@web1", "hung") <= 20


def test_a_worker_that_never_answered_is_not_taken_for_hung() -> None:
    bench = Bench()
    bench.start("deaf@web1")
    bench.answering.clear()
    bench.wait(20)
    bench.beating.clear()
    assert bench.seconds_until("deaf@web1", "dead") <= 15


def test_a_hung_worker_is_told_again_after_a_restart() -> None:
    before = Bench()
    before.start("high@web1")
    before.wait(10)
    before.hang("high@web1")
    before.seconds_until("high@web1", "hung")
    after = before.after_restart()
    after.hanging.add(("high@web1", 1))
    assert after.seconds_until("high@web1", "hung") <= 20
