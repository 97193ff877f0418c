"""What is kept over a restart."""

from msgspec import Struct

from monitor.alerts.alert import Alert
from monitor.alerts.delivery import Delivery
from monitor.alerts.silences import Silence
from monitor.facts.readings import RosterEntry


class KnownQueue(Struct, frozen=True):
    """A queue that was there, and may be empty and without workers now."""

    broker: str
    queue_name: str
    last_seen_at: float


class KnownRhythm(Struct, frozen=True):
    """The steady period on which a task was found to come."""

    broker: str
    task: str
    period_seconds: float
    last_at: float


class Saved(Struct, frozen=True):
    """Everything that is kept. Pending alerts are not: over a restart they start anew."""

    alerts: tuple[Alert, ...] = ()
    deliveries: tuple[Delivery, ...] = ()
    roster: tuple[RosterEntry, ...] = ()
    queues: tuple[KnownQueue, ...] = ()
    silences: tuple[Silence, ...] = ()
    rhythms: tuple[KnownRhythm, ...] = ()
