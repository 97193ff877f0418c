"""What there is to judge by, and whether it is fresh enough to be judged."""

from collections.abc import Mapping, Sequence, Set

from msgspec import Struct

from monitor.alerts.alert import Alert
from monitor.facts.snapshot import Snapshot
from monitor.values.names import bounded
from monitor.values.units import format_duration

_STALE_INTERVALS = 3


class Known(Struct, frozen=True, kw_only=True):
    """What there is to judge by."""

    snapshot: Snapshot | None
    """None until the first tick."""
    alerts: Sequence[Alert] = ()
    alertnames: frozenset[str] = frozenset()
    """Of all rules, so that an alert which does not fire is told from one that cannot."""
    muted: Set[str] = frozenset()
    """Fingerprints of the alerts that are silenced, inhibited or muted: nobody is to be called."""
    now: float
    poll_interval_seconds: float


def stale(known: Known, snapshot: Snapshot) -> str:
    """Return why the snapshot is too old to be judged; empty: it is not."""
    age_seconds = known.now - snapshot.at
    if age_seconds < _limit_seconds(known):
        return ""
    return f"the data are stale: {format_duration(age_seconds)} old"


def blind_brokers(known: Known, snapshot: Snapshot) -> Mapping[str, str]:
    """Return the brokers that are not being read, and why."""
    blind = {}
    for broker in snapshot.brokers:
        said = f"broker {bounded(broker.broker)}"
        if broker.up is None:
            blind[broker.broker] = f"{said} has not been polled yet"
        elif broker.last_poll_at is None or not broker.up:
            blind[broker.broker] = f"{said} cannot be read: {broker.error or 'no reason known'}"
        elif known.now - broker.last_poll_at >= _limit_seconds(known):
            age = format_duration(known.now - broker.last_poll_at)
            blind[broker.broker] = f"{said} was last read {age} ago"
    return blind


def _limit_seconds(known: Known) -> float:
    return _STALE_INTERVALS * known.poll_interval_seconds
