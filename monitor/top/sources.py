"""Where `top` looks: at a daemon, or at a broker without one. Called by `command.py`."""

from monitor.broker.settings import BrokerSettings
from monitor.checks.ask import AskError, Daemon, request
from monitor.checks.direct import look
from monitor.top.sight import Sight, sight_of_answer, sight_of_snapshot

_TIMEOUT_SECONDS = 10.0


class LookError(Exception):
    """Nothing was seen; the message is one line for the operator."""


def look_at_daemon(daemon: Daemon) -> Sight:
    """Return what the daemon knows. Raises LookError."""
    try:
        answer = request(daemon, "GET", "/api/v1/snapshot", _TIMEOUT_SECONDS)
    except AskError as error:
        raise LookError(str(error)) from error
    if answer.status == 503:
        raise LookError(f"{daemon.url} has just been started: its first poll is under way")
    try:
        return sight_of_answer(answer.body)
    except (ValueError, LookupError, RecursionError) as error:
        what = f"{answer.status} {answer.reason}".strip()
        message = f"{daemon.url} answers {what}, and not as a queue-monitor does"
        raise LookError(message) from error


def look_at_broker(broker: BrokerSettings) -> Sight:
    """Return what one poll and one round of questions say; a broker that is down is in it."""
    return sight_of_snapshot(look(broker, "queues", (), _TIMEOUT_SECONDS))
