"""Names of keys and channels, as kombu's Redis transport makes them.

Source: kombu 5.7 `transport/redis.py` (`Channel._q_for_pri`, `keyprefix_queue`,
`_get_publish_topic`), unchanged in shape since 4.6. Queue names are text here and bytes in
Redis; a name that is not UTF-8 survives the round trip by surrogate escapes.
"""

from typing import NamedTuple

from monitor.broker.settings import TransportOptions

_GLOB_SPECIAL = frozenset("*?[]\\^-")


def to_bytes(name: str) -> bytes:
    """Return the bytes in Redis of `name`."""
    return name.encode("utf-8", "surrogateescape")


def to_text(name: bytes) -> str:
    """Return the text of a name in Redis."""
    return name.decode("utf-8", "surrogateescape")


class Binding(NamedTuple):
    """What is sent to this exchange with this routing key comes to this queue."""

    exchange: str
    routing_key: str
    queue_name: str
    topic: bool = False
    """Whether the key is a pattern: words between dots, `*` for any one, `#` for one or more."""

    def takes(self, routing_key: str) -> bool:
        """Return whether a message sent with `routing_key` comes to the queue."""
        if not self.topic:
            return routing_key == self.routing_key
        words = routing_key.split(".")
        reached = {0}
        """How many of the words the pattern can have taken up to here."""
        for part in self.routing_key.split("."):
            if part == "#":
                reached = set(range(min(reached, default=len(words)) + 1, len(words) + 1))
            else:
                reached = {
                    taken + 1
                    for taken in reached
                    if taken < len(words)
                    and (words[taken] == part or (part == "*" and words[taken]))
                }
        return len(words) in reached


class Keys:
    """The names of one broker; `db` is the database number in its URL."""

    def __init__(
        self,
        options: TransportOptions,
        db: int,
        control_exchange: str = "celery",
        event_exchange: str = "celeryev",
    ) -> None:
        self._prefix = options.global_keyprefix
        self._sep = options.sep
        self.steps = options.priority_steps
        self.unacked = to_bytes(self._prefix + options.unacked_key)
        self.unacked_index = to_bytes(self._prefix + options.unacked_index_key)
        self._event_exchange = event_exchange
        self._pidbox = f"{control_exchange}.pidbox"
        self._binding = f"{self._prefix}_kombu.binding."
        fanout = _fanout_prefix(options, db)
        self.event_pattern = to_bytes(_escaped(self._prefix + fanout + event_exchange) + "*")
        self.control_channel = to_bytes(self._prefix + fanout + self._pidbox)
        self.binding_pattern = to_bytes(_escaped(self._binding) + "*")
        self.reply_pattern = to_bytes(f"{_escaped(self._prefix)}*.reply.{_escaped(self._pidbox)}*")
        self.mailbox_registry = to_bytes(self._binding + self._pidbox)

    def queue(self, name: str) -> tuple[bytes, ...]:
        """Return the list key of each priority step of the queue, in the order of the steps."""
        return tuple(
            to_bytes(f"{self._prefix}{name}{self._sep}{step}" if step else self._prefix + name)
            for step in self.steps
        )

    def reply_list(self, name: str) -> bytes:
        """Return the key to which workers push replies for the routing key `name`."""
        return to_bytes(self._prefix + name)

    def mailbox_member(self, hostname: str) -> bytes:
        """Return what a live worker's entry in `mailbox_registry` is."""
        return to_bytes(f"{self._sep}{self._sep}{hostname}.{self._pidbox}")

    def mailbox_hostname(self, member: bytes) -> str | None:
        """Return the worker whose entry in `mailbox_registry` it is; None: it is none's."""
        name = to_text(member).removeprefix(self._sep * 2)
        ending = f".{self._pidbox}"
        return name.removesuffix(ending) if name.endswith(ending) else None

    def may_name_queues(self, binding_key: bytes) -> bool:
        """Return whether a binding table is not one of mailboxes, replies or event listeners."""
        exchange = to_text(binding_key)[len(self._binding) :]
        return exchange != self._event_exchange and not exchange.endswith(".pidbox")

    def binding(self, binding_key: bytes, member: bytes) -> Binding | None:
        """Return what a member of a binding table says.

        None: it is no task queue but a mailbox, a reply queue or a listener to events.
        """
        exchange = to_text(binding_key)[len(self._binding) :]
        if not self.may_name_queues(binding_key):
            return None
        parts = to_text(member).split(self._sep)
        queue = parts[-1]
        if not queue or queue.endswith(".pidbox"):
            return None
        # kombu puts a regular expression beside the key where the exchange is a topic.
        return Binding(exchange, parts[0], queue, topic=len(parts) > 2 and parts[1] != "")


def _fanout_prefix(options: TransportOptions, db: int) -> str:
    if isinstance(options.fanout_prefix, str):
        return options.fanout_prefix.replace("{db}", str(db))
    return f"/{db}." if options.fanout_prefix else ""


def _escaped(text: str) -> str:
    """Return `text` as a glob that matches only itself."""
    return "".join("\\" + c if c in _GLOB_SPECIAL else c for c in text)
