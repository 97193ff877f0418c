"""Lists of answers that nobody will ever read, left behind by clients that asked workers and died.

They have no time to live and pile up. Found in slices of SCAN, so that no server is blocked; one
that was met in two rounds through the keyspace is an orphan, for a living client empties its list
within a second or so. Called by `watch.py` after each poll.
"""

from monitor.broker.keys import Keys
from monitor.broker.wire import Wire, pack
from monitor.facts.readings import OrphanReplies

_SLICES_A_CALL = 5
_KEYS_A_SLICE = 1000
_MEASURED_MOST = 50
"""Lists whose size is asked; that of more is estimated from theirs."""
_KEPT_MOST = 100_000


class ReplySearch:
    """Looks for orphans on one broker."""

    def __init__(self, keys: Keys) -> None:
        self._pattern = keys.reply_pattern
        self._cursor = b"0"
        self._found: set[bytes] = set()
        self._found_before: set[bytes] | None = None

    async def look(self, wire: Wire) -> OrphanReplies | None:
        """Look on; return what there is once a round is over, None before.

        Nothing is found where SCAN is refused. Raises BrokerError when the connection breaks.
        """
        for _ in range(_SLICES_A_CALL):
            match, count = self._pattern, _KEYS_A_SLICE
            scan = ("SCAN", self._cursor, "MATCH", match, "COUNT", count, "TYPE", "list")
            (reply,) = await wire.ask(pack([scan]), 1)
            if not isinstance(reply, list):
                return None
            self._cursor, keys = reply
            self._found.update(keys[: max(0, _KEPT_MOST - len(self._found))])
            if self._cursor == b"0":
                return await self._conclude(wire)
        return None

    async def _conclude(self, wire: Wire) -> OrphanReplies | None:
        before, self._found_before, self._found = self._found_before, self._found, set()
        if before is None:
            return None
        orphans = before & self._found_before
        measured = sorted(orphans)[:_MEASURED_MOST]
        commands = [("MEMORY", "USAGE", key, "SAMPLES", 1) for key in measured]
        replies = await wire.ask(pack(commands), len(commands)) if commands else []
        sizes = [reply for reply in replies if isinstance(reply, int)]
        if not sizes:
            return OrphanReplies(len(orphans), None if orphans else 0)
        return OrphanReplies(len(orphans), round(sum(sizes) / len(sizes) * len(orphans)))
