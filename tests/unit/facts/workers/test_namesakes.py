"""Workers that share a node name: who of them lives, and what they consume together."""

from monitor.facts.readings import Event, WorkerReply
from tests.unit.facts.workers.worker_bench import Bench


def test_the_death_of_one_does_not_hide_behind_others_of_its_name() -> None:
    bench = Bench()
    for pid in (11, 12, 13):
        bench.start("celery@web1", pid)
    bench.wait(10)
    bench.kill("celery@web1", 12)
    assert bench.seconds_until("celery@web1#12", "dead") <= 15
    assert bench.states() == {
        "celery@web1#11": "online",
        "celery@web1#12": "dead",
        "celery@web1#13": "online",
    }


def test_of_a_shared_name_it_is_known_how_many_consume_a_queue() -> None:
    bench = Bench()
    for pid in (11, 12, 13):
        bench.start("celery@web1", pid, "high", "low")
        bench.wait(0.5)
    bench.wait(20)
    consumers = bench.book.consumers()
    assert (consumers.known, consumers.workers) == (True, {"high": 3, "low": 3})
    # Whose slots are whose, nobody knows.
    assert consumers.processes == {"high": None, "low": None}
    bench.kill("celery@web1", 12)
    bench.seconds_until("celery@web1#12", "dead")
    assert not bench.book.consumers().known
    bench.wait(10)
    consumers = bench.book.consumers()
    assert (consumers.known, consumers.workers) == (True, {"high": 2, "low": 2})


def test_of_a_shared_name_nothing_is_known_until_each_has_answered() -> None:
    bench = Bench()
    for pid in (11, 12):
        bench.start("celery@web1", pid, "high")
    bench.answering.discard(("celery@web1", 12))
    bench.wait(20)
    assert not bench.book.consumers().known


def test_a_death_counts_though_the_queues_were_told_before_the_name_was_shared() -> None:
    bench = Bench()
    bench.start("celery@web1", 11)
    bench.wait(10)
    for pid in (12, 13):
        bench.start("celery@web1", pid)
    bench.wait(10)
    bench.kill("celery@web1", 11)
    bench.seconds_until("celery@web1#11", "dead")
    bench.wait(10)
    assert bench.states()["celery@web1#11"] == "dead"


def test_who_had_started_while_another_was_heard_is_not_its_successor() -> None:
    bench = Bench()
    bench.start("celery@web1", 11)
    bench.now += 1.5
    bench.start("celery@web1", 12)
    bench.kill("celery@web1", 11)  # before it was heard again
    bench.book.reply(WorkerReply(bench.now, "celery@web1", pid=12, uptime_seconds=3.0))
    assert bench.seconds_until("celery@web1#11", "dead") <= 35


def test_shared_names_are_remembered_over_a_restart() -> None:
    before = Bench()
    for pid in (11, 12):
        before.start("celery@web1", pid)
    before.wait(10)
    after = before.after_restart()
    assert set(after.states()) == {"celery@web1#11", "celery@web1#12"}


def test_who_alone_is_left_of_a_name_shares_it_with_nobody_over_a_restart() -> None:
    before = Bench()
    for pid in (11, 12):
        before.start("celery@web1", pid)
    before.wait(10)
    before.stop("celery@web1", 11)
    after = before.after_restart()
    after.start("celery@web1", 12)
    assert after.states() == {"celery@web1": "online"}
    assert after.book.shared_names == set()


def test_nobody_is_taken_for_the_successor_of_a_neighbour_over_a_restart() -> None:
    before = Bench()
    for pid in (11, 12, 13):
        before.start("celery@web1", pid)
        before.wait(0.5)
    before.wait(10)
    after = before.after_restart()
    after.start("celery@web1", 11)
    after.start("celery@web1", 13)
    assert after.seconds_until("celery@web1#12", "dead") <= 15


def test_a_name_is_shared_only_while_it_is() -> None:
    bench = Bench()
    bench.start("high@web1", 1, "high")
    bench.wait(10)
    bench.start("high@web1", 2, "high")
    bench.wait(10)
    assert set(bench.states()) == {"high@web1#1", "high@web1#2"}
    bench.stop("high@web1", 1)
    bench.wait(310)
    assert bench.states() == {"high@web1": "online"}
    assert bench.book.consumers().workers == {"high": 1}


def test_an_event_without_a_pid_is_no_other_process() -> None:
    bench = Bench()
    bench.start("high@web1", 1)
    bench.book.event(Event(type="worker-heartbeat", hostname="high@web1"), bench.now)
    bench.wait(60)
    assert bench.states() == {"high@web1": "online"}


def test_of_workers_with_one_name_the_hung_one_is_named() -> None:
    bench = Bench()
    for pid in (11, 12, 13):
        bench.start("celery@web1", pid)
    bench.wait(10)
    bench.hang("celery@web1", 12)
    assert bench.seconds_until("celery@web1#12", "hung") <= 20
    assert [*bench.states().values()].count("online") == 2
