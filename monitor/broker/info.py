"""What the server says of itself in an INFO reply. Called by `poll.py`."""

from collections.abc import Mapping

from monitor.broker.failure import BrokerError, error_reply
from monitor.broker.wire import Reply
from monitor.facts.readings import ServerReading

_ERROR_PREFIX = "errorstat_"


def read_info(reply: Reply, at: float) -> ServerReading:
    """Return what an INFO reply that came at `at` says. Where INFO
    is forbidden, or renamed, it costs just this.

    Raises BrokerError when the error is not about INFO alone, such as LOADING, and when it is
    the answer of another kind of server.
    """
    if isinstance(reply, Exception):
        error = error_reply(str(reply))
        if error.reason == "permission" or "unknown command" in str(error):
            return ServerReading()
        raise error
    text = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else ""
    fields: dict[str, str] = {}
    for line in text.splitlines():
        name, colon, value = line.partition(":")
        if colon:
            fields[name] = value
    if not fields:
        raise BrokerError("protocol", "what answers is not Redis: its INFO says nothing")

    def number(name: str) -> int | None:
        return int(fields[name]) if fields.get(name, "").isdecimal() else None

    uptime = number("uptime_in_seconds")
    return ServerReading(
        version=fields.get("valkey_version") or fields.get("redis_version", ""),
        role=fields.get("role", ""),
        started_at=None if uptime is None else at - uptime,
        run_id=fields.get("run_id", ""),
        maxmemory_policy=fields.get("maxmemory_policy", ""),
        memory_used_bytes=number("used_memory"),
        memory_max_bytes=number("maxmemory"),
        memory_uncounted_bytes=number("mem_not_counted_for_evict") or 0,
        evicted_keys=number("evicted_keys"),
        connected_clients=number("connected_clients"),
        clients_max=number("maxclients"),
        rejected_connections=number("rejected_connections"),
        commands=number("total_commands_processed"),
        # What a server does not say is taken for well: only what it says can be held against it.
        takes_writes_as_replica=fields.get("slave_read_only") == "0",
        save_failing=fields.get("rdb_last_bgsave_status", "ok") != "ok",
        append_failing=fields.get("aof_last_write_status", "ok") != "ok",
        error_replies=_error_replies(fields),
    )


def _error_replies(fields: Mapping[str, str]) -> dict[str, int]:
    """Return how many error replies of each code the server has given (`errorstat_OOM:count=3`)."""
    counts = {}
    for name, value in fields.items():
        count = value.partition("=")[2]
        if name.startswith(_ERROR_PREFIX) and count.isdecimal():
            counts[name.removeprefix(_ERROR_PREFIX)] = int(count)
    return counts
