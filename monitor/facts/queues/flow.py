"""How messages flow through one queue: rates over the last polls, and what follows from them.

Several sources say how many came and went between two polls, and each may say too little: what
was counted at the ends of the lists misses what came and went in between, task-sent and
task-received events may be off or lost, heartbeats tell what was begun and not what was taken,
and a length only tells the difference of the two. So each is summed up over the window, and the
largest that they allow is taken.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from math import ceil, inf, isfinite

from msgspec import Struct
from msgspec.structs import replace

WINDOW_POLLS = 12
"""Rates are over so many polls: a minute at the default interval."""

_HEARTBEATS_SECONDS = 10.0
"""Over less than this heartbeats tell no rate: one comes every two seconds, with all since the
last."""


class Traffic(Struct, frozen=True, gc=False):
    """What events have said of one queue since the monitor started."""

    sent: int = 0
    received: int = 0
    runtime_seconds: float = 0.0
    """All runs that succeeded, together."""
    runs: int = 0
    begun: int = 0
    """Tasks that workers began, by the counts in their heartbeats; only of workers that consume
    this queue alone."""


def with_begun(traffic: Mapping[str, Traffic], begun: Mapping[str, int]) -> dict[str, Traffic]:
    """Return the traffic by queue with what workers say that they have begun."""
    return {
        name: replace(traffic.get(name, Traffic()), begun=begun.get(name, 0))
        for name in traffic.keys() | begun.keys()
    }


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
    unacked: int | None = None
    """What workers held of it; None: that is not known exactly."""
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
                sample.unacked,
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
    taken = max(received, _taken_by_heartbeats(first, last))
    arrived = max(last.entered - first.entered, sent, taken + grown, 0)
    dispatched = max(last.left - first.left, taken, sent - grown, 0)
    return Rates(arrived / seconds, dispatched / seconds)


def _taken_by_heartbeats(first: Sample, last: Sample) -> int:
    """Return how many messages were taken at least, going by how many tasks were begun.

    Of these, as many as workers hold fewer now may have been taken before.
    """
    if first.unacked is None or last.unacked is None or last.at - first.at < _HEARTBEATS_SECONDS:
        return 0
    return last.traffic.begun - first.traffic.begun + min(0, last.unacked - first.unacked)


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
