"""One poll: a round trip for all counts, and one more for details.

`broker/watch.py` calls it every interval. The counts (LLEN of every priority step, the
in-flight tables, INFO) are packed once and replayed until the set of queues changes. Details
are read by scripts that only read: both ends of the lists that hold something (`ends.py`) and
what is in flight (`inflight.py`).
Commands: LLEN, HLEN, ZRANGE, EXISTS, INFO, EVAL_RO (EVAL before Redis 7).
"""

from collections.abc import Callable, Iterable, Sequence

from monitor.broker import inflight
from monitor.broker.ends import Ends
from monitor.broker.failure import error_reply
from monitor.broker.info import read_info
from monitor.broker.keys import Keys
from monitor.broker.wire import Reply, Wire, pack
from monitor.facts.readings import InFlight, Poll, QueueReading, ServerReading

_FIXED = 4
"""Replies before the lengths: INFO, HLEN, ZRANGE, EXISTS."""

_NOTHING_IN_FLIGHT = InFlight(total=0, entries=(), complete=True, oldest_complete=True)


class Poller:
    """Polls one broker; remembers what it packed and the oldest messages it knows."""

    def __init__(self, keys: Keys, route: inflight.Route) -> None:
        self._keys = keys
        self._route = route
        self._names: tuple[str, ...] = ()
        self._lists: list[bytes] = []
        self._tables: tuple[bytes, ...] = ()
        self._tables_there: int | None = None
        """How many of them the last poll found; None: not known."""
        self._packed = self._pack(())
        self._ends = Ends()
        self._commands: int | None = None
        self._eval = b"EVAL_RO"

    def know_tables(self, tables: tuple[bytes, ...]) -> None:
        """Look in every poll for these binding tables, which only a reset takes away together.

        That all are gone is for a poll to see, which has messages before and after to compare.
        """
        if tables != self._tables and (tables or not self._tables_there):
            self._tables = tables
            self._packed = self._pack(self._names)

    async def poll(self, wire: Wire, names: Sequence[str], clock: Callable[[], float]) -> Poll:
        """Ask once for `names`. Raises BrokerError when the broker cannot be read."""
        started_at = clock()
        if tuple(names) != self._names:
            self._names = tuple(names)
            self._packed = self._pack(self._names)
        replies = await wire.ask(self._packed, _FIXED + len(self._lists))
        lengths, hidden = _lengths(replies[_FIXED:])
        server = read_info(replies[0], clock())
        unacked = replies[1] if isinstance(replies[1], int) else None
        in_flight = await self._read_details(wire, lengths, unacked, self._commands_since(server))
        there = replies[3] if self._tables and isinstance(replies[3], int) else None
        self._tables_there = there
        at = clock()
        return Poll(
            at=at,
            duration_seconds=at - started_at,
            queues=self._queues(lengths, hidden),
            unacked=unacked,
            oldest_unacked_at=_oldest_score(replies[2]),
            server=server,
            binding_tables=there,
            in_flight=in_flight,
            cut=(*sorted(self._ends.cut), *(("in_flight",) if in_flight and in_flight.cut else ())),
        )

    def _pack(self, names: Iterable[str]) -> bytes:
        keys = self._keys
        self._lists = [key for name in names for key in keys.queue(name)]
        return pack(
            [
                ("INFO",),
                ("HLEN", keys.unacked),
                ("ZRANGE", keys.unacked_index, 0, 0, "WITHSCORES"),
                ("EXISTS", *(self._tables or (keys.mailbox_registry,))),
                *(("LLEN", key) for key in self._lists),
            ]
        )

    async def _read_details(
        self, wire: Wire, lengths: Sequence[int], unacked: int | None, commands: int | None
    ) -> InFlight | None:
        """Read the ends of the lists, and return what is in flight.

        `commands` is how many the server processed since the last poll: no more messages than
        that can have been put anywhere.
        """
        waiting = [key for key, n in zip(self._lists, lengths, strict=True) if n]
        scripts = list(self._ends.commands(waiting))
        if unacked:
            scripts.append(inflight.command(self._keys))
        replies = await self._run(wire, scripts) if scripts else []
        if not unacked:
            self._ends.take(replies, commands)
            return None if unacked is None else _NOTHING_IN_FLIGHT
        self._ends.take(replies[:-1], commands)
        return inflight.read_in_flight(replies[-1], self._route)

    def _commands_since(self, server: ServerReading) -> int | None:
        """Return how many commands it has processed since the last poll; None: not known."""
        before, self._commands = self._commands, server.commands
        if before is None or server.commands is None or server.commands < before:
            return None
        return server.commands - before

    async def _run(
        self, wire: Wire, scripts: Sequence[tuple[bytes | str | int, ...]]
    ) -> list[Reply]:
        """Run scripts that only read; each comes as the arguments of EVAL."""
        replies = await wire.ask(pack((self._eval, *script) for script in scripts), len(scripts))
        if self._eval == b"EVAL_RO" and "unknown command" in str(replies[0]):
            self._eval = b"EVAL"
            return await self._run(wire, scripts)
        return replies

    def _queues(self, lengths: list[int], hidden: Iterable[int]) -> dict[str, QueueReading]:
        """Return what was read of each queue.

        The ACL hides the lists at the places `hidden`: their queues are another team's, of which
        nothing is known.
        """
        steps = len(self._keys.steps)
        empty = QueueReading(lengths=(0,) * steps, heads=((),) * steps)
        queues = dict.fromkeys(self._names, empty)
        ends = self._ends
        for i, name in enumerate(self._names):
            counts = lengths[i * steps : (i + 1) * steps]
            if any(counts):
                keys = self._lists[i * steps : (i + 1) * steps]
                queues[name] = QueueReading(
                    lengths=tuple(counts),
                    heads=tuple(map(ends.heads, keys)),
                    entered=tuple(map(ends.entered, keys)),
                )
        for i in hidden:
            queues.pop(self._names[i // steps], None)
        return queues


def _lengths(replies: list[Reply]) -> tuple[list[int], list[int]]:
    """Return the length of each list, and the places of those that the ACL hides.

    It is 0 for a key of another type, which is no queue's list. Raises BrokerError when the ACL
    hides every list, or for any other error.
    """
    lengths = [reply if type(reply) is int else 0 for reply in replies]
    errors = {
        i: error_reply(str(reply))
        for i, reply in enumerate(replies)
        if isinstance(reply, Exception)
    }
    for error in errors.values():
        if error.reason != "permission" and not str(error).startswith("WRONGTYPE"):
            raise error
    hidden = [i for i, error in errors.items() if error.reason == "permission"]
    if hidden and len(hidden) == len(replies):
        raise errors[hidden[0]]
    return lengths, hidden


def _oldest_score(reply: Reply) -> float | None:
    # Valkey may print the score in scientific notation; float() reads both.
    return float(reply[1]) if isinstance(reply, list) and len(reply) == 2 else None
