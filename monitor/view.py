"""What the web floor sees of the daemon: its `Source`.

The daemon publishes every tick to it; requests read it at any time.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from monitor.alerting import Alerting
from monitor.alerts.alert import Alert
from monitor.alerts.grouping import Group
from monitor.alerts.muting import Muted
from monitor.alerts.silences import Silence
from monitor.config.settings import Settings
from monitor.facts.history import History
from monitor.facts.snapshot import Snapshot
from monitor.state.history import KEPT_SECONDS, NoticeEntry
from monitor.state.keeper import Keeper
from monitor.web.security import Security

OVERSLEPT_SECONDS = 5.0
"""A tick so much later than planned means that this process was stopped meanwhile."""


class View:
    """One running monitor, as it is seen from outside.

    `alerting` must be set before the first request comes. `save` saves the whole state.
    """

    alerting: Alerting

    def __init__(
        self,
        settings: Settings,
        keeper: Keeper,
        security: Security,
        *,
        clock: Callable[[], float],
        save: Callable[[], Awaitable[None]],
        reload: Callable[[], Awaitable[None]],
    ) -> None:
        self.settings = settings
        self.waiting: tuple[str, ...] = ()
        """The sections of the settings whose changes wait for a restart."""
        self.reload_problem = ""
        """Why the settings as they are written now are not in force; empty: they are."""
        self._keeper = keeper
        self._security = security
        self._clock = clock
        self._save = save
        self._reload = reload
        self._snapshot: Snapshot | None = None
        self._published = asyncio.Event()
        self.ticked_at = self.started_at = clock()
        self.last_hour = History()

    def publish(self, snapshot: Snapshot, now: float) -> None:
        """Show what is true since the tick of `now`."""
        self.last_hour.record(snapshot)
        self._snapshot = snapshot
        self.ticked_at = now
        self._published.set()
        self._published = asyncio.Event()

    @property
    def snapshot(self) -> Snapshot | None:
        """The latest snapshot; None until the first tick."""
        return self._snapshot

    @property
    def alerts(self) -> tuple[Alert, ...]:
        """Pending and firing alerts, and those resolved lately."""
        return self.alerting.alerts

    @property
    def alertnames(self) -> frozenset[str]:
        """The alert names of all rules that hold."""
        return self.alerting.desk.alertnames

    @property
    def watchdog(self) -> Alert:
        """The alert that always fires."""
        return self.alerting.desk.watchdog

    @property
    def muted(self) -> Mapping[str, Muted]:
        """Why firing alerts are muted, by their fingerprints."""
        return self.alerting.desk.muted

    @property
    def groups(self) -> Mapping[str, Mapping[str, Group]]:
        """What fires, by the channels that take it and then by the keys of its groups."""
        return self.alerting.desk.groups

    @property
    def silences(self) -> tuple[Silence, ...]:
        """All silences, the expired ones that are still kept among them."""
        return self.alerting.desk.silences.all

    @property
    def failed_notices(self) -> tuple[NoticeEntry, ...]:
        """The notices that did not arrive lately, the latest first."""
        return self.alerting.failed_notices

    async def put_silence(self, draft: Silence) -> Silence:
        """Add or change a silence. Raises SilenceError, UnknownSilenceError."""
        silence = self.alerting.put_silence(draft)
        # Whoever was told that it holds must find it after a crash.
        await self._save()
        return silence

    async def expire_silence(self, silence_id: str) -> None:
        """End a silence at once. Raises SilenceError, UnknownSilenceError."""
        self.alerting.expire_silence(silence_id)
        await self._save()

    async def reload(self) -> tuple[str, ...]:
        """Read the settings again; return the sections whose changes wait for a restart.

        Raises ReloadError; what was in force is then in force.
        """
        await self._reload()
        return self.waiting

    @property
    def settings_in_force(self) -> bool:
        """Whether settings and web configuration could be used when they were last read."""
        return not (self.reload_problem or self._security.problem)

    async def history(self, before: int | None, limit: int) -> list[dict[str, Any]]:
        """Return what happened in the last 30 days. Raises StateError."""
        return await self._keeper.history(self._clock() - KEPT_SECONDS, before, limit)

    @property
    def ready(self) -> bool:
        """Whether the first poll of every broker was tried, whatever came of it."""
        snapshot = self._snapshot
        return snapshot is not None and all(broker.up is not None for broker in snapshot.brokers)

    @property
    def links(self) -> Mapping[str, str]:
        """What the page links to beside its name: URLs by their texts."""
        return self.settings.web.links

    @property
    def poll_interval_seconds(self) -> float:
        """How often the brokers are polled."""
        return self.settings.poll.interval

    async def ticked(self, after: Snapshot | None) -> None:
        """Return as soon as the latest snapshot is another than `after`."""
        while self._snapshot is after:
            await self._published.wait()

    def ticking(self) -> bool:
        """Return whether the loop ticked lately."""
        return self._clock() - self.ticked_at < self.settings.poll.interval + OVERSLEPT_SECONDS

    def now(self) -> float:
        """Return the daemon's time, in Unix seconds."""
        return self._clock()

    def notices(self) -> tuple[str, ...]:
        """Return what the operator must know of the monitor itself, a line each."""
        lines = []
        if not self.settings.channels:
            lines.append("No notification channel is configured: alerts reach nobody.")
        lines += (
            f"Channel {name}: the latest notice did not arrive: {reason}."
            for name, reason in self.alerting.dispatcher.failing.items()
        )
        if self.reload_problem:
            lines.append(f"The settings are not in force: {_in_a_line(self.reload_problem)}.")
        if self.waiting:
            lines.append(f"Changes in {', '.join(self.waiting)} wait for a restart.")
        if self._security.problem:
            problem = _in_a_line(self._security.problem)
            lines.append(f"The web configuration is not in force: {problem}.")
        if self._keeper.problem:
            lines.append(f"State is kept in memory only: {self._keeper.problem}.")
        return tuple(lines)


def _in_a_line(mistakes: str) -> str:
    """Return what has a line for each mistake as one."""
    return "; ".join(mistakes.splitlines())
