"""Whether each broker is being read: the answer of `/health`, and of the page's headline."""

from msgspec import Struct

from monitor.facts.snapshot import BrokerFacts, Snapshot
from monitor.values.units import format_duration

STALE_INTERVALS = 3
"""After so many poll intervals without a good poll the data are too old."""


class BrokerHealth(Struct, frozen=True):
    """Whether the facts of one broker are fresh."""

    broker: str
    ok: bool
    reason: str
    """In words, when its last good poll was and why there was none since."""


def broker_health(
    snapshot: Snapshot, now: float, poll_interval_seconds: float
) -> tuple[BrokerHealth, ...]:
    """Return the health of every broker: good while its last good poll is not too old."""
    limit_seconds = STALE_INTERVALS * poll_interval_seconds
    return tuple(_health(broker, now, limit_seconds) for broker in snapshot.brokers)


def _health(broker: BrokerFacts, now: float, limit_seconds: float) -> BrokerHealth:
    because = f": {broker.error}" if broker.error else ""
    if broker.last_poll_at is None:
        return BrokerHealth(broker.broker, False, f"no good poll yet{because}")
    age_seconds = max(0.0, now - broker.last_poll_at)
    return BrokerHealth(
        broker.broker,
        age_seconds < limit_seconds,
        f"last good poll {format_duration(age_seconds)} ago{because}",
    )
