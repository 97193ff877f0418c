"""The daemon: wires the floors together, ticks, and ends in good order.

The only place that owns the clock. A tick takes the books of every broker, freezes them into
a snapshot, measures every rule, lets the outbox decide what is due, saves, publishes the
snapshot and sends. Called by `cli.py`.
"""

import asyncio
import contextlib
import gc
import logging
import random
import signal
import socket
import time
import uuid
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any

import aiohttp
from msgspec.structs import replace

from monitor import __version__
from monitor.alerts.alert import Alert
from monitor.alerts.desk import Desk
from monitor.alerts.grouping import Group
from monitor.alerts.mirror import Mirror
from monitor.alerts.muting import Muted
from monitor.alerts.routing import make_route
from monitor.alerts.silences import Silence
from monitor.brokers import Brokers
from monitor.channels.base import Channel
from monitor.channels.dispatcher import Dispatcher, Outcome
from monitor.channels.heartbeat import Heartbeat
from monitor.channels.settings import AlertmanagerSettings
from monitor.channels.table import make_channels
from monitor.config.settings import Settings
from monitor.config.web_config_file import read_access
from monitor.facts.histogram import Histogram
from monitor.facts.history import History
from monitor.facts.snapshot import MonitorFacts, Snapshot
from monitor.journal import event
from monitor.logs.watch import LogWatch
from monitor.state.history import KEPT_SECONDS, AlertEntry, NoticeEntry
from monitor.state.keeper import Keeper
from monitor.state.saved import Saved
from monitor.systemd import Systemd
from monitor.values.moments import format_moment
from monitor.web.app import make_app
from monitor.web.health import broker_health
from monitor.web.security import Security
from monitor.web.server import serve

_log = logging.getLogger(__name__)

_TICK_BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1)
_LEAST_BETWEEN_TICKS_SECONDS = 0.1
_OVERSLEPT_SECONDS = 5.0
"""A tick so much later than planned means that this process was stopped meanwhile."""
_SEND_GRACE_SECONDS = 1.5
_RECENT_RESOLVED = 100
_RECENT_FAILED = 20
_RESTART_PAUSE_SECONDS = 1.0


class Clock:
    """Unix seconds that never jump: the wall clock at the start, advanced by the monotonic."""

    def __init__(self) -> None:
        self._offset = time.time() - time.monotonic()

    def __call__(self) -> float:
        """Return now in Unix seconds."""
        return self._offset + time.monotonic()


class Daemon:
    """One running monitor. It is also the web floor's `Source`."""

    def __init__(self, settings: Settings, environ: Mapping[str, str]) -> None:
        self._settings = settings
        self._clock = Clock()
        self._keeper = Keeper(settings.state, environ)
        self._wake = asyncio.Event()
        self._systemd = Systemd(environ)
        self._tick_duration = Histogram(_TICK_BOUNDS)
        self._ticked_at = self.started_at = self._clock()
        self._snapshot: Snapshot | None = None
        self._recent: deque[Alert] = deque(maxlen=_RECENT_RESOLVED)
        self._failed_notices: deque[NoticeEntry] = deque(maxlen=_RECENT_FAILED)
        self._published = asyncio.Event()
        self.last_hour = History()

    async def run(self) -> None:
        """Run until SIGTERM or SIGINT.

        Raises AccessError, StateError, ListenError or ChannelError before anything was started.
        """
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        async with AsyncExitStack() as stack:
            self._security = Security(self._settings.web.config_file, read_access, self._clock)
            stack.callback(self._security.close)
            app = make_app(self, self._security)
            server = await serve(app, self._settings.web.listen, self._security)
            stack.push_async_callback(server.close)
            # Nothing waits from here until all is wired up, so that no request comes before.
            session = await stack.enter_async_context(aiohttp.ClientSession())
            page_url = self._settings.web.page_url(socket.gethostname(), server.port)
            channels = make_channels(self._settings.channels, session, page_url)
            # Last of what can fail: whoever may not start leaves no file behind.
            saved = self._keeper.open()
            stack.push_async_callback(self._keeper.close)
            self._heartbeat = Heartbeat(self._settings.heartbeat, session)
            stack.push_async_callback(self._heartbeat.close)
            self._wire_up(saved, channels, server.port, f"{page_url}runbooks/")
            event(_log, logging.INFO, "listening", port=server.port)
            await self._work(stop)

    def _wire_up(
        self, saved: Saved, channels: Sequence[Channel], port: int, runbooks_url: str
    ) -> None:
        alerts = self._settings.alerts
        spread = random.Random()  # noqa: S311 - it spreads retries, it keeps no secret
        mirrors = {
            each.name: Mirror(make_route(each), each.resend_interval, spread)
            for each in self._settings.channels
            if isinstance(each, AlertmanagerSettings)
        }
        grouped = (each for each in self._settings.channels if each.name not in mirrors)
        self._desk = Desk(
            alerts,
            map(make_route, grouped),
            mirrors.values(),
            random=spread,
            now=self._clock(),
            runbooks_url=runbooks_url,
            alerts=saved.alerts,
            deliveries=saved.deliveries,
            silences=saved.silences,
        )
        self._dispatcher = Dispatcher(channels, self._sent, self._clock)
        self._brokers = Brokers(
            self._settings,
            saved,
            reply_name=f"queue-monitor.reply.{socket.gethostname()}-{port}",
            clock=self._clock,
            changed=self._wake.set,
        )
        self._logs = [
            LogWatch(log, self._settings.poll.interval, self._clock)
            for log in self._settings.log_watch
        ]
        if not channels:
            event(_log, logging.WARNING, "NO NOTIFICATION CHANNEL: alerts reach nobody")

    async def _work(self, stop: asyncio.Event) -> None:
        # What was loaded stays loaded: the collector need not look at it again and again.
        gc.freeze()
        runs = [watch.run for watch in self._brokers.watches] + [log.run for log in self._logs]
        jobs = map(self._kept_up, runs)
        tasks = [asyncio.create_task(job) for job in [*jobs, self._tick_forever()]]
        await stop.wait()
        event(_log, logging.INFO, "stopping")
        self._systemd.stopping()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._dispatcher.close(_SEND_GRACE_SECONDS)
        await self._keeper.save_surely(self._to_save())

    async def _kept_up(self, job: Callable[[], Awaitable[None]]) -> None:
        """Run a job that never ends, and start it again should it fail all the same."""
        while True:
            try:
                await job()
            except Exception as error:  # a defect must not stop the monitoring of other brokers
                _log.exception("a watch failed and is started again")
                self._dispatcher.report(error)
            await asyncio.sleep(_RESTART_PAUSE_SECONDS)

    # -- the tick ----------------------------------------------------------------------

    async def _tick_forever(self) -> None:
        while True:
            self._wake.clear()
            pause = self._settings.poll.interval
            try:
                await self._tick()
                pause = self._pause()
            except Exception as error:  # the next tick may do better, and this one is told of
                _log.exception("a tick failed")
                self._dispatcher.report(error)
            await asyncio.sleep(_LEAST_BETWEEN_TICKS_SECONDS)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._wake.wait()

    def _pause(self) -> float:
        """Return how long to wait for news before the next tick is due anyway."""
        due_at = self._desk.next_due_at(self._clock())
        most = self._settings.poll.interval
        if self._systemd.watchdog_seconds is not None:
            most = min(most, self._systemd.watchdog_seconds / 2)
        return most if due_at is None else min(max(due_at - self._clock(), 0.0), most)

    async def _tick(self) -> None:
        now = self._clock()
        overslept = now - self._ticked_at > self._settings.poll.interval + _OVERSLEPT_SECONDS
        self._brokers.step(now, overslept=overslept)
        snapshot = self._brokers.snapshot(now, self._monitor_facts())
        snapshot = replace(snapshot, logs=tuple(log.facts(now) for log in self._logs))
        for alert in self._desk.evaluate(snapshot, now):
            self._note(alert, now)
        self._tick_duration.observe(self._clock() - now)
        self.last_hour.record(snapshot)
        self._snapshot = replace(snapshot, monitor=self._monitor_facts())
        self._published.set()
        self._published = asyncio.Event()
        self._ticked_at = now
        # What is about to be told must survive a crash, or its all-clear would be lost.
        await self._keeper.save(self._to_save())
        # No await from here on: a notice that was taken from the outbox must be sent.
        self._dispatcher.send(self._desk.due(now))
        if self.ready:
            self._heartbeat.beat(now, self._trouble(snapshot, now))
        self._systemd.ticked(self._status(snapshot, now), ready=self.ready)

    def _status(self, snapshot: Snapshot, now: float) -> str:
        """Return how things are, in one line for `systemctl status`."""
        firing = sum(alert.state == "firing" for alert in self._desk.alerts)
        counts = f"{len(snapshot.queues)} queues, {len(snapshot.workers)} workers, {firing} firing"
        return "; ".join((counts, *self._trouble(snapshot, now).splitlines()))

    def _trouble(self, snapshot: Snapshot, now: float) -> str:
        """Return which brokers are not being read and why, a line each."""
        found = broker_health(snapshot, now, self._settings.poll.interval)
        return "\n".join(f"{each.broker}: {each.reason}" for each in found if not each.ok)

    def _monitor_facts(self) -> MonitorFacts:
        live = [alert for alert in self._desk.alerts if alert.state != "resolved"]
        return MonitorFacts(
            version=__version__,
            alerts=Counter((alert.alertname, alert.severity, alert.state) for alert in live),
            notifications=dict(self._dispatcher.counts),
            tick_duration=self._tick_duration.facts(),
            state_ok=self._keeper.problem is None,
            channels=len(self._settings.channels),
        )

    def _note(self, alert: Alert, now: float) -> None:
        level = logging.INFO if alert.state == "pending" else logging.WARNING
        fields = {**dict(alert.labels), "summary": alert.summary}
        if alert.resolved_reason:
            fields["reason"] = alert.resolved_reason
        event(_log, level, f"alert {alert.state}", **fields)
        self._keeper.record(
            AlertEntry(
                at=now,
                state=alert.state,
                labels=dict(alert.labels),
                fingerprint=alert.fingerprint,
                summary=alert.summary,
                reason=alert.resolved_reason,
            )
        )
        if alert.state == "resolved":
            self._recent.appendleft(alert)

    def _sent(self, outcome: Outcome) -> None:
        """Take what came of a notice."""
        notice = outcome.notice
        entry = NoticeEntry(
            at=outcome.at,
            channel=notice.channel,
            group_key=notice.group_key,
            result=outcome.result,
            firing=len(notice.firing),
            resolved=len(notice.resolved),
            reason=outcome.reason,
        )
        self._keeper.record(entry)
        if outcome.arrived:
            self._desk.delivered(notice, outcome.at)
        else:
            self._failed_notices.appendleft(entry)
            self._desk.failed(
                notice,
                outcome.at,
                permanent=outcome.result == "refused",
                retry_after_seconds=outcome.retry_after_seconds,
            )
        self._wake.set()

    def _to_save(self) -> Saved:
        return Saved(
            alerts=self._desk.with_watchdog,
            deliveries=self._desk.outbox.deliveries,
            silences=self._desk.silences.all,
            roster=self._brokers.roster(),
            queues=self._brokers.known_queues(),
            rhythms=self._brokers.known_rhythms(),
        )

    # -- what the web floor reads --------------------------------------------------------

    @property
    def snapshot(self) -> Snapshot | None:
        """The latest snapshot; None until the first tick."""
        return self._snapshot

    @property
    def alerts(self) -> tuple[Alert, ...]:
        """Pending and firing alerts, and those resolved lately."""
        live = (alert for alert in self._desk.alerts if alert.state != "resolved")
        return (*live, *self._recent)

    @property
    def alertnames(self) -> frozenset[str]:
        """The alert names of all rules that hold."""
        return self._desk.alertnames

    @property
    def watchdog(self) -> Alert:
        """The alert that always fires."""
        return self._desk.watchdog

    @property
    def muted(self) -> Mapping[str, Muted]:
        """Why firing alerts are muted, by their fingerprints."""
        return self._desk.muted

    @property
    def groups(self) -> Mapping[str, Mapping[str, Group]]:
        """What fires, by the channels that take it and then by the keys of its groups."""
        return self._desk.groups

    @property
    def silences(self) -> tuple[Silence, ...]:
        """All silences, the expired ones that are still kept among them."""
        return self._desk.silences.all

    @property
    def failed_notices(self) -> tuple[NoticeEntry, ...]:
        """The notices that did not arrive lately, the latest first."""
        return tuple(self._failed_notices)

    async def ticked(self, after: Snapshot | None) -> None:
        """Return as soon as the latest snapshot is another than `after`."""
        while self._snapshot is after:
            await self._published.wait()

    async def put_silence(self, draft: Silence) -> Silence:
        """Add or change a silence. Raises SilenceError, UnknownSilenceError."""
        silence = self._desk.silences.put(draft, self._clock(), str(uuid.uuid4()))
        event(_log, logging.WARNING, "silence", **_silence_fields(silence))
        await self._silences_changed()
        return silence

    async def expire_silence(self, silence_id: str) -> None:
        """End a silence at once. Raises SilenceError, UnknownSilenceError."""
        self._desk.silences.expire(silence_id, self._clock())
        event(_log, logging.WARNING, "silence expired", id=silence_id)
        await self._silences_changed()

    async def _silences_changed(self) -> None:
        self._wake.set()
        # Whoever was told that it holds must find it after a crash.
        await self._keeper.save_surely(self._to_save())

    async def history(self, before: int | None, limit: int) -> list[dict[str, Any]]:
        """Return what happened in the last 30 days. Raises StateError."""
        return await self._keeper.history(self._clock() - KEPT_SECONDS, before, limit)

    @property
    def ready(self) -> bool:
        """Whether the first poll of every broker was tried, whatever came of it."""
        snapshot = self._snapshot
        return snapshot is not None and all(broker.up is not None for broker in snapshot.brokers)

    @property
    def poll_interval_seconds(self) -> float:
        """How often the brokers are polled."""
        return self._settings.poll.interval

    def ticking(self) -> bool:
        """Return whether the loop ticked lately."""
        return self._clock() - self._ticked_at < self._settings.poll.interval + _OVERSLEPT_SECONDS

    def now(self) -> float:
        """Return the daemon's time, in Unix seconds."""
        return self._clock()

    def notices(self) -> tuple[str, ...]:
        """Return what the operator must know of the monitor itself, a line each."""
        lines = []
        if not self._settings.channels:
            lines.append("No notification channel is configured: alerts reach nobody.")
        lines += (
            f"Channel {name}: the latest notice did not arrive: {reason}."
            for name, reason in self._dispatcher.failing.items()
        )
        if self._security.problem:
            lines.append(f"The web configuration is not in force: {self._security.problem}.")
        if self._keeper.problem:
            lines.append(f"State is kept in memory only: {self._keeper.problem}.")
        return tuple(lines)


def _silence_fields(silence: Silence) -> dict[str, object]:
    return {
        "id": silence.id,
        "matchers": ", ".join(map(str, silence.matchers)),
        "until": format_moment(silence.ends_at),
        "by": silence.created_by,
        "comment": silence.comment,
    }
