"""Rates, drain time and processes needed, from samples."""

from math import inf

import pytest

from monitor.facts.queues.flow import (
    WINDOW_POLLS,
    Flow,
    Rates,
    Sample,
    Traffic,
    drain_seconds,
    mean_runtime_seconds,
    processes_needed,
    rates,
)

RATES = [
    # Lengths 10 s apart, what was seen to enter and leave, what events said; messages a second.
    ("nothing moves", (7, 7), (0, 0), Traffic(), Rates(0.0, 0.0)),
    ("counted at the ends", (50, 60), (30, 20), Traffic(), Rates(3.0, 2.0)),
    ("too many to count, events say", (50, 60), (10, 0), Traffic(40, 30), Rates(4.0, 3.0)),
    ("only received is heard", (50, 60), (10, 0), Traffic(0, 30), Rates(4.0, 3.0)),
    ("only sent is heard", (60, 50), (0, 10), Traffic(30, 0), Rates(3.0, 4.0)),
    ("always seen empty", (0, 0), (0, 0), Traffic(25, 25), Rates(2.5, 2.5)),
    ("given back", (50, 54), (0, 0), Traffic(), Rates(0.0, 0.0)),
]


@pytest.mark.parametrize(("what", "lengths", "seen", "events", "expected"), RATES,
                         ids=[case[0] for case in RATES])  # fmt: skip
def test_rates_are_the_largest_that_was_seen(
    what: str, lengths: tuple[int, int], seen: tuple[int, int], events: Traffic, expected: Rates
) -> None:
    flow = Flow(Sample(0.0, lengths[0]))
    flow.take(Sample(10.0, lengths[1], traffic=events), entered=seen[0], left=seen[1])
    found = rates(flow.samples)
    if what == "given back":  # more are there, and none was seen to come
        assert found == Rates(0.4, 0.0)
    else:
        assert found == expected


BEGUN = [
    # Lengths 10 s apart, tasks begun meanwhile, what workers held before and after.
    ("always seen empty", (0, 0), 50, (0, 0), Rates(5.0, 5.0)),
    ("some were held before", (0, 0), 50, (20, 0), Rates(3.0, 3.0)),
    ("more are held than before", (0, 0), 50, (0, 20), Rates(5.0, 5.0)),
    ("the queue grew meanwhile", (0, 30), 50, (4, 4), Rates(8.0, 5.0)),
    ("only those held before were begun", (0, 0), 20, (20, 0), Rates(0.0, 0.0)),
    ("what is held is not known", (0, 0), 50, (None, 0), Rates(0.0, 0.0)),
]


@pytest.mark.parametrize(("what", "lengths", "begun", "held", "expected"), BEGUN,
                         ids=[case[0] for case in BEGUN])  # fmt: skip
def test_without_task_events_workers_tell_how_many_they_took(
    what: str,
    lengths: tuple[int, int],
    begun: int,
    held: tuple[int | None, int | None],
    expected: Rates,
) -> None:
    flow = Flow(Sample(0.0, lengths[0], unacked=held[0]))
    traffic = Traffic(begun=begun)
    flow.take(Sample(10.0, lengths[1], traffic=traffic, unacked=held[1]), entered=0, left=0)
    assert rates(flow.samples) == expected


def test_one_sample_is_no_rate() -> None:
    assert rates(Flow(Sample(0.0, 5)).samples) is None


def test_a_flow_is_bounded_and_quiet_only_after_a_whole_window_of_nothing() -> None:
    flow = Flow(Sample(0.0, 1))
    for i in range(1, 100):
        assert flow.quiet is (i > WINDOW_POLLS + 1)
        flow.take(Sample(5.0 * i, 0), entered=0, left=0)
    assert len(flow.samples) == WINDOW_POLLS + 1


@pytest.mark.parametrize(
    ("length", "flow", "seconds"),
    [
        (0, None, 0.0),
        (0, Rates(5.0, 1.0), 0.0),
        (10, None, None),
        (100, Rates(1.0, 6.0), 20.0),
        (100, Rates(5.0, 5.0), inf),
        (100, Rates(5.0, 1.0), inf),
    ],
)
def test_drain_time(length: int, flow: Rates | None, seconds: float | None) -> None:
    assert drain_seconds(length, flow) == seconds


@pytest.mark.parametrize(
    ("what", "length", "in_flight", "flow", "runtime", "needed"),
    [
        ("only what comes", 0, 0, Rates(10.0, 10.0), 0.5, 5),
        ("and what waits", 600, 0, Rates(10.0, 10.0), 0.5, 6),
        ("a slot is whole", 0, 0, Rates(0.1, 0.0), 0.5, 1),
        ("idle", 0, 0, Rates(0.0, 0.0), 0.5, 0),
        ("the last one is in flight", 0, 1, Rates(0.0, 0.0), 0.5, 1),
        ("runtime not known", 5, 0, Rates(1.0, 0.0), None, None),
        ("flow not known", 5, 0, None, 0.5, None),
        ("runs in no time", 5, 0, Rates(1.0, 0.0), 0.0, 1),
    ],
)
def test_processes_needed(
    what: str,
    length: int,
    in_flight: int,
    flow: Rates | None,
    runtime: float | None,
    needed: int | None,
) -> None:
    assert processes_needed(length, in_flight, flow, runtime, 300.0) == needed


def test_the_runtime_is_that_of_late_else_of_all_time() -> None:
    early, late = Traffic(runtime_seconds=10.0, runs=10), Traffic(runtime_seconds=40.0, runs=20)
    assert mean_runtime_seconds([Sample(0, 0, traffic=early), Sample(5, 0, traffic=late)]) == 3.0
    assert mean_runtime_seconds([Sample(0, 0, traffic=late), Sample(5, 0, traffic=late)]) == 2.0
    assert mean_runtime_seconds([Sample(0, 0)]) is None
