"""Verdicts over a window of polls."""

from collections.abc import Sequence

import pytest

from monitor.facts.queues.flow import Sample
from monitor.facts.queues.verdict import judge

STEADY = [50] * 7
FREE, BUSY, UNKNOWN = [True] * 7, [False] * 7, [None] * 7


def window(
    lengths: Sequence[int], left: int, free: Sequence[bool | None] = UNKNOWN
) -> list[Sample]:
    """Return polls 5 s apart, between each of which `left` were taken."""
    return [
        Sample(5.0 * i, length, left=left * i, slot_free=free[i])
        for i, length in enumerate(lengths)
    ]


CASES = [
    ("abandoned", "nobody consumes it", window(STEADY, 0), 0),
    ("abandoned", "at once", window([50], 0), 0),
    ("ok", "empty", window([0], 0), 0),
    ("ok", "it was empty a moment ago", window([9, 4, 0, 7, 9, 12, 15], 3), 2),
    ("draining", "it shrinks", window([70, 60, 50, 40, 30, 20, 10], 10), 2),
    ("draining", "it shrinks, with every slot busy", window(range(70, 0, -10), 10, BUSY), 2),
    ("draining", "two steps down, one up", window([70, 60, 65, 55, 60, 50, 55], 9), 2),
    ("growing", "it grows", window([10, 20, 30, 40, 50, 60, 70], 5), 2),
    ("growing", "it grows, with every slot busy", window(range(10, 80, 10), 5, BUSY), 2),
    ("growing", "as many come as go", window(STEADY, 5, FREE), 2),
    ("growing", "who consumes it is not known", window(STEADY, 5), None),
    ("saturated", "every slot is busy with it", window(STEADY, 5, BUSY), 2),
    ("saturated", "every slot is busy, none ends", window(STEADY, 0, BUSY), 2),
    ("saturated", "a slot was busy once", window(STEADY, 0, [*FREE[:6], False]), 2),
    ("stalled", "a slot is free, nothing is taken", window(STEADY, 0, FREE), 2),
    ("stalled", "and more come", window([10, 20, 30, 40, 50, 60, 70], 0, FREE), 2),
    (None, "too early to say", window([50], 0, FREE), 2),
    (None, "too early to call it stalled", window([50] * 6, 0, FREE), 2),
    (None, "nothing moves, slots are not known", window(STEADY, 0), 2),
    (None, "nothing moves, consumers are not known", window(STEADY, 0, FREE), None),
]


@pytest.mark.parametrize(("verdict", "what", "samples", "workers"), CASES,
                         ids=[case[1] for case in CASES])  # fmt: skip
def test_the_verdict(
    verdict: str | None, what: str, samples: list[Sample], workers: int | None
) -> None:
    assert judge(samples, workers) == verdict


@pytest.mark.parametrize(
    ("verdict", "lengths"),
    [("stalled", STEADY), ("stalled", range(10, 80, 10)), ("draining", range(70, 0, -10))],
)
def test_a_consumer_that_takes_nothing_stalls_a_queue_that_others_do_not_drain(
    verdict: str, lengths: Sequence[int]
) -> None:
    samples = [*window(lengths, 5)[:-1], Sample(30.0, lengths[-1], left=30, passed_by=True)]
    assert judge(samples, 2) == verdict


def test_only_the_last_polls_count() -> None:
    assert judge([*window([0] * 7, 0), *window(STEADY, 0, FREE)], 2) == "stalled"
