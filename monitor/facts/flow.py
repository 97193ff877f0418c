"""How messages flow through one queue: rates over the last polls, and what follows from them.

Three sources say how many came and went between two polls, and each may say too little: what was
counted at the ends of the lists misses what came and went in between, task-sent and task-received
events may be off or lost, and a length only tells the difference of the two. So each is summed up
over the window, and the largest that they allow is taken. Used by `queues.py`.
"""

from collections import deque
from collections.abc import Sequence
from math import ceil, inf, isfinite

from msgspec import Struct

WINDOW_POLLS = 12
"""Rates are over so many polls: a minute at the default interval."""


class Traffic(Struct, frozen=True, gc=False):
    """What events have said of one queue since the monitor started."""

    sent: int = 0
    received: int = 0
    runtime_seconds: float = 0.0
    """All runs that succeeded, together."""
    runs: int = 0


class Sample(Struct, frozen=True, gc=False):
    """One queue at one poll. What is summed up is summed up since the queue was last quiet."""

    at: float
    length: int
    entered: int = 0
    """Messages seen to have come, at least."""
    left: int = 0
    """Messages seen to have gone, at least."""
    slot_free: bool | None = None
    """Whether a live worker that consumes the queue had a free pool slot; None: not known."""
    traffic: Traffic = Traffic()
    passed_by: bool = False
    """Whether a live worker that consumes the queue takes nothing from it although it could."""


class Rates(Struct, frozen=True, gc=False):
    """Messages a second."""

    arrival: float
    dispatch: float


class Flow:
    """The last samples of one queue."""

    __slots__ = ("_samples",)

    def __init__(self, first: Sample) -> None:
        self._samples = deque([first], maxlen=WINDOW_POLLS + 1)

    def take(self, sample: Sample, *, entered: int, left: int) -> None:
        """Take the next sample; so many messages were seen to come and go since the last one."""
        last = self._samples[-1]
        self._samples.append(
            Sample(
                sample.at,
                sample.length,
                last.entered + entered,
                last.left + left,
                sample.slot_free,
                sample.traffic,
                sample.passed_by,
            )
        )

    def restart(self) -> None:
        """Forget all but the last sample: what was given back is no flow."""
        last = self._samples[-1]
        self._samples.clear()
        self._samples.append(last)

    @property
    def samples(self) -> Sequence[Sample]:
        """The samples, the oldest first."""
        return self._samples

    @property
    def quiet(self) -> bool:
        """Whether nothing was there, came or went in the whole window."""
        first, last = self._samples[0], self._samples[-1]
        return (
            len(self._samples) > WINDOW_POLLS
            and first.traffic == last.traffic
            and not any(sample.length for sample in self._samples)
        )


def rates(samples: Sequence[Sample]) -> Rates | None:
    """Return how fast messages come and go; None while there is but one sample."""
    first, last = samples[0], samples[-1]
    seconds = last.at - first.at
    if seconds <= 0:
        return None
    grown = last.length - first.length
    sent = last.traffic.sent - first.traffic.sent
    received = last.traffic.received - first.traffic.received
    arrived = max(last.entered - first.entered, sent, received + grown, 0)
    dispatched = max(last.left - first.left, received, sent - grown, 0)
    return Rates(arrived / seconds, dispatched / seconds)


def drain_seconds(length: int, flow: Rates | None) -> float | None:
    """Return how long the queue needs to empty; infinite when it will not."""
    if length == 0:
        return 0.0
    if flow is None:
        return None
    shrinking = flow.dispatch - flow.arrival
    return length / shrinking if shrinking > 0 else inf


def mean_runtime_seconds(samples: Sequence[Sample]) -> float | None:
    """Return how long a task of the queue runs: of late if any ended, else of all time."""
    now, then = samples[-1].traffic, samples[0].traffic
    if now.runs > then.runs:
        return (now.runtime_seconds - then.runtime_seconds) / (now.runs - then.runs)
    return now.runtime_seconds / now.runs if now.runs else None


def processes_needed(
    length: int,
    in_flight: int,
    flow: Rates | None,
    runtime_seconds: float | None,
    target_seconds: float,
) -> int | None:
    """Return how many pool slots keep up with what comes, and work off what waits in time.

    At least 1 while anything waits or is in flight; None while the runtime is not known.
    """
    if flow is None or runtime_seconds is None:
        return None
    needed = (flow.arrival + length / target_seconds) * runtime_seconds
    if not isfinite(needed):
        return None  # some event claimed a runtime beyond all measure
    return max(ceil(needed), 1 if length or in_flight else 0)
