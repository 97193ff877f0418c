"""What the web floor asks of the daemon."""

from typing import Protocol

from monitor.alerts.alert import Alert
from monitor.facts.snapshot import Snapshot


class Source(Protocol):
    """The daemon as the web floor sees it; every request reads it anew."""

    @property
    def snapshot(self) -> Snapshot | None:
        """The latest snapshot; None until the first tick."""

    @property
    def alerts(self) -> tuple[Alert, ...]:
        """Pending and firing alerts, and those resolved lately."""

    @property
    def alertnames(self) -> frozenset[str]:
        """The alert names of all rules that hold."""

    @property
    def ready(self) -> bool:
        """Whether the first poll of every broker was tried, whatever came of it."""

    @property
    def poll_interval_seconds(self) -> float:
        """How often the brokers are polled."""

    def ticking(self) -> bool:
        """Return whether the loop ticked lately."""

    def now(self) -> float:
        """Return the daemon's time, in Unix seconds."""

    def notices(self) -> tuple[str, ...]:
        """Return what the operator must know of the monitor itself, a line each."""
