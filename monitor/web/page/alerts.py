"""The table of alerts: firing, then pending, then resolved lately, the worst first."""

from monitor.alerts.alert import Alert
from monitor.alerts.muting import Muted
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
        Column[Alert]("State", lambda a: _alert_state(a, view)),
        Column[Alert]("Alert", lambda a: name(a.alertname), "short"),
        Column[Alert]("What", _alert_summary, "text"),
        Column[Alert]("Since", lambda a: _alert_since(a, view.now), "number"),
    )
    return section(
        "Alerts", columns, rows, lambda a: _alert_mark(a, view), "No alert is firing or pending."
    )


def _alert_state(alert: Alert, view: View) -> Markup:
    kind = {"firing": alert.severity, "pending": "pending", "resolved": "good"}[alert.state]
    text = alert.severity if alert.state == "firing" else alert.state
    muted = _muted(alert, view)
    if muted is None:
        return badge(text, kind)
    why = {
        "silenced": f"by silence {', '.join(muted.silenced_by)}",
        "inhibited": "by another alert that fires",
        "muted": f"by {', '.join(muted.muted_by)}",
    }[muted.how]
    said = element("span", muted.how, class_="badge pending", title=visible(why))
    return joined((badge(text, kind), " ", said))


def _alert_mark(alert: Alert, view: View) -> str | None:
    shown = alert.state == "firing" and _muted(alert, view) is None
    return alert.severity if shown else None


def _muted(alert: Alert, view: View) -> Muted | None:
    return view.muted.get(alert.fingerprint) if alert.state == "firing" else None


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
