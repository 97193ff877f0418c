"""Whatever apprise reaches: chat, SMS, telephones. It is an extra, imported only where used.

Apprise only says whether it worked, so every failure is tried again.
"""

import asyncio
from functools import partial

import aiohttp

from monitor.alerts.alert import Notice
from monitor.channels.base import ChannelError, Receipt, SendError
from monitor.channels.message import message_of, one_line
from monitor.channels.settings import AppriseSettings
from monitor.channels.text import as_text
from monitor.channels.thread import in_thread

MAX_TITLE = 250


class AppriseChannel:
    """Sends to one URL of apprise. `page_url` is where a person finds the monitor."""

    def __init__(
        self, settings: AppriseSettings, _session: aiohttp.ClientSession, page_url: str
    ) -> None:
        try:
            import apprise
        except ImportError as error:
            advice = "pip install 'celery-queue-monitor[apprise]'"
            raise ChannelError(f"channel {settings.name}: apprise is missing: {advice}") from error
        self.name = settings.name
        self._apprise = apprise
        self._url = settings.url.reveal()
        self._timeout_seconds = settings.timeout
        self._page_url = page_url
        if apprise.Apprise.instantiate(self._url) is None:
            raise ChannelError(f"channel {settings.name}: apprise does not know the url")

    async def send(self, notice: Notice) -> Receipt:
        """Send `notice`. Raises SendError."""
        try:
            async with asyncio.timeout(self._timeout_seconds):
                sent = await in_thread(partial(self._send, notice), self.name)
        except TimeoutError as error:
            raise SendError(f"no answer within {self._timeout_seconds:g}s") from error
        if not sent:
            raise SendError("apprise could not send it")
        return Receipt(said="apprise sent it")

    def _send(self, notice: Notice) -> bool:
        message = message_of(notice, self._page_url)
        kinds = self._apprise.NotifyType
        kind = {"critical": kinds.FAILURE, "warning": kinds.WARNING}
        # A new one each time: one that is used again sleeps between two sends.
        sender = self._apprise.Apprise()
        sender.add(self._url)
        return bool(
            sender.notify(
                title=one_line(message.title, MAX_TITLE),
                body=as_text(message),
                notify_type=kind.get(message.severity, kinds.INFO)
                if message.firing
                else kinds.SUCCESS,
                body_format=self._apprise.NotifyFormat.TEXT,
            )
        )
