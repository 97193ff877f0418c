"""A queue's and a worker's own view: all that is known of it, with its hour of history."""

from collections.abc import Iterable, Mapping

from monitor.facts.history import Line
from monitor.facts.snapshot import QueueFacts, Snapshot, WorkerFacts
from monitor.values.names import bounded
from monitor.values.units import format_duration
from monitor.web.page.alerts import of_object, other_alerts, troubles
from monitor.web.page.charts import chart, strip
from monitor.web.page.markup import Markup, element, joined
from monitor.web.page.objects import STATE_KINDS, address
from monitor.web.page.queues import consumers, drains_in, in_flight, oldest, priorities, verdict
from monitor.web.page.rendered import BACK, Rendered
from monitor.web.page.tasks import by_failures, tasks_table
from monitor.web.page.view import View
from monitor.web.page.words import (
    NOTHING,
    UNKNOWN,
    age,
    ago,
    badge,
    count,
    name,
    rate,
    rate_words,
    sentence,
    terms,
    visible,
)
from monitor.web.page.workers import ranked, slots, worker_state, workers_table

Facts = Iterable[tuple[str, str]]

_MOST_QUEUES = 200


def queue_view(view: View, snapshot: Snapshot, queue: QueueFacts) -> Rendered:
    """Return a queue's own view."""
    lines = view.history.lines("queue", queue.key)
    workers = [
        worker
        for worker in snapshot.workers
        if worker.broker == queue.broker and queue.queue_name in (worker.queues or ())
    ]
    tasks = [
        task
        for task in snapshot.tasks
        if task.broker == queue.broker and task.queue_name == queue.queue_name
    ]
    return _rendered(
        view,
        ("queue", queue.key),
        _heading("Queue", queue.queue_name, queue.broker, verdict(queue)),
        element("section", terms(_queue_facts(queue))),
        _charts(lines, _queue_charts(lines)),
        workers_table(view, snapshot).section(ranked(view, workers), view.choice),
        tasks_table(view, snapshot).section(by_failures(tasks), view.choice),
    )


def _queue_facts(queue: QueueFacts) -> Facts:
    yield "Waiting", count(queue.length)
    yield "By priority", priorities(queue)
    yield "Oldest", oldest(queue)
    yield "In flight", in_flight(queue)
    if queue.in_flight is not None:
        yield "of them redelivered", count(queue.in_flight.redelivered)
        yield "of them with an ETA", count(queue.in_flight.scheduled)
    yield "Come in", rate(queue.arrival_rate)
    yield "Go out", rate(queue.dispatch_rate)
    yield "Drains in", drains_in(queue)
    yield "Workers", consumers(queue)
    yield "Processes needed", count(queue.processes_needed)
    if queue.max_length is not None:
        yield "Longest allowed", count(queue.max_length)
    if queue.max_age_seconds is not None:
        yield "Oldest allowed", age(queue.max_age_seconds)


def _queue_charts(lines: Mapping[str, Line]) -> Iterable[Markup]:
    rates = [("in", lines["arrival_rate"]), ("out", lines["dispatch_rate"])]
    yield chart("Waiting", [("", lines["length"])], "{:,.0f}".format)
    yield chart("Age of the oldest", [("", lines["oldest_age"])], format_duration)
    yield chart("Messages in and out", rates, rate_words)
    yield chart("In flight", [("", lines["unacked"])], "{:,.0f}".format)


def worker_view(view: View, snapshot: Snapshot, worker: WorkerFacts) -> Rendered:
    """Return a worker's own view."""
    lines = view.history.lines("worker", worker.key)
    known = {queue.queue_name for queue in snapshot.queues if queue.broker == worker.broker}
    return _rendered(
        view,
        ("worker", worker.key),
        _heading("Worker", worker.hostname, worker.broker, worker_state(worker)),
        element("p", sentence(worker.reason), class_="why") if worker.reason else Markup(""),
        element("section", terms(_worker_facts(view, worker, known))),
        _charts(lines, _worker_charts(lines)),
    )


def _worker_facts(view: View, worker: WorkerFacts, known: set[str]) -> Facts:
    yield "Active", slots(worker)
    yield "Processed", count(worker.processed)
    yield "Last seen", ago(worker.last_seen_at, view.now)
    yield "Queues", _queue_links(worker, known)
    yield (
        "Restarts",
        f"{worker.restarts.get('true', 0):,} clean, {worker.restarts.get('false', 0):,} not",
    )
    yield "Task events", _yes_or_no(worker.task_events)
    yield "Load", UNKNOWN if worker.load1 is None else f"{worker.load1:.2f}"
    skew = worker.clock_skew_seconds
    yield "Clock skew", UNKNOWN if skew is None else f"{round(skew, 1) + 0.0:.1f} s"
    yield "Process", UNKNOWN if worker.pid is None else str(worker.pid)
    yield "Pool", name(worker.pool) if worker.pool else UNKNOWN
    yield "Celery", name(worker.version) if worker.version else UNKNOWN


def _queue_links(worker: WorkerFacts, known: set[str]) -> Markup:
    if worker.queues is None:
        return UNKNOWN
    links = []
    for queue in worker.queues[:_MOST_QUEUES]:
        href = address("queue", (worker.broker, queue)) if queue in known else None
        links.append(element("a" if href else "span", name(queue), href=href, class_="chip"))
    return joined(links) or NOTHING


def _yes_or_no(answer: bool | None) -> Markup:
    if answer is None:
        return UNKNOWN
    return badge("sent", "good") if answer else badge("not sent", "warning")


def _worker_charts(lines: Mapping[str, Line]) -> Iterable[Markup]:
    yield strip("State", lines["state"], STATE_KINDS)
    yield chart("Active tasks", [("", lines["active"])], "{:,.0f}".format)


def _rendered(
    view: View, thing: tuple[str, tuple[str, ...]], heading: Markup, *content: Markup
) -> Rendered:
    loud = of_object(view.loud, *thing)
    others = other_alerts(view, of_object(view.alerts, *thing))
    title = visible(bounded(thing[1][-1]))
    return Rendered(title, (BACK, heading, troubles(view, loud), *content, others))


def missing(kind: str, wanted: str) -> Rendered:
    """Return that nothing of that name is known."""
    text = f"No {kind} named {visible(wanted)} is known, or it is no longer."
    said = element("div", element("p", text, class_="headline"), class_="verdict blind")
    return Rendered(text, (BACK, said), found=False)


def _heading(kind: str, title: str, broker: str, state: Markup) -> Markup:
    return element(
        "header",
        element("h2", name(title), state),
        element("p", f"{kind} on the broker ", name(broker)),
        class_="own",
    )


def _charts(lines: Mapping[str, Line], charts: Iterable[Markup]) -> Markup:
    if not lines:
        text = "No history is kept of it yet, or there are too many others."
        return element("section", element("p", text, class_="empty"))
    return element("section", *charts, class_="charts", aria_label="The last hour")
