"""What went wrong with a broker: a reason that metrics know, and words that hold no password."""

import ssl

from redis.exceptions import (
    AuthenticationError,
    AuthenticationWrongNumberOfArgsError,
    BusyLoadingError,
    InvalidResponse,
    NoPermissionError,
    ResponseError,
)
from redis.exceptions import TimeoutError as RedisTimeoutError


class BrokerError(Exception):
    """The broker cannot be asked. `reason` is one of `readings.POLL_FAILURE_REASONS`."""

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(text)
        self.reason = reason


def classify(error: BaseException, place: str = "") -> BrokerError:
    """Return what `error` means for a poll: a reason, and words that hold no password."""
    at = f"{place}: " if place else ""
    problem = _tls_problem(error)
    if problem:
        return BrokerError("tls", f"{at}TLS failed: {problem}")
    match error:
        case AuthenticationError() | AuthenticationWrongNumberOfArgsError():
            reason, text = "auth", f"the login was refused: {error}"
        case NoPermissionError():
            reason, text = "permission", str(error)
        case RedisTimeoutError() | TimeoutError():
            reason, text = "timeout", "no answer in time"
        case InvalidResponse():
            reason, text = "protocol", f"what answers is not Redis: {error}"
        case BusyLoadingError():
            reason, text = "server", str(error)
        case ResponseError():
            return error_reply(str(error), place)
        case _:
            full = "max number of clients" in str(error)
            reason, text = "server" if full else "connect", str(error)
    return BrokerError(reason, at + text)


def _tls_problem(error: BaseException) -> str:
    """Return what was wrong with TLS, in words; empty when the error is another."""
    causes = [error]
    while (inner := causes[-1].__cause__ or causes[-1].__context__) is not None:
        causes.append(inner)
    for cause in reversed(causes):
        if isinstance(cause, ssl.SSLError):
            return str(cause)
        if isinstance(cause, ConnectionAbortedError) and "SSL" in str(cause):
            # The end of `ssl_handshake_timeout`: a server that does not speak TLS takes the
            # first bytes of it for a command that goes on.
            return "no answer; does it speak TLS on this port?"
    return ""


def error_reply(text: str, place: str = "") -> BrokerError:
    """Return what an error reply of the server means for a poll."""
    at = f"{place}: " if place else ""
    code = text.partition(" ")[0]
    if code in ("NOAUTH", "WRONGPASS") or "invalid username-password" in text:
        return BrokerError("auth", f"{at}the login was refused: {text}")
    if code == "NOPERM" or "has no permissions" in text:
        return BrokerError("permission", at + text)
    if "DB index" in text or "invalid DB" in text:
        return BrokerError("database", f"{at}no such database: {text}")
    return BrokerError("server", at + text)
