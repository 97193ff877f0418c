"""What the web floor asks of the daemon."""

from collections.abc import Mapping
from typing import Any, Protocol

from monitor.alerts.alert import Alert
from monitor.alerts.grouping import Group
from monitor.alerts.muting import Muted
from monitor.alerts.silences import Silence
from monitor.facts.history import History
from monitor.facts.snapshot import Snapshot
from monitor.state.history import NoticeEntry


class ReloadError(Exception):
    """The settings cannot be used; the message has a line for each mistake."""


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
    def watchdog(self) -> Alert:
        """The alert that always fires."""

    @property
    def muted(self) -> Mapping[str, Muted]:
        """Why firing alerts are muted, by their fingerprints."""

    @property
    def groups(self) -> Mapping[str, Mapping[str, Group]]:
        """What fires, by the channels that take it and then by the keys of its groups."""

    @property
    def silences(self) -> tuple[Silence, ...]:
        """All silences, the expired ones that are still kept among them."""

    @property
    def last_hour(self) -> History:
        """The last hour of queues and workers."""

    @property
    def failed_notices(self) -> tuple[NoticeEntry, ...]:
        """The notices that did not arrive lately, the latest first."""

    @property
    def links(self) -> Mapping[str, str]:
        """What the page links to beside its name: URLs by their texts."""

    @property
    def started_at(self) -> float:
        """When the daemon was started, in Unix seconds."""

    async def put_silence(self, draft: Silence) -> Silence:
        """Add a silence (with an empty id) or change one; return what holds now.

        Raises SilenceError, UnknownSilenceError.
        """

    async def expire_silence(self, silence_id: str) -> None:
        """End a silence at once. Raises SilenceError, UnknownSilenceError."""

    async def reload(self) -> tuple[str, ...]:
        """Read the settings again; return the sections whose changes wait for a restart.

        Raises ReloadError; what was in force is then in force.
        """

    async def history(self, before: int | None, limit: int) -> list[dict[str, Any]]:
        """Return what happened lately, the latest first; only ids below `before`.

        Raises StateError.
        """

    @property
    def ready(self) -> bool:
        """Whether the first poll of every broker was tried, whatever came of it."""

    @property
    def poll_interval_seconds(self) -> float:
        """How often the brokers are polled."""

    async def ticked(self, after: Snapshot | None) -> None:
        """Return as soon as the latest snapshot is another than `after`."""

    def ticking(self) -> bool:
        """Return whether the loop ticked lately."""

    def now(self) -> float:
        """Return the daemon's time, in Unix seconds."""

    def notices(self) -> tuple[str, ...]:
        """Return what the operator must know of the monitor itself, a line each."""
