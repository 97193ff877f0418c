"""What a worker answers when it is asked: of each method only what is used. Called by `control.py`.

The rest of an answer holds secrets and the arguments of tasks, which never become Python objects.
"""

from typing import Any

import msgspec

from monitor.broker.messages import UNREADABLE
from monitor.facts.readings import RunningTask, WorkerReply

HEADCOUNT = "ping"
"""The method by which everybody is asked for no more than a sign of life."""

_DEFAULT_VISIBILITY_TIMEOUT_SECONDS = 3600.0
"""Of a worker that does not set it (kombu/transport/redis.py, `Channel.visibility_timeout`)."""


class _Pool(msgspec.Struct):
    implementation: str | None = None
    concurrency: int | None = msgspec.field(default=None, name="max-concurrency")
    processes: list[Any] | None = None


class _TransportOptions(msgspec.Struct):
    visibility_timeout: float | None = None


class _Broker(msgspec.Struct):
    """Of the broker's options only this one: others hold secrets."""

    transport_options: _TransportOptions


class _Stats(msgspec.Struct):
    """Of a `stats` reply only this: the rest names the broker's user and host."""

    pid: int | None = None
    uptime: float | None = None
    pool: _Pool | None = None
    broker: msgspec.Raw = msgspec.Raw()


class _Queue(msgspec.Struct):
    name: str


class _Running(msgspec.Struct):
    """Of a running task only this: the rest holds its arguments."""

    id: str
    name: str | None = None
    time_start: float | None = None


_broker = msgspec.json.Decoder(_Broker)
_stats = msgspec.json.Decoder(_Stats)
_queues = msgspec.json.Decoder(list[_Queue])
_running = msgspec.json.Decoder(list[_Running])
_reserved = msgspec.json.Decoder(list[msgspec.Raw])


def read_answer(method: str, hostname: str, raw: msgspec.Raw, at: float) -> WorkerReply:
    """Return what the worker `hostname` answered to `method`, received at `at`.

    Raises what decoding can raise (`UNREADABLE`).
    """
    if method == HEADCOUNT:
        return WorkerReply(at=at, hostname=hostname)
    if method == "active_queues":
        names = tuple(queue.name for queue in _queues.decode(raw))
        return WorkerReply(at=at, hostname=hostname, queues=names)
    if method == "active":
        running = tuple(
            RunningTask(task.id, task.name, task.time_start) for task in _running.decode(raw)
        )
        return WorkerReply(at=at, hostname=hostname, running=running)
    if method == "reserved":
        return WorkerReply(at=at, hostname=hostname, reserved=len(_reserved.decode(raw)))
    stats = _stats.decode(raw)
    pool = stats.pool or _Pool()
    implementation = (pool.implementation or "").rpartition(":")[0].rpartition(".")[2]
    return WorkerReply(
        at=at,
        hostname=hostname,
        pid=stats.pid,
        uptime_seconds=stats.uptime,
        # An autoscaled pool has as many slots as it has processes now.
        concurrency=len(pool.processes) if pool.processes else pool.concurrency,
        pool=implementation or None,
        visibility_timeout_seconds=_visibility_timeout(stats.broker),
    )


def _visibility_timeout(broker: msgspec.Raw) -> float | None:
    """Return what a worker's broker options say of it; options that cannot be read say nothing."""
    try:
        seconds = _broker.decode(broker).transport_options.visibility_timeout
    except UNREADABLE:
        return None
    return _DEFAULT_VISIBILITY_TIMEOUT_SECONDS if seconds is None else seconds
