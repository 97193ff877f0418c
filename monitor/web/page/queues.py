"""The table of queues: with alerts, then not known, then by the age of what waits."""

from monitor.facts.snapshot import QueueFacts, Snapshot
from monitor.web.page.charts import sparkline
from monitor.web.page.markup import Markup, element, joined
from monitor.web.page.objects import (
    VERDICT_KINDS,
    alert_badges,
    broker_column,
    link,
    mark,
    rank,
    row_key,
)
from monitor.web.page.table import Column, Table
from monitor.web.page.view import View
from monitor.web.page.words import NOTHING, UNKNOWN, age, badge, count, rate


def queues_section(view: View, snapshot: Snapshot) -> Markup:
    """Return the queues."""
    rows = sorted(
        (
            queue
            for queue in snapshot.queues
            if view.choice.wants((queue.queue_name, queue.verdict))
        ),
        key=lambda q: (
            rank(view, "queue", q, q.length is None),
            -(q.oldest_age_seconds or 0.0),
            -(q.length or 0),
            q.key,
        ),
    )
    columns = (
        *broker_column(snapshot),
        Column[QueueFacts]("Queue", lambda q: link("queue", q, q.queue_name), "name"),
        Column[QueueFacts]("Status", lambda q: queue_status(view, q)),
        Column[QueueFacts]("Waiting", lambda q: count(q.length), "number"),
        Column[QueueFacts]("Last hour", lambda q: _sparkline(view, q), "drawn"),
        Column[QueueFacts]("In flight", in_flight, "number"),
        Column[QueueFacts]("Oldest", oldest, "number"),
        Column[QueueFacts]("In", lambda q: rate(q.arrival_rate), "number"),
        Column[QueueFacts]("Out", lambda q: rate(q.dispatch_rate), "number"),
        Column[QueueFacts]("Drains in", drains_in, "number"),
        Column[QueueFacts]("Workers", consumers, "number"),
    )
    table = Table(
        "Queues", columns, lambda q: mark(view, "queue", q), row_key, "No queue is known yet."
    )
    return table.section(rows, view.choice, "worst first", filtered=True)


def queue_status(view: View, queue: QueueFacts) -> Markup:
    """Return the alerts on a queue, or else what is to be thought of it."""
    return alert_badges(view, "queue", queue) or verdict(queue)


def verdict(queue: QueueFacts) -> Markup:
    """Return what is to be thought of a queue."""
    if queue.length is None:
        return UNKNOWN
    if queue.verdict is not None and queue.length:
        return badge(queue.verdict, VERDICT_KINDS[queue.verdict])
    return badge("waiting", "quiet") if queue.length else badge("empty", "good")


def _sparkline(view: View, queue: QueueFacts) -> Markup:
    lines = view.history.lines("queue", queue.key)
    return sparkline(lines.get("length"), "{:,.0f} waiting".format)


def priorities(queue: QueueFacts) -> Markup:
    """Return how many wait at each priority step that has any."""
    if queue.priority_length is None:
        return UNKNOWN
    chips = [
        element("span", f"p{step} ", element("b", f"{length:,}"), class_="chip")
        for step, length in queue.priority_length.items()
        if length
    ]
    return joined(chips) or NOTHING


def in_flight(queue: QueueFacts) -> Markup:
    """Return how many messages workers hold, marked where that is an estimate."""
    share = queue.in_flight
    if share is None:
        return UNKNOWN
    return count(share.unacked) if share.exact else joined(("≈ ", count(share.unacked)))


def oldest(queue: QueueFacts) -> Markup:
    """Return the age of the oldest message."""
    if queue.length == 0:
        return NOTHING
    return age(queue.oldest_age_seconds, queue.oldest_age_exact)


def drains_in(queue: QueueFacts) -> Markup:
    """Return when it will be empty, as things go."""
    return NOTHING if queue.length == 0 else age(queue.drain_seconds)


def consumers(queue: QueueFacts) -> Markup:
    """Return the live workers that consume it, and their slots."""
    if queue.workers is None:
        return UNKNOWN
    number = queue.processes
    slots = "" if number is None else f"{number:,} slot{'' if number == 1 else 's'}"
    return joined((count(queue.workers), element("small", slots) if slots else ""))
