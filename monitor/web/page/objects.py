"""What every view of watched things does alike: rank, mark, name, link, find."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from monitor.facts.logs import LogFacts
from monitor.facts.scopes import IDENTITY
from monitor.facts.snapshot import (
    BrokerFacts,
    QueueFacts,
    ScheduleFacts,
    Snapshot,
    TaskFacts,
    WorkerFacts,
)
from monitor.values.names import bounded
from monitor.web.page.markup import Markup, element, joined
from monitor.web.page.ranking import object_rank
from monitor.web.page.table import Column
from monitor.web.page.view import View
from monitor.web.page.words import badge, name

Watched = BrokerFacts | QueueFacts | WorkerFacts | TaskFacts | ScheduleFacts | LogFacts

STATE_KINDS = {
    "dead": "critical",
    "hung": "critical",
    "late": "warning",
    "online": "good",
    "busy": "good",
    "draining": "quiet",
    "offline": "quiet",
    "unknown": "blind",
}
"""The class that colours each state of a worker."""

VERDICT_KINDS = {
    "ok": "good",
    "draining": "good",
    "growing": "warning",
    "saturated": "warning",
    "stalled": "critical",
    "abandoned": "critical",
}
"""The class that colours each verdict on a queue."""


def broker_column(snapshot: Snapshot) -> tuple[Column[Any], ...]:
    """Return a column that names the broker, where there are several."""
    if len(snapshot.brokers) < 2:
        return ()
    return (Column[Any]("Broker", lambda thing: name(thing.broker)),)


def rank(view: View, scope: str, thing: Watched, blind: bool) -> int:
    """Return the place of an object, the worst being 0."""
    return object_rank(view.firing_on(scope, thing.key), blind)


def mark(view: View, scope: str, thing: Watched) -> str | None:
    """Return the class of an object's row."""
    alerts = view.firing_on(scope, thing.key)
    if alerts:
        return alerts[0].severity
    # A log is read without a broker.
    blind = not isinstance(thing, LogFacts) and thing.broker in view.blind
    return "blind" if blind else None


def alert_badges(view: View, scope: str, thing: Watched) -> Markup:
    """Return the alerts that fire on an object."""
    return joined(badge(name(a.alertname), a.severity) for a in view.firing_on(scope, thing.key))


def address(scope: str, key: tuple[str, ...]) -> str:
    """Return the URL, from the page's own, of an object's own view.

    Names stand in it as in labels, bounded and valid.
    """
    labels = zip(IDENTITY[scope], map(bounded, key), strict=True)
    return f"{scope}?{urlencode(tuple(labels))}"


def object_at(snapshot: Snapshot, scope: str, parameters: Mapping[str, str]) -> Any | None:
    """Return the object that the parameters of an `address` name; None where there is none."""
    wanted = tuple(parameters.get(label, "") for label in IDENTITY[scope])
    same = (thing for thing in snapshot.of(scope) if tuple(map(bounded, thing.key)) == wanted)
    return next(same, None)


def row_key(thing: Watched) -> str:
    """Return what tells a row from the others of its table."""
    return "\n".join(map(bounded, thing.key)).encode("unicode_escape").decode("ascii")


def link(scope: str, thing: Watched, text: str) -> Markup:
    """Return the name of an object as a link to its own view."""
    return element("a", name(text), href=address(scope, thing.key))
