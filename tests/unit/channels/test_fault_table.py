"""The delivery fault table: what each fault costs, through outbox, dispatcher and a real socket.

An alert fires and ends while its receiver, or the monitor, fails; time is simulated, the
receiver is not. Run with `-s` to see the table.
"""

import asyncio
import json
from random import Random

import aiohttp
import pytest

from monitor.alerts.outbox import Outbox
from monitor.alerts.routing import make_route
from monitor.alerts.settings import AlertSettings
from monitor.channels.dispatcher import Dispatcher
from monitor.channels.email import EmailChannel
from monitor.channels.settings import EmailSettings, WebhookSettings
from monitor.channels.webhook import WebhookChannel
from monitor.values.secret import Secret
from tests.unit.alerts.worlds import alert
from tests.unit.channels.test_email import TWO, Mailbox, server

FIRING = alert(started_at=100.0)
OVER = alert(started_at=100.0, resolved_at=4_000.0)
FAULTY_SECONDS = 300.0
"""For so long the receiver fails, at the beginning of the alert and again at its end."""

HTTP = {
    "400": b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
    "401": b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n",
    "403": b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n",
    "404": b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
    "410": b"HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n",
    "302": b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n",
    "408": b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n",
    "429, Retry-After": b"HTTP/1.1 429 Slow\r\nRetry-After: 90\r\nContent-Length: 0\r\n\r\n",
    "500": b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n",
    "502": b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n",
    "503, Retry-After": b"HTTP/1.1 503 Down\r\nRetry-After: 90\r\nContent-Length: 0\r\n\r\n",
    "garbage": b"\x00\x01garbage\r\n\r\n",
    "empty answer": b"",
    "half an answer": b"HTTP/1.1 200 OK\r\nContent-Le",
    "an endless header": b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000,
    "reset": None,
    "hangs": None,
    "port closed": None,
}
CRASHES = ("killed before the send", "killed between send and save")


class FaultyReceiver:
    """Fails as it is told, else takes Alertmanager's webhook; `taken` is what it was told."""

    def __init__(self):
        self.fault = None
        self.taken = []
        self.port = 0
        self._server = None

    async def listen(self):
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self):
        if self._server is not None:
            self._server.close()
            self._server = None

    async def set(self, fault):
        self.fault = fault
        await self.close()
        if fault != "port closed":
            await self.listen()

    async def _serve(self, reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            int(line.split(b":")[1])
            for line in head.split(b"\r\n")
            if line.startswith(b"Content-L")
        )
        body = await reader.readexactly(length)
        if self.fault is None:
            self.taken += [
                (each["fingerprint"], each["startsAt"], each["status"])
                for each in json.loads(body)["alerts"]
            ]
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        elif self.fault == "reset":
            writer.transport.abort()
        elif self.fault == "hangs":
            await reader.read()
        else:
            writer.write(HTTP[self.fault])
        writer.close()


class Run:
    """One monitor with one channel; `now` is Unix seconds of the simulation."""

    def __init__(self, channel, settings):
        self._channel = channel
        self._route = make_route(settings)
        self.saved = ()
        self.now = 100.0
        self.start()

    def start(self):
        """Start anew from what was saved."""
        alerts = AlertSettings(repeat_interval=100_000.0)
        self._outbox = Outbox(alerts, [self._route], Random(0), self.saved)
        self._outcomes = asyncio.Queue()
        self._dispatcher = Dispatcher([self._channel], self._outcomes.put_nowait, lambda: self.now)

    async def until(self, alerts, end, crash=None):
        """Let time pass to `end`; `crash` happens at the first notice."""
        while (at := self._outbox.next_due_at(alerts)) is not None and at <= end:
            self.now = max(self.now, at)
            notices = self._outbox.due(alerts, self.now)
            if crash == CRASHES[0]:
                self.start()
                crash = None
                continue
            self._dispatcher.send(notices)
            for _ in notices:
                outcome = await self._outcomes.get()
                if crash == CRASHES[1]:
                    self.start()
                    crash = None
                elif outcome.arrived:
                    self._outbox.delivered(outcome.notice, self.now, outcome.missing)
                    self.saved = self._outbox.deliveries
                else:
                    self._outbox.failed(
                        outcome.notice,
                        self.now,
                        permanent=outcome.result == "refused",
                        retry_after_seconds=outcome.retry_after_seconds,
                    )
        self.now = end


async def cost(fault):
    """Return how many notices were due, delivered, duplicated and lost under `fault`."""
    receiver = FaultyReceiver()
    await receiver.listen()
    crash = fault if fault in CRASHES else None
    url = Secret(f"http://127.0.0.1:{receiver.port}/")
    settings = WebhookSettings(type="webhook", url=url, timeout=0.1)
    async with aiohttp.ClientSession() as session:
        run = Run(WebhookChannel(settings, session, "http://monitor/"), settings)
        for alerts, began_at in ((FIRING, 100.0), (OVER, 4_000.0)):
            run.now = began_at
            if crash is None:
                await receiver.set(fault)
                await run.until([alerts], began_at + FAULTY_SECONDS)
                assert receiver.taken.count((*told(alerts),)) == 0, "the fault was none"
                await receiver.set(None)
            await run.until([alerts], began_at + 3_500.0, crash)
    await receiver.close()
    due = [told(FIRING), told(OVER)]
    delivered = [each for each in dict.fromkeys(receiver.taken) if each in due]
    return len(due), len(delivered), len(receiver.taken) - len(delivered), len(due) - len(delivered)


def told(alert):
    started = "1970-01-01T00:01:40.000Z"
    return (alert.fingerprint, started, alert.state)


@pytest.mark.parametrize("fault", [*HTTP, *CRASHES])
async def test_nothing_is_lost_and_only_a_crash_after_the_send_doubles(fault):
    due, delivered, duplicated, lost = await cost(fault)
    print(f"{fault:<30} due {due} delivered {delivered} doubled {duplicated} lost {lost}")
    assert (due, delivered, lost) == (2, 2, 0)
    assert duplicated == (2 if fault == CRASHES[1] else 0)


async def test_a_recipient_whom_the_mail_server_puts_off_costs_the_others_nothing():
    box = Mailbox()
    async with server(box) as port:
        settings = EmailSettings(
            type="email", host="localhost", port=port, from_="m@x.org", to=TWO, security="none"
        )
        run = Run(EmailChannel(settings, None, "http://monitor/"), settings)
        for alerts, began_at in ((FIRING, 100.0), (OVER, 4_000.0)):
            run.now = began_at
            box.answers = {TWO[0]: "450 later"}
            await run.until([alerts], began_at + FAULTY_SECONDS)
            run.start()
            box.answers = {}
            await run.until([alerts], began_at + 3_500.0)
    for person in TWO:
        got = [mail["Subject"].split()[0] for to, mail in box.mails if person in to]
        assert got == ["WARNING", "RESOLVED"]
