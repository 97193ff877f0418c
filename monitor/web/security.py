"""Who may look, by what `web.config_file` says at this moment.

Everything goes through `Security.admit`, a middleware: the rate limit, the login, and that a
body comes in time. The file, and the certificates it names, are read again when they have
changed; a file that cannot be used leaves in force what was, and `problem` says so.
"""

import asyncio
import logging
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from aiohttp import web
from aiohttp.typedefs import Handler

from monitor.journal import event
from monitor.web.connections import Connection
from monitor.web.guard import authenticated
from monitor.web.logins import BusyError, Logins
from monitor.web.rate_limiter import RateLimiter
from monitor.web.web_config import WebConfig

BODY_SECONDS = 10.0

_CHALLENGE = {"WWW-Authenticate": 'Basic realm="queue-monitor", charset="UTF-8"'}
_log = logging.getLogger(__name__)

_Stamp = tuple[int, int, int] | None


class Access(NamedTuple):
    """A web configuration file that can be used."""

    config: WebConfig
    context: ssl.SSLContext | None
    """None: no TLS."""
    files: tuple[Path, ...] = ()
    """What it names: a change of one of them is a change of it."""


class AccessError(Exception):
    """A file that cannot be used; the message has a line for each mistake."""

    def __init__(self, message: str, files: tuple[Path, ...] = ()) -> None:
        super().__init__(message)
        self.files = files


OPEN = Access(WebConfig(), None)
"""No file: everybody may look, without TLS."""


class Security:
    """What is in force. `read` reads the file and raises AccessError; `now` is in seconds."""

    def __init__(
        self,
        file: str | None = None,
        read: Callable[[str], Access] = lambda _file: OPEN,
        now: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self._file = file
        self._read = read
        self._now = now
        self._access = OPEN
        self._files: tuple[Path, ...] = ()
        self.problem = ""
        """Why the file as it is now is not in force; empty: it is."""
        self._logins = Logins()
        self._limiter = RateLimiter()
        self._seen: dict[Path, _Stamp] = {}
        """The file, and those that it names, as they were before they were read."""
        if file is not None:
            self._seen = self._stamps()
            self._take(read(file))

    def current(self) -> Access:
        """Return what is in force, after a look at whether the file has changed."""
        if self._file is not None and (found := self._stamps()) != self._seen:
            self._seen = found
            self._read_again(self._file)
        return self._access

    def context(self) -> ssl.SSLContext | None:
        """Return the SSL context for the next connection; None: no TLS."""
        return self.current().context

    def accepts(self, connection: Connection) -> bool:
        """Return whether the client's certificate, if one is wanted by name, has such a name."""
        allowed = self._access.config.tls_server_config.client_allowed_sans
        return allowed is None or connection.has_name(allowed)

    def close(self) -> None:
        """Give up what is being computed."""
        self._logins.close()

    @web.middleware
    async def admit(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let in who may, with a body that is there; answer the others."""
        access = self.current()
        refusal = await self._refusal(request, access)
        if refusal is not None:
            # What else is in the pipe of who may not in is not read.
            refusal.force_close()
            return refusal
        # aiohttp answers each request in a context of its own.
        authenticated.set(bool(access.config.basic_auth_users) or _has_certificate(request))
        if request.can_read_body:
            try:
                async with asyncio.timeout(BODY_SECONDS):
                    await request.read()
            except TimeoutError:
                return web.Response(status=408, text="the body did not come in time\n")
        return await handler(request)

    async def add_headers(self, _request: web.Request, response: web.StreamResponse) -> None:
        """Set the headers that the file asks for; a handler for `on_response_prepare`."""
        for name, value in self._access.config.http_server_config.headers.items():
            if value:
                response.headers[name] = value
            else:
                response.headers.popall(name, None)

    async def _refusal(self, request: web.Request, access: Access) -> web.Response | None:
        connection = Connection.of(request)
        if connection is not None:
            connection.asked()
            if access.context is not None and not request.secure:
                return web.Response(status=400, text="TLS is required now: connect again\n")
        if not self._limiter.allows(access.config.rate_limit, self._now()):
            return web.Response(status=429, text="too many requests\n")
        users = access.config.basic_auth_users
        if users:
            authorization = request.headers.get("Authorization")
            try:
                if not await self._logins.is_known(users, authorization):
                    return web.Response(status=401, text="who are you?\n", headers=_CHALLENGE)
            except BusyError:
                headers = {"Retry-After": "1"}
                return web.Response(status=503, text="too many logins at once\n", headers=headers)
        return None

    def _read_again(self, file: str) -> None:
        try:
            self._take(self._read(file))
            event(_log, logging.INFO, "web configuration read again", file=file)
        except AccessError as error:
            self._watch(error.files or self._files)
            self.problem = str(error)
            event(_log, logging.ERROR, "web configuration not in force", reason=str(error))

    def _take(self, access: Access) -> None:
        self._access, self.problem = access, ""
        self._watch(access.files)

    def _watch(self, files: tuple[Path, ...]) -> None:
        """Take a change of one of `files` for one of the file."""
        self._files = files
        # What changed while it was read is another than what was seen before.
        self._seen = {path: self._seen.get(path, now) for path, now in self._stamps().items()}

    def _stamps(self) -> dict[Path, _Stamp]:
        return {path: _stamp(path) for path in (Path(self._file or ""), *self._files)}


def _stamp(path: Path) -> _Stamp:
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _has_certificate(request: web.Request) -> bool:
    """Return whether the client showed a certificate; none is taken that is not verified."""
    transport = request.transport
    return bool(transport and transport.get_extra_info("peercert"))
