"""The monitor's own log as a channel: a line for each alert of a notice."""

import logging

from monitor.alerts.alert import Alert, Notice
from monitor.channels.base import Receipt
from monitor.channels.message import course_of
from monitor.channels.settings import LogChannelSettings
from monitor.journal import event

_logger = logging.getLogger(__name__)

_LEVELS = {
    "critical": logging.ERROR,
    "warning": logging.WARNING,
    "info": logging.INFO,
    "none": logging.INFO,
}


class LogChannel:
    """Writes notices to the log; it cannot fail."""

    def __init__(self, settings: LogChannelSettings) -> None:
        self.name = settings.name

    async def send(self, notice: Notice) -> Receipt:
        """Log each alert of `notice`."""
        for alert in notice.resolved:
            _log(logging.INFO, alert)
        for alert in notice.firing:
            _log(_LEVELS[alert.severity], alert)
        return Receipt(said="written to the log")


def _log(level: int, alert: Alert) -> None:
    fields = {**dict(alert.labels), **course_of(alert)}
    event(_logger, level, f"alert {alert.state}: {alert.summary}", **fields)
