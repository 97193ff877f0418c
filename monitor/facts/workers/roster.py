"""What is known of a worker process over a restart of the monitor."""

from monitor.facts.readings import RosterEntry
from monitor.facts.workers.process import Process


def process_of(entry: RosterEntry, now: float) -> Process:
    """Return the process as it was known before the monitor restarted."""
    # The clock may have been set back since then.
    process = Process(entry.hostname, entry.pid, min(entry.first_seen_at, now))
    process.last_seen_at = min(entry.last_seen_at, now)
    process.freq_seconds = entry.freq_seconds or None
    process.queues = entry.queues
    process.concurrency = entry.concurrency
    # Only an answer to a question tells either of them.
    process.answered = entry.concurrency is not None or entry.queues is not None
    process.pool = entry.pool
    process.version = entry.version
    process.may_follow = set(entry.may_follow)
    process.processes_before = dict(entry.processes_before)
    if entry.state == "dead":
        process.enter("dead", "it was dead before the monitor restarted", process.last_seen_at)
    else:
        process.enter("unknown", "not heard since the monitor restarted", process.last_seen_at)
    return process


def entry_of(process: Process, broker: str, *, shared: bool, last: bool) -> RosterEntry:
    """Return what is kept of a process over a restart of the monitor; `last`: it ends now."""
    # By the minute: a finer time would be a write a beat, and a restart starts every deadline
    # anew. Exact at the end, and never before it was first heard, lest a young broker seem to
    # have been restarted since.
    about = max(process.first_seen_at, process.last_seen_at // 60 * 60)
    return RosterEntry(
        broker=broker,
        hostname=process.hostname,
        pid=process.pid,
        state=process.state,
        shared=shared,
        first_seen_at=process.first_seen_at,
        last_seen_at=process.last_seen_at if last else about,
        may_follow=tuple(sorted(process.may_follow, key=str)),
        freq_seconds=process.freq_seconds or 0.0,
        queues=process.queues,
        concurrency=process.concurrency,
        pool=process.pool,
        version=process.version,
        processes_before=dict(process.processes_before),
    )
