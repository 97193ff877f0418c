"""What is in flight, split by queue: exact while all was read, scaled beyond."""

import random

import pytest

from monitor.facts.inflight import Share, oldest_due_age_seconds, split_by_queue
from monitor.facts.readings import InFlight, InFlightEntry

AT = 1000.0


def test_all_of_it_read_is_exact() -> None:
    entries = (
        InFlightEntry("high"),
        InFlightEntry("high", redelivered=True),
        InFlightEntry("low", eta_at=AT + 60),
        InFlightEntry("low", eta_at=AT - 60),
    )
    split = split_by_queue(InFlight(4, entries, complete=True), AT)
    assert split.of("high") == Share(2, 1, 0, exact=True, error=0.0)
    assert split.of("low") == Share(2, 0, 1, exact=True, error=0.0)
    assert split.of("idle") == Share(0, 0, 0, exact=True, error=0.0)


def test_an_entry_of_no_known_queue_makes_all_queues_inexact() -> None:
    entries = (InFlightEntry("high"), InFlightEntry(None))
    split = split_by_queue(InFlight(2, entries, complete=True), AT)
    assert (split.of("high").unacked, split.of("high").exact) == (1, False)
    assert split.of("low").exact is False


def test_nothing_in_flight_is_exactly_nothing() -> None:
    assert split_by_queue(InFlight(0, (), complete=True), AT).of("high").exact is True


@pytest.mark.parametrize("seed", range(5))
def test_a_sample_is_within_three_of_the_errors_it_states(seed: int) -> None:
    truth = {"high": 40_000, "normal": 9_000, "low": 990, "rare": 10, "idle": 0}
    everything = [InFlightEntry(name) for name, count in truth.items() for _ in range(count)]
    sample = random.Random(seed).sample(everything, 500)
    split = split_by_queue(InFlight(50_000, tuple(sample), complete=False), AT)
    for name, count in truth.items():
        share = split.of(name)
        assert share.exact is False
        assert abs(share.unacked - count) <= 3 * share.error


@pytest.mark.parametrize(
    ("oldest", "complete", "age"),
    [
        ((), True, 0.0),
        ((), False, None),
        (((AT - 5, None),), False, 5.0),
        (((AT - 5, AT + 1), (AT - 4, AT - 1)), False, 4.0),
        (((AT - 5, AT + 1),), True, 0.0),
        (((AT - 5, AT + 1),), False, None),
        (((AT + 5, None),), True, 0.0),  # by a consumer's clock that is ahead
    ],
)
def test_the_age_of_the_oldest_that_is_due(
    oldest: tuple[tuple[float, float | None], ...], complete: bool, age: float | None
) -> None:
    in_flight = InFlight(9, (), complete=False, oldest=oldest, oldest_complete=complete)
    assert oldest_due_age_seconds(in_flight, AT) == age
