"""What an Alertmanager is sent: every alert as it stands, ungrouped and never muted.

Alertmanager forgets an alert that it is not told of again, so all are sent at every change and
again after `resend_interval`; what is over for `KEPT_SECONDS`, lest one that was down at its
end keeps it up. Pure; called by `desk.py`.
"""

from collections.abc import Iterable
from random import Random

from monitor.alerts.alert import Alert, Notice, Words, words_of
from monitor.alerts.backoff import backoff_seconds
from monitor.alerts.delivery import Incarnation
from monitor.alerts.grouping import Group, groups_of
from monitor.alerts.routing import Route

KEPT_SECONDS = 900.0
"""For how long the end of an alert is sent, as by Prometheus."""
GROUP_KEY = "{}/{mirror}"
"""The notices of a mirror are of no group."""


class Mirror:
    """Decides when one channel is sent what."""

    def __init__(self, route: Route, resend_interval_seconds: float, random: Random) -> None:
        self.name = route.name
        self._route = route
        self._resend_interval_seconds = resend_interval_seconds
        self._random = random
        self._told: Words = frozenset()
        self._next_at: float | None = None
        self._retry_at = 0.0
        self._failures = 0
        self._in_flight = False
        self.refused = False
        """Whether the latest notice was refused for good."""

    def due(self, alerts: Iterable[Alert], now: float) -> Notice | None:
        """Return the notice to send now, if any; it must be reported."""
        current = self._current(alerts, now)
        at = self._due_at(current)
        if at is None or at > now:
            return None
        self._in_flight = True
        nothing_new = self._next_at is not None and words_of(current) <= self._told
        return Notice(
            channel=self.name,
            group_key=GROUP_KEY,
            group_labels=(),
            firing=tuple(alert for alert in current if alert.state == "firing"),
            resolved=tuple(alert for alert in current if alert.state == "resolved"),
            made_at=now,
            resend=nothing_new and not self._failures,
        )

    def groups(self, firing: Iterable[Alert]) -> dict[str, Group]:
        """Return what of the `firing` alerts the channel takes, as one group without labels."""
        return groups_of(filter(self._route.takes, firing), group_by=())

    def next_due_at(self, alerts: Iterable[Alert], now: float) -> float | None:
        """Return when `due` has something next if nothing changes; it may be past."""
        return self._due_at(self._current(alerts, now))

    def delivered(self, notice: Notice, now: float) -> None:
        """Take note that `notice` has arrived."""
        self._in_flight = False
        self._failures, self._retry_at = 0, 0.0
        self.refused = False
        self._told = notice.words
        self._next_at = now + self._resend_interval_seconds

    def failed(
        self, now: float, *, permanent: bool = False, retry_after_seconds: float = 0.0
    ) -> None:
        """Take note that a notice did not arrive: also one that was refused is sent anew.

        Of a batch that it refuses, Alertmanager takes what is good all the same.
        """
        self._in_flight = False
        self._failures += 1
        self.refused = permanent
        patience = backoff_seconds(self._failures, self._random)
        self._retry_at = now + max(patience, min(retry_after_seconds, KEPT_SECONDS))

    def owed(self, alerts: Iterable[Alert], now: float) -> frozenset[Incarnation]:
        """Return the incarnations of the resolved alerts that are still to be sent."""
        current = self._current(alerts, now)
        return frozenset(alert.incarnation for alert in current if alert.state == "resolved")

    def _due_at(self, current: tuple[Alert, ...]) -> float | None:
        if self._in_flight or not current:
            return None
        if self._next_at is None or not words_of(current) <= self._told:
            return self._retry_at
        return max(self._next_at, self._retry_at)

    def _current(self, alerts: Iterable[Alert], now: float) -> tuple[Alert, ...]:
        """Return of each alert that the channel takes the latest incarnation."""
        latest: dict[str, Alert] = {}
        for alert in sorted(alerts, key=lambda alert: alert.began_at):
            fresh = alert.resolved_at is None or now - alert.resolved_at < KEPT_SECONDS
            if alert.state != "pending" and fresh and self._route.takes(alert):
                latest[alert.fingerprint] = alert
        return tuple(latest.values())
