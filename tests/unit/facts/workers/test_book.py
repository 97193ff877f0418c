"""The book of workers: who is known, who is asked, what is kept, and any order of events."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.facts.readings import Event, WorkerReply
from monitor.facts.scopes import WORKER_STATES
from tests.unit.facts.workers.worker_bench import START, Bench


def test_a_killed_worker_is_dead_within_fifteen_seconds() -> None:
    bench = Bench()
    bench.start("high@web1")
    bench.wait(20)
    bench.kill("high@web1")
    assert bench.seconds_until("high@web1", "dead") <= 15


def test_a_silent_worker_that_answers_is_not_dead() -> None:
    bench = Bench()
    bench.start("high@web1")
    bench.wait(10)
    bench.beating.clear()
    for _ in range(60):
        bench.wait(1)
        assert bench.states()["high@web1"] in ("online", "late")


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


def test_a_worker_that_died_while_the_monitor_was_down_is_reported() -> None:
    before = Bench()
    before.start("high@web1")
    before.wait(10)
    after = before.after_restart()
    assert after.states() == {"high@web1": "unknown"}
    assert after.seconds_until("high@web1", "dead") <= 15


def test_a_death_is_reported_though_the_clock_was_set_back_meanwhile() -> None:
    before = Bench()
    for name in ("killed@web1", "high@web1"):
        before.start(name)
        before.wait(10)
    after = Bench(roster=before.book.roster(last=True), now=START - 3600)
    after.start("high@web1")
    assert after.seconds_until("killed@web1", "dead") <= 15


def test_a_worker_that_left_while_the_monitor_was_down_is_not_dead() -> None:
    before = Bench()
    before.start("high@web1")
    before.wait(10)
    after = before.after_restart()
    after.registered = False
    assert after.seconds_until("high@web1", "offline") <= 15


@pytest.mark.parametrize("stopped", [True, False])
def test_a_broker_younger_than_a_minute_still_knows_who_left(stopped: bool) -> None:
    before = Bench()
    before.start("high@web1")
    before.wait(10)
    after = before.after_restart(stopped=stopped)
    after.registered = False
    after.book.server_started(START - 5)
    assert after.seconds_until("high@web1", "offline") <= 15


def test_a_broker_that_restarted_has_forgotten_its_registry() -> None:
    before = Bench()
    before.start("high@web1")
    before.wait(10)
    after = before.after_restart()
    after.registered = False
    after.book.server_started(START + 100)
    assert after.seconds_until("high@web1", "dead") <= 15


def test_a_worker_without_heartbeats_or_answers_is_never_called_dead() -> None:
    bench = Bench()
    for _ in range(3):
        bench.book.task_event("quiet@web1", 7, "task-received", bench.now)
        assert bench.states() == {"quiet@web1": "online"}
        bench.wait(5)
    assert bench.seconds_until("quiet@web1", "unknown", most=120) > 50
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


@pytest.mark.parametrize("freq", [-5.0, 0.0, 1e-9, 1e308])
def test_a_rhythm_that_cannot_be_is_not_believed(freq: float) -> None:
    bench = Bench()
    bench.start("high@web1")
    bench.send("worker-heartbeat", "high@web1", freq=freq)
    bench.wait(10)
    bench.kill("high@web1")
    assert 6 <= bench.seconds_until("high@web1", "dead") <= 15


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
        assert len(bench.book.roster(last=True)) <= 16


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
