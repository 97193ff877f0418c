"""Which server is the master now, by the sentinels that watch it. Called by `connection.py`."""

from typing import Any

from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from monitor.broker.address import Address
from monitor.broker.failure import BrokerError, classify
from monitor.broker.settings import BrokerSettings
from monitor.broker.tls import tls_options

_NOT_THERE = ("connect", "timeout")


async def find_master(
    address: Address, settings: BrokerSettings, timeout_seconds: float
) -> tuple[str, int]:
    """Return host and port of the master. Raises BrokerError when no sentinel can name it."""
    sentinels = address.sentinels
    name = settings.transport_options.master_name
    # One that hangs must leave the others their time.
    options = _options(settings, timeout_seconds / (len(sentinels) + 1))
    asked: Any = Sentinel(sentinels, sentinel_kwargs=options)  # type: ignore[no-untyped-call]  # redis-py types it so
    failures: list[BrokerError] = []
    try:
        for client in asked.sentinels:
            try:
                state = (await client.sentinel_masters()).get(name)
            except (RedisError, OSError) as error:
                failures.append(classify(error))
                continue
            if state and asked.check_master_state(state, name):
                return str(state["ip"]), int(state["port"])
    finally:
        for client in asked.sentinels:
            await client.aclose()
    if len(failures) < len(sentinels):
        text = f"{address}: no sentinel knows a master {name!r} that is up"
        raise BrokerError("connect", text)
    # One that refuses says more than one that is not there.
    told = min(failures, key=lambda failure: failure.reason in _NOT_THERE)
    raise BrokerError(told.reason, f"{address}: no sentinel can be asked: {told}")


def _options(settings: BrokerSettings, timeout_seconds: float) -> dict[str, Any]:
    login = settings.transport_options.sentinel_kwargs
    options: dict[str, Any] = {
        "username": login.username,
        "password": login.password.reveal() if login.password else None,
        # One that is not there is passed over; the next poll may find it.
        "retry": Retry(NoBackoff(), 0),
        "socket_timeout": timeout_seconds,
        "socket_connect_timeout": timeout_seconds,
    }
    if login.ssl:
        options |= {"ssl": True, **tls_options(settings.tls, verify=settings.tls.verify)}
    return options
