"""Broker URLs, and what each error means for a poll."""

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

from monitor.broker.connection import classify, parse_url
from monitor.facts.readings import POLL_FAILURE_REASONS
from monitor.values.secret import Secret

NOBODY = (None, None)


@pytest.mark.parametrize(
    ("url", "place", "login", "verify"),
    [
        ("redis://web1", "redis://web1:6379/0", NOBODY, True),
        ("redis://web1:6380/3", "redis://web1:6380/3", NOBODY, True),
        ("redis://:p%40ss@web1/0", "redis://web1:6379/0", (None, "p@ss"), True),
        ("redis://ann:pw@web1/", "redis://web1:6379/0", ("ann", "pw"), True),
        ("rediss://web1/0?ssl_cert_reqs=CERT_NONE", "rediss://web1:6379/0", NOBODY, False),
        ("rediss://web1/0", "rediss://web1:6379/0", NOBODY, True),
        ("redis+socket:///run/r.sock?virtual_host=2", "redis+socket:///run/r.sock/2", NOBODY, True),
    ],
)
def test_a_url_is_read_as_kombu_reads_it(
    url: str, place: str, login: tuple[str | None, str | None], verify: bool
) -> None:
    address = parse_url(Secret(url))
    password = address.password.reveal() if address.password else None
    assert (str(address), (address.username, password), address.verify) == (place, login, verify)


@pytest.mark.parametrize(
    "url", ["amqp://ann:geheim@web1//", "redis://:geheim@web1/zero", "redis://:geheim@web1:port/0"]
)
def test_a_bad_url_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(ValueError, match=r".") as refused:
        parse_url(Secret(url))
    assert "geheim" not in str(refused.value)


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
