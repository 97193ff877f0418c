"""The daemon: wires the floors together, ticks, and ends in good order.

The only place that owns the clock. A tick takes the books of every broker, freezes them into
a snapshot, measures every rule, lets the outbox decide what is due, saves, publishes the
snapshot and sends. Called by `cli.py`.
"""

import asyncio
import contextlib
import gc
import logging
import signal
import socket
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from functools import partial

import aiohttp
from msgspec.structs import replace

from monitor import __version__, journal
from monitor.alerting import SEND_GRACE_SECONDS, Alerting
from monitor.brokers import Brokers
from monitor.channels.base import Channel, ChannelError
from monitor.channels.heartbeat import Heartbeat
from monitor.channels.table import make_channels
from monitor.clock import Clock
from monitor.config.problem import ConfigError
from monitor.config.settings import Settings
from monitor.config.web_config_file import read_access
from monitor.facts.histogram import Histogram
from monitor.facts.snapshot import MonitorFacts, Snapshot
from monitor.journal import event
from monitor.logs.watch import LogWatch
from monitor.reload import in_force, wait_for_restart
from monitor.state.keeper import Keeper
from monitor.state.saved import Saved
from monitor.systemd import Systemd
from monitor.view import OVERSLEPT_SECONDS, View
from monitor.web.app import make_app
from monitor.web.health import broker_health
from monitor.web.security import Security
from monitor.web.server import serve
from monitor.web.source import ReloadError

_log = logging.getLogger(__name__)

_TICK_BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1)
_LEAST_BETWEEN_TICKS_SECONDS = 0.1
_RESTART_PAUSE_SECONDS = 1.0


class Daemon:
    """One running monitor."""

    def __init__(
        self, settings: Settings, environ: Mapping[str, str], load: Callable[[], Settings]
    ) -> None:
        self._settings = settings
        self._load = load
        self._turn = asyncio.Lock()
        """Held by a tick, and by a change of what it works with."""
        self._clock = Clock(settings.poll.interval + OVERSLEPT_SECONDS)
        self._keeper = Keeper(settings.state, environ)
        self._wake = asyncio.Event()
        self._hang_up = asyncio.Event()
        self._systemd = Systemd(environ)
        self._tick_duration = Histogram(_TICK_BOUNDS)

    async def run(self) -> None:
        """Run until SIGTERM or SIGINT.

        Raises AccessError, StateError, ListenError or ChannelError before anything was started.
        """
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        async with AsyncExitStack() as stack:
            security = Security(self._settings.web.config_file, read_access, self._clock)
            stack.callback(security.close)
            self._view = View(
                self._settings,
                self._keeper,
                security,
                clock=self._clock,
                save=self._save_surely,
                reload=self._reload,
            )
            app = make_app(self._view, security)
            server = await serve(app, self._settings.web.listen, security)
            stack.push_async_callback(server.close)
            # Nothing waits from here until all is wired up, so that no request comes before.
            session = await stack.enter_async_context(aiohttp.ClientSession())
            scheme = "https" if security.context() else "http"
            page_url = self._settings.web.page_url(scheme, socket.gethostname(), server.port)
            self._make_channels = partial(make_channels, session=session, page_url=page_url)
            channels = self._make_channels(self._settings.channels)
            # Last of what can fail: whoever may not start leaves no file behind.
            saved = self._keeper.open()
            stack.push_async_callback(self._keeper.close)
            self._heartbeat = Heartbeat(self._settings.heartbeat, session)
            stack.push_async_callback(self._heartbeat.close)
            loop.add_signal_handler(signal.SIGHUP, self._hang_up.set)
            self._wire_up(saved, channels, server.port, f"{page_url}runbooks/")
            event(_log, logging.INFO, "listening", port=server.port)
            await self._work(stop)

    def _wire_up(
        self, saved: Saved, channels: Sequence[Channel], port: int, runbooks_url: str
    ) -> None:
        self._view.alerting = self._alerting = Alerting(
            self._settings,
            saved,
            channels,
            runbooks_url=runbooks_url,
            record=self._keeper.record,
            clock=self._clock,
            changed=self._wake.set,
        )
        self._brokers = Brokers(
            self._settings,
            saved,
            reply_name=f"queue-monitor.reply.{socket.gethostname()}-{port}",
            clock=self._clock,
            changed=self._wake.set,
        )
        self._clock.overslept = self._overslept
        self._logs = [
            LogWatch(log, self._settings.poll.interval, self._clock)
            for log in self._settings.log_watch
        ]

    async def _work(self, stop: asyncio.Event) -> None:
        # What was loaded stays loaded: the collector need not look at it again and again.
        gc.freeze()
        runs = [watch.run for watch in self._brokers.watches] + [log.run for log in self._logs]
        jobs = map(self._kept_up, runs)
        own = (self._tick_forever(), self._reload_at_hang_up())
        tasks = [asyncio.create_task(job) for job in [*jobs, *own]]
        await stop.wait()
        event(_log, logging.INFO, "stopping")
        self._systemd.stopping()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._alerting.dispatcher.close(SEND_GRACE_SECONDS)
        await self._save_surely()

    async def _kept_up(self, job: Callable[[], Awaitable[None]]) -> None:
        """Run a job that never ends, and start it again should it fail all the same."""
        while True:
            try:
                await job()
            except Exception as error:  # a defect must not stop the monitoring of other brokers
                _log.exception("a watch failed and is started again")
                self._alerting.dispatcher.report(error)
            await asyncio.sleep(_RESTART_PAUSE_SECONDS)

    # -- other settings ------------------------------------------------------------------

    async def _reload_at_hang_up(self) -> None:
        while True:
            await self._hang_up.wait()
            self._hang_up.clear()
            with contextlib.suppress(ReloadError):  # it is in the log, and on the page
                await self._reload()

    async def _reload(self) -> None:
        """Read the settings again, and let hold what can. Raises ReloadError."""
        async with self._turn:
            self._systemd.reloading(time.monotonic())
            self._wake.set()
            try:
                settings = await asyncio.to_thread(self._load)
                await self._change(settings)
                self._view.reload_problem = ""
            except (ConfigError, ChannelError) as error:
                self._view.reload_problem = str(error)
                event(_log, logging.ERROR, "settings not in force", reason=str(error))
                raise ReloadError(str(error)) from error

    async def _change(self, written: Settings) -> None:
        """Let `written` hold, as far as it can. Raises ChannelError."""
        settings = in_force(self._settings, written)
        if (settings.alerts, settings.channels) != (self._settings.alerts, self._settings.channels):
            channels = self._make_channels(settings.channels)
            await self._alerting.change(settings, channels)
        await self._heartbeat.change(settings.heartbeat)
        journal.set_up(settings.log)
        self._settings = self._view.settings = settings
        self._view.waiting = wait_for_restart(settings, written)
        event(_log, logging.INFO, "settings in force", waiting=", ".join(self._view.waiting))

    def _overslept(self, now: float) -> None:
        self._brokers.deaf(now)
        self._wake.set()

    # -- the tick ----------------------------------------------------------------------

    async def _tick_forever(self) -> None:
        while True:
            self._wake.clear()
            pause = self._settings.poll.interval
            try:
                async with self._turn:
                    await self._tick()
                pause = self._pause()
            except Exception as error:  # the next tick may do better, and this one is told of
                _log.exception("a tick failed")
                self._alerting.dispatcher.report(error)
            await asyncio.sleep(_LEAST_BETWEEN_TICKS_SECONDS)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._wake.wait()

    def _pause(self) -> float:
        """Return how long to wait for news before the next tick is due anyway."""
        due_at = self._alerting.desk.next_due_at(self._clock())
        most = self._settings.poll.interval
        if self._systemd.watchdog_seconds is not None:
            most = min(most, self._systemd.watchdog_seconds / 2)
        return most if due_at is None else min(max(due_at - self._clock(), 0.0), most)

    async def _tick(self) -> None:
        now = self._clock()
        self._brokers.step(now)
        snapshot = self._brokers.snapshot(now, self._monitor_facts())
        snapshot = replace(
            snapshot,
            logs=tuple(log.facts(now) for log in self._logs),
            channels=self._alerting.channels(now),
        )
        self._alerting.evaluate(snapshot, now)
        self._tick_duration.observe(self._clock() - now)
        self._view.publish(replace(snapshot, monitor=self._monitor_facts()), now)
        # What is about to be told must survive a crash, or its all-clear would be lost.
        await self._keeper.save(self._to_save(last=False))
        trouble = self._trouble(snapshot, now)
        # What an earlier run left firing may be over: nobody is told before anybody has looked.
        if self._view.ready:
            self._alerting.tell(now)
            self._heartbeat.beat(now, trouble)
        self._systemd.ticked(self._status(snapshot, trouble), ready=self._view.ready)

    def _status(self, snapshot: Snapshot, trouble: str) -> str:
        """Return how things are, in one line for `systemctl status`."""
        firing = sum(alert.state == "firing" for alert in self._alerting.desk.alerts)
        counts = f"{len(snapshot.queues)} queues, {len(snapshot.workers)} workers, {firing} firing"
        return "; ".join((counts, *trouble.splitlines()))

    def _trouble(self, snapshot: Snapshot, now: float) -> str:
        """Return which brokers are not being read and why, a line each."""
        found = broker_health(snapshot, now, self._settings.poll.interval)
        return "\n".join(f"{each.broker}: {each.reason}" for each in found if not each.ok)

    def _monitor_facts(self) -> MonitorFacts:
        return MonitorFacts(
            version=__version__,
            alerts=self._alerting.counts(),
            notifications=dict(self._alerting.dispatcher.counts),
            tick_duration=self._tick_duration.facts(),
            config_reload_ok=self._view.settings_in_force,
            state_ok=self._keeper.problem is None,
            channels=len(self._settings.channels),
        )

    async def _save_surely(self) -> None:
        await self._keeper.save_surely(self._to_save(last=True))

    def _to_save(self, *, last: bool) -> Saved:
        return replace(
            self._alerting.saved,
            roster=self._brokers.roster(last=last),
            queues=self._brokers.known_queues(),
            rhythms=self._brokers.known_rhythms(),
        )
