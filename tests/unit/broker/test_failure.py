"""What each error means for a poll."""

import ssl

import pytest
from redis.exceptions import (
    AuthenticationError,
    BusyLoadingError,
    InvalidResponse,
    NoPermissionError,
    ResponseError,
)
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from monitor.broker.failure import classify
from monitor.facts.readings import POLL_FAILURE_REASONS

HANDSHAKE_OVER = ConnectionAbortedError("SSL handshake is taking longer than 3.0 seconds")


def chained(outer: Exception, inner: Exception) -> Exception:
    outer.__cause__ = inner
    return outer


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (AuthenticationError("WRONGPASS invalid username-password pair"), "auth"),
        (ResponseError("NOAUTH Authentication required."), "auth"),
        (ResponseError("DB index is out of range"), "database"),
        (ResponseError("LOADING Redis is loading the dataset in memory"), "server"),
        (NoPermissionError("this user has no permissions"), "permission"),
        (ResponseError("NOPERM User x has no permissions to run the 'info' command"), "permission"),
        (RedisTimeoutError("Timeout connecting to server"), "timeout"),
        (TimeoutError(), "timeout"),
        (RedisConnectionError("Error 111 connecting to web1:6379."), "connect"),
        (RedisConnectionError("max number of clients reached"), "server"),
        (BusyLoadingError("Redis is loading the dataset in memory"), "server"),
        (InvalidResponse('Protocol error, got "<" as reply type byte'), "protocol"),
        (chained(RedisConnectionError("Error 1"), HANDSHAKE_OVER), "tls"),
        (chained(RedisConnectionError("Error 1"), ssl.SSLError("certificate unknown")), "tls"),
        (OSError(111, "refused"), "connect"),
    ],
)
def test_each_error_has_its_reason(error: Exception, reason: str) -> None:
    assert classify(error).reason == reason
    assert reason in POLL_FAILURE_REASONS
