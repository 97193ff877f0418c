"""The table of workers: with alerts, then by state."""

from collections.abc import Iterable

from monitor.facts.snapshot import Snapshot, WorkerFacts
from monitor.web.page.charts import sparkline
from monitor.web.page.markup import Markup, element, joined
from monitor.web.page.objects import STATE_KINDS, broker_column, link, mark, rank, row_key
from monitor.web.page.table import Column, Table
from monitor.web.page.view import View
from monitor.web.page.words import UNKNOWN, ago, badge, count, names, sentence

_ORDER = ("dead", "hung", "late", None, "unknown", "draining", "busy", "online", "offline")


def workers_section(view: View, snapshot: Snapshot) -> Markup:
    """Return the workers."""
    rows = ranked(
        view,
        (
            worker
            for worker in snapshot.workers
            if view.choice.wants((worker.hostname, worker.state, *(worker.queues or ())))
        ),
    )
    return workers_table(view, snapshot).section(rows, view.choice, "worst first", filtered=True)


def ranked(view: View, workers: Iterable[WorkerFacts]) -> list[WorkerFacts]:
    """Return `workers`, the worst first."""
    return sorted(
        workers,
        key=lambda w: (rank(view, "worker", w, w.state is None), _ORDER.index(w.state), w.key),
    )


def workers_table(view: View, snapshot: Snapshot) -> Table[WorkerFacts]:
    """Return how workers are listed."""
    columns = (
        *broker_column(snapshot),
        Column[WorkerFacts]("Worker", lambda w: link("worker", w, w.hostname), "name"),
        Column[WorkerFacts]("State", worker_state),
        Column[WorkerFacts]("Why", lambda w: sentence(w.reason), "text"),
        Column[WorkerFacts]("Active", slots, "number"),
        Column[WorkerFacts]("Last hour", lambda w: _sparkline(view, w), "drawn"),
        Column[WorkerFacts]("Queues", consumed),
        Column[WorkerFacts]("Last seen", lambda w: ago(w.last_seen_at, view.now), "number"),
    )
    return Table(
        "Workers", columns, lambda w: mark(view, "worker", w), row_key, "No worker was heard yet."
    )


def worker_state(worker: WorkerFacts) -> Markup:
    """Return the state of a worker."""
    if worker.state is None:
        return UNKNOWN
    state = badge(worker.state, STATE_KINDS[worker.state])
    if worker.consuming is False:
        return joined((state, element("small", "takes nothing")))
    return state


def slots(worker: WorkerFacts) -> Markup:
    """Return how many of its slots are busy."""
    if worker.active is None:
        return UNKNOWN
    return joined((count(worker.active), " of ", count(worker.concurrency)))


def consumed(worker: WorkerFacts) -> Markup:
    """Return the queues that it consumes."""
    return UNKNOWN if worker.queues is None else names(worker.queues)


def _sparkline(view: View, worker: WorkerFacts) -> Markup:
    lines = view.history.lines("worker", worker.key)
    return sparkline(lines.get("active"), "{:,.0f} active".format)
