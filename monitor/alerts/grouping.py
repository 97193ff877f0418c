"""Alerts that are told together: those with equal values of the `group_by` labels."""

import json
from collections.abc import Container, Iterable
from dataclasses import dataclass, field

from monitor.alerts.alert import Alert
from monitor.alerts.rules import Labels

ALL_LABELS = "..."
"""In `group_by`: as in Alertmanager, every alert is a group of its own."""


@dataclass(frozen=True, slots=True)
class Group:
    """The alerts of one group at one moment; pending ones are nobody's business yet."""

    key: str
    """As Alertmanager writes it; the same over restarts and in every daemon."""
    labels: Labels
    firing: list[Alert] = field(default_factory=list)
    """Those that people may be told of."""
    muted: list[Alert] = field(default_factory=list)
    """Those that fire and are muted."""
    resolved: list[Alert] = field(default_factory=list)
    """All of them in the order in which they began to fire."""


def groups_of(
    alerts: Iterable[Alert], group_by: tuple[str, ...], muted: Container[str] = ()
) -> dict[str, Group]:
    """Return the groups of the firing and resolved `alerts` by their keys.

    `muted` has the fingerprints of the firing alerts that nobody is to be told of.
    """
    by_labels: dict[Labels, Group] = {}
    started = (alert for alert in alerts if alert.state != "pending")
    for alert in sorted(started, key=lambda alert: (alert.began_at, alert.labels)):
        labels = group_labels(alert, group_by)
        group = by_labels.get(labels)
        if group is None:
            group = by_labels[labels] = Group(group_key(labels), labels)
        if alert.state == "resolved":
            group.resolved.append(alert)
        else:
            (group.muted if alert.fingerprint in muted else group.firing).append(alert)
    return {group.key: group for group in by_labels.values()}


def group_labels(alert: Alert, group_by: tuple[str, ...]) -> Labels:
    """Return the labels that an alert shares with its group."""
    if ALL_LABELS in group_by:
        return alert.labels
    return tuple(label for label in alert.labels if label[0] in group_by)


def group_key(labels: Labels) -> str:
    """Return the key of the group with these labels, as Alertmanager writes it."""
    values = ", ".join(f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in labels)
    return f"{{}}:{{{values}}}"
