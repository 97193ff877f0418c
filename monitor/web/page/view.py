"""What one rendering of the page shows."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from monitor.alerts.alert import Alert
from monitor.alerts.muting import Muted
from monitor.alerts.silences import Silence
from monitor.facts.history import History
from monitor.facts.snapshot import Snapshot
from monitor.state.history import NoticeEntry
from monitor.values.names import bounded
from monitor.web.health import BrokerHealth, broker_health
from monitor.web.page.choice import Choice
from monitor.web.page.ranking import Key, by_object, severity_rank


@dataclass(frozen=True, kw_only=True)
class View:
    """A snapshot with what surrounds it, at the moment somebody looks."""

    snapshot: Snapshot | None
    alerts: tuple[Alert, ...]
    muted: Mapping[str, Muted] = field(default_factory=dict)
    """Why firing alerts are muted, by their fingerprints."""
    silences: tuple[Silence, ...] = ()
    history: History = field(default_factory=History)
    failed_notices: tuple[NoticeEntry, ...] = ()
    """Those that did not arrive lately, the latest first."""
    links: Mapping[str, str] = field(default_factory=dict)
    """URLs for the header, by their texts."""
    notices: tuple[str, ...]
    now: float
    """Unix seconds."""
    started_at: float
    poll_interval_seconds: float
    choice: Choice = Choice()
    writable: bool = False
    """Whether who looks may silence."""

    @cached_property
    def health(self) -> Mapping[str, BrokerHealth]:
        """Whether each broker is being read, by its name."""
        if self.snapshot is None:
            return {}
        found = broker_health(self.snapshot, self.now, self.poll_interval_seconds)
        return {health.broker: health for health in found}

    @property
    def waiting(self) -> bool:
        """Whether a broker was not even tried yet."""
        return self.snapshot is None or any(b.up is None for b in self.snapshot.brokers)

    @cached_property
    def blind(self) -> frozenset[str]:
        """The brokers that are not being read."""
        return frozenset(health.broker for health in self.health.values() if not health.ok)

    @cached_property
    def _firing(self) -> Mapping[tuple[str, Key], list[Alert]]:
        return by_object(self.alerts)

    def firing_on(self, scope: str, key: Key) -> list[Alert]:
        """Return the alerts that fire on one object, worst first."""
        return self._firing.get((scope, tuple(map(bounded, key))), [])

    def of_state(self, state: str) -> Iterator[Alert]:
        """Return the alerts in one state."""
        return (alert for alert in self.alerts if alert.state == state)

    @cached_property
    def loud(self) -> tuple[Alert, ...]:
        """The alerts that fire and are not muted, worst first."""
        loud = (a for a in self.of_state("firing") if a.fingerprint not in self.muted)
        return tuple(sorted(loud, key=severity_rank))

    @cached_property
    def pending(self) -> int:
        """How many alerts are pending."""
        return sum(1 for _ in self.of_state("pending"))

    @cached_property
    def quiet(self) -> tuple[Alert, ...]:
        """The alerts that fire and are muted."""
        return tuple(a for a in self.of_state("firing") if a.fingerprint in self.muted)
