"""The alerts: what is wrong, since when, and what to do; then what only waits or is over."""

from collections.abc import Iterable, Sequence
from urllib.parse import urlencode

from monitor.alerts.alert import Alert
from monitor.facts.scopes import IDENTITY
from monitor.values.names import bounded
from monitor.web.page.markup import Markup, element, joined
from monitor.web.page.objects import address
from monitor.web.page.ranking import object_of, severity_rank
from monitor.web.page.table import Column, Table, pages
from monitor.web.page.view import View
from monitor.web.page.words import ago, badge, moment, name, sentence, since, visible

SHOWN = 10
"""Firing alerts on one page."""
SHOWN_QUIETLY = 50
"""Of those that wait, and of those that are over."""

_STATES = ("firing", "pending", "resolved")


def troubles(view: View, alerts: Sequence[Alert]) -> Markup:
    """Return the firing `alerts` in full, the worst first and then the latest."""
    if not alerts:
        return Markup("")
    ranked = sorted(alerts, key=lambda a: (severity_rank(a), -(a.started_at or 0.0), a.labels))
    number, shown = view.choice.page_of("alerts", ranked, SHOWN)
    return element(
        "section",
        element("h2", "Firing", element("span", f"{len(alerts):,}", class_="count")),
        element("ol", *(_trouble(view, alert) for alert in shown), class_="troubles"),
        pages(view.choice, "alerts", number, len(ranked), SHOWN),
        id="alerts",
    )


def _trouble(view: View, alert: Alert) -> Markup:
    return element(
        "li",
        element(
            "p",
            badge(alert.severity, alert.severity),
            element("b", _linked_name(alert)),
            element("span", since(alert.began_at, view.now), class_="since"),
            class_="what",
        ),
        element("p", sentence(alert.summary)),
        _advice(alert),
        _deeds(view, alert),
        class_=alert.severity,
        data_key=alert.fingerprint,
    )


def _linked_name(alert: Alert) -> Markup:
    found = object_of(alert)
    if found is None or found[0] not in ("queue", "worker"):
        return name(alert.alertname)
    return element("a", name(alert.alertname), href=address(*found))


def _advice(alert: Alert) -> Markup:
    lines = []
    if alert.cause:
        lines += [element("dt", "Likely"), element("dd", sentence(alert.cause))]
    if alert.command:
        lines += [
            element("dt", "Type first"),
            element("dd", element("code", sentence(alert.command))),
        ]
    return element("dl", *lines) if lines else Markup("")


def _deeds(view: View, alert: Alert) -> Markup:
    links = []
    if alert.runbook.startswith(("https://", "http://")):
        links.append(element("a", "Runbook", href=visible(alert.runbook), rel="noreferrer"))
    if view.writable:
        query = urlencode({"alert": alert.fingerprint})
        label = f"Silence {visible(alert.alertname)}"
        links.append(element("a", "Silence", href=f"silence?{query}", aria_label=label))
    return element("p", *links, class_="deeds") if links else Markup("")


def other_alerts(view: View, alerts: Iterable[Alert]) -> Markup:
    """Return those of `alerts` that are muted, pending, or resolved lately."""
    rows = sorted(
        (a for a in alerts if a.state != "firing" or a.fingerprint in view.muted),
        key=lambda a: (_STATES.index(a.state), severity_rank(a), -_turned_at(a), a.labels),
    )
    if not rows:
        return Markup("")
    columns = (
        Column[Alert]("State", lambda a: _state(view, a)),
        Column[Alert]("Alert", _linked_name, "short"),
        Column[Alert]("What", lambda a: _what(view, a), "text"),
        Column[Alert]("When", lambda a: ago(_turned_at(a), view.now), "number"),
    )
    table = Table("Other alerts", columns, lambda _: None, lambda a: a.fingerprint, "")
    parts: list[Markup] = []
    if live := [a for a in rows if a.state != "resolved"]:
        count = element("span", f"{len(live):,}", class_="count")
        parts = [element("h2", "Pending and muted", count), *_first_of(table, live)]
    if over := [a for a in rows if a.state == "resolved"]:
        summary = element("summary", f"{len(over):,} resolved lately")
        parts.append(element("details", summary, *_first_of(table, over)))
    return element("section", *parts, id="other-alerts")


def _first_of(table: Table[Alert], alerts: Sequence[Alert]) -> Iterable[Markup]:
    yield element("div", table.table(alerts[:SHOWN_QUIETLY]), class_="scroll")
    more = len(alerts) - SHOWN_QUIETLY
    if more > 0:
        yield element("p", f"{more:,} more are not shown", class_="more")


def _turned_at(alert: Alert) -> float:
    """Return when it came into its state."""
    by_state = {"firing": alert.started_at, "resolved": alert.resolved_at}
    return by_state.get(alert.state) or alert.active_at


def _state(view: View, alert: Alert) -> Markup:
    if alert.state == "firing":
        return badge(view.muted[alert.fingerprint].how, "quiet")
    return badge(alert.state, "pending" if alert.state == "pending" else "good")


def _what(view: View, alert: Alert) -> Markup:
    parts: list[str] = [sentence(alert.summary)]
    if alert.state == "firing":
        parts += [element("small", line) for line in _why_muted(view, alert)]
    elif alert.resolved_reason:
        parts.append(element("small", sentence(alert.resolved_reason)))
    return joined(parts)


def _why_muted(view: View, alert: Alert) -> Iterable[Markup]:
    muted = view.muted[alert.fingerprint]
    for silence in view.silences:
        if silence.id in muted.silenced_by:
            until = joined(("silenced until ", moment(silence.ends_at)))
            by = joined((" by ", name(silence.created_by), ": ", sentence(silence.comment)))
            yield joined((until, by))
    explaining = [a for a in view.alerts if a.fingerprint in muted.inhibited_by]
    for other in explaining[:1]:
        yield joined(("explained by ", name(other.alertname)))
    for mute in muted.muted_by:
        yield joined(("mute time ", name(mute)))


def of_object(alerts: Iterable[Alert], scope: str, key: tuple[str, ...]) -> tuple[Alert, ...]:
    """Return the alerts on one object, whatever their state."""
    wanted = dict(zip(IDENTITY[scope], map(bounded, key), strict=True)).items()
    return tuple(a for a in alerts if wanted <= dict(a.labels).items())
