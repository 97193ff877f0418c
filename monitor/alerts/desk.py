"""All that is decided about alerts, in one place for the daemon: a step at every tick.

Rules begin and end alerts, muting says of which of them nobody is to be told, and the outbox
who is told of the others and when. Nothing here waits, sends or reads a clock.
"""

from collections.abc import Iterable, Mapping
from random import Random

from monitor.alerts.alert import Alert, Notice
from monitor.alerts.delivery import Delivery
from monitor.alerts.engine import Engine
from monitor.alerts.mirror import Mirror
from monitor.alerts.muting import Muted, Muting
from monitor.alerts.outbox import Groups, Outbox
from monitor.alerts.routing import Route
from monitor.alerts.rules import rules_of
from monitor.alerts.settings import AlertSettings
from monitor.alerts.silences import Silence, Silences
from monitor.alerts.watchdog import WATCHDOG, make_watchdog
from monitor.facts.snapshot import Snapshot


class Desk:
    """The alerts, silences and deliveries there are.

    `runbooks_url` is below which the runbooks of the built-in rules are served. `alerts`,
    `deliveries` and `silences` are those of an earlier run, or with `without_pause` those of a
    moment ago, under other settings; `random` spreads the retries.
    """

    def __init__(
        self,
        settings: AlertSettings,
        routes: Iterable[Route],
        mirrors: Iterable[Mirror] = (),
        *,
        random: Random,
        now: float,
        runbooks_url: str = "",
        alerts: Iterable[Alert] = (),
        deliveries: Iterable[Delivery] = (),
        silences: Iterable[Silence] = (),
        without_pause: bool = False,
    ) -> None:
        saved = tuple(alerts)
        watched = (alert for alert in saved if alert.alertname == WATCHDOG)
        self.watchdog = next(watched, None) or make_watchdog(now)
        rules = rules_of(settings, runbooks_url)
        self.alertnames = frozenset(rule.alert for rule in rules)
        """The alert names of all rules that hold."""
        others = (alert for alert in saved if alert.alertname != WATCHDOG)
        self._engine = Engine(rules, others, without_pause=without_pause)
        self.silences = Silences(silences)
        """Whoever changes them has the daemon tick and save."""
        self._muting = Muting(settings, self.silences)
        self.outbox = Outbox(settings, routes, random, deliveries)
        self._mirrors = {mirror.name: mirror for mirror in mirrors}
        self._muted: Mapping[str, Muted] = {}

    @property
    def alerts(self) -> tuple[Alert, ...]:
        """Pending and firing alerts, and the resolved ones that somebody is yet to be told of."""
        return self._engine.alerts

    @property
    def with_watchdog(self) -> tuple[Alert, ...]:
        """All of `alerts`, and the one that always fires."""
        return (self.watchdog, *self._engine.alerts)

    @property
    def muted(self) -> Mapping[str, Muted]:
        """Why alerts are muted since the last step, by their fingerprints."""
        return self._muted

    @property
    def groups(self) -> Groups:
        """What fires, for each channel that takes it."""
        firing = tuple(alert for alert in self.with_watchdog if alert.state == "firing")
        mirrored = {name: mirror.groups(firing) for name, mirror in self._mirrors.items()}
        return {**self.outbox.groups(firing, self._muted), **mirrored}

    @property
    def refused(self) -> Mapping[str, int]:
        """Of how many groups the latest notice was refused for good, by channel."""
        mirrors = {name: int(mirror.refused) for name, mirror in self._mirrors.items()}
        return {**mirrors, **self.outbox.refused}

    def evaluate(self, snapshot: Snapshot, now: float) -> tuple[Alert, ...]:
        """Take every alert a step; return those that are in a new state."""
        self.silences.forget_expired(now)
        muted_before = self._muting.muted(self.with_watchdog, now)
        changed = self._engine.evaluate(snapshot, now, muted_before)
        self._muted = self._muting.muted(self.with_watchdog, now)
        owed = self.outbox.owed(self._engine.alerts)
        for mirror in self._mirrors.values():
            owed |= mirror.owed(self._engine.alerts, now)
        self._engine.forget_resolved(owed)
        return changed

    def due(self, now: float) -> tuple[Notice, ...]:
        """Return the notices to send now; each must be reported. See `Outbox.due`."""
        mirrored = (mirror.due(self.with_watchdog, now) for mirror in self._mirrors.values())
        return (
            *self.outbox.due(self.with_watchdog, now, self._muted),
            *(notice for notice in mirrored if notice is not None),
        )

    def next_due_at(self, now: float) -> float | None:
        """Return when `due` has something next if nothing changes; see `Outbox.next_due_at`."""
        times = [
            self.outbox.next_due_at(self.with_watchdog, self._muted),
            *(mirror.next_due_at(self.with_watchdog, now) for mirror in self._mirrors.values()),
        ]
        return min((at for at in times if at is not None), default=None)

    def delivered(self, notice: Notice, now: float, missing: frozenset[str] = frozenset()) -> None:
        """Take note that `notice` has arrived; see `Outbox.delivered`."""
        mirror = self._mirrors.get(notice.channel)
        if mirror is not None:
            mirror.delivered(notice, now)
        else:
            self.outbox.delivered(notice, now, missing)

    def failed(
        self, notice: Notice, now: float, *, permanent: bool, retry_after_seconds: float
    ) -> None:
        """Take note that `notice` did not arrive; see `Outbox.failed`."""
        mirror = self._mirrors.get(notice.channel)
        if mirror is not None:
            mirror.failed(now, permanent=permanent, retry_after_seconds=retry_after_seconds)
        else:
            self.outbox.failed(
                notice, now, permanent=permanent, retry_after_seconds=retry_after_seconds
            )
