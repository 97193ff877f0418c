import pytest

from monitor.facts.workers.consumers import Consumers
from monitor.facts.workers.ownerless import Ownerless

NOBODY = Consumers(known=True, workers={}, processes={})
SOMEBODY = Consumers(known=True, workers={"high": 1}, processes={"high": 1})
UNKNOWN = Consumers(known=False, workers={}, processes={})


@pytest.mark.parametrize(
    ("lengths", "consumers", "asked"),
    [
        ([0, 0, 0], NOBODY, [False, False, False]),
        ([5, 5, 9], NOBODY, [True, False, False]),
        ([5, 4, 3], NOBODY, [True, True, False]),
        ([5, 9, 8, 9, 8], NOBODY, [True, False, True, False, False]),
        ([5, 0, 5], NOBODY, [True, False, True]),
        ([5, 4, 3], SOMEBODY, [False, False, False]),
        ([5, 4, 3], UNKNOWN, [False, False, False]),
    ],
)
def test_everybody_is_asked_when_messages_wait_for_nobody_and_when_one_is_taken(
    lengths: list[int], consumers: Consumers, asked: list[bool]
) -> None:
    queues = Ownerless()
    assert [queues.polled({"high": length}, consumers) for length in lengths] == asked
