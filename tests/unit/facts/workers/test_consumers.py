"""Who consumes which queue, and whether one of them could take a message now."""

import pytest

from monitor.facts.workers.consumers import count_consumers
from monitor.facts.workers.process import Process


def process(state: str, active: int | None, concurrency: int | None, name: str = "w@h") -> Process:
    made = Process(name, 1, 0.0)
    made.state, made.active, made.concurrency, made.queues = state, active, concurrency, ("high",)
    return made


@pytest.mark.parametrize(
    ("what", "processes", "free"),
    [
        ("a slot is idle", [process("online", 1, 2)], True),
        ("all are busy", [process("online", 2, 2)], False),
        ("one of two has a slot", [process("online", 2, 2), process("online", 0, 1)], True),
        ("one does not say", [process("online", 2, 2), process("online", None, 1)], None),
        ("a long task blocks it", [process("busy", 0, 1)], False),
        ("it is silent", [process("late", 0, 2)], None),
    ],
)
def test_whether_a_pool_slot_is_free(
    what: str, processes: list[Process], free: bool | None
) -> None:
    found = count_consumers(processes, {}, everybody=True)
    assert found.slot_free["high"] is free
