"""What a poll, an event or a control reply says, before anyone has thought about it.

`broker/` makes these, the books of `facts/` take them. All times are Unix seconds of this
host, taken when the bytes arrived, unless a field says whose clock it is.
"""

from collections.abc import Mapping
from typing import Annotated

from msgspec import Meta, Struct

Count = Annotated[int, Meta(ge=0)]
Duration = Annotated[float, Meta(ge=0)]


class MessageHead(Struct, frozen=True, gc=False):
    """The few header fields that may be read of a message at the old end of a list."""

    tag: str
    """What identifies the message: its delivery_tag, else its task id."""
    eta_at: float | None = None
    """When it may run at the earliest (Unix seconds, publisher's clock); None: at once."""
    enqueued_at: float | None = None
    """When it was enqueued (Unix seconds, publisher's clock); None: not stamped."""
    redelivered: bool = False
    """Whether a worker had it before, and it was given back."""


class Entered(Struct, frozen=True, gc=False):
    """What came into one list since the last poll."""

    messages: int | None
    """How many; None: not known, as they were too many to count or it was not read then."""
    length: int
    """How many messages the list held at the moment of counting."""
    most: int | None = None
    """Where they were too many to count: how many it can have been, by all that the server did."""


class QueueReading(Struct, frozen=True):
    """One queue at one poll."""

    lengths: tuple[int, ...]
    """Ready messages in the list of each priority step, in the order of the steps."""
    heads: tuple[tuple[MessageHead, ...], ...] = ()
    """The oldest messages of each step, the oldest first: one, and where it waits for an ETA a few
    more. None of them where a list is empty or was not readable."""
    entered: tuple[Entered | None, ...] = ()
    """What came into the list of each step; None where it is empty or was not readable."""


UPTIME_OFF_SECONDS = 2.0
"""By how much later a server may have started than its uptime says: INFO counts it in whole seconds
of a clock that stands still for up to one."""


class ServerReading(Struct, frozen=True, gc=False):
    """What INFO says of the server. None: this server does not say."""

    version: str = ""
    role: str = ""
    started_at: float | None = None
    """When the server process started, by its uptime."""
    run_id: str = ""
    maxmemory_policy: str = ""
    memory_used_bytes: int | None = None
    memory_max_bytes: int | None = None
    """0 means that there is no limit, as in INFO."""
    memory_uncounted_bytes: int = 0
    """What of the used memory maxmemory does not limit: buffers of replicas and of the log."""
    evicted_keys: int | None = None
    connected_clients: int | None = None
    clients_max: int | None = None
    rejected_connections: int | None = None
    commands: int | None = None
    """Commands of anybody that it has processed."""
    takes_writes_as_replica: bool = False
    save_failing: bool = False
    """Whether the last snapshot to disk failed."""
    append_failing: bool = False
    """Whether the last write to the append-only file failed."""
    error_replies: dict[str, int] = {}
    """Error replies that the server has given to anybody, by their code, such as OOM."""


class InFlightEntry(Struct, frozen=True, gc=False):
    """One message that was delivered and not acknowledged yet."""

    queue_name: str | None
    """Where it came from; None: several queues, or none, are bound to how it was sent."""
    eta_at: float | None = None
    redelivered: bool = False
    delivered_at: float | None = None
    """By the clock of the consumer; None: it is not among those delivered first."""


class InFlight(Struct, frozen=True):
    """The messages in flight, or a random sample of them."""

    total: int
    entries: tuple[InFlightEntry, ...]
    complete: bool
    """Whether `entries` are all of them."""
    oldest: tuple[tuple[float, float | None], ...] = ()
    """Of those delivered first, up to one without an ETA: when (the consumer's clock), and ETA."""
    oldest_complete: bool = False
    """Whether `oldest` are all there are: each of them has an ETA, or there is but one."""
    cut: bool = False
    """Whether entries were left unread because of their size."""


class Poll(Struct, frozen=True):
    """One good poll of one broker."""

    at: float
    duration_seconds: float
    queues: dict[str, QueueReading]
    unacked: int | None
    """Entries of the unacked hash; None when it is of another type."""
    oldest_unacked_at: float | None
    """Lowest score of unacked_index: the consumer's clock at delivery; None when empty."""
    server: ServerReading
    binding_tables: int | None = None
    """How many of the known binding tables of queues are there; None: none is known."""
    in_flight: InFlight | None = None
    """None: it may not be read."""
    cut: tuple[str, ...] = ()
    """Which bounds on what a poll may read were hit, each one of `POLL_BOUNDS`."""


class OrphanReplies(Struct, frozen=True, gc=False):
    """Lists of answers whose reader is gone."""

    lists: int
    size_bytes: int | None
    """Of all of them, estimated where they are many; None: the server does not tell."""


class PollFailure(Struct, frozen=True, gc=False):
    """A poll that could not be made."""

    at: float
    reason: str
    """One of `POLL_FAILURE_REASONS`, a label value."""
    text: str
    """The error in words; never a password."""


POLL_BOUNDS = (
    "lists",  # more lists hold messages than one poll reads the ends of
    "entered",  # more messages entered a list since the last poll than can be counted
    "in_flight",  # messages in flight are too large to be looked at
)

POLL_FAILURE_REASONS = (
    "connect",  # nobody answers at the address, or the connection broke
    "timeout",
    "auth",  # the login was refused, or one is needed
    "database",  # there is no database of that number
    "tls",
    "permission",  # the ACL lacks a right that a poll cannot do without
    "protocol",  # what answers is not Redis
    "server",  # any other error reply, such as LOADING
    "defect",  # the monitor itself failed; its log says where
)


class Event(Struct, frozen=True, gc=False):
    """The fields that are used of a Celery event; all others are never decoded.

    Any of them may be missing or null. One that cannot be makes the event unreadable, for a
    single counter below zero costs a scraper the whole scrape. Its time is not here: whoever
    hands the event on says when it arrived.
    """

    type: str
    """As on the wire: `worker-heartbeat`, `task-succeeded`, ..."""
    hostname: str | None = None
    """Full node name of the worker; of a task-sent that of the publisher."""
    pid: int | None = None
    """Main process of the worker."""
    timestamp: float | None = None
    """The sender's own clock; used for its skew only."""
    freq: float | None = None
    """Seconds between heartbeats."""
    active: Count | None = None
    processed: Count | None = None
    loadavg: tuple[float, ...] | None = None
    sw_ver: str | None = None
    uuid: str | None = None
    name: str | None = None
    queue: str | None = None
    eta: str | None = None
    """ISO 8601; None: at once."""
    runtime: Duration | None = None
    """Seconds, by the worker's measure."""
    exception: str | None = None
    """`repr` of the exception: only its class name may be kept."""


class RunningTask(Struct, frozen=True, gc=False):
    """A task that a worker says it runs."""

    uuid: str
    name: str | None = None
    started_at: float | None = None
    """By the worker's clock."""


class WorkerReply(Struct, frozen=True):
    """What one worker process answered to a control command, as far as it was asked."""

    at: float
    hostname: str
    pid: int | None = None
    """From `stats`, the only reply that says which process it was."""
    uptime_seconds: float | None = None
    """Since it started, rounded to whole seconds; old Celery does not tell."""
    queues: tuple[str, ...] | None = None
    """From `active_queues`."""
    concurrency: int | None = None
    pool: str | None = None
    running: tuple[RunningTask, ...] | None = None
    """From `active`."""
    reserved: int | None = None
    """Messages that it holds and has not started, from `reserved`."""
    visibility_timeout_seconds: float | None = None
    """From `stats`: after how long it lets unacknowledged messages be delivered again."""


class Headcount(Struct, frozen=True):
    """Who heard a command to everybody, and who answered it."""

    listeners: int
    """Connections that PUBLISH reached: of live workers, of hung ones, perhaps of others."""
    answered: Mapping[str, int]
    """Answers by node name."""


class RosterEntry(Struct, frozen=True):
    """What is kept of a worker process over a restart of the monitor."""

    broker: str
    hostname: str
    pid: int | None
    state: str
    first_seen_at: float
    last_seen_at: float
    freq_seconds: float
    """0: it was never heard to beat."""
    shared: bool = False
    """Whether other processes were heard under the same name."""
    may_follow: tuple[int | None, ...] = ()
    """Pids of the same name in whose place it may have been started."""
    queues: tuple[str, ...] | None = None
    concurrency: int | None = None
    pool: str | None = None
    version: str | None = None
    processes_before: dict[str, int] = {}
    """For a dead worker: live processes on each of its queues just before it died."""
