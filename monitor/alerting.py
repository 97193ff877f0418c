"""Alerts from the decision to the receiver: decided at the desk, sent by the dispatcher.

What happens to an alert, to a silence and to a notice is logged and put into the history here.
Driven by the tick of `daemon.py`.
"""

import logging
import uuid
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from random import Random

from monitor.alerts.alert import Alert
from monitor.alerts.desk import Desk
from monitor.alerts.mirror import Mirror
from monitor.alerts.routing import make_route
from monitor.alerts.silences import Silence
from monitor.channels.base import Channel
from monitor.channels.dispatcher import Dispatcher, Outcome
from monitor.channels.settings import AlertmanagerSettings
from monitor.config.settings import Settings
from monitor.facts.channel import ChannelFacts
from monitor.facts.snapshot import Snapshot
from monitor.journal import event
from monitor.state.history import AlertEntry, Entry, NoticeEntry
from monitor.state.saved import Saved
from monitor.values.moments import format_moment

_log = logging.getLogger(__name__)

SEND_GRACE_SECONDS = 1.5
"""For what is on its way when the settings change, or the daemon ends."""
_RECENT_RESOLVED = 100
_RECENT_FAILED = 20


class Alerting:
    """All alerts, who is told of them, and what came of that.

    `record` adds to the history, `clock` gives Unix seconds, and `changed` is called when
    something else may be due than the last tick knew of.
    """

    def __init__(
        self,
        settings: Settings,
        saved: Saved,
        channels: Sequence[Channel],
        *,
        runbooks_url: str,
        record: Callable[[Entry], None],
        clock: Callable[[], float],
        changed: Callable[[], None],
    ) -> None:
        self._runbooks_url = runbooks_url
        self._clock = clock
        self.desk = self._make_desk(settings, saved, without_pause=False)
        self.dispatcher = Dispatcher(channels, self._sent, clock)
        self._record = record
        self._changed = changed
        self._recent: deque[Alert] = deque(maxlen=_RECENT_RESOLVED)
        self._failed: deque[NoticeEntry] = deque(maxlen=_RECENT_FAILED)
        _say_whether_anybody_is_told(channels)

    def _make_desk(self, settings: Settings, saved: Saved, *, without_pause: bool) -> Desk:
        spread = Random()  # noqa: S311 - it spreads retries, it keeps no secret
        mirrors = {
            each.name: Mirror(make_route(each), each.resend_interval, spread)
            for each in settings.channels
            if isinstance(each, AlertmanagerSettings)
        }
        grouped = (each for each in settings.channels if each.name not in mirrors)
        return Desk(
            settings.alerts,
            map(make_route, grouped),
            mirrors.values(),
            random=spread,
            now=self._clock(),
            runbooks_url=self._runbooks_url,
            alerts=saved.alerts,
            deliveries=saved.deliveries,
            silences=saved.silences,
            without_pause=without_pause,
        )

    async def change(self, settings: Settings, channels: Sequence[Channel]) -> None:
        """Let other `settings` hold, between two ticks: the alerts there are go on."""
        # The new desk does not know what is on its way, and would send it again.
        await self.dispatcher.close(SEND_GRACE_SECONDS)
        self.desk = self._make_desk(settings, self.saved, without_pause=True)
        self.dispatcher.replace(channels)
        _say_whether_anybody_is_told(channels)

    @property
    def saved(self) -> Saved:
        """What of it is kept over a restart."""
        return Saved(
            alerts=self.desk.with_watchdog,
            deliveries=self.desk.outbox.deliveries,
            silences=self.desk.silences.all,
        )

    @property
    def alerts(self) -> tuple[Alert, ...]:
        """Pending and firing alerts, and those resolved lately."""
        return (*self._live, *self._recent)

    @property
    def failed_notices(self) -> tuple[NoticeEntry, ...]:
        """The notices that did not arrive lately, the latest first."""
        return tuple(self._failed)

    def counts(self) -> Mapping[tuple[str, str, str], int]:
        """Return how many alerts there are by (alertname, severity, state)."""
        return Counter((alert.alertname, alert.severity, alert.state) for alert in self._live)

    def evaluate(self, snapshot: Snapshot, now: float) -> None:
        """Take every alert a step."""
        for alert in self.desk.evaluate(snapshot, now):
            self._note(alert, now)

    def tell(self, now: float) -> None:
        """Start to send what is due."""
        # Nothing may wait in between: a notice that was taken from the desk must be sent.
        self.dispatcher.send(self.desk.due(now))

    def channels(self, now: float) -> tuple[ChannelFacts, ...]:
        """Return what is true of each channel."""
        return self.dispatcher.facts(now, self.desk.refused)

    def put_silence(self, draft: Silence) -> Silence:
        """Add or change a silence, not saved yet. Raises SilenceError, UnknownSilenceError."""
        silence = self.desk.silences.put(draft, self._clock(), str(uuid.uuid4()))
        event(_log, logging.WARNING, "silence", **_silence_fields(silence))
        self._changed()
        return silence

    def expire_silence(self, silence_id: str) -> None:
        """End a silence at once, not saved yet. Raises SilenceError, UnknownSilenceError."""
        self.desk.silences.expire(silence_id, self._clock())
        event(_log, logging.WARNING, "silence expired", id=silence_id)
        self._changed()

    @property
    def _live(self) -> tuple[Alert, ...]:
        return tuple(alert for alert in self.desk.alerts if alert.state != "resolved")

    def _note(self, alert: Alert, now: float) -> None:
        level = logging.INFO if alert.state == "pending" else logging.WARNING
        fields = {**dict(alert.labels), "summary": alert.summary}
        if alert.resolved_reason:
            fields["reason"] = alert.resolved_reason
        event(_log, level, f"alert {alert.state}", **fields)
        self._record(
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
        if not (notice.resend and outcome.result == "delivered"):
            self._record(entry)
        if outcome.arrived:
            self.desk.delivered(notice, outcome.at, outcome.missing)
        else:
            self._failed.appendleft(entry)
            self.desk.failed(
                notice,
                outcome.at,
                permanent=outcome.result == "refused",
                retry_after_seconds=outcome.retry_after_seconds,
            )
        self._changed()


def _say_whether_anybody_is_told(channels: Sequence[Channel]) -> None:
    if not channels:
        event(_log, logging.WARNING, "NO NOTIFICATION CHANNEL: alerts reach nobody")


def _silence_fields(silence: Silence) -> dict[str, object]:
    return {
        "id": silence.id,
        "matchers": ", ".join(map(str, silence.matchers)),
        "until": format_moment(silence.ends_at),
        "by": silence.created_by,
        "comment": silence.comment,
    }
