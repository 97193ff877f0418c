"""Whether the workers of one broker take the messages that wait for them.

A worker can go on beating after it has lost its place at the queue: it has a free slot, messages
wait, and it starts none. It may hold messages that it keeps back (a rate limit, a pool that is
still starting), so it is asked what it has reserved before anything is said.
"""

from collections.abc import Container, Iterable, Mapping

from msgspec import Struct

from monitor.facts.workers.process import Process

_POLLS = 6
"""For so many polls it must have been idle: as long as a verdict on a queue looks back."""
_ASK_AGAIN_SECONDS = 60.0


class _Idle(Struct):
    """Since when a worker that could take messages has not."""

    processed: int | None
    waiting: int
    """Messages that waited for it then."""
    polls: int = 0
    ask_at: float = 0.0
    holds_none: bool = False
    """Whether it said that it has no message in reserve."""

    @property
    def consuming(self) -> bool | None:
        """Whether the worker takes messages; None: that is in doubt."""
        if self.polls < _POLLS:
            return True
        return False if self.holds_none else None


class Consuming:
    """The workers that could take messages and do not."""

    def __init__(self) -> None:
        self._idle: dict[Process, _Idle] = {}

    def polled(
        self, processes: Iterable[Process], shared: Container[str], lengths: Mapping[str, int]
    ) -> None:
        """Take the lengths of the queues at a good poll.

        `shared` are the names that several processes have: whose queues are whose is not known.
        """
        before, self._idle = self._idle, {}
        for process in processes:
            process.consuming = None
            active, slots, queues = process.active, process.concurrency, process.queues
            if process.state != "online" or process.hostname in shared:
                continue
            if active is None or slots is None or queues is None:
                continue
            waiting = sum(lengths.get(queue, 0) for queue in queues)
            if not waiting or active >= slots:
                process.consuming = True
                continue
            idle = before.get(process)
            # Fewer than before: somebody takes them, and this worker need not be who does not.
            if idle is None or process.processed != idle.processed or waiting < idle.waiting:
                idle = _Idle(process.processed, waiting)
            idle.polls += 1
            self._idle[process] = idle
            process.consuming = idle.consuming

    def blind(self, processes: Iterable[Process]) -> None:
        """Note that the broker cannot be read: who takes what is not known."""
        for process in processes:
            process.consuming = None
        self._idle.clear()

    def doubted(self, now: float) -> tuple[str, ...]:
        """Return the workers to ask what they have reserved. They are taken as being asked."""
        hostnames = set()
        for process, idle in self._idle.items():
            if idle.polls >= _POLLS and not idle.holds_none and now >= idle.ask_at:
                idle.ask_at = now + _ASK_AGAIN_SECONDS
                hostnames.add(process.hostname)
        return tuple(sorted(hostnames))

    def told(self, hostname: str, reserved: int) -> None:
        """Take how many messages a worker said that it holds and has not started."""
        for process, idle in self._idle.items():
            if process.hostname == hostname and idle.polls >= _POLLS:
                idle.holds_none = reserved == 0
                process.consuming = idle.consuming
