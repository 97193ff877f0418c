"""Alerts that are told together: those with equal values of the `group_by` labels."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field

from monitor.alerts.alert import Alert
from monitor.alerts.rules import Labels


@dataclass(frozen=True, slots=True)
class Group:
    """The alerts of one group at one moment; pending ones are nobody's business yet."""

    key: str
    """As Alertmanager writes it; the same over restarts and in every daemon."""
    labels: Labels
    firing: list[Alert] = field(default_factory=list)
    resolved: list[Alert] = field(default_factory=list)
    """Both in the order in which they began to fire."""


def groups_of(alerts: Iterable[Alert], group_by: tuple[str, ...]) -> dict[str, Group]:
    """Return the groups of the firing and resolved `alerts` by their keys."""
    by_labels: dict[Labels, Group] = {}
    told = (alert for alert in alerts if alert.state != "pending")
    for alert in sorted(told, key=lambda alert: (alert.started_at or 0.0, alert.labels)):
        labels = tuple(label for label in alert.labels if label[0] in group_by)
        group = by_labels.get(labels)
        if group is None:
            group = by_labels[labels] = Group(_key(labels), labels)
        (group.firing if alert.state == "firing" else group.resolved).append(alert)
    return {group.key: group for group in by_labels.values()}


def _key(labels: Labels) -> str:
    values = ", ".join(f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in labels)
    return f"{{}}:{{{values}}}"
