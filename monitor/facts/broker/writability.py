"""Whether a broker takes writes, inferred from successive INFO replies.

A broker that answers reads and refuses writes looks empty and healthy, and a monitor that
writes to find out would be one more burden on a full server. What INFO says of the cause is
held together with what it counts: the error replies that others have had to their writes.
"""

from collections.abc import Mapping

from monitor.facts.broker.increase import Increase
from monitor.facts.readings import ServerReading

OBSTACLES: Mapping[str, str] = {
    "out_of_memory": "its memory is full (OOM)",
    "disk": "it cannot write to its disk (MISCONF)",
    "replica": "it is a read-only replica",
    "too_few_replicas": "too few replicas follow it (NOREPLICAS)",
    "max_clients": "it turns connections away (maxclients)",
}
"""Why a broker refuses writes: the label value, and the words for people."""

_CODES = {"out_of_memory": "OOM", "disk": "MISCONF", "too_few_replicas": "NOREPLICAS"}
"""The code of the error reply that a write gets."""

_REFUSAL_REMEMBERED_SECONDS = 30.0
"""Longer than Celery's workers and publishers pause between two tries."""


class Writability:
    """What stands in the way of writes to one broker."""

    def __init__(self) -> None:
        self._refused = {name: Increase(_REFUSAL_REMEMBERED_SECONDS) for name in _CODES}
        self._turned_away = Increase(_REFUSAL_REMEMBERED_SECONDS)
        self._save_refused = False
        """Whether a write was refused since saving to disk began to fail."""
        self._server = ServerReading()

    def apply(self, server: ServerReading, at: float) -> None:
        """Take what INFO said at `at`."""
        before, self._server = self._server, server
        refused_now = {
            name: self._refused[name].note(server.error_replies.get(code, 0), at)
            for name, code in _CODES.items()
        }
        self._turned_away.note(server.rejected_connections, at)
        first = not before.role
        counted = server.error_replies.get(_CODES["disk"], 0) if first else refused_now["disk"]
        # That saving fails is harmless where no saves are configured, which INFO does not say;
        # what a write was answered does.
        self._save_refused = server.save_failing and (self._save_refused or counted > 0)

    def obstacles(self, now: float) -> Mapping[str, bool] | None:
        """Return for every name of `OBSTACLES` whether it stands in the way; None: not known."""
        server = self._server
        if not server.role:
            return None
        return {
            "out_of_memory": self._memory_full()
            or bool(self._refused["out_of_memory"].within(now)),
            "disk": server.append_failing or self._save_refused,
            "replica": server.role == "slave" and not server.takes_writes_as_replica,
            "too_few_replicas": bool(self._refused["too_few_replicas"].within(now)),
            "max_clients": self._no_room() or bool(self._turned_away.within(now)),
        }

    def _memory_full(self) -> bool:
        server = self._server
        used, most = server.memory_used_bytes or 0, server.memory_max_bytes or 0
        full = 0 < most < used - server.memory_uncounted_bytes
        return full and server.maxmemory_policy == "noeviction"

    def _no_room(self) -> bool:
        clients, most = self._server.connected_clients, self._server.clients_max
        return clients is not None and most is not None and clients >= most > 0
