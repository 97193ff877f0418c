"""Workers that are started again, goodbyes, and who stands for whom afterwards."""

import pytest

from monitor.facts.readings import WorkerReply
from tests.unit.facts.workers.worker_bench import START, Bench


def test_a_worker_that_said_goodbye_is_not_dead() -> None:
    bench = Bench()
    bench.start("high@web1")
    bench.wait(10)
    bench.stop("high@web1")
    bench.wait(30)
    assert bench.states() == {"high@web1": "offline"}
    (row,) = bench.book.facts(bench.now)
    assert row.up is None


def test_task_events_and_late_answers_after_a_goodbye_do_not_resurrect() -> None:
    bench = Bench()
    bench.start("high@web1")
    bench.wait(10)
    bench.stop("high@web1")
    bench.book.task_event("high@web1", 1, "task-received", bench.now)
    bench.book.reply(WorkerReply(bench.now, "high@web1", pid=1, concurrency=2))
    assert bench.states() == {"high@web1": "offline"}


def test_a_goodbye_followed_by_online_is_no_outage() -> None:
    bench = Bench()
    bench.start("high@web1")
    bench.wait(10)
    bench.send("worker-offline", "high@web1")
    bench.send("worker-online", "high@web1")
    assert bench.states() == {"high@web1": "online"}
    (row,) = bench.book.facts(bench.now)
    assert row.restarts == {"true": 0, "false": 0}


def test_a_restart_under_the_same_name_is_no_death() -> None:
    bench = Bench()
    bench.start("high@web1", 1)
    bench.wait(10)
    bench.kill("high@web1", 1)
    bench.wait(1)
    bench.start("high@web1", 2)
    for _ in range(30):
        bench.wait(1)
        assert bench.states() == {"high@web1": "online"}
    (row,) = bench.book.facts(bench.now)
    assert (row.pid, row.restarts) == (2, {"true": 0, "false": 1})


def test_a_restart_after_a_goodbye_counts_as_clean() -> None:
    bench = Bench()
    bench.start("high@web1", 1)
    bench.wait(10)
    bench.stop("high@web1", 1)
    bench.start("high@web1", 2)
    bench.wait(5)
    (row,) = bench.book.facts(bench.now)
    assert (row.pid, row.restarts) == (2, {"true": 1, "false": 0})


def test_a_container_restart_shows_in_the_counter_going_back() -> None:
    bench = Bench()
    bench.start("high@web1", 1)
    bench.send("worker-heartbeat", "high@web1", processed=40)
    bench.send("worker-online", "high@web1", processed=0)
    (row,) = bench.book.facts(bench.now)
    assert row.restarts == {"true": 0, "false": 1}


def test_a_worker_that_returns_is_online_again() -> None:
    bench = Bench()
    bench.start("high@web1")
    bench.wait(10)
    bench.kill("high@web1")
    bench.seconds_until("high@web1", "dead")
    bench.start("high@web1")
    assert bench.states() == {"high@web1": "online"}


def test_a_death_is_remembered_over_a_restart() -> None:
    before = Bench()
    before.start("high@web1")
    before.wait(10)
    before.kill("high@web1")
    before.seconds_until("high@web1", "dead")
    after = before.after_restart()
    after.wait(30)
    assert after.states() == {"high@web1": "dead"}


def test_a_worker_known_by_its_tasks_only_is_replaced_by_the_next() -> None:
    bench = Bench()
    for pid in range(5):
        bench.book.task_event("quiet@web1", pid, "task-received", bench.now)
        bench.wait(70)
    assert len(bench.book.roster(last=True)) == 1


def test_a_worker_that_drains_for_long_stays_offline() -> None:
    bench = Bench()
    bench.start("high@web1")
    bench.wait(10)
    bench.stop("high@web1")
    for _ in range(4):
        bench.wait(200)
        bench.book.task_event("high@web1", 1, "task-received", bench.now)
        assert bench.states() == {"high@web1": "offline"}


def test_a_hello_without_a_goodbye_is_a_crash() -> None:
    bench = Bench()
    bench.start("high@web1")
    for _ in range(3):
        bench.wait(4)
        bench.send("worker-online", "high@web1")
    (row,) = bench.book.facts(bench.now)
    assert row.restarts == {"true": 0, "false": 3}


def test_a_restart_that_nobody_saw_is_not_counted() -> None:
    before = Bench()
    before.start("high@web1", 1)
    before.wait(10)
    after = before.after_restart()
    after.now += 5
    after.start("high@web1", 2)
    after.wait(20)
    (row,) = after.book.facts(after.now)
    assert (row.pid, row.restarts) == (2, {"true": 0, "false": 0})


def test_a_goodbye_with_running_tasks_is_draining_until_they_end() -> None:
    bench = Bench()
    bench.start("high@web1", 1, "high")
    bench.wait(10)
    bench.kill("high@web1")
    bench.send("worker-offline", "high@web1", active=2)
    (row,) = bench.book.facts(bench.now)
    assert (row.state, row.up) == ("draining", True)
    assert bench.book.consumers().workers == {}
    bench.wait(60)
    for left in ("draining", "offline"):
        bench.book.task_event("high@web1", 1, "task-succeeded", bench.now)
        assert bench.states() == {"high@web1": left}


def test_a_restart_while_tasks_still_end_is_no_second_worker() -> None:
    bench = Bench()
    bench.start("high@web1", 1)
    bench.wait(10)
    bench.kill("high@web1", 1)
    bench.send("worker-offline", "high@web1", 1, active=1)
    bench.start("high@web1", 2)
    bench.wait(20)
    bench.book.task_event("high@web1", 1, "task-succeeded", bench.now)
    bench.wait(100)
    (row,) = bench.book.facts(bench.now)
    assert (row.hostname, row.pid, row.state) == ("high@web1", 2, "online")
    assert row.restarts == {"true": 1, "false": 0}


def test_draining_ends_though_nobody_tells() -> None:
    bench = Bench()
    bench.start("high@web1")
    bench.wait(10)
    bench.kill("high@web1")
    bench.send("worker-offline", "high@web1", active=2)
    assert 595 < bench.seconds_until("high@web1", "offline", most=700) < 605


def test_a_late_goodbye_before_an_online_is_no_end() -> None:
    bench = Bench()
    bench.start("high@web1")
    bench.wait(10)
    bench.send("worker-offline", "high@web1", active=2)
    bench.send("worker-online", "high@web1", active=2)
    assert bench.states() == {"high@web1": "online"}


def test_three_crashes_in_a_quarter_of_an_hour_are_counted_and_then_forgotten() -> None:
    bench = Bench()
    for pid in range(1, 5):
        bench.start("high@web1", pid)
        bench.wait(10)
        bench.kill("high@web1", pid)
        bench.wait(2)
    bench.start("high@web1", 9)
    bench.wait(20)
    (row,) = bench.book.facts(bench.now)
    assert (row.recent_crashes, row.restarts["false"]) == (4, 4)
    bench.wait(900)
    (row,) = bench.book.facts(bench.now)
    assert (row.recent_crashes, row.restarts["false"]) == (0, 4)


@pytest.mark.parametrize(("started_before", "state"), [(-5, "dead"), (1, "dead"), (60, "offline")])
def test_a_name_that_is_not_registered_left_unless_the_broker_was_restarted(
    started_before: float, state: str
) -> None:
    bench = Bench()
    bench.start("one", 1, "q")
    bench.wait(20)
    bench.book.feed(False, bench.now)
    bench.kill("one")
    bench.registered = False
    # By its uptime, which is in whole seconds.
    bench.book.server_started(bench.now - started_before)
    bench.now += 10
    bench.book.feed(True, bench.now)
    bench.seconds_until("one", state)


def test_who_was_heard_by_a_feed_that_was_never_lost_had_the_broker_all_the_time() -> None:
    bench = Bench()
    bench.book.server_started(bench.now + 3)  # by its uptime, which is in whole seconds
    bench.start("one", 1, "q")
    bench.wait(3)
    bench.kill("one")
    assert bench.seconds_until("one", "dead") <= 15


def deployed_while_the_broker_was_away(
    new: int, *, failed_over: bool, starting_seconds: float
) -> Bench:
    """Two workers end while a broker is away, and so many others start, ready a while later."""
    bench = Bench()
    bench.start("old1", 1, "q")
    bench.wait(20.5)
    bench.start("old2", 1, "q")  # after the last beat of the other
    bench.wait(0.5)
    bench.book.feed(False, bench.now)
    for name in ("old1", "old2"):
        bench.kill(name)
    bench.now += 10
    bench.registered = failed_over  # in a replica; nobody is, in a broker that kept nothing
    bench.book.server_started(START if failed_over else bench.now)
    bench.book.server_changed(bench.now)
    bench.book.feed(True, bench.now)
    bench.wait(starting_seconds)
    for number in range(new):
        bench.start(f"new{number}", 1, "q")
    return bench


@pytest.mark.parametrize("failed_over", [False, True])
@pytest.mark.parametrize("starting_seconds", [0, 5, 25])
@pytest.mark.parametrize(("new", "dead"), [(0, 2), (1, 1), (2, 0), (3, 0)])
def test_each_worker_started_while_the_broker_was_away_stands_for_one_that_ended(
    new: int, dead: int, starting_seconds: float, failed_over: bool
) -> None:
    bench = deployed_while_the_broker_was_away(
        new, failed_over=failed_over, starting_seconds=starting_seconds
    )
    seen = set()
    for _ in range(120):
        bench.wait(0.5)
        seen |= {name for name, state in bench.states().items() if state == "dead"}
    assert len(seen) == dead
    whys = [reason for reason in bench.book.gone().values() if "nobody could be heard" in reason]
    assert len(whys) == 2 - dead


def test_a_dead_worker_is_replaced_by_one_that_came_before_it_was_given_up() -> None:
    bench = Bench()
    for name in ("one", "two"):
        bench.start(name, 1, "q")
    bench.wait(20)
    bench.kill("one")
    bench.wait(4)
    bench.start("three", 1, "q")
    bench.seconds_until("one", "dead")
    bench.wait(3)
    assert bench.states()["one"] == "dead"  # told all the same
    bench.wait(10)
    assert bench.states() == {"two": "online", "three": "online"}
    assert "its queues have their processes back" in str(bench.book.gone())


@pytest.mark.parametrize("running", [0, 1])
@pytest.mark.parametrize("starting_seconds", [3, 30])
def test_a_worker_that_was_restarted_does_not_stand_for_another_that_was_killed(
    starting_seconds: float, running: int
) -> None:
    bench = Bench()
    for name in ("killed", "restarted"):
        bench.start(name, 1, "q")
    bench.wait(20)
    bench.kill("killed")
    bench.kill("restarted")
    bench.send("worker-offline", "restarted", active=running)
    bench.wait(starting_seconds)
    bench.start("restarted", 2, "q")
    bench.seconds_until("killed", "dead")
    bench.wait(120)
    assert bench.states() == {"killed": "dead", "restarted": "online"}
    bench.start("successor", 1, "q")
    bench.wait(10)
    assert bench.states() == {"restarted": "online", "successor": "online"}


def test_what_is_kept_of_a_dead_worker_is_kept_as_it_was_then() -> None:
    bench = Bench()
    for name in ("killed", "restarted"):
        bench.start(name, 1, "q")
    bench.wait(20)
    bench.kill("killed")
    bench.stop("restarted")
    bench.seconds_until("killed", "dead")

    def lacked() -> dict[str, int]:
        (entry,) = (each for each in bench.book.roster(last=False) if each.hostname == "killed")
        return entry.processes_before

    before = lacked()
    bench.start("restarted", 2, "q")
    bench.wait(1)
    assert (before, lacked()) == ({"q": 2}, {"q": 4})
