"""Which brokers to watch, and how. Option names under `transport_options` are Celery's own."""

from dataclasses import dataclass, field

from monitor.values.secret import Secret
from monitor.values.units import Seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class TransportOptions:
    """The part of Celery's `broker_transport_options` that decides what stands in Redis."""

    global_keyprefix: str = ""
    sep: str = "\x06\x16"
    priority_steps: tuple[int, ...] = (0, 3, 6, 9)
    unacked_key: str = "unacked"
    unacked_index_key: str = "unacked_index"
    fanout_prefix: bool | str = True
    fanout_patterns: bool = True
    visibility_timeout: float | None = None
    """Seconds, as in Celery; None: not known."""
    socket_timeout: float | None = None
    socket_connect_timeout: float | None = None
    socket_keepalive: bool | None = None
    client_name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsSettings:
    """TLS towards the broker; used with `rediss://`."""

    ca_file: str | None = None
    cert_file: str | None = None
    key_file: str | None = None
    verify: bool = True
    """False accepts any certificate."""
    check_hostname: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueSelection:
    """Which queues to watch."""

    names: tuple[str, ...] = ()
    """Always watched, also before anybody has declared them."""
    include: tuple[str, ...] = ("*",)
    """Discovered queues are watched when one of these globs matches ..."""
    exclude: tuple[str, ...] = ()
    """... and none of these does."""
    limit: int = 10_000
    """How many discovered queues to poll at the most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerSettings:
    """One broker."""

    url: Secret
    name: str = "default"
    transport_options: TransportOptions = field(default_factory=TransportOptions)
    tls: TlsSettings = field(default_factory=TlsSettings)
    queues: QueueSelection = field(default_factory=QueueSelection)
    control: bool = True
    """Ask workers over pidbox; False writes nothing to the broker, and knows less."""
    control_exchange: str = "celery"
    event_exchange: str = "celeryev"
    enable_events: bool = False
    """Switch task events on in workers that have them off; this changes the workers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PollSettings:
    """How often to ask the brokers."""

    interval: Seconds = 5.0
    timeout: Seconds = 4.0
    """A poll that takes longer has failed."""
