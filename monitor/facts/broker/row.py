"""What a good poll says of the broker itself."""

from msgspec.structs import replace

from monitor.facts.inflight import oldest_due_age_seconds
from monitor.facts.readings import Poll
from monitor.facts.snapshot import BrokerFacts


def with_poll(base: BrokerFacts, poll: Poll) -> BrokerFacts:
    """Return the row `base` with what only a good poll can say."""
    server = poll.server
    return replace(
        base,
        unacked=poll.unacked,
        oldest_unacked_age_seconds=_age(poll),
        oldest_due_unacked_age_seconds=(
            oldest_due_age_seconds(poll.in_flight, poll.at) if poll.in_flight else None
        ),
        memory_used_bytes=server.memory_used_bytes,
        memory_max_bytes=server.memory_max_bytes or None,
        connected_clients=server.connected_clients,
        version=server.version or None,
        role=server.role or None,
        maxmemory_policy=server.maxmemory_policy or None,
    )


def _age(poll: Poll) -> float | None:
    """Return how long the oldest message has been in flight; None: something is, who knows what."""
    if poll.oldest_unacked_at is None:
        return 0.0 if poll.unacked == 0 else None
    return max(0.0, poll.at - poll.oldest_unacked_at)
