"""What is wrong with which object, so that the page can show the worst first."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from monitor.alerts.alert import Alert
from monitor.facts.scopes import IDENTITY

Key = tuple[str, ...]

_SCOPES = {frozenset(labels): scope for scope, labels in IDENTITY.items()}
_RANKS = {"critical": 0, "warning": 1, "info": 3}
BLIND = 2
FINE = 4


def by_object(alerts: Iterable[Alert]) -> Mapping[tuple[str, Key], list[Alert]]:
    """Return the firing alerts by (scope, key) of the object that they are on, worst first."""
    found: dict[tuple[str, Key], list[Alert]] = defaultdict(list)
    for alert in sorted(alerts, key=severity_rank):
        thing = object_of(alert)
        if thing is not None and alert.state == "firing":
            found[thing].append(alert)
    return found


def object_of(alert: Alert) -> tuple[str, Key] | None:
    """Return (scope, key) of the object that an alert is on; None where its labels name none.

    The parts of the key are bounded, as names in labels are.
    """
    labels = dict(alert.labels)
    scope = _SCOPES.get(frozenset(labels.keys() - {"alertname", "severity"}))
    if scope is None:
        return None
    return scope, tuple(labels[label] for label in IDENTITY[scope])


def severity_rank(alert: Alert) -> int:
    """Return the place of an alert's severity, the worst being 0."""
    return _RANKS[alert.severity]


def object_rank(alerts: list[Alert], blind: bool) -> int:
    """Return the place of an object: by its worst alert, or by not being known."""
    worst = severity_rank(alerts[0]) if alerts else FINE
    return min(worst, BLIND) if blind else worst
