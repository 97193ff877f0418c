"""The one place that sends: it times, logs and counts every send of every channel.

Channels are independent: one that is slow or down delays no other.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable, Mapping
from typing import Literal

from msgspec import Struct

from monitor.alerts.alert import Notice
from monitor.channels.base import Channel, ErrorReporter, RefusedError, SendError
from monitor.facts.channel import ChannelFacts
from monitor.journal import event

Result = Literal["delivered", "partly", "failed", "refused"]
RESULTS: tuple[Result, ...] = ("delivered", "partly", "failed", "refused")

SENDS_AT_ONCE = 8
"""For each channel: a receiver that comes back must not be run over."""

_logger = logging.getLogger(__name__)


class Outcome(Struct, frozen=True, kw_only=True):
    """What came of sending one notice."""

    notice: Notice
    result: Result
    """`partly`: some of the channel's receivers have it. `refused` is final: sending the same
    again would not help."""
    at: float
    duration_seconds: float
    reason: str = ""
    retry_after_seconds: float = 0.0
    """What the receiver asked for; 0 if nothing."""
    missing: frozenset[str] = frozenset()
    """The receivers that it is to be sent to again; see `Receipt.missing`."""

    @property
    def arrived(self) -> bool:
        """Whether somebody was told, so that it is not sent again to all."""
        return self.result in ("delivered", "partly")


class Standing(Struct, frozen=True, kw_only=True):
    """How a channel takes notices, since the first that was sent."""

    failing_since: float | None = None
    """When the first failed of those that failed since one arrived; None: the latest arrived."""
    problem: str = ""
    """Why the latest failed of all that did."""


class Dispatcher:
    """Sends notices, and tells its owner what came of each.

    `told` is called on the event loop with every outcome; `now` gives Unix seconds.
    """

    def __init__(
        self,
        channels: Iterable[Channel],
        told: Callable[[Outcome], None],
        now: Callable[[], float],
    ) -> None:
        self._told = told
        self._now = now
        self._counts: dict[tuple[str, str], int] = {}
        self._standings: dict[str, Standing] = {}
        self._sends: set[asyncio.Task[None]] = set()
        self.replace(channels)

    @property
    def counts(self) -> Mapping[tuple[str, str], int]:
        """How many notices by (channel, result) since the start."""
        return self._counts

    @property
    def failing(self) -> Mapping[str, str]:
        """Why the latest notice did not arrive, by the channels of which that is so."""
        return {
            name: standing.problem
            for name, standing in self._standings.items()
            if standing.failing_since is not None
        }

    def facts(self, now: float, refused: Mapping[str, int]) -> tuple[ChannelFacts, ...]:
        """Return what is true of each channel; `refused` counts groups, by channel."""
        return tuple(self._facts(name, now, refused.get(name, 0)) for name in self._channels)

    def send(self, notices: Iterable[Notice]) -> None:
        """Start to send `notices`, all at the same time."""
        for notice in notices:
            self._start(self._send(notice))

    def replace(self, channels: Iterable[Channel]) -> None:
        """Send through `channels` from now on; what was counted goes on."""
        self._channels = {channel.name: channel for channel in channels}
        self._slots = {name: asyncio.Semaphore(SENDS_AT_ONCE) for name in self._channels}
        for name in self._channels:
            for result in RESULTS:
                self._counts.setdefault((name, result), 0)
        # What stood in the way may be what was just mended.
        self._standings.clear()

    def report(self, error: BaseException) -> None:
        """Start to send the monitor's own unhandled `error` to the channels that want such."""
        for channel in self._channels.values():
            if isinstance(channel, ErrorReporter) and channel.own_errors:
                self._start(self._report(channel, error))

    async def close(self, grace_seconds: float) -> None:
        """Let sends that are under way end within `grace_seconds`, and give up the others."""
        if self._sends:
            _, late = await asyncio.wait(self._sends, timeout=grace_seconds)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    def _facts(self, name: str, now: float, refused: int) -> ChannelFacts:
        standing = self._standings.get(name)
        if standing is None:
            return ChannelFacts(channel=name)
        since = standing.failing_since
        return ChannelFacts(
            channel=name,
            refused=refused,
            failing_seconds=0.0 if since is None else max(0.0, now - since),
            problem=standing.problem,
        )

    def _start(self, send: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(send)
        self._sends.add(task)
        task.add_done_callback(self._sends.discard)

    async def _report(self, reporter: ErrorReporter, error: BaseException) -> None:
        try:
            await reporter.report(error)
        except SendError as failure:
            # Once only: the log has it, and an error about errors helps nobody.
            event(_logger, logging.WARNING, "own error not reported", reason=str(failure))

    async def _send(self, notice: Notice) -> None:
        async with self._slots[notice.channel]:
            outcome = await self._attempt(notice)
        self._counts[notice.channel, outcome.result] += 1
        before = self._standings.get(notice.channel, Standing())
        self._standings[notice.channel] = _after(before, outcome)
        _log(outcome)
        self._told(outcome)

    async def _attempt(self, notice: Notice) -> Outcome:
        began_at = self._now()
        result: Result = "delivered"
        reason, retry_after_seconds, missing = "", 0.0, frozenset[str]()
        try:
            receipt = await self._channels[notice.channel].send(notice)
            if receipt.problem:
                result, reason, missing = "partly", receipt.problem, receipt.missing
        except SendError as error:
            result = "refused" if isinstance(error, RefusedError) else "failed"
            reason, retry_after_seconds = str(error), error.retry_after_seconds
        except Exception as error:  # a defect of one channel must not lose a notice: try again
            _logger.exception("channel %s is defective", notice.channel)
            result, reason = "failed", f"defect: {type(error).__name__}"
        at = self._now()
        return Outcome(
            notice=notice,
            result=result,
            at=at,
            duration_seconds=at - began_at,
            reason=reason,
            retry_after_seconds=retry_after_seconds,
            missing=missing,
        )


def _after(before: Standing, outcome: Outcome) -> Standing:
    if outcome.arrived and not outcome.missing:
        return Standing(problem=before.problem)
    since = before.failing_since
    return Standing(failing_since=outcome.at if since is None else since, problem=outcome.reason)


def _log(outcome: Outcome) -> None:
    notice = outcome.notice
    fields: dict[str, object] = {
        "channel": notice.channel,
        "group": notice.group_key,
        "firing": len(notice.firing),
        "resolved": len(notice.resolved),
        "seconds": round(outcome.duration_seconds, 3),
    }
    if outcome.reason:
        fields["reason"] = outcome.reason
    level = logging.WARNING
    if outcome.result == "delivered":
        level = logging.DEBUG if notice.resend else logging.INFO
    event(_logger, level, f"notice {outcome.result}", **fields)
