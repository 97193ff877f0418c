"""What is shown of one worker, from all that is known of its process."""

from collections.abc import Iterator, Sequence

from monitor.facts.scopes import UP_STATES
from monitor.facts.snapshot import WorkerFacts
from monitor.facts.workers.process import Process
from monitor.facts.workers.restarts import CRASH_WINDOW_SECONDS

_UNHEARD_SHOWN = 20
"""Most of those that were never heard are long dead, so that more of them tell no more."""


def worker_row(
    process: Process, broker: str, label: str, *, shared: bool, blind: bool, now: float
) -> WorkerFacts:
    """Return the row of a process that is called `label`.

    `shared`: other processes have its node name, so what the name consumes is not its own.
    `blind`: the event feed is down.
    """
    live = not blind and process.state in UP_STATES
    consuming = process.consuming if process.state == "online" and not blind else None
    return WorkerFacts(
        broker=broker,
        hostname=label,
        state=None if blind else process.state,
        reason="the event feed is down" if blind else _reason(process, consuming),
        pid=process.pid,
        active=process.active if live else None,
        processed=process.processed,
        consuming=consuming,
        task_events=process.task_events if live else None,
        concurrency=process.concurrency,
        queues=None if shared else process.queues,
        last_seen_at=process.last_seen_at,
        clock_skew_seconds=None if blind else process.skew.seconds,
        load1=process.load1 if live else None,
        restarts=dict(process.restarts.counts),
        recent_crashes=process.restarts.crashes_since(now - CRASH_WINDOW_SECONDS),
        version=process.version,
        pool=process.pool,
    )


def unheard_rows(broker: str, hostnames: Sequence[str]) -> Iterator[WorkerFacts]:
    """Go over the rows of workers that are registered and were never heard."""
    reason = "registered and never heard: it hangs or died before the monitor listened"
    for hostname in hostnames[:_UNHEARD_SHOWN]:
        yield WorkerFacts(broker=broker, hostname=hostname, state="unknown", reason=reason)


def _reason(process: Process, consuming: bool | None) -> str:
    idle = consuming is False
    return "it beats, and takes none of the messages that wait" if idle else process.reason
