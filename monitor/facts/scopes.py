"""What kinds of objects there are, the labels that identify each, and the names of their states."""

from collections.abc import Mapping

IDENTITY: Mapping[str, tuple[str, ...]] = {
    "broker": ("broker",),
    "queue": ("broker", "queue_name"),
    "worker": ("broker", "hostname"),
    "task": ("broker", "name", "queue_name"),
    "schedule": ("broker", "schedule"),
    "log": ("log",),
    "channel": ("channel",),
    "monitor": (),
}
"""The labels that identify an object of each scope, in the order of `key`."""

SCOPES = tuple(IDENTITY)

HEARD_SCOPES = ("worker", "task", "schedule")
"""What is known of these comes from events."""

VERDICTS = ("ok", "draining", "growing", "saturated", "stalled", "abandoned")
WORKER_STATES = ("online", "late", "busy", "hung", "dead", "draining", "offline", "unknown")
UP_STATES = frozenset({"online", "late", "busy", "draining"})
TAKING_STATES = UP_STATES - {"draining"}
"""States of a worker that consumes its queues; one that drains takes no more."""
DOWN_STATES = frozenset({"hung", "dead"})
