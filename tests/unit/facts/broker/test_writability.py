"""Whether a broker takes writes, from tables of what INFO said one after the other."""

from typing import Any

import pytest

from monitor.facts.broker.increase import Increase
from monitor.facts.broker.writability import OBSTACLES, Writability
from monitor.facts.readings import ServerReading


def server(**says: Any) -> ServerReading:
    return ServerReading(
        **{
            "role": "master",
            "maxmemory_policy": "noeviction",
            "memory_used_bytes": 50,
            "memory_max_bytes": 100,
            "connected_clients": 5,
            "clients_max": 100,
            "rejected_connections": 0,
            **says,
        }
    )


def errors(**counts: int) -> ServerReading:
    return server(error_replies=counts)


def in_the_way(*readings: ServerReading, later: float = 0.0) -> set[str] | None:
    """Return what stands in the way after polls five seconds apart."""
    writability, at = Writability(), 0.0
    for reading in readings:
        at += 5.0
        writability.apply(reading, at)
    obstacles = writability.obstacles(at + later)
    return obstacles and {name for name, there in obstacles.items() if there}


@pytest.mark.parametrize(
    ("readings", "obstacles"),
    [
        ([server()], set()),
        # What an ACL hides is not known.
        ([ServerReading()], None),
        ([server(memory_used_bytes=101)], {"out_of_memory"}),
        # Buffers for replicas and the log are not limited by maxmemory.
        ([server(memory_used_bytes=101, memory_uncounted_bytes=20)], set()),
        ([server(memory_used_bytes=101, memory_max_bytes=0)], set()),
        ([server(memory_used_bytes=101, maxmemory_policy="allkeys-lru")], set()),
        # Nothing with a time to live is left that could be evicted: only refusals tell.
        ([errors(OOM=3), errors(OOM=4)], {"out_of_memory"}),
        # Refusals from before the monitor's time say nothing of now.
        ([errors(OOM=3)], set()),
        ([errors(OOM=3), errors(OOM=3)], set()),
        # A restarted server counts from 0.
        ([errors(OOM=3), errors(OOM=1)], {"out_of_memory"}),
        ([errors(OOM=3), server()], set()),
        ([server(), errors(NOREPLICAS=1)], {"too_few_replicas"}),
        ([server(append_failing=True)], {"disk"}),
        # Without configured saves a failed one refuses nothing.
        ([server(save_failing=True), server(save_failing=True)], set()),
        ([server(save_failing=True, error_replies={"MISCONF": 9})], {"disk"}),
        (
            [server(), *[server(save_failing=True, error_replies={"MISCONF": 9})] * 20],
            {"disk"},
        ),
        ([server(save_failing=True, error_replies={"MISCONF": 9}), errors(MISCONF=9)], set()),
        ([server(role="slave")], {"replica"}),
        ([server(role="slave", takes_writes_as_replica=True)], set()),
        ([server(connected_clients=100)], {"max_clients"}),
        ([server(rejected_connections=7)], set()),
        ([server(rejected_connections=7), server(rejected_connections=8)], {"max_clients"}),
        ([server(append_failing=True, role="slave")], {"disk", "replica"}),
    ],
)
def test_what_stands_in_the_way_of_writes(
    readings: list[ServerReading], obstacles: set[str] | None
) -> None:
    assert in_the_way(*readings) == obstacles


def test_a_refusal_is_remembered_for_longer_than_anybody_pauses_and_then_over() -> None:
    assert in_the_way(errors(), errors(OOM=1), later=29.0) == {"out_of_memory"}
    assert in_the_way(errors(), errors(OOM=1), later=31.0) == set()


def test_every_obstacle_is_always_listed() -> None:
    writability = Writability()
    writability.apply(server(), 1.0)
    assert set(writability.obstacles(1.0) or ()) == set(OBSTACLES)


def test_an_increase_is_over_its_window_and_survives_a_restart_of_the_counter() -> None:
    increase = Increase(60.0)
    assert increase.within(0.0) is None
    rises = [increase.note(count, at) for at, count in [(0, 7), (10, 9), (20, None), (30, 1)]]
    assert rises == [0, 2, 0, 1]
    assert [increase.within(now) for now in (30.0, 70.0, 71.0, 91.0)] == [3, 3, 1, 0]
