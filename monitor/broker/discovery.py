"""Which queues the broker's binding tables name, found without ever blocking the server.

A keyspace can hold millions of results beside a handful of bindings, so SCAN goes on from
where the last call stopped and does a bounded number of slices a call. Tables that are
already known are read in full each time, which finds a new queue of a known exchange at once.
"""

from collections.abc import Callable, Iterable

from monitor.broker.keys import Binding, Keys
from monitor.broker.wire import Wire, pack

_SLICES_A_CALL = 20
_KEYS_A_SLICE = 1000


class Discovery:
    """Finds the queues of one broker."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._cursor = b"0"
        self._tables: set[bytes] = set()
        self._found: set[bytes] = set()
        self.queue_tables: tuple[bytes, ...] = ()
        """The binding tables that named a queue when they were last read."""
        self._bound: dict[str, set[Binding]] = {}
        """By exchange."""
        self._routes: dict[tuple[str, str], str | None] = {}
        """What `route` returned since the bindings were last read."""
        self.complete = False
        """Whether the whole keyspace has been gone through."""
        self.refused = ""
        """What the server said when it refused to be searched; empty: it did not."""

    async def queues(self, wire: Wire, until: float, clock: Callable[[], float]) -> set[str]:
        """Return the queues named by all binding tables known so far.

        Begins no further slice after `until`. Nothing is found, and nothing lost, where SCAN
        or SMEMBERS are refused. Raises BrokerError when the connection breaks.
        """
        for _ in range(_SLICES_A_CALL):
            if await self._slice(wire) or clock() >= until:
                break
        tables = sorted(self._tables)
        replies = await wire.ask(pack(("SMEMBERS", key) for key in tables), len(tables))
        named = {
            key: set(self._bindings(key, members))
            for key, members in zip(tables, replies, strict=True)
            if isinstance(members, list)
        }
        self.queue_tables = tuple(key for key, bindings in named.items() if bindings)
        self._bound, self._routes = {}, {}
        for binding in set().union(*named.values()):
            self._bound.setdefault(binding.exchange, set()).add(binding)
        return {binding.queue_name for bound in self._bound.values() for binding in bound}

    def route(self, exchange: str, routing_key: str) -> str | None:
        """Return the queue to which a message sent so came, where only one is bound to it."""
        sent = (exchange, routing_key)
        if sent not in self._routes:
            self._routes[sent] = self._route(*sent)
        return self._routes[sent]

    def _route(self, exchange: str, routing_key: str) -> str | None:
        bound = self._bound.get(exchange, set())
        queues = {binding.queue_name for binding in bound if binding.takes(routing_key)}
        # A fanout heeds no keys, and nothing in Redis says that an exchange is one. But what came
        # through an exchange came to a queue that is bound to it.
        queues = queues or {binding.queue_name for binding in bound}
        return next(iter(queues)) if len(queues) == 1 else None

    async def _slice(self, wire: Wire) -> bool:
        """Scan one slice. Return whether the keyspace has been gone through."""
        match, count = self._keys.binding_pattern, _KEYS_A_SLICE
        scan = ("SCAN", self._cursor, "MATCH", match, "COUNT", count, "TYPE", "set")
        (reply,) = await wire.ask(pack([scan]), 1)
        if not isinstance(reply, list):
            self.refused = f"queues cannot be discovered: {reply}"
            return True
        self.refused = ""
        self._cursor, keys = reply
        tables = set(filter(self._keys.may_name_queues, keys))
        self._found |= tables
        self._tables |= tables
        if self._cursor != b"0":
            return False
        # Once round: what was not met is gone.
        self._tables, self._found = self._found, set()
        self.complete = True
        return True

    def _bindings(self, key: bytes, members: list[bytes]) -> Iterable[Binding]:
        for member in members:
            binding = self._keys.binding(key, member)
            if binding is not None:
                yield binding
