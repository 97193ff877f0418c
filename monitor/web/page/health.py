"""How the monitor itself does: notices that did not arrive, and its own health."""

from monitor.facts.snapshot import Snapshot
from monitor.state.history import NoticeEntry
from monitor.values.units import format_duration
from monitor.web.page.markup import Markup, element
from monitor.web.page.table import Column, Table
from monitor.web.page.view import View
from monitor.web.page.words import (
    NOTHING,
    UNKNOWN,
    ago,
    badge,
    count,
    moment,
    name,
    sentence,
    terms,
)

_RESULT_WORDS = {"failed": "failed, tried again", "refused": "refused, given up"}


def deliveries_section(view: View) -> Markup:
    """Return the notices that did not arrive lately; nothing where all did."""
    if not view.failed_notices:
        return Markup("")
    columns = (
        Column[NoticeEntry]("Channel", lambda n: name(n.channel), "name"),
        Column[NoticeEntry]("Result", _result),
        Column[NoticeEntry]("Why", lambda n: sentence(n.reason), "text"),
        Column[NoticeEntry]("Firing", lambda n: count(n.firing), "number"),
        Column[NoticeEntry]("Resolved", lambda n: count(n.resolved), "number"),
        Column[NoticeEntry]("When", lambda n: ago(n.at, view.now), "number"),
    )
    table = Table(
        "Failed deliveries",
        columns,
        lambda n: "critical" if n.result == "refused" else "warning",
        lambda n: f"{n.at:.3f} {n.group_key}",
        "",
    )
    return table.section(view.failed_notices, view.choice)


def _result(notice: NoticeEntry) -> Markup:
    kind = "critical" if notice.result == "refused" else "warning"
    return badge(_RESULT_WORDS[notice.result], kind)


def monitor_section(view: View, snapshot: Snapshot) -> Markup:
    """Return the monitor's own health."""
    monitor = snapshot.monitor
    ticks = monitor.tick_duration
    mean = f"{1000 * ticks.sum / ticks.count:.1f} ms" if ticks and ticks.count else UNKNOWN
    facts = (
        ("Up for", format_duration(max(0.0, view.now - view.started_at))),
        ("Last tick", element("span", moment(snapshot.at))),
        ("Mean tick", mean),
        (
            "State file",
            badge("written", "good") if monitor.state_ok else badge("in memory only", "critical"),
        ),
        (
            "Settings",
            badge("loaded", "good")
            if monitor.config_reload_ok
            else badge("reload failed", "warning"),
        ),
        ("Notices", _notices(snapshot)),
        ("Version", name(monitor.version)),
    )
    return element("section", element("h2", "Monitor"), terms(facts), id="monitor")


def _notices(snapshot: Snapshot) -> Markup | str:
    """Return how many notices came to what since the start."""
    monitor = snapshot.monitor
    if not monitor.channels:
        return badge("no channel", "warning")
    sums: dict[str, int] = {}
    for (_, result), number in monitor.notifications.items():
        sums[result] = sums.get(result, 0) + number
    return ", ".join(f"{number:,} {result}" for result, number in sums.items() if number) or NOTHING
