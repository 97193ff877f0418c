"""Which brokers to watch, and how. Option names under `transport_options` are Celery's own."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from itertools import pairwise

from monitor.values.secret import Secret
from monitor.values.units import Seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class SentinelOptions:
    """How to log in to the sentinels; what concerns workers only is ignored."""

    username: str | None = None
    """User name at the sentinels; left out: none."""
    password: Secret | None = None
    """Password at the sentinels; left out: none."""
    ssl: bool = False
    """Whether the sentinels speak TLS; certificates are those of `tls`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TransportOptions:
    """The part of Celery's `broker_transport_options` that decides what stands in Redis."""

    global_keyprefix: str = ""
    """What stands before all keys and channels."""
    sep: str = "\x06\x16"
    """What stands between a queue's name and a priority step."""
    priority_steps: tuple[int, ...] = (0, 3, 6, 9)
    """The priority steps that messages are put into."""
    unacked_key: str = "unacked"
    """The hash of the messages that are not acknowledged yet."""
    unacked_index_key: str = "unacked_index"
    """The sorted set of when they were delivered."""
    fanout_prefix: bool | str = True
    """Whether channels begin with the database (`/0.`); a text is that beginning,
    with `{db}` for the database."""
    visibility_timeout: float | None = None
    """Seconds, as in Celery; left out: as the workers report it."""
    master_name: str = ""
    """Under which name sentinels know the master; required with `sentinel://`."""
    sentinel_kwargs: SentinelOptions = field(default_factory=SentinelOptions)
    """How to log in to the sentinels."""

    def mistakes(self) -> Iterator[tuple[str, str]]:
        """Yield each option by which queues would be misread, and what is wrong with it."""
        steps = self.priority_steps
        if steps[:1] != (0,) or any(high <= low for low, high in pairwise(steps)):
            yield "priority_steps", "must start with 0 and ascend, as in Celery: [0, 3, 6, 9]"
        if not self.sep:
            yield "sep", "must not be empty"


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsSettings:
    """TLS towards the broker; used with `rediss://`, and with `sentinel://` once any is set."""

    ca_file: str | None = None
    """Certificates (PEM) to trust; left out: those of the system."""
    cert_file: str | None = None
    """Own certificate (PEM), where the broker asks for one."""
    key_file: str | None = None
    """Key (PEM) of the own certificate."""
    verify: bool = True
    """false accepts any certificate."""
    check_hostname: bool = True
    """Whether the certificate must name the host of the URL."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueSelection:
    """Which queues to watch."""

    names: tuple[str, ...] = ()
    """Always watched, also before anybody has declared them."""
    include: tuple[str, ...] = ("*",)
    """Discovered queues are watched when one of these globs matches, and none of `exclude`."""
    exclude: tuple[str, ...] = ()
    """Discovered queues that are not watched, as globs."""
    limit: int = 10_000
    """How many queues to poll at the most; those of `names` count, and are polled in any case."""

    def wants(self, name: str) -> bool:
        """Return whether a queue of this name is to be watched."""
        if name in self.names:
            return True
        included = any(fnmatchcase(name, glob) for glob in self.include)
        return included and not any(fnmatchcase(name, glob) for glob in self.exclude)


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerSettings:
    """One broker."""

    url: Secret
    """redis://[user:password@]host[:port][/db], rediss:// for TLS, redis+socket:///path?virtual_host=db,
    or sentinel://host[:port][/db], several of which are joined by `;`."""
    name: str = "default"
    """What the broker is called in metrics and alerts; each needs its own."""
    transport_options: TransportOptions = field(default_factory=TransportOptions)
    """Celery's `broker_transport_options`, which can be pasted whole."""
    tls: TlsSettings = field(default_factory=TlsSettings)
    """TLS towards the broker; needs a URL with rediss:// or sentinel://."""
    queues: QueueSelection = field(default_factory=QueueSelection)
    """Which queues to watch."""
    control: bool = True
    """Ask workers over pidbox; false writes nothing to the broker, and knows less."""
    control_exchange: str = "celery"
    """Celery's `control_exchange`."""
    event_exchange: str = "celeryev"
    """Celery's `event_exchange`."""
    enable_events: bool = False
    """Switch task events on in workers that have them off; this changes the workers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PollSettings:
    """How often to ask the brokers."""

    interval: Seconds = 5.0
    """How often every broker is polled."""
    timeout: Seconds = 4.0
    """A poll that takes longer has failed."""
