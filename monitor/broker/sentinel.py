"""Which server is the master now, by the sentinels that watch it. Called by `connection.py`."""

from typing import Any

from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import MasterNotFoundError, Sentinel
from redis.backoff import NoBackoff

from monitor.broker.address import Address
from monitor.broker.failure import BrokerError
from monitor.broker.settings import BrokerSettings

_LOGIN_REFUSED = ("NOAUTH", "WRONGPASS", "uthentication", "invalid username-password")


async def find_master(
    address: Address, settings: BrokerSettings, timeout_seconds: float
) -> tuple[str, int]:
    """Return host and port of the master. Raises BrokerError when no sentinel can name it."""
    sentinels = address.sentinels
    name = settings.transport_options.master_name
    # One that hangs must leave the others their time.
    options = _options(settings, timeout_seconds / (len(sentinels) + 1))
    asked: Any = Sentinel(sentinels, sentinel_kwargs=options)  # type: ignore[no-untyped-call]  # redis-py types it so
    try:
        host, port = await asked.discover_master(name)
    except MasterNotFoundError as error:
        # redis-py's text quotes its clients, so nothing of it is told.
        if any(word in str(error) for word in _LOGIN_REFUSED):
            raise BrokerError("auth", f"{address}: the login was refused by sentinels") from None
        text = f"{address}: no sentinel knows a master {name!r} that is up"
        raise BrokerError("connect", text) from None
    finally:
        for client in asked.sentinels:
            await client.aclose()
    return str(host), int(port)


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
        tls = settings.tls
        options |= {
            "ssl": True,
            "ssl_ca_certs": tls.ca_file,
            "ssl_certfile": tls.cert_file,
            "ssl_keyfile": tls.key_file,
            "ssl_cert_reqs": "required" if tls.verify else "none",
            "ssl_check_hostname": tls.verify and tls.check_hostname,
        }
    return options
