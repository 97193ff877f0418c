"""Posting to a receiver over HTTP, and reading from its answer whether to try again."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Generic, TypeVar

import aiohttp

from monitor.channels.base import MAX_REASON, Receipt, RefusedError, SendError
from monitor.channels.settings import PostSettings
from monitor.values.secret import Secret

S = TypeVar("S", bound=PostSettings)

_JSON_HEADERS: Mapping[str, str] = {
    "Content-Type": "application/json",
    "User-Agent": "queue-monitor",
}

_RETRYABLE_STATUS = (408, 425, 429)
"""Client errors that are about the moment, not about what was sent."""

_ANSWER_BYTES = 200
"""How much of a refusal is read, to be logged."""


class PostChannel(Generic[S]):
    """What channels that post JSON share. `page_url` is where a person finds the monitor."""

    def __init__(self, settings: S, session: aiohttp.ClientSession, page_url: str) -> None:
        self.name = settings.name
        self._settings = settings
        self._session = session
        self._page_url = page_url

    async def _post(
        self, url: str, body: bytes, headers: Mapping[str, str] | None = None
    ) -> Receipt:
        """Post `body`, which is JSON, with `headers` beside the usual ones. Raises SendError."""
        every = {**_JSON_HEADERS, **(headers or {})}
        return await post(self._session, url, body, every, self._settings.timeout)


def bearer(token: Secret | None) -> Mapping[str, str]:
    """Return the header that shows `token`; none if there is none."""
    return {"Authorization": f"Bearer {token.reveal()}"} if token is not None else {}


async def post(
    session: aiohttp.ClientSession,
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    timeout_seconds: float,
) -> Receipt:
    """Return once the receiver at `url` has accepted `body` with a 2xx. Raises SendError."""
    try:
        async with session.post(
            url,
            data=body,
            headers=headers,
            timeout=aiohttp.ClientTimeout(total=timeout_seconds),
            # A redirected POST becomes a GET, which would be accepted and tell nobody.
            allow_redirects=False,
        ) as response:
            if not 200 <= response.status < 300:
                raise await _refusal(response)
            return Receipt(said=await _said(response))
    except TimeoutError as error:
        raise SendError(f"no answer within {timeout_seconds:g}s") from error
    except aiohttp.InvalidURL as error:
        raise RefusedError("the URL is not valid") from error
    except aiohttp.ClientConnectorCertificateError as error:
        raise SendError("the receiver's certificate is not accepted") from error
    except aiohttp.ClientConnectorError as error:
        raise SendError(f"cannot connect: {error.os_error.strerror or error.os_error}") from error
    except (aiohttp.ClientError, OSError, ValueError) as error:
        # Only the kind: the text of some of these holds the URL, which may be a secret.
        raise SendError(f"broken exchange: {type(error).__name__}") from error


async def _refusal(response: aiohttp.ClientResponse) -> SendError:
    reason = await _said(response)
    if response.status >= 500 or response.status in _RETRYABLE_STATUS:
        return SendError(reason, _retry_after_seconds(response.headers))
    return RefusedError(reason)


async def _said(response: aiohttp.ClientResponse) -> str:
    answer = (await response.content.read(_ANSWER_BYTES)).decode("utf-8", "replace").strip()
    status = f"HTTP {response.status} {response.reason or ''}".rstrip()
    return (f"{status}: {answer}" if answer else status)[:MAX_REASON]


def _retry_after_seconds(headers: Mapping[str, str]) -> float:
    """Return what Retry-After asks for, as a number of seconds or as a date; 0 if nothing."""
    text = headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    until, now = _date(text), _date(headers.get("Date", ""))
    # By the receiver's own clock: its date is a moment on that one.
    return max(0.0, (until - now).total_seconds()) if until and now else 0.0


def _date(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)
