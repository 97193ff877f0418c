"""Queues in which messages wait, and which no worker said it consumes.

A worker can be told to consume another queue at any time, and nothing says so but its answer to
a question. So before a queue is called abandoned, everybody is asked anew: when messages first
wait there, and when somebody takes one all the same.
"""

from collections.abc import Mapping

from monitor.facts.workers.consumers import Consumers


class Ownerless:
    """The queues of one broker of which nobody is known to take care."""

    def __init__(self) -> None:
        self._lengths: dict[str, int] = {}
        """At the last poll."""
        self._fell: set[str] = set()
        """Those from which somebody took, and that was noticed."""

    def polled(self, lengths: Mapping[str, int], consumers: Consumers) -> bool:
        """Take how many messages wait in each queue; return whether to ask everybody anew."""
        before = self._lengths
        self._lengths = {
            name: length
            for name, length in lengths.items()
            if length and consumers.known and not consumers.workers.get(name)
        }
        self._fell &= self._lengths.keys()
        fell = {name for name, length in self._lengths.items() if length < before.get(name, 0)}
        news = (self._lengths.keys() - before.keys()) | (fell - self._fell)
        self._fell |= fell
        return bool(news)
