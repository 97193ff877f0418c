import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from monitor.facts.history import MAX_OBJECTS, STATES_BY_GRAVITY, STEP_SECONDS, STEPS, History
from monitor.facts.scopes import WORKER_STATES
from monitor.facts.snapshot import MonitorFacts, QueueFacts, Snapshot, WorkerFacts

START = 1_763_832_000.0
MONITOR = MonitorFacts(version="1")
HIGH = ("default", "high")


def queue(length: int | None, name: str = "high") -> QueueFacts:
    return QueueFacts(broker="default", queue_name=name, length=length)


def record(history: History, at: float, *queues: QueueFacts) -> None:
    history.record(Snapshot(at=at, queues=queues, monitor=MONITOR))


def lengths(history: History) -> list[float | None]:
    lines = history.lines("queue", HIGH)
    return list(lines["length"].values) if lines else []


def test_of_each_step_the_highest_value_is_kept() -> None:
    history = History()
    for seconds, length in ((0, 3), (5, 900), (25, 4), (30, 7)):
        record(history, START + seconds, queue(length))
    assert lengths(history)[-2:] == [900, 7]
    assert history.lines("queue", HIGH)["length"].end_at == START + 2 * STEP_SECONDS


def test_what_was_not_known_is_a_gap_and_no_zero() -> None:
    history = History()
    for step, length in enumerate((1, None, 0)):
        record(history, START + step * STEP_SECONDS, queue(length))
    assert lengths(history)[-3:] == [1, None, 0]
    assert history.lines("queue", HIGH)["oldest_age"].known == []


def test_an_object_that_is_gone_has_no_value_and_after_an_hour_no_history() -> None:
    history = History()
    record(history, START, queue(5))
    record(history, START + 2 * STEP_SECONDS)
    assert lengths(history)[-3:] == [5, None, None]
    record(history, START + STEPS * STEP_SECONDS)
    assert history.lines("queue", HIGH) == {}


def test_every_state_has_its_gravity() -> None:
    assert sorted(STATES_BY_GRAVITY) == sorted(WORKER_STATES)


def test_the_worst_state_of_a_step_is_kept() -> None:
    history = History()
    for seconds, state in ((0, "online"), (5, "dead"), (10, "online"), (30, "busy")):
        worker = WorkerFacts(broker="default", hostname="high@web1", state=state)
        history.record(Snapshot(at=START + seconds, workers=(worker,), monitor=MONITOR))
    states = history.lines("worker", ("default", "high@web1"))["state"].known
    assert [STATES_BY_GRAVITY[int(number)] for number in states] == ["dead", "busy"]


@given(
    st.lists(
        st.tuples(st.integers(0, 400), st.one_of(st.none(), st.integers(0, 1_000_000))),
        min_size=1,
        max_size=40,
    )
)
def test_it_holds_what_a_plain_dictionary_of_the_last_hour_holds(
    waits: list[tuple[int, int | None]],
) -> None:
    history, plain, at = History(), dict[int, int](), START
    for seconds, length in waits:
        at += seconds
        record(history, at, queue(length))
        step = int(at // STEP_SECONDS)
        if length is not None:
            plain[step] = max(length, plain.get(step, 0))
    last = int(at // STEP_SECONDS)
    assert lengths(history) == [plain.get(step) for step in range(last - STEPS + 1, last + 1)]


def test_memory_is_bounded() -> None:
    objects = MAX_OBJECTS + 500
    queues = tuple(queue(1, f"queue{n}") for n in range(objects))
    workers = tuple(WorkerFacts(broker="default", hostname=f"w{n}") for n in range(objects))
    snapshot = Snapshot(at=START, queues=queues, workers=workers, monitor=MONITOR)
    tracemalloc.start()
    history = History()
    history.record(snapshot)
    held_bytes, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held_bytes < 8_000_000
    assert history.lines("queue", ("default", f"queue{MAX_OBJECTS}")) == {}
    assert history.lines("worker", ("default", f"w{MAX_OBJECTS - 1}")) != {}
