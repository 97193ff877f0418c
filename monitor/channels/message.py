"""What a notice says to people: one structure, which each channel renders in its own way. Pure.

What, where, since when, how bad, what is known, the likely cause, the first command to type,
and where to read on.
"""

from collections.abc import Iterable
from hashlib import sha256
from typing import Literal

from msgspec import Struct

from monitor.alerts.alert import Alert, Notice
from monitor.values.moments import format_moment
from monitor.values.units import format_duration

MAX_NAMES = 3
"""How many objects of a group its title names."""
MAX_ITEMS = 10
"""How many alerts a message tells in full; the others are counted."""

Kind = Literal["text", "code", "link"]


class Row(Struct, frozen=True):
    """One thing that is said of an alert."""

    heading: str
    text: str
    kind: Kind = "text"


class Item(Struct, frozen=True):
    """One alert."""

    headline: str
    rows: tuple[Row, ...]


class Message(Struct, frozen=True, kw_only=True):
    """A notice in words."""

    title: str
    """One line: how bad, what, where. It stands alone on the screen of a telephone."""
    severity: str
    """The gravest that fires; of what is over, the gravest that did."""
    firing: bool
    items: tuple[Item, ...]
    left_out: int
    """How many more alerts there are than items."""
    page_url: str


def message_of(notice: Notice, page_url: str) -> Message:
    """Return `notice` in words, as at `notice.made_at`."""
    alerts = (*_gravest_first(notice.firing), *_gravest_first(notice.resolved))
    return Message(
        title=_title(notice),
        severity=severity_of(notice),
        firing=bool(notice.firing),
        items=tuple(_item(alert, notice.made_at) for alert in alerts[:MAX_ITEMS]),
        left_out=max(0, len(alerts) - MAX_ITEMS),
        page_url=page_url,
    )


def severity_of(notice: Notice) -> str:
    """Return the gravest severity of what fires, else of what is over."""
    return _gravest_first(notice.firing or notice.resolved)[0].severity


def incident_key(notice: Notice) -> str:
    """Return what identifies the group to receivers that deduplicate: 64 hexadecimal digits.

    The same over restarts and in every daemon; as Alertmanager makes it.
    """
    return sha256(notice.group_key.encode()).hexdigest()


def one_line(text: str, limit: int) -> str:
    """Return `text` on one line of at most `limit` characters."""
    flat = " ".join(text.split())
    return flat if len(flat) <= limit else flat[: limit - 1] + "…"


def course_of(alert: Alert) -> dict[str, str]:
    """Return when an alert began and ended, and why it did, for receivers that take fields."""
    course = {"since": format_moment(alert.began_at)}
    if alert.resolved_at is not None:
        course["until"] = format_moment(alert.resolved_at)
    if alert.resolved_reason:
        course["resolved_reason"] = alert.resolved_reason
    return course


def object_of(alert: Alert) -> str:
    """Return the name of what the alert is about: the labels that say more than the broker."""
    where = _where(alert)
    broker = where.pop("broker", "")
    return "/".join(where.values()) or broker


def _gravest_first(alerts: tuple[Alert, ...]) -> tuple[Alert, ...]:
    order = ("critical", "warning", "info", "none")
    return tuple(sorted(alerts, key=lambda alert: order.index(alert.severity)))


def _title(notice: Notice) -> str:
    alerts = _gravest_first(notice.firing or notice.resolved)
    word = severity_of(notice).upper() if notice.firing else "RESOLVED"
    if len(alerts) == 1:
        return f"{word} {alerts[0].alertname}: {alerts[0].summary}"
    names = list(dict.fromkeys(map(object_of, alerts)))
    named = ", ".join(names[:MAX_NAMES])
    if len(names) > MAX_NAMES:
        named += f" and {len(names) - MAX_NAMES} more"
    kinds = ", ".join(dict.fromkeys(alert.alertname for alert in alerts))
    return f"{word} {len(alerts)} x {kinds}: {named}"


def _item(alert: Alert, now: float) -> Item:
    began_at = alert.began_at
    over = alert.resolved_at is not None
    word = "RESOLVED" if over else alert.severity.upper()
    rows = [
        Row("Alert", alert.alertname),
        Row("Where", _listed(_where(alert).items())),
        Row(
            "Since", f"{format_moment(began_at)} ({format_duration(max(0.0, now - began_at))} ago)"
        ),
    ]
    if alert.resolved_at is not None:
        lasted = format_duration(max(0.0, alert.resolved_at - began_at))
        rows.append(Row("Until", f"{format_moment(alert.resolved_at)} (after {lasted})"))
        rows.append(Row("Why over", alert.resolved_reason))
    rows.append(Row("Before", _listed(alert.before)))
    rows.append(Row("Facts", _listed(alert.facts)))
    if not over:
        rows.append(Row("Likely cause", alert.cause))
        rows.append(Row("First command", alert.command, "code"))
        rows.append(Row("Runbook", alert.runbook, "link"))
    return Item(f"{word}: {alert.summary}", tuple(row for row in rows if row.text))


def _where(alert: Alert) -> dict[str, str]:
    return {name: value for name, value in alert.labels if name not in ("alertname", "severity")}


def _listed(values: Iterable[tuple[str, str]]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values)
