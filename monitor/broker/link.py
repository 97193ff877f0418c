"""What the parts of a watch share: how to connect to their broker, and the word of how it goes."""

import logging

from monitor.broker.settings import BrokerSettings
from monitor.broker.wire import Wire
from monitor.facts.broker.commands import Commands
from monitor.journal import event

_log = logging.getLogger(__name__)


class Link:
    """The way to one broker."""

    def __init__(
        self, settings: BrokerSettings, connect_seconds: float, commands: Commands
    ) -> None:
        self._settings = settings
        self._connect_seconds = connect_seconds
        self._commands = commands
        self._said: dict[str, str] = {}

    async def open(self, part: str) -> Wire:
        """Open a connection whose commands are counted for `part`. Raises BrokerError."""
        counter = self._commands.counter(part)
        return await Wire.open(self._settings, self._connect_seconds, counter)

    def say(self, part: str, reason: str, text: str) -> None:
        """Log when a part of the watch breaks, breaks differently, or works again."""
        if self._said.get(part, "") == reason:
            return
        self._said[part] = reason
        level = logging.WARNING if reason else logging.INFO
        fields = {"broker": self._settings.name} | ({"reason": reason} if reason else {})
        event(_log, level, text, **fields)
