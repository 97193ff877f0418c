"""How many tasks workers took, from the counts in their heartbeats."""

from monitor.facts.snapshot import WorkerFacts
from monitor.facts.tasks.taken import Taken


def worker(processed: int | None, *queues: str) -> WorkerFacts:
    return WorkerFacts(broker="b", hostname="w", processed=processed, queues=queues or None)


def test_what_a_worker_of_one_queue_begins_was_taken_from_it() -> None:
    taken = Taken()
    for processed in (100, 110, 3):  # what was before is no news; at last it is restarted
        taken.heard([worker(processed, "high")], 0)
    assert taken.by_queue == {"high": 10 + 3}
    for processed in (None, 50, 55):
        taken.heard([worker(processed, "high")], 0)
    assert taken.by_queue == {"high": 10 + 3 + 5}


def test_of_several_queues_nobody_can_tell() -> None:
    taken = Taken()
    for processed in (0, 10):
        taken.heard([worker(processed, "high", "low")], 0)
        taken.heard([worker(processed)], 0)
    assert taken.by_queue == {}
