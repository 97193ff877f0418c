"""Asks a running daemon. Standard library alone, because the plugin is started so often."""

import base64
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from threading import Event, Timer
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

from monitor.checks.question import Question, to_query
from monitor.checks.result import Result, from_plain
from monitor.values.names import bounded, printable

_ANSWER_BYTES = 64_000_000
"""Tens of thousands of objects fit; more is no answer of a daemon."""


class AskError(Exception):
    """There is no answer; the message is one line for the operator."""


class Daemon(NamedTuple):
    """Where the daemon is, and who we are there."""

    url: str
    user: str | None = None
    password: str = ""
    ca_file: str | None = None
    cert_file: str | None = None
    key_file: str | None = None


class Answer(NamedTuple):
    """What the daemon answered."""

    status: int
    reason: str
    body: bytes


def ask(daemon: Daemon, asked: Question, timeout_seconds: float) -> Result:
    """Return the daemon's judgement. Raises AskError."""
    path = f"/check/{asked.kind}?{urlencode(to_query(asked))}"
    answer = request(daemon, "GET", path, timeout_seconds)
    if answer.status == 403:
        raise AskError(f"{daemon.url} refuses the login: {answer.status} {answer.reason}")
    try:
        return from_plain(_decoded(answer.body))
    except ValueError as error:
        raise not_ours(daemon, answer) from error


def ask_snapshot(daemon: Daemon, timeout_seconds: float) -> Answer:
    """Return the answer that has the daemon's snapshot. Raises AskError, also before the first."""
    answer = request(daemon, "GET", "/api/v1/snapshot", timeout_seconds)
    if answer.status == 503:
        raise AskError(f"{daemon.url} has just been started: its first poll is under way")
    return answer


def not_ours(daemon: Daemon, answer: Answer) -> AskError:
    """Return what to say of an answer that no queue-monitor gives."""
    what = f"{answer.status} {answer.reason}".strip()
    return AskError(f"{daemon.url} answers {what}, and not as a queue-monitor does")


def request(
    daemon: Daemon, method: str, path: str, timeout_seconds: float, body: bytes | None = None
) -> Answer:
    """Return what the daemon answers at `path`, whatever its status but 401. A `body` is JSON.

    Raises AskError.
    """
    connection, base = _connection(daemon, timeout_seconds)
    late = Event()
    try:
        connection.connect()
        with _ended_after(timeout_seconds, connection.sock, late):
            connection.request(method, f"{base}{path}", body, _headers(daemon, body))
            response = connection.getresponse()
            content = response.read(_ANSWER_BYTES + 1)
            if late.is_set():
                raise TimeoutError
    except (OSError, HTTPException) as error:
        if late.is_set() or isinstance(error, TimeoutError):
            message = f"{daemon.url} does not answer within {timeout_seconds:g} s"
            raise AskError(message) from error
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise AskError(f"{daemon.url} cannot be asked: {_said(reason)}") from error
    finally:
        connection.close()
    answer = Answer(response.status, _said(response.reason), content)
    if answer.status == 401:
        raise AskError(f"{daemon.url} refuses the login: {answer.status} {answer.reason}")
    return answer


def _said(text: str) -> str:
    """Return what the other side says as a part of one line."""
    return bounded(printable(text.strip()))


@contextmanager
def _ended_after(seconds: float, connected: Any, late: Event) -> Iterator[None]:
    """End the connection after `seconds`, and set `late`.

    The timeout of a socket is one of each read: an answer that drips would never end.
    """

    def end() -> None:
        late.set()
        with suppress(OSError):  # it was closed just now: the answer has come
            # Not its own method: that of TLS takes the connection apart under who reads from it.
            socket.socket.shutdown(connected, socket.SHUT_RDWR)

    timer = Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _decoded(body: bytes) -> Any:
    """Return the document in `body`. Raises ValueError."""
    if len(body) > _ANSWER_BYTES:
        raise ValueError("too long")
    try:
        return json.loads(body)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _connection(daemon: Daemon, timeout_seconds: float) -> tuple[HTTPConnection, str]:
    """Return a connection that is not open yet, and what the path begins with."""
    parts = urlsplit(daemon.url)
    host, base = parts.hostname or "", parts.path.rstrip("/")
    if parts.scheme == "http":
        return HTTPConnection(host, parts.port or 80, timeout=timeout_seconds), base
    context = _tls(daemon)
    port = parts.port or 443
    return HTTPSConnection(host, port, timeout=timeout_seconds, context=context), base


def _tls(daemon: Daemon) -> Any:
    import ssl  # only who speaks TLS pays for it

    try:
        context = ssl.create_default_context(cafile=daemon.ca_file)
        if daemon.cert_file:
            context.load_cert_chain(daemon.cert_file, daemon.key_file)
    except OSError as error:
        raise AskError(f"a certificate cannot be used: {error.strerror or error}") from error
    return context


def _headers(daemon: Daemon, body: bytes | None) -> dict[str, str]:
    headers = {"Accept": "application/json", "User-Agent": "queue-monitor-check"}
    if body is not None:
        headers["Content-Type"] = "application/json"
    if daemon.user is not None:
        login = f"{daemon.user}:{daemon.password}".encode()
        headers["Authorization"] = "Basic " + base64.b64encode(login).decode()
    return headers
