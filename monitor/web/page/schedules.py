"""The tables of what is to come regularly: schedules of tasks, and logs that tasks write."""

from monitor.facts.logs import LogFacts
from monitor.facts.snapshot import ScheduleFacts, Snapshot
from monitor.web.page.markup import Markup, element, joined
from monitor.web.page.objects import alert_badges, broker_column, mark, row_key
from monitor.web.page.table import Column, Table
from monitor.web.page.view import View
from monitor.web.page.words import NOTHING, UNKNOWN, age, ago, badge, count, name, sentence


def schedules_section(view: View, snapshot: Snapshot) -> Markup:
    """Return the schedules, those that were missed first; nothing where there are none."""
    if not snapshot.schedules:
        return Markup("")
    rows = sorted(snapshot.schedules, key=lambda s: (not s.missed, s.learned, s.key))
    columns = (
        *broker_column(snapshot),
        Column[ScheduleFacts]("Schedule", lambda s: name(s.schedule), "name"),
        Column[ScheduleFacts]("Status", _schedule_status),
        Column[ScheduleFacts]("Every", _period, "number"),
        Column[ScheduleFacts]("Due", lambda s: _ago(s.due_at, view.now), "number"),
        Column[ScheduleFacts](
            "Last received", lambda s: ago(s.last_received_at, view.now), "number"
        ),
        Column[ScheduleFacts]("Why", lambda s: sentence(s.reason), "text"),
    )
    table = Table("Schedules", columns, lambda s: mark(view, "schedule", s), row_key, "")
    return table.section(rows, view.choice)


def _period(schedule: ScheduleFacts) -> Markup:
    return age(schedule.period_seconds) if schedule.period_seconds else NOTHING


def _ago(at: float | None, now: float) -> Markup:
    return NOTHING if at is None else ago(at, now)


def _schedule_status(schedule: ScheduleFacts) -> Markup:
    if schedule.learned:
        return badge("learned", "quiet")
    if schedule.missed is None:
        return UNKNOWN
    return badge("missed", "warning") if schedule.missed else badge("ok", "good")


def logs_section(view: View, snapshot: Snapshot) -> Markup:
    """Return the logs, those that cannot be read first; nothing where none is watched."""
    if not snapshot.logs:
        return Markup("")
    rows = sorted(snapshot.logs, key=lambda log: (log.readable is not False, log.key))
    columns = (
        Column[LogFacts]("Log", lambda log: name(log.log), "name"),
        Column[LogFacts]("Status", lambda log: _log_status(view, log)),
        Column[LogFacts]("Last write", lambda log: ago(log.last_write_at, view.now), "number"),
        Column[LogFacts]("Last match", lambda log: _ago(log.last_match_at, view.now), "number"),
        Column[LogFacts]("Matches a minute", lambda log: count(log.matches_per_minute), "number"),
    )
    table = Table("Logs", columns, lambda log: mark(view, "log", log), row_key, "")
    return table.section(rows, view.choice)


def _log_status(view: View, log: LogFacts) -> Markup:
    why = element("small", sentence(log.problem)) if log.problem else ""
    if log.readable is None:
        return joined((UNKNOWN, why))
    read = badge("read", "good") if log.readable else badge("not readable", "warning")
    return joined((alert_badges(view, "log", log) or read, why))
