"""The table of tasks: with the most failures first, then the most received."""

from collections.abc import Iterable

from monitor.facts.histogram import HistogramFacts
from monitor.facts.snapshot import Snapshot, TaskFacts
from monitor.web.page.markup import Markup
from monitor.web.page.objects import broker_column, mark, row_key
from monitor.web.page.table import Column, Table
from monitor.web.page.view import View
from monitor.web.page.words import NOTHING, age, count, name


def tasks_section(view: View, snapshot: Snapshot) -> Markup:
    """Return the tasks."""
    tasks = (t for t in snapshot.tasks if view.choice.wants((t.name, t.queue_name)))
    table = tasks_table(view, snapshot)
    return table.section(by_failures(tasks), view.choice, filtered=True)


def by_failures(tasks: Iterable[TaskFacts]) -> list[TaskFacts]:
    """Return `tasks`: with the most failures first, then the most received."""
    return sorted(tasks, key=lambda t: (-sum(t.failed.values()), -t.received, t.key))


def tasks_table(view: View, snapshot: Snapshot) -> Table[TaskFacts]:
    """Return how tasks are listed."""
    columns = (
        *broker_column(snapshot),
        Column[TaskFacts]("Task", lambda t: name(t.name), "name"),
        Column[TaskFacts]("Queue", lambda t: name(t.queue_name)),
        Column[TaskFacts]("Received", lambda t: count(t.received), "number"),
        Column[TaskFacts]("Succeeded", lambda t: count(t.succeeded), "number"),
        Column[TaskFacts]("Failed", lambda t: count(sum(t.failed.values())), "number"),
        Column[TaskFacts]("Retried", lambda t: count(t.retried), "number"),
        Column[TaskFacts]("Longest running", _longest_running, "number"),
        Column[TaskFacts]("Mean runtime", lambda t: _mean(t.runtime), "number"),
        Column[TaskFacts]("Mean wait", lambda t: _mean(t.wait), "number"),
    )
    return Table(
        "Tasks",
        columns,
        lambda t: mark(view, "task", t),
        row_key,
        "No task event was received yet.",
    )


def _longest_running(task: TaskFacts) -> Markup:
    return NOTHING if task.longest_running_seconds == 0 else age(task.longest_running_seconds)


def _mean(histogram: HistogramFacts) -> Markup:
    return age(histogram.sum / histogram.count) if histogram.count else NOTHING
