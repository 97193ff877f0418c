"""The book of workers: silence, death, goodbyes, restarts and shared names."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.facts.readings import Event, Headcount, RosterEntry, WorkerReply
from monitor.facts.scopes import WORKER_STATES
from monitor.facts.settings import WorkerSettings
from monitor.facts.workers import WorkerBook

START = 1000.0
FREQ = 2.0


class Bench:
    """A book, a clock, and workers that beat until they are told otherwise."""

    def __init__(
        self, *, now: float = START, roster: tuple[RosterEntry, ...] = (), listening: bool = True
    ) -> None:
        self.now = now
        self.book = WorkerBook("default", WorkerSettings(), now, roster)
        self.beating: dict[tuple[str, int], int] = {}
        self.answering: set[tuple[str, int]] = set()
        self.hanging: set[tuple[str, int]] = set()
        self.pools: dict[str, str] = {}
        self.strangers = 0
        self.queues: dict[str, tuple[str, ...]] = {}
        self.registered = True
        if listening:
            self.book.feed(True, now)

    def start(self, hostname: str, pid: int = 1, *queues: str) -> None:
        self.queues[hostname] = queues or ("normal",)
        self.beating[hostname, pid] = 0
        self.answering.add((hostname, pid))
        self.send("worker-online", hostname, pid)

    def kill(self, hostname: str, pid: int = 1) -> None:
        self.beating.pop((hostname, pid), None)
        self.answering.discard((hostname, pid))
        self.hanging.discard((hostname, pid))

    def hang(self, hostname: str, pid: int = 1) -> None:
        self.kill(hostname, pid)
        self.hanging.add((hostname, pid))

    def resume(self, hostname: str, pid: int = 1) -> None:
        self.hanging.discard((hostname, pid))
        self.beating[hostname, pid] = 0
        self.answering.add((hostname, pid))

    def stop(self, hostname: str, pid: int = 1) -> None:
        self.kill(hostname, pid)
        self.send("worker-offline", hostname, pid)

    def send(self, kind: str, hostname: str, pid: int = 1, **fields: object) -> None:
        event = {"freq": FREQ, "active": 0, "processed": 0, "timestamp": self.now} | fields
        self.book.event(Event(type=kind, hostname=hostname, pid=pid, **event), self.now)

    def wait(self, seconds: float) -> None:
        """Let time pass as the daemon does: beats, steps, questions and answers."""
        for _ in range(round(seconds * 2)):
            self.now += 0.5
            if self.now % FREQ == 0:
                for hostname, pid in self.beating:
                    self.send("worker-heartbeat", hostname, pid)
            self.book.step(self.now)
            wanted = self.book.wanted(self.now)
            if wanted.listen:
                self.book.listened(self.headcount().listeners)
            if wanted:
                self.answer(None if wanted.census else {*wanted.ping, *wanted.introduce})
                registered = dict.fromkeys(wanted.ping, self.registered)
                self.book.asked(wanted, self.now, registered, self.headcount())

    def headcount(self) -> Headcount:
        present = Counter(hostname for hostname, _ in self.answering)
        return Headcount(len(self.answering) + len(self.hanging) + self.strangers, present)

    def answer(self, hostnames: set[str] | None) -> None:
        for hostname, pid in self.answering:
            if hostnames is None or hostname in hostnames:
                self.book.reply(
                    WorkerReply(
                        self.now,
                        hostname,
                        pid=pid,
                        concurrency=2,
                        pool=self.pools.get(hostname, "prefork"),
                    )
                )
                self.book.reply(WorkerReply(self.now, hostname, queues=self.queues[hostname]))

    def states(self) -> dict[str, str | None]:
        return {row.hostname: row.state for row in self.book.facts(self.now)}

    def seconds_until(self, hostname: str, state: str, most: float = 60.0) -> float:
        began = self.now
        while self.states().get(hostname) != state:
            assert self.now - began < most, self.states()
            self.wait(0.5)
        return self.now - began


def test_a_killed_worker_is_dead_within_fifteen_seconds() -> None:
    bench = Bench()
    bench.start("high@web1")
    bench.wait(20)
    bench.kill("high@web1")
    assert bench.seconds_until("high@web1", "dead") <= 15


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


def test_a_silent_worker_that_answers_is_not_dead() -> None:
    bench = Bench()
    bench.start("high@web1")
    bench.wait(10)
    bench.beating.clear()
    for _ in range(60):
        bench.wait(1)
        assert bench.states()["high@web1"] in ("online", "late")


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
    assert bench.seconds_until("celery@web1#11", "dead") <= 15


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


def test_a_dead_worker_is_let_go_when_its_queues_have_their_processes_back() -> None:
    bench = Bench()
    bench.start("high@pod-a", 1, "high")
    bench.wait(10)
    bench.kill("high@pod-a")
    bench.seconds_until("high@pod-a", "dead")
    bench.start("high@pod-b", 1, "high")
    bench.wait(10)
    assert bench.states() == {"high@pod-b": "online"}
    assert "replaced" in bench.book.gone()["default", "high@pod-a"]


def test_a_dead_worker_whose_queues_lack_processes_stays_dead_until_forgotten() -> None:
    bench = Bench()
    bench.start("high@pod-a", 1, "high")
    bench.start("low@pod-b", 1, "low")
    bench.wait(10)
    bench.kill("high@pod-a")
    bench.seconds_until("high@pod-a", "dead")
    bench.wait(3590)
    assert bench.states()["high@pod-a"] == "dead"
    bench.wait(20)
    assert bench.states() == {"low@pod-b": "online"}
    assert "forgotten" in bench.book.gone()["default", "high@pod-a"]


def test_a_worker_that_returns_is_online_again() -> None:
    bench = Bench()
    bench.start("high@web1")
    bench.wait(10)
    bench.kill("high@web1")
    bench.seconds_until("high@web1", "dead")
    bench.start("high@web1")
    assert bench.states() == {"high@web1": "online"}


def test_nobody_dies_while_the_feed_is_down() -> None:
    bench = Bench()
    bench.start("high@web1")
    bench.wait(10)
    bench.book.feed(False, bench.now)
    bench.kill("high@web1")
    bench.wait(60)
    (row,) = bench.book.facts(bench.now)
    assert (row.state, row.up) == (None, None)


def test_after_an_outage_workers_get_the_time_that_celery_takes_to_come_back() -> None:
    bench = Bench()
    bench.start("high@web1")
    bench.wait(10)
    bench.book.feed(False, bench.now)
    bench.kill("high@web1")
    bench.wait(100)
    bench.book.feed(True, bench.now)
    # After 100 s the pauses between its tries are 20 s long.
    assert 20 < bench.seconds_until("high@web1", "dead") < 45


def test_silence_while_this_process_was_stopped_proves_nothing() -> None:
    bench = Bench()
    bench.start("high@web1")
    bench.wait(10)
    bench.now += 300
    bench.book.deaf(bench.now)
    bench.book.step(bench.now)
    assert bench.states() == {"high@web1": "online"}


def roster_of(bench: Bench) -> tuple[RosterEntry, ...]:
    return bench.book.roster()


def test_a_worker_that_died_while_the_monitor_was_down_is_reported() -> None:
    before = Bench()
    before.start("high@web1")
    before.wait(10)
    after = Bench(roster=roster_of(before))
    assert after.states() == {"high@web1": "unknown"}
    assert after.seconds_until("high@web1", "dead") <= 15


def test_a_worker_that_left_while_the_monitor_was_down_is_not_dead() -> None:
    before = Bench()
    before.start("high@web1")
    before.wait(10)
    after = Bench(roster=roster_of(before), now=before.now)
    after.registered = False
    assert after.seconds_until("high@web1", "offline") <= 15


def test_a_broker_that_restarted_has_forgotten_its_registry() -> None:
    before = Bench()
    before.start("high@web1")
    before.wait(10)
    after = Bench(roster=roster_of(before))
    after.registered = False
    after.book.server_started(START + 100)
    assert after.seconds_until("high@web1", "dead") <= 15


def test_a_death_is_remembered_over_a_restart() -> None:
    before = Bench()
    before.start("high@web1")
    before.wait(10)
    before.kill("high@web1")
    before.seconds_until("high@web1", "dead")
    after = Bench(roster=roster_of(before))
    after.wait(30)
    assert after.states() == {"high@web1": "dead"}


def test_shared_names_are_remembered_over_a_restart() -> None:
    before = Bench()
    for pid in (11, 12):
        before.start("celery@web1", pid)
    before.wait(10)
    after = Bench(roster=roster_of(before))
    assert set(after.states()) == {"celery@web1#11", "celery@web1#12"}


def test_nobody_is_taken_for_the_successor_of_a_neighbour_over_a_restart() -> None:
    before = Bench()
    for pid in (11, 12, 13):
        before.start("celery@web1", pid)
        before.wait(0.5)
    before.wait(10)
    after = Bench(roster=roster_of(before), now=before.now)
    after.start("celery@web1", 11)
    after.start("celery@web1", 13)
    assert after.seconds_until("celery@web1#12", "dead") <= 15


def test_a_worker_without_heartbeats_or_answers_is_never_called_dead() -> None:
    bench = Bench()
    bench.book.task_event("quiet@web1", 7, "task-received", bench.now)
    assert bench.states() == {"quiet@web1": "online"}
    assert bench.seconds_until("quiet@web1", "unknown", most=120) > 60
    bench.wait(300)
    assert bench.states() == {"quiet@web1": "unknown"}


def test_what_is_unknown_is_forgotten_and_until_then_hides_no_consumer() -> None:
    bench = Bench()
    bench.book.task_event("quiet@web1", 7, "task-received", bench.now)
    bench.seconds_until("quiet@web1", "unknown", most=120)
    assert not bench.book.consumers().known
    bench.wait(3700)
    assert bench.states() == {}
    assert bench.book.consumers().known


def test_a_worker_known_by_its_tasks_only_is_replaced_by_the_next() -> None:
    bench = Bench()
    for pid in range(5):
        bench.book.task_event("quiet@web1", pid, "task-received", bench.now)
        bench.wait(70)
    assert len(bench.book.roster()) == 1


def test_a_worker_that_drains_for_long_stays_offline() -> None:
    bench = Bench()
    bench.start("high@web1")
    bench.wait(10)
    bench.stop("high@web1")
    for _ in range(4):
        bench.wait(200)
        bench.book.task_event("high@web1", 1, "task-received", bench.now)
        assert bench.states() == {"high@web1": "offline"}


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


@pytest.mark.parametrize("freq", [-5.0, 0.0, 1e-9, 1e308])
def test_a_rhythm_that_cannot_be_is_not_believed(freq: float) -> None:
    bench = Bench()
    bench.start("high@web1")
    bench.send("worker-heartbeat", "high@web1", freq=freq)
    bench.wait(10)
    bench.kill("high@web1")
    assert 6 <= bench.seconds_until("high@web1", "dead") <= 15


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
    after = Bench(roster=roster_of(before))
    after.now += 5
    after.start("high@web1", 2)
    after.wait(20)
    (row,) = after.book.facts(after.now)
    assert (row.pid, row.restarts) == (2, {"true": 0, "false": 0})


def test_deaths_at_once_know_what_was_there_before() -> None:
    bench = Bench()
    for name in ("a@h", "b@h"):
        bench.start(name, 1, "high")
    bench.wait(10)
    for name in ("a@h", "b@h"):
        bench.kill(name)
    bench.seconds_until("a@h", "dead")
    bench.seconds_until("b@h", "dead")
    bench.start("c@h", 1, "high")
    bench.wait(10)
    # One of two came back: the queue is not what it was.
    assert bench.states() == {"a@h": "dead", "b@h": "dead", "c@h": "online"}


def test_long_dead_names_are_one_summary_and_hide_no_consumer() -> None:
    bench = Bench()
    bench.start("high@web1")
    names = {f"gone{i}@web1" for i in range(1000)} | {"high@web1"}
    bench.book.registered(names, bench.now)
    bench.wait(40)
    assert (bench.book.unheard, len(bench.book.newly_unheard())) == (1000, 1000)
    rows = bench.book.facts(bench.now)
    assert Counter(row.state for row in rows) == {"online": 1, "unknown": 20}
    assert all(row.up is None for row in rows if row.state == "unknown")
    assert bench.book.consumers().known


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


def test_a_beat_that_was_asked_for_does_not_change_the_rhythm() -> None:
    bench = Bench()
    bench.start("high@web1")
    bench.book.event(
        Event(type="worker-heartbeat", hostname="high@web1", pid=1, freq=500), bench.now
    )
    bench.wait(10)
    bench.kill("high@web1")
    assert bench.seconds_until("high@web1", "dead") <= 15


@pytest.mark.parametrize("ahead_seconds", [3600.0, -3600.0, 0.0])
def test_a_workers_clock_is_used_for_its_skew_only(ahead_seconds: float) -> None:
    bench = Bench()
    for delay_seconds in (0.2, 0.0, 0.1):
        bench.now += 2
        sent_at = bench.now + ahead_seconds - delay_seconds
        bench.send("worker-heartbeat", "high@web1", timestamp=sent_at)
    (row,) = bench.book.facts(bench.now)
    assert row.clock_skew_seconds == pytest.approx(ahead_seconds)
    assert bench.book.event_lag_seconds == pytest.approx(0.1)
    assert row.state == "online"


def test_consumers_are_unknown_until_everybody_has_told() -> None:
    bench = Bench()
    assert not bench.book.consumers().known
    bench.start("high@web1", 1, "high")
    bench.wait(5)
    consumers = bench.book.consumers()
    assert consumers.known
    assert (consumers.workers, consumers.processes) == ({"high": 1}, {"high": 2})
    bench.book.task_event("quiet@web1", 7, "task-received", bench.now)
    assert not bench.book.consumers().known


def test_a_worker_is_asked_again_for_its_queues_until_it_has_told() -> None:
    bench = Bench()
    bench.wait(5)
    bench.start("high@web1", 1, "high")
    bench.answering.clear()
    bench.wait(2)
    bench.answering.add(("high@web1", 1))
    bench.wait(10)
    assert bench.book.consumers().workers == {"high": 1}


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


def test_of_workers_with_one_name_the_hung_one_is_named() -> None:
    bench = Bench()
    for pid in (11, 12, 13):
        bench.start("celery@web1", pid)
    bench.wait(10)
    bench.hang("celery@web1", 12)
    assert bench.seconds_until("celery@web1#12", "hung") <= 20
    assert [*bench.states().values()].count("online") == 2


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


@pytest.mark.parametrize(("in_flight", "state"), [(1, "busy"), (0, "hung"), (None, "hung")])
def test_a_solo_worker_keeps_its_message_in_flight_while_it_works(
    in_flight: int | None, state: str
) -> None:
    bench = Bench()
    bench.pools["slow@web1"] = "solo"
    bench.start("slow@web1")
    bench.wait(20)
    bench.book.in_flight(in_flight)
    bench.hang("slow@web1")
    assert bench.seconds_until("slow@web1", state) <= 20


def test_a_busy_worker_that_is_killed_is_dead_soon() -> None:
    bench = Bench()
    bench.pools["slow@web1"] = "solo"
    bench.start("slow@web1")
    bench.wait(20)
    bench.book.in_flight(1)
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


def test_a_hung_worker_is_told_again_after_a_restart() -> None:
    before = Bench()
    before.start("high@web1")
    before.wait(10)
    before.hang("high@web1")
    before.seconds_until("high@web1", "hung")
    after = Bench(roster=roster_of(before), now=before.now)
    after.hanging.add(("high@web1", 1))
    assert after.seconds_until("high@web1", "hung") <= 20


NAMES = st.sampled_from(["a@h", "b@h", "celery@h", ""])
PIDS = st.sampled_from([None, 1, 2, 3])
ACTIONS = st.lists(
    st.one_of(
        st.tuples(
            st.sampled_from(["worker-online", "worker-heartbeat", "worker-offline"]), NAMES, PIDS
        ),
        st.tuples(st.sampled_from(["task-started", "task-succeeded"]), NAMES, PIDS),
        st.tuples(st.sampled_from(["hang", "kill", "resume"]), NAMES, PIDS),
        st.tuples(st.just("in flight"), st.integers(0, 1), PIDS),
        st.tuples(st.just("strangers"), st.integers(0, 3), PIDS),
        st.tuples(st.just("reply"), NAMES, PIDS),
        st.tuples(st.sampled_from(["feed up", "feed down", "deaf"]), NAMES, PIDS),
        st.tuples(st.just("wait"), st.integers(1, 40), PIDS),
    ),
    max_size=60,
)


@settings(max_examples=150, deadline=None)
@given(ACTIONS)
def test_any_order_of_events_leaves_a_possible_book(actions: list[tuple[str, object, int]]) -> None:
    bench = Bench()
    for kind, what, pid in actions:
        match kind:
            case "wait":
                bench.wait(float(str(what)))
            case "task-started" | "task-succeeded":
                bench.book.task_event(str(what), pid, kind, bench.now)
            case "hang":
                bench.hang(str(what), pid)
            case "kill":
                bench.kill(str(what), pid)
            case "resume":
                bench.queues.setdefault(str(what), ("q",))
                bench.resume(str(what), pid)
            case "in flight":
                bench.book.in_flight(int(str(what)))
            case "strangers":
                bench.strangers = int(str(what))
            case "reply":
                bench.book.reply(WorkerReply(bench.now, str(what), pid=pid, queues=("q",)))
            case "feed up" | "feed down":
                bench.book.feed(kind == "feed up", bench.now)
            case "deaf":
                bench.book.deaf(bench.now)
            case _:
                bench.book.event(Event(type=kind, hostname=str(what), pid=pid), bench.now)
        rows = bench.book.facts(bench.now)
        assert len({row.hostname for row in rows}) == len(rows)
        assert all(row.state is None or row.state in WORKER_STATES for row in rows)
        assert len(bench.book.roster()) <= 16


def task_events(bench: Bench) -> bool | None:
    (row,) = bench.book.facts(bench.now)
    return row.task_events


def test_a_worker_that_processes_and_tells_of_no_task_has_its_events_off() -> None:
    bench = Bench()
    bench.start("high@web1")
    told = []
    for processed in (0, 4, 4, 9, 12):
        bench.send("worker-heartbeat", "high@web1", processed=processed)
        told.append(task_events(bench))
    assert told == [None, None, None, None, False]
    bench.book.task_event("high@web1", 1, "task-received", bench.now)
    assert task_events(bench) is True


def test_task_events_that_come_later_than_the_beat_are_not_off() -> None:
    bench = Bench()
    bench.start("high@web1")
    for processed in range(1, 20):
        bench.send("worker-heartbeat", "high@web1", processed=processed)
        if processed % 2 == 0:
            bench.book.task_event("high@web1", 1, "task-received", bench.now)
        assert task_events(bench) is not False


@pytest.mark.parametrize("made_up", ["names", "pids"])
def test_made_up_workers_are_left_out_and_counted_and_known_ones_live_on(made_up: str) -> None:
    bench = Bench()
    bench.start("high@web1")
    count = 10_500
    for number in range(count):
        hostname = f"{number}@web1" if made_up == "names" else "many@web1"
        bench.send("worker-heartbeat", hostname, number)
    kept = len(bench.states()) - 1
    assert kept <= 10_000
    assert bench.book.left_out == count - kept
    bench.wait(4)
    assert bench.states()["high@web1"] == "online"


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


def deployed_while_the_broker_was_away(new: int) -> Bench:
    """Two workers end, and so many others start, while a broker is restarted."""
    bench = Bench()
    for name in ("old1", "old2"):
        bench.start(name, 1, "q")
    bench.wait(20)
    bench.book.feed(False, bench.now)
    for name in ("old1", "old2"):
        bench.kill(name)
    bench.now += 10
    bench.registered = False  # nobody is, in a broker that kept nothing
    bench.book.server_started(bench.now)
    bench.book.feed(True, bench.now)
    for number in range(new):
        bench.start(f"new{number}", 1, "q")
    return bench


@pytest.mark.parametrize(("new", "dead"), [(0, 2), (1, 1), (2, 0), (3, 0)])
def test_each_worker_started_while_the_broker_was_restarted_stands_for_one_that_ended(
    new: int, dead: int
) -> None:
    bench = deployed_while_the_broker_was_away(new)
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


def test_a_worker_that_was_restarted_does_not_stand_for_another_that_was_killed() -> None:
    bench = Bench()
    for name in ("killed", "restarted"):
        bench.start(name, 1, "q")
    bench.wait(20)
    bench.kill("killed")
    bench.stop("restarted")
    bench.wait(3)
    bench.start("restarted", 2, "q")
    bench.seconds_until("killed", "dead")
    bench.wait(120)
    assert bench.states() == {"killed": "dead", "restarted": "online"}


def test_everybody_is_asked_anew_before_a_queue_is_taken_for_abandoned() -> None:
    bench = Bench()
    bench.start("one", 1, "q")
    bench.wait(100)
    bench.queues["one"] = ("q", "other")  # by `control add_consumer`
    assert bench.book.consumers().workers == {"q": 1}
    bench.book.waiting({"q": 0, "other": 9})
    bench.wait(1)
    assert bench.book.consumers().workers == {"q": 1, "other": 1}


def test_a_pool_has_as_many_slots_as_it_works_on_until_it_says_how_many() -> None:
    bench = Bench()
    bench.start("one", 1, "q")
    bench.wait(4)
    bench.send("worker-heartbeat", "one", active=4)
    assert bench.book.consumers().processes == {"q": 4}
    bench.wait(310)
    assert bench.book.consumers().processes == {"q": 2}


def test_whoever_takes_nothing_is_asked_whether_it_left_the_queue() -> None:
    bench = Bench()
    bench.start("one", 1, "q", "r")
    bench.wait(100)
    bench.queues["one"] = ("r",)  # by `control cancel_consumer`
    for _ in range(10):
        bench.book.waiting({"q": 5, "r": 0})
        bench.wait(5)
        for hostname in bench.book.idle(bench.now):
            bench.book.reply(WorkerReply(bench.now, hostname, reserved=0))
    assert bench.book.consumers().workers == {"r": 1}
