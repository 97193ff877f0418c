"""Where `top` looks: at a daemon, or at a broker without one. Called by `command.py`."""

from monitor.broker.settings import BrokerSettings
from monitor.checks.ask import AskError, Daemon, ask_snapshot, not_ours
from monitor.checks.direct import look
from monitor.top.sight import Sight, sight_of_answer, sight_of_snapshot

_TIMEOUT_SECONDS = 10.0


class LookError(Exception):
    """Nothing was seen; the message is one line for the operator."""


def look_at_daemon(daemon: Daemon) -> Sight:
    """Return what the daemon knows. Raises LookError."""
    try:
        answer = ask_snapshot(daemon, _TIMEOUT_SECONDS)
    except AskError as error:
        raise LookError(str(error)) from error
    try:
        return sight_of_answer(answer.body)
    except (ValueError, LookupError, RecursionError) as error:
        raise LookError(str(not_ours(daemon, answer))) from error


def look_at_broker(broker: BrokerSettings) -> Sight:
    """Return what one poll and one round of questions say; a broker that is down is in it."""
    return sight_of_snapshot(look(broker, "queues", (), _TIMEOUT_SECONDS))
