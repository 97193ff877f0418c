"""The table of alerts: firing, then pending, then resolved lately, the worst first."""

from monitor.alerts.alert import Alert
from monitor.web.page.markup import Markup, element, joined
from monitor.web.page.ranking import severity_rank
from monitor.web.page.table import Column, section
from monitor.web.page.view import View
from monitor.web.page.words import age, ago, badge, name, sentence, visible

_ORDER = ("firing", "pending", "resolved")


def alerts_section(view: View) -> Markup:
    """Return the alerts: firing, then pending, then resolved lately."""
    rows = sorted(
        view.alerts,
        key=lambda a: (_ORDER.index(a.state), severity_rank(a), -a.active_at, a.labels),
    )
    columns = (
        Column[Alert]("State", _alert_state),
        Column[Alert]("Alert", lambda a: name(a.alertname), "short"),
        Column[Alert]("What", _alert_summary, "text"),
        Column[Alert]("Since", lambda a: _alert_since(a, view.now), "number"),
    )
    return section("Alerts", columns, rows, _alert_mark, "No alert is firing or pending.")


def _alert_state(alert: Alert) -> Markup:
    kind = {"firing": alert.severity, "pending": "pending", "resolved": "good"}[alert.state]
    text = alert.severity if alert.state == "firing" else alert.state
    return badge(text, kind)


def _alert_mark(alert: Alert) -> str | None:
    return alert.severity if alert.state == "firing" else None


def _alert_summary(alert: Alert) -> Markup:
    parts = [sentence(alert.summary)]
    if alert.resolved_reason:
        parts.append(element("small", sentence(alert.resolved_reason)))
    if alert.runbook.startswith(("https://", "http://")):
        parts.append(element("a", "runbook", href=visible(alert.runbook), rel="noreferrer"))
    return joined(parts)


def _alert_since(alert: Alert, now: float) -> Markup:
    if alert.state == "resolved":
        return ago(alert.resolved_at, now)
    return age(max(0.0, now - (alert.started_at or alert.active_at)))
